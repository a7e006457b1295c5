from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bantam.domain.calls import Side
from bantam.errors import VendorAuthError, VendorNotFoundError, VendorRejectedError
from bantam.ports import TranscriptNotReady
from integrations.gong.client import GongClient, key_and_secret
from integrations.gong.mapping import call_id
from integrations.gong.source import GongSource
from tests.faults import Fault, status
from tests.servers import Server, serve
from tests.source_cases import (
    EARLIER,
    READ_FAULTS,
    WINDOW,
    assert_each_step_stands,
    ids,
    read_everything,
)
from tests.standins.gong import KEY, SECRET, Gong, a_gong_call
from tests.surroundings import surroundings

ONE = "7782342274025937895"


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Gong()) as running:
        yield running


def source(
    server: Server, secret: str = SECRET, fault: Fault | None = None, **options: Any
) -> GongSource:
    around = surroundings(fault=fault)
    client = GongClient(key_and_secret(KEY, secret), around, base_url=server.url)
    return GongSource(client, **options)


def test_a_call_arrives_with_people_words_seconds_and_crm_links(server: Server) -> None:
    (call,) = read_everything(source(server))
    assert (call.id, call.title, call.language) == (f"gong:{ONE}", "Acme discovery", "en")
    assert call.url == f"https://app.gong.example/call?id={ONE}"
    people = {p.id: (p.name, p.email, p.side) for p in call.participants}
    assert people == {
        "64": ("Ana", "ana@seller.example", Side.SELLER),
        "65": ("Bo", "bo@buyer.example", Side.BUYER),
        "999": ("Unknown speaker 1", None, Side.UNKNOWN),
    }
    assert [(t.speaker, t.start, t.end, t.text) for t in call.turns] == [
        ("64", 460.23, 462.343, "What is set aside for this?"),
        ("65", 463.0, 467.0, "Forty thousand euros. It is approved."),
        ("999", 468.0, 469.0, "I agree."),
    ]
    assert call.crm_ids == ("hubspot:deal:9001", "hubspot:account:77")


@pytest.mark.parametrize("fault", READ_FAULTS)
def test_every_fault_at_every_step_is_stood(server: Server, fault: Fault) -> None:
    assert_each_step_stands(fault, server, lambda f: source(server, fault=f))


def test_pages_are_read_to_the_end_and_ids_come_once(server: Server) -> None:
    server.stand_in.calls = [a_gong_call(n) for n in ("1", "2", "3", "2", "4")]
    assert list(source(server).call_ids(WINDOW)) == ids("gong:1", "gong:2", "gong:3", "gong:4")
    assert server.stand_in.count("list_calls") == 3


def test_the_other_inputs_stay_the_same_from_page_to_page(server: Server) -> None:
    server.stand_in.calls = [a_gong_call(n) for n in ("1", "2", "3")]
    list(source(server).call_ids(WINDOW))
    first, second = (r.query for r in server.stand_in.received)
    assert {k: v for k, v in second.items() if k != "cursor"} == first
    assert "cursor" not in first


def test_404_is_the_empty_result(server: Server) -> None:
    assert list(source(server).call_ids(EARLIER)) == []


def test_the_windows_end_is_outside(server: Server) -> None:
    server.stand_in.calls = [
        a_gong_call("1", "2026-11-24T00:00:00Z"),
        a_gong_call("2", "2026-11-23T00:00:00Z"),
    ]
    assert list(source(server).call_ids(WINDOW)) == ids("gong:2")


def test_private_calls_are_read_only_if_asked_for(server: Server) -> None:
    server.stand_in.calls = [a_gong_call("1", meta={"isPrivate": True}), a_gong_call("2")]
    assert list(source(server).call_ids(WINDOW)) == ids("gong:2")
    with pytest.raises(VendorRejectedError, match="include_private"):
        source(server).fetch(call_id("1"))
    open_to_all = source(server, include_private=True)
    assert list(open_to_all.call_ids(WINDOW)) == ids("gong:1", "gong:2")
    assert open_to_all.fetch(call_id("1")).turns


@pytest.mark.parametrize(
    "transcript",
    [
        pytest.param(None, id="404"),
        pytest.param([], id="empty"),
        pytest.param(
            [{"speakerId": "64", "sentences": [{"start": 0, "end": 1, "text": " "}]}], id="blank"
        ),
        pytest.param([{"speakerId": "64", "sentences": None}], id="no sentences"),
    ],
)
def test_words_that_are_not_there_yet_are_a_state(server: Server, transcript: Any) -> None:
    server.stand_in.calls = [a_gong_call("1", transcript=transcript)]
    with pytest.raises(TranscriptNotReady) as caught:
        source(server).fetch(call_id("1"))
    assert not caught.value.final


def test_a_call_without_parties_context_or_speaker_ids_keeps_its_words(server: Server) -> None:
    said = [{"speakerId": None, "sentences": [{"text": "Hello."}]}]
    server.stand_in.calls = [a_gong_call("1", parties=[], context=[], transcript=said)]
    call = source(server).fetch(call_id("1"))
    assert [(p.name, p.side) for p in call.participants] == [("Unknown speaker 1", Side.UNKNOWN)]
    assert [(t.text, t.start) for t in call.turns] == [("Hello.", None)]


def test_two_parties_on_one_speaker_id_do_not_cost_the_call(server: Server) -> None:
    parties = [{"speakerId": "64", "name": "Ana"}, {"speakerId": "64", "name": "Dee"}]
    server.stand_in.calls = [a_gong_call("1", parties=parties)]
    people = source(server).fetch(call_id("1")).participants
    assert [p.name for p in people] == ["Ana", "Dee", "Unknown speaker 1", "Unknown speaker 2"]


def test_a_call_that_gong_does_not_know_is_not_found(server: Server) -> None:
    with pytest.raises(VendorNotFoundError, match="gong:5"):
        source(server).fetch(call_id("5"))


@pytest.mark.parametrize(
    ("secret", "faults", "code", "request_id"),
    [
        pytest.param("wrong", (), 401, "gong-req-1", id="wrong secret"),
        pytest.param(SECRET, (status(403),), 403, None, id="ip allow-list"),
    ],
)
def test_refused_credentials_say_what_to_check(
    server: Server, secret: str, faults: tuple[Fault, ...], code: int, request_id: str | None
) -> None:
    for fault in faults:
        server.faults.next(fault)
    with pytest.raises(VendorAuthError, match=r"IP allow-list, and that gong\.base_url") as caught:
        list(source(server, secret=secret).call_ids(WINDOW))
    assert (caught.value.status, caught.value.request_id) == (code, request_id)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("GET", "/v2/calls", None, id="no dates"),
        pytest.param("POST", "/v2/calls/extensive", {}, id="extensive without filter"),
        pytest.param(
            "POST", "/v2/calls/extensive", {"filter": {"callIds": "1"}}, id="callIds a string"
        ),
        pytest.param(
            "POST",
            "/v2/calls/transcript",
            {"filter": {"callIds": ["1"]}, "cursor": None},
            id="null cursor",
        ),
        pytest.param(
            "POST",
            "/v2/calls/transcript?callIds=1",
            {"filter": {"callIds": ["1"]}},
            id="filter in the query",
        ),
    ],
)
def test_the_stand_in_refuses_what_gong_refuses(
    server: Server, method: str, path: str, body: Any
) -> None:
    answer = httpx.request(method, server.url + path, json=body, auth=(KEY, SECRET))
    assert answer.status_code == 400
