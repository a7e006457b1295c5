from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from bantam.domain.calls import Side
from bantam.errors import VendorAuthError, VendorNotFoundError
from bantam.ports import TranscriptNotReady
from integrations.fathom.client import FathomClient
from integrations.fathom.mapping import call_id
from integrations.fathom.source import FathomSource
from tests.faults import Fault
from tests.servers import Server, serve
from tests.source_cases import READ_FAULTS, WINDOW, assert_each_step_stands, ids, read_everything
from tests.standins.fathom import KEY, Fathom, a_recording
from tests.surroundings import StillClock, surroundings


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Fathom()) as running:
        yield running


def source(server: Server, key: str = KEY, fault: Fault | None = None) -> FathomSource:
    clock = StillClock()
    around = surroundings(clock, fault=fault)
    return FathomSource(FathomClient(key, around, base_url=server.base_url), clock)


def test_a_meeting_arrives_with_people_sides_and_start_times(server: Server) -> None:
    (call,) = read_everything(source(server))
    assert (call.id, call.url) == ("fathom:4711", "https://fathom.example/calls/4711")
    people = {p.id: (p.name, p.email, p.side) for p in call.participants}
    assert people == {
        "ana@seller.example": ("Ana", "ana@seller.example", Side.SELLER),
        "bo@buyer.example": ("Bo", "bo@buyer.example", Side.BUYER),
        "dee": ("Dee", None, Side.UNKNOWN),
    }
    assert [(t.speaker, t.start, t.end, t.text) for t in call.turns] == [
        ("ana@seller.example", 332.0, None, "What is set aside?"),
        ("bo@buyer.example", 340.0, None, "Forty thousand euros."),
        ("dee", 3601.0, None, "I agree."),
    ]


@pytest.mark.parametrize("fault", READ_FAULTS)
def test_every_fault_at_every_step_is_stood(server: Server, fault: Fault) -> None:
    assert_each_step_stands(fault, server, lambda f: source(server, fault=f))


def test_pages_are_read_and_windows_go_by_the_start(server: Server) -> None:
    late = {"recording_start_time": "2026-11-24T00:00:00Z"}
    server.stand_in.recordings = [
        a_recording(1), a_recording(2), a_recording(3), a_recording(2),
        a_recording(4, "2026-11-24T01:00:00Z"), a_recording(5, "2026-11-24T01:00:00Z", **late),
    ]  # fmt: skip
    found = list(source(server).call_ids(WINDOW))
    assert found == ids("fathom:1", "fathom:2", "fathom:3", "fathom:4")


def test_a_meeting_that_was_never_listed_is_found_by_listing(server: Server) -> None:
    assert source(server).fetch(call_id(4711)).title == "Acme discovery"


def test_who_records_is_the_seller_even_when_not_invited(server: Server) -> None:
    server.stand_in.recordings = [a_recording(1, calendar_invitees=[])]
    sides = {p.name: p.side for p in source(server).fetch(call_id(1)).participants}
    assert sides == {"Ana S.": Side.SELLER, "Bo B.": Side.UNKNOWN, "Dee": Side.UNKNOWN}


@pytest.mark.parametrize("transcript", [pytest.param(None, id="404"), pytest.param([], id="empty")])
def test_words_that_are_not_there_yet_are_a_state(server: Server, transcript: list | None) -> None:
    server.stand_in.recordings = [a_recording(1, transcript=transcript)]
    with pytest.raises(TranscriptNotReady):
        source(server).fetch(call_id(1))


@pytest.mark.parametrize("unknown", ["fathom:5", "fathom:abc", "gong:1"])
def test_an_unknown_meeting_is_not_found(server: Server, unknown: str) -> None:
    with pytest.raises(VendorNotFoundError, match="last 30 days"):
        source(server).fetch(ids(unknown)[0])


def test_a_wrong_key_is_an_auth_error(server: Server) -> None:
    with pytest.raises(VendorAuthError):
        list(source(server, key="wrong").call_ids(WINDOW))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/meetings?include_transcript=perhaps", 400, id="not a boolean"),
        pytest.param("/recordings/abc/transcript", 400, id="not a number"),
        pytest.param("/recordings/4711/transcript", 200, id="allowed"),
    ],
)
def test_the_document_refuses_what_does_not_fit(server: Server, path: str, expected: int) -> None:
    answer = httpx.get(server.base_url + path, headers={"X-Api-Key": KEY})
    assert answer.status_code == expected
