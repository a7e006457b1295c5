"""A Fathom that behaves."""

from __future__ import annotations

from typing import Any

from tests.servers import Received, Reply, StandIn, route

KEY = "fathom-key"


def a_recording(
    recording_id: int, created_at: str = "2026-11-23T10:40:00Z", **changes: Any
) -> dict[str, Any]:
    """Return a meeting as Fathom keeps it; `transcript` is None while there is none."""
    meeting = {
        "recording_id": recording_id, "title": "Acme discovery", "meeting_title": None,
        "url": f"https://fathom.example/calls/{recording_id}", "created_at": created_at,
        "recording_start_time": "2026-11-23T10:00:00Z", "transcript_language": "en",
        "calendar_invitees": [
            {"name": "Ana", "email": "ana@seller.example", "is_external": False, "matched_speaker_display_name": "Ana S."},
            {"name": "Bo", "email": "bo@buyer.example", "is_external": True, "matched_speaker_display_name": None},
            {"name": None, "email": None, "is_external": True}],
        "recorded_by": {"name": "Ana S.", "email": "ana@seller.example", "team": None, "email_domain": "seller.example"},
        "transcript": [
            {"speaker": {"display_name": "Ana S.", "matched_calendar_invitee_email": None}, "text": "What is set aside?", "timestamp": "00:05:32"},
            {"speaker": {"display_name": "Bo B.", "matched_calendar_invitee_email": "bo@buyer.example"}, "text": "Forty thousand euros.", "timestamp": "00:05:40"},
            {"speaker": {"display_name": "Dee", "matched_calendar_invitee_email": None}, "text": "I agree.", "timestamp": "01:00:01"}],
    }  # fmt: skip
    return {**meeting, **changes}


class Fathom(StandIn):
    """Serves `recordings`, two a page."""

    spec = "fathom"
    page_size = 2

    def __init__(self, recordings: list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.recordings = recordings if recordings is not None else [a_recording(4711)]

    def authorise(self, request: Received) -> Reply | None:
        return None if request.headers.get("x-api-key") == KEY else Reply(401, {"error": "key"})

    @route("GET", "/meetings")
    def meetings(self, request: Received) -> Reply:
        since, until = request.one("created_after", ""), request.one("created_before", "9")
        inside = [r for r in self.recordings if since <= r["created_at"] < until]
        start = int(request.one("cursor", "0"))
        after = start + self.page_size
        shown = [{k: v for k, v in r.items() if k != "transcript"} for r in inside[start:after]]
        return Reply(
            200, {"items": shown, "next_cursor": str(after) if after < len(inside) else None}
        )

    @route("GET", "/recordings/{recording_id}/transcript")
    def transcript(self, request: Received) -> Reply:
        found = next(
            (
                r
                for r in self.recordings
                if str(r["recording_id"]) == request.params["recording_id"]
            ),
            None,
        )
        if found is None or found["transcript"] is None:
            return Reply(404, {"error": "none"})
        return Reply(200, {"transcript": found["transcript"]})
