"""A People Data Labs that behaves: matches by e-mail and by website; 404 when nobody is found."""

from __future__ import annotations

from typing import Any

from tests.servers import Received, Reply, StandIn, route

KEY = "pdl-1"


class PeopleDataLabs(StandIn):
    """Its people and companies are set by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, dict[str, Any]] = {}
        self.companies: dict[str, dict[str, Any]] = {}

    def authorise(self, request: Received) -> Reply | None:
        return None if request.headers.get("x-api-key") == KEY else Reply(401, {"status": 401})

    @route("GET", "/v5/person/enrich")
    def person(self, request: Received) -> Reply:
        found = self.people.get(request.one("email"))
        if found is None or found["likelihood"] < int(request.one("min_likelihood")):
            return Reply(404, {"status": 404, "error": {"type": "not_found"}})
        return Reply(200, {"status": 200, "likelihood": found["likelihood"], "data": found})

    @route("GET", "/v5/company/enrich")
    def company(self, request: Received) -> Reply:
        found = self.companies.get(request.one("website"))
        return Reply(200, found) if found else Reply(404, {"status": 404})
