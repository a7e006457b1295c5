"""The test servers themselves: what they refuse, and that they can fail."""

from __future__ import annotations

import httpx
import pytest

from tests.faults import TWICE, partial, status
from tests.openapi import document
from tests.servers import Received, Reply, StandIn, route, serve


class FathomLike(StandIn):
    spec = "fathom"

    def __init__(self, items: list | None = None) -> None:
        super().__init__()
        self.items = items or []

    @route("GET", "/meetings")
    def meetings(self, request: Received) -> Reply:
        return Reply(200, {"items": self.items})

    @route("POST", "/webhooks")
    def webhooks(self, request: Received) -> Reply:
        return Reply(201, {"id": "w", "secret": "whsec_x"})


KEY = {"X-Api-Key": "k"}


@pytest.mark.parametrize(
    ("method", "path", "send", "expected"),
    [
        pytest.param("GET", "/meetings", {"headers": KEY}, 200, id="allowed"),
        pytest.param("GET", "/meetings", {}, 401, id="no key"),
        pytest.param(
            "GET", "/meetings?include_transcript=perhaps", {"headers": KEY}, 400, id="not a boolean"
        ),
        pytest.param("GET", "/meeting", {"headers": KEY}, 404, id="no such path"),
        pytest.param(
            "POST", "/webhooks", {"headers": KEY, "json": {}}, 400, id="required field missing"
        ),
        pytest.param(
            "POST",
            "/webhooks",
            {
                "headers": KEY,
                "json": {
                    "destination_url": "https://x.example",
                    "triggered_for": ["my_recordings"],
                },
            },
            201,
            id="allowed body",
        ),
    ],
)
def test_requests_are_held_against_the_document(
    method: str, path: str, send: dict, expected: int
) -> None:
    with serve(FathomLike()) as server:
        assert httpx.request(method, server.base_url + path, **send).status_code == expected


def test_a_stand_in_that_lies_about_its_shape_fails_the_test() -> None:
    lying = FathomLike([{"title": "no id"}])
    with pytest.raises(AssertionError, match="meetings"), serve(lying) as server:
        httpx.get(server.base_url + "/meetings", headers=KEY)


def test_faults_meet_the_operation_or_the_number_they_are_meant_for() -> None:
    with serve(FathomLike()) as server:
        server.faults.next(status(418), operation="webhooks")
        server.faults.at(1, status(503))
        codes = [
            httpx.get(server.base_url + "/meetings", headers=KEY).status_code for _ in range(3)
        ]
        assert codes == [200, 503, 200]
        assert server.faults.unused == ["status 418"]


def test_twice_acts_twice_and_partial_changes_the_answer() -> None:
    class Counter(StandIn):
        hits = 0

        @route("POST", "/hit")
        def hit(self, request: Received) -> Reply:
            self.hits += 1
            return Reply(200, {"hits": self.hits})

    with serve(Counter()) as server:
        server.faults.next(TWICE)
        assert httpx.post(server.url + "/hit").json() == {"hits": 2}
        server.faults.next(partial(lambda body: {**body, "numErrors": 1}))
        answer = httpx.post(server.url + "/hit")
    assert (answer.status_code, answer.json()) == (207, {"hits": 3, "numErrors": 1})


@pytest.mark.parametrize(
    "name",
    [
        "fathom",
        "zoom",
        "slack",
        "fireflies",
        "google_forms_v1",
        "google_calendar_v3",
        "hubspot_crm",
        "salesforce",
    ],
)
def test_every_document_can_be_read(name: str) -> None:
    assert document(name).operations
