from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from graphql import build_schema, parse, validate

from bantam.domain.calls import Side
from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorDownError,
    VendorNotFoundError,
    VendorRejectedError,
)
from bantam.ports import TranscriptNotReady
from integrations.fireflies import client as fireflies
from integrations.fireflies.mapping import call_id
from integrations.fireflies.source import FirefliesSource
from tests.faults import Fault, status
from tests.servers import Server, serve
from tests.source_cases import READ_FAULTS, WINDOW, assert_each_step_stands, ids, read_everything
from tests.standins.fireflies import KEY, SCHEMA, Fireflies, a_meeting, failure
from tests.surroundings import NOW, StillClock, surroundings


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Fireflies()) as running:
        running.stand_in.now = lambda: NOW
        yield running


def source(
    server: Server,
    key: str = KEY,
    clock: StillClock | None = None,
    fault: Fault | None = None,
) -> FirefliesSource:
    around = surroundings(clock, fault=fault)
    return FirefliesSource(fireflies.FirefliesClient(key, around, base_url=server.url))


@pytest.mark.parametrize("query", [fireflies.ONE, fireflies.MANY])
def test_queries_fit_the_schema(query: str) -> None:
    assert validate(build_schema(SCHEMA), parse(query)) == []


def test_a_query_for_an_unknown_field_does_not_fit_the_schema() -> None:
    assert validate(build_schema(SCHEMA), parse("{ transcripts { ids } }"))


def test_a_meeting_arrives_with_people_and_words(server: Server) -> None:
    (call,) = read_everything(source(server))
    assert (call.id, call.started_at.isoformat()) == (
        "fireflies:ASxwZxCstx",
        "2026-11-23T10:00:00+00:00",
    )
    people = {p.id: (p.name, p.email, p.side) for p in call.participants}
    assert people == {
        "0": ("Ana", "ana@seller.example", Side.UNKNOWN),
        "1": ("Bo", "bo@buyer.example", Side.UNKNOWN),
        "attendee-cy@buyer.example": ("cy@buyer.example", "cy@buyer.example", Side.UNKNOWN),
        "2": ("Unknown speaker 1", None, Side.UNKNOWN),
    }
    assert [(t.speaker, t.start, t.end, t.text) for t in call.turns] == [
        ("0", 1.5, 3.0, "What is set aside?"),
        ("1", 3.5, 5.25, "Forty thousand euros."),
        ("2", None, None, "I agree."),
    ]


@pytest.mark.parametrize("fault", READ_FAULTS)
def test_every_fault_at_every_step_is_stood(server: Server, fault: Fault) -> None:
    assert_each_step_stands(fault, server, lambda f: source(server, fault=f))


def test_offset_pages_end_at_the_short_one_and_ids_come_once(server: Server) -> None:
    meetings = [a_meeting(f"m{n}") for n in range(101)]
    server.stand_in.meetings = [*meetings[:60], *meetings[59:]]
    found = list(source(server).call_ids(WINDOW))
    assert found == ids(*(f"fireflies:m{n}" for n in range(101)))
    assert server.stand_in.count("graphql") == 3


def test_meetings_outside_the_window_are_left_out(server: Server) -> None:
    day = 86_400_000
    server.stand_in.meetings = [a_meeting("in"), a_meeting("out", 1_795_428_000_000.0 + day)]
    assert list(source(server).call_ids(WINDOW)) == ids("fireflies:in")


@pytest.mark.parametrize(
    ("body", "code", "error"),
    [
        pytest.param(failure("object_not_found"), 200, VendorNotFoundError, id="not found as 200"),
        pytest.param(failure("forbidden"), 200, VendorAuthError, id="forbidden as 200"),
        pytest.param(failure("auth_failed"), 500, VendorAuthError, id="wrong key as 500"),
        pytest.param(failure("paid_required"), 200, VendorRejectedError, id="plan"),
        pytest.param(failure("too_many_requests"), 200, VendorBusyError, id="budget as 200"),
        pytest.param(failure("internal"), 500, VendorDownError, id="unknown code as 500"),
        pytest.param(
            {"errors": [{"message": "x"}], "data": None}, 200, VendorRejectedError, id="no code"
        ),
    ],
)
def test_errors_are_read_from_the_body(server: Server, body: Any, code: int, error: Any) -> None:
    server.faults.next(status(code, body), times=4)
    with pytest.raises(error):
        list(source(server).call_ids(WINDOW))


