"""A CRM that behaves: deals by lead, one row a call. It notes every write, so that none hides."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.servers import Received, Reply, StandIn, route


class Crm(StandIn):
    """Opens a deal per key and keeps the newest score per call; `down` answers 503 to all."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.deals: dict[str, str] = {}
        """By e-mail address."""
        self.scores: dict[str, dict[str, Any]] = {}
        """By call."""
        self.writes: dict[str, list[str]] = defaultdict(list)
        """Delivery keys by call, as they came."""

    def authorise(self, request: Received) -> Reply | None:
        return Reply(503, {"error": "down"}) if self.down else None

    @route("POST", "/leads")
    def lead(self, request: Received) -> Reply:
        body = request.json()
        deal = self.deals.setdefault(body["email"], f"D-{body['key'][:12]}")
        return Reply(200, {"deal": deal})

    @route("PUT", "/scores/{call}")
    def score(self, request: Received) -> Reply:
        body = request.json()
        self.writes[request.params["call"]].append(body["key"])
        self.scores[request.params["call"]] = body
        return Reply(200, {"id": request.params["call"]})
