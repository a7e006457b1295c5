"""A Gong that behaves. There is no free document: it refuses what the written facts refuse."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from tests.servers import Received, Reply, StandIn, route

KEY, SECRET = "gong-key", "gong-secret"


def a_gong_call(
    gong_id: str, started: str = "2026-11-23T10:00:00Z", **changes: Any
) -> dict[str, Any]:
    """Return a call as Gong keeps it; `transcript` is the list of monologues, or None."""
    call = {
        "meta": {
            "id": gong_id, "title": "Acme discovery", "started": started, "duration": 1800,
            "url": f"https://app.gong.example/call?id={gong_id}", "isPrivate": False,
            "language": "eng", "direction": "Conference", "someNewField": {"x": 1},
        },
        "parties": [
            {"id": "p1", "userId": "u1", "speakerId": "64", "name": "Ana", "emailAddress": "ana@seller.example",
             "title": "AE", "affiliation": "Internal", "methods": ["Invitee", "Attendee"]},
            {"id": "p2", "speakerId": "65", "name": "Bo", "emailAddress": "bo@buyer.example",
             "affiliation": "External", "methods": ["Attendee"]},
            {"id": "p3", "name": "Cy", "emailAddress": "cy@buyer.example", "affiliation": "External", "methods": ["Invitee"]},
        ],
        "context": [{"system": "HubSpot", "objects": [
            {"objectType": "Deal", "objectId": "9001", "fields": []},
            {"objectType": "Account", "objectId": "77"}]}],
        "transcript": [
            {"speakerId": "64", "topic": "Pricing", "sentences": [
                {"start": 460230, "end": 462343, "text": "What is set aside for this?"}]},
            {"speakerId": "65", "topic": "Pricing", "sentences": [
                {"start": 463000, "end": 465000, "text": "Forty thousand euros."},
                {"start": 465500, "end": 467000, "text": "It is approved."}]},
            {"speakerId": "999", "sentences": [{"start": 468000, "end": 469000, "text": "I agree."}]},
        ],
    }  # fmt: skip
    meta = {**call["meta"], **changes.pop("meta", {})}
    return {**call, "meta": meta, **changes}


class Gong(StandIn):
    """Serves `calls`, newest last, two a page."""

    page_size = 2

    def __init__(self, calls: list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.calls = calls if calls is not None else [a_gong_call("7782342274025937895")]

    def refuse(self, status: int, why: str) -> Reply:
        return Reply(status, {"requestId": "gong-req-1", "errors": [why]})

    def authorise(self, request: Received) -> Reply | None:
        pair = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return self.refuse(401, "Unauthorized")
        return None

    @route("GET", "/v2/calls")
    def list_calls(self, request: Received) -> Reply:
        if not {"fromDateTime", "toDateTime"} <= set(request.query):
            return self.refuse(400, "both dates are required")
        since, until = (_time(request.one(n)) for n in ("fromDateTime", "toDateTime"))
        inside = [c["meta"] for c in self.calls if since <= _time(c["meta"]["started"]) <= until]
        start = int(request.one("cursor", "0"))
        page = inside[start : start + self.page_size]
        if not page:
            return self.refuse(404, "No calls found")
        return Reply(
            200, {"requestId": "r", "records": self._records(start, inside), "calls": page}
        )

    @route("POST", "/v2/calls/extensive")
    def extensive(self, request: Received) -> Reply:
        found = self._filtered(request)
        if isinstance(found, Reply):
            return found
        selector = request.json().get("contentSelector", {})
        calls = []
        for call in found:
            shown: dict[str, Any] = {"metaData": call["meta"]}
            if selector.get("context") == "Extended":
                shown["context"] = call["context"]
            if selector.get("exposedFields", {}).get("parties"):
                shown["parties"] = call["parties"]
            calls.append(shown)
        return Reply(200, {"requestId": "r", "records": {}, "calls": calls})

    @route("POST", "/v2/calls/transcript")
    def transcripts(self, request: Received) -> Reply:
        found = self._filtered(request)
        if isinstance(found, Reply):
            return found
        ready = [c for c in found if c["transcript"] is not None]
        if not ready:
            return self.refuse(404, "No calls found")
        shown = [{"callId": c["meta"]["id"], "transcript": c["transcript"]} for c in ready]
        return Reply(200, {"requestId": "r", "records": {}, "callTranscripts": shown})

    def _filtered(self, request: Received) -> list[dict[str, Any]] | Reply:
        body = request.json()
        if request.query:
            return self.refuse(400, "query parameters are ignored on this endpoint")
        if body.get("cursor", "absent") is None:
            return self.refuse(400, "cursor: must not be null")
        wanted = body.get("filter", {}).get("callIds")
        if not isinstance(wanted, list) or not all(isinstance(w, str) for w in wanted):
            return self.refuse(400, "filter.callIds: must be a list of strings")
        found = [c for c in self.calls if c["meta"]["id"] in wanted]
        return found or self.refuse(404, "No calls found")

    def _records(self, start: int, everything: list[Any]) -> dict[str, Any]:
        after = start + self.page_size
        return {"cursor": str(after)} if after < len(everything) else {}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