def test_retry_after_is_epoch_milliseconds_and_parks(server: Server) -> None:
    clock = StillClock()
    at = NOW + timedelta(hours=3)
    server.faults.next(status(200, failure("too_many_requests", int(at.timestamp() * 1000))))
    with pytest.raises(VendorBusyError) as caught:
        list(source(server, clock=clock).call_ids(WINDOW))
    assert (caught.value.retry_at, clock.slept) == (at, [])


def test_a_short_wait_in_epoch_milliseconds_is_slept_on_their_clock(server: Server) -> None:
    clock = StillClock(NOW - timedelta(hours=1))
    at = int((NOW + timedelta(seconds=4)).timestamp() * 1000)
    server.faults.next(status(200, failure("too_many_requests", at)))
    assert list(source(server, clock=clock).call_ids(WINDOW))
    # The fault carries the server's own Date: its clock is an hour ahead of ours.
    assert clock.slept == [4.0]


def test_a_budget_without_a_time_is_parked_until_the_next_day(server: Server) -> None:
    server.faults.next(status(429, failure("too_many_requests")))
    with pytest.raises(VendorBusyError) as caught:
        list(source(server).call_ids(WINDOW))
    assert caught.value.retry_at.isoformat() == "2026-11-25T00:00:00+00:00"


def test_data_beside_an_error_is_a_success(server: Server) -> None:
    meeting = {**a_meeting("m"), "date": "2026-11-23T10:00:00Z"}
    body = {"data": {"transcript": meeting}, "errors": [{"message": "one sentence broke"}]}
    server.faults.next(status(200, body))
    assert source(server).fetch(call_id("m")).turns


def test_one_malformed_sentence_costs_itself_and_is_counted(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    good = {
        "speaker_id": 0,
        "speaker_name": "Ana",
        "text": "Hello.",
        "start_time": 1,
        "end_time": 2,
    }
    meeting = a_meeting("m", sentences=[None, {"text": ["x"]}, good, "words"])
    server.faults.next(status(200, {"data": {"transcript": meeting}}))
    call = source(server).fetch(call_id("m"))
    assert [t.text for t in call.turns] == ["Hello."]
    assert "transcript m: 3 unreadable sentences" in caplog.text
    assert "words" not in caplog.text


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"sentences": None}, id="no sentences"),
        pytest.param({"sentences": []}, id="empty"),
        pytest.param({"date": None}, id="no date"),
    ],
)
def test_what_is_not_there_yet_is_a_state(server: Server, changes: dict[str, Any]) -> None:
    server.stand_in.meetings = [a_meeting("m", **changes)]
    with pytest.raises(TranscriptNotReady):
        source(server).fetch(call_id("m"))


def test_two_attendees_of_one_name_lend_it_no_address(server: Server) -> None:
    twins = [{"name": "Ana", "email": f"{n}@x.example"} for n in "ab"]
    server.stand_in.meetings = [a_meeting("m", meeting_attendees=twins, participants=None)]
    call = source(server).fetch(call_id("m"))
    assert next(p for p in call.participants if p.id == "0").email is None


def test_a_wrong_key_is_an_auth_error(server: Server) -> None:
    with pytest.raises(VendorAuthError, match=r"check fireflies\.api_key"):
        list(source(server, key="wrong").call_ids(WINDOW))


def test_an_unknown_meeting_is_not_found(server: Server) -> None:
    with pytest.raises(VendorNotFoundError):
        source(server).fetch(call_id("gone"))


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        pytest.param({"query": ""}, False, id="empty query"),
        pytest.param({"query": "{ transcripts { id } }", "extra": 1}, False, id="unknown key"),
        pytest.param({"query": "{ transcripts { nope } }"}, False, id="unknown field"),
        pytest.param(
            {"query": "query Q($l: String) { transcripts(limit: $l) { id } }"},
            False,
            id="wrong type",
        ),
        pytest.param({"query": "{ transcripts(limit: 51) { id } }"}, False, id="page too large"),
        pytest.param({"query": "{ transcript { id } }"}, False, id="no id"),
        pytest.param({"query": "{ transcripts { id } }"}, True, id="allowed"),
    ],
)
def test_the_stand_in_refuses_what_does_not_fit(server: Server, body: Any, allowed: bool) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = httpx.post(server.url + "/graphql", json=body, headers=headers).json()
    assert ("errors" not in answer) == allowed
