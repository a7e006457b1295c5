"""A Zoom that behaves: its API, its token issuer and its downloads on one address."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote

from integrations.zoom.client import ZoomApp
from tests.servers import Received, Reply, StandIn, route

APP = ZoomApp("acc-1", "zoom-client", "zoom-secret")
UUID = "/ajXp112QmuoKj4854875=="

VTT = """WEBVTT

1
00:00:01.500 --> 00:00:03.000
Ana S.: What is set aside?

2
00:00:03.500 --> 00:00:05.250
Bo: Forty thousand euros &amp; more.

3
00:00:05.500 --> 00:00:06.000
It is approved.

4
00:01:00.000 --> 00:01:01.000
Dee: I agree.
"""


def a_recording(
    uuid: str = UUID, start: str = "2026-11-23T10:00:00Z", **changes: Any
) -> dict[str, Any]:
    """Return a recorded meeting; `state` is its transcript's, None for a 404."""
    recording = {
        "uuid": uuid, "id": 85_746_065_123, "topic": "Acme discovery", "host_id": "host-1",
        "start_time": start, "duration": 30, "state": {"can_download": True}, "vtt": VTT,
        "participants": [
            {"id": "host-1", "name": "Ana S.", "user_email": "ana@seller.example"},
            {"id": "", "name": "Bo", "user_email": "bo@buyer.example"},
            {"id": "", "name": "Bo", "user_email": "bo@buyer.example"}],
    }  # fmt: skip
    return {**recording, **changes}


class Zoom(StandIn):
    """Serves `recordings`, two a page; tokens last an hour and can be revoked."""

    spec = "zoom"
    page_size = 2

    def __init__(self, recordings: list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.recordings = recordings if recordings is not None else [a_recording()]
        self.tokens = 0
        self.download_host = ""
        self.download_redirect: str | None = None
        self.may_see_participants = True

    def refuse(self, status: int, why: str) -> Reply:
        return Reply(status, {"code": 3301 if status == 404 else 300, "message": why})

    def authorise(self, request: Received) -> Reply | None:
        if request.operation == "token":
            return None
        if request.headers.get("authorization") != f"Bearer token-{self.tokens}":
            return Reply(401, {"code": 124, "message": "Invalid access token."})
        return None

    @route("POST", "/oauth/token")
    def token(self, request: Received) -> Reply:
        pair = base64.b64encode(f"{APP.client_id}:{APP.client_secret}".encode()).decode()
        wanted = ("account_credentials", APP.account_id)
        if request.headers.get("authorization") != f"Basic {pair}":
            return Reply(401, {"reason": "Invalid client", "error": "invalid_client"})
        if (request.one("grant_type"), request.one("account_id")) != wanted:
            return Reply(400, {"reason": "Bad Request", "error": "unsupported_grant_type"})
        self.tokens += 1
        return Reply(
            200,
            {"access_token": f"token-{self.tokens}", "token_type": "bearer", "expires_in": 3599},
        )

    @route("GET", "/users/{userId}/recordings")
    def list_recordings(self, request: Received) -> Reply:
        first, last = request.one("from"), request.one("to")
        inside = [r for r in self.recordings if first <= r["start_time"][:10] <= last]
        start = int(request.one("next_page_token", "0"))
        after = start + self.page_size
        shown = [self._shown(r) for r in inside[start:after]]
        token = str(after) if after < len(inside) else ""
        return Reply(200, {"from": first, "to": last, "next_page_token": token, "meetings": shown})

    @route("GET", "/meetings/{meetingId}/recordings")
    def recording(self, request: Received) -> Reply:
        found = self._found(request)
        return Reply(200, self._shown(found)) if found else self.refuse(404, "no recording")

    @route("GET", "/meetings/{meetingId}/transcript")
    def transcript(self, request: Received) -> Reply:
        found = self._found(request)
        if found is None or found["state"] is None:
            return Reply(404, {"code": 3322, "message": "no transcript"})
        state = dict(found["state"])
        if state["can_download"]:
            name = str(self.recordings.index(found))
            state["download_url"] = f"http://{request.headers['host']}/rec/download/{name}"
        return Reply(200, state)

    @route("GET", "/past_meetings/{meetingId}/participants")
    def participants(self, request: Received) -> Reply:
        found = self._found(request)
        if not self.may_see_participants:
            return Reply(
                400, {"code": 4711, "message": "Invalid access token, does not contain scopes"}
            )
        return Reply(
            200, {"next_page_token": "", "participants": found["participants"] if found else []}
        )

    @route("GET", "/rec/download/{name}")
    def download(self, request: Received) -> Reply:
        if self.download_redirect:
            return Reply(302, None, {"Location": self.download_redirect})
        return Reply(
            200, self.recordings[int(request.params["name"])]["vtt"], {"content-type": "text/vtt"}
        )

    def _found(self, request: Received) -> dict[str, Any] | None:
        wanted = request.params["meetingId"]
        # What was encoded twice arrives still encoded once; a bare slash would have split the path.
        wanted = unquote(wanted) if "%" in wanted else wanted
        return next((r for r in self.recordings if r["uuid"] == wanted), None)

    def _shown(self, recording: dict[str, Any]) -> dict[str, Any]:
        hidden = {"state", "vtt", "participants"}
        return {k: v for k, v in recording.items() if k not in hidden}
