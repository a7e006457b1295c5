"""A Slack that behaves: HTTP 200 whatever happens, messages with a ts, no idempotency."""

from __future__ import annotations

from typing import Any

from tests.servers import Received, Reply, StandIn, route

TOKEN = "xoxb-1"


class Slack(StandIn):
    """Keeps messages by channel; `people` maps e-mail addresses to user ids."""

    spec = "slack"

    def __init__(self) -> None:
        super().__init__()
        self.channels: dict[str, list[dict[str, Any]]] = {"C1": [], "C2": []}
        self.people = {"ana@seller.example": "U1"}
        self.clock = 1_795_510_800.0
        self.may_read_history = True
        self.may_delete = True

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for channel in self.channels.values() for message in channel]

    def refuse(self, status: int, why: str) -> Reply:
        if status == 401:
            return Reply(200, {"ok": False, "error": "not_authed"})
        return Reply(200, {"ok": False, "error": "invalid_arguments"})

    def authorise(self, request: Received) -> Reply | None:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return failure("invalid_auth")
        return None

    @route("POST", "/auth.test")
    def auth_test(self, request: Received) -> Reply:
        return Reply(200, {"ok": True, "team_id": "T1", "user_id": "U9"})

    @route("POST", "/chat.postMessage")
    def post_message(self, request: Received) -> Reply:
        body = request.json()
        refused = self._refused(body)
        if refused:
            return refused
        self.clock += 1
        message = {**body, "ts": f"{self.clock:.6f}"}
        self.channels[body["channel"]].append(message)
        return Reply(
            200, {"ok": True, "channel": body["channel"], "ts": message["ts"], "message": {}}
        )

    @route("POST", "/chat.update")
    def update_message(self, request: Received) -> Reply:
        body = request.json()
        refused = self._refused(body)
        if refused:
            return refused
        for message in self.channels[body["channel"]]:
            if message["ts"] == body["ts"]:
                message.update(body)
                return Reply(200, {"ok": True, "channel": body["channel"], "ts": body["ts"]})
        return failure("message_not_found")

    @route("POST", "/api/chat.delete")
    def delete_message(self, request: Received) -> Reply:
        body = request.json()
        channel = self.channels.get(body["channel"])
        if channel is None:
            return failure("channel_not_found")
        if not self.may_delete:
            return failure("cant_delete_message")
        found = [m for m in channel if m["ts"] == body["ts"]]
        if not found:
            return failure("message_not_found")
        channel.remove(found[0])
        return Reply(200, {"ok": True, "channel": body["channel"], "ts": body["ts"]})

    @route("GET", "/users.lookupByEmail")
    def lookup(self, request: Received) -> Reply:
        user = self.people.get(request.one("email"))
        return (
            Reply(200, {"ok": True, "user": {"id": user}}) if user else failure("users_not_found")
        )

    @route("POST", "/conversations.open")
    def open(self, request: Received) -> Reply:
        channel = "D" + request.json()["users"]
        self.channels.setdefault(channel, [])
        return Reply(200, {"ok": True, "channel": {"id": channel}})

    @route("GET", "/api/conversations.history")
    def history(self, request: Received) -> Reply:
        if not self.may_read_history:
            return Reply(200, {"ok": False, "error": "missing_scope", "needed": "channels:history"})
        newest_first = reversed(self.channels[request.one("channel")])
        found = [m for m in newest_first if float(m["ts"]) >= float(request.one("oldest", "0"))]
        start = int(request.one("cursor", "0"))
        after = str(start + 1) if start + 1 < len(found) else ""
        return Reply(200, {
            "ok": True, "messages": found[start : start + 1],
            "response_metadata": {"next_cursor": after},
        })  # fmt: skip

    def _refused(self, body: dict[str, Any]) -> Reply | None:
        if body["channel"] not in self.channels:
            return failure("channel_not_found")
        texts = [b["text"]["text"] for b in body.get("blocks", []) if b["type"] == "section"]
        if any(not 0 < len(t) <= 3000 for t in texts):
            return failure("invalid_blocks")
        if len(str(body.get("blocks", []))) > 13_200:
            return failure("msg_blocks_too_long")
        return None


def failure(error: str) -> Reply:
    return Reply(200, {"ok": False, "error": error})
