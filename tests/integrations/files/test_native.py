"""The native format: numbering is kept, what other programs write wrongly is put right."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bantam.domain.calls import Call, Side
from bantam.errors import CallFileError
from integrations.files.formats import read_document
from integrations.files.origin import Origin
from integrations.files.sides import SideRules
from tests.factories import a_call

TURNS = [
    {"speaker": "s", "text": "What is set aside?", "start": 1.0, "end": 3.5},
    {"speaker": "b", "text": "Forty thousand.", "start": 4.0, "end": 6.0},
]
NATIVE = {
    "id": "n-1",
    "started_at": "2026-03-02T15:00:00+00:00",
    "participants": [{"id": "s", "name": "Ana"}, {"id": "b", "name": "Bo"}],
    "turns": TURNS,
}


def read(text: str, name: str = "c.json") -> Call:
    (call,) = read_document(text.encode(), Origin(Path(name)), SideRules())
    assert isinstance(call, Call)
    return call


def read_with(**changes: object) -> Call:
    return read(json.dumps({**NATIVE, **changes}))


def turn(**changes: object) -> dict[str, object]:
    return {**TURNS[1], **changes}


def test_a_native_call_comes_back_as_it_was_written() -> None:
    call = a_call()
    assert read(call.model_dump_json()) == call


def test_empty_turns_keep_their_place_so_that_labels_still_point_at_the_right_one() -> None:
    call = read_with(turns=[TURNS[0], turn(text=""), turn(text=None), TURNS[1]])
    assert [t.text for t in call.turns] == ["What is set aside?", "", "", "Forty thousand."]


def test_labels_beside_a_call_are_left_out_everywhere_and_name_its_deal() -> None:
    call = read_with(
        gold={"budget": 4},
        traps=["secret"],
        ae={"score": 9},
        deal={"id": "D-9", "outcome": "won"},
        exported_by="x",
        turns=[turn(words=[{"word": "Forty"}])],
        participants=[{"id": "b", "name": "Bo", "phone": "1"}],
    )
    assert call.deal_id == "D-9"
    assert call == read_with(
        deal_id="D-9", turns=[TURNS[1]], participants=[{"id": "b", "name": "Bo"}]
    )


def test_a_call_without_id_and_date_takes_both_from_its_file() -> None:
    text = json.dumps({k: NATIVE[k] for k in ("participants", "turns")})
    call = read(text, "2026-03-02 Acme.json")
    assert (call.id, call.started_at) == ("2026-03-02 Acme", datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert not call.started_at_is_guess


@pytest.mark.parametrize(
    ("given_", "start", "end"),
    [
        pytest.param({"start": 5, "end": 1}, 5.0, 5.0, id="an end before its start"),
        pytest.param({"start": -2.0, "end": 1.0}, None, 1.0, id="before the call"),
        pytest.param({"start": math.nan, "end": math.inf}, None, None, id="no numbers"),
        pytest.param({"start": "00:01:02", "end": "63.5"}, 62.0, 63.5, id="as text"),
        pytest.param({"start": None}, None, None, id="none"),
    ],
)
def test_times_that_cannot_be_do_not_cost_the_call(
    given_: dict[str, object], start: float | None, end: float | None
) -> None:
    timeless = {k: v for k, v in TURNS[1].items() if k not in ("start", "end")}
    (turn,) = read_with(turns=[{**timeless, **given_}]).turns
    assert (turn.start, turn.end) == (start, end)


@pytest.mark.parametrize(
    "started_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z"]
)
def test_a_start_that_cannot_be_is_named(started_at: str) -> None:
    with pytest.raises(CallFileError, match="started_at: expected a time from 1970 to 2199"):
        read_with(started_at=started_at)


def test_times_that_run_back_are_kept_as_they_are_and_so_is_the_order() -> None:
    call = read_with(turns=[turn(start=50, end=51), turn(start=10, end=11), turn(start=52, end=53)])
    assert [t.start for t in call.turns] == [50, 10, 52]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(r"forty \ud83d thousand", "forty \ufffd thousand", id="half of a character"),
        pytest.param(r"forty \ud83d\ude00", "forty \U0001f600", id="both halves"),
        pytest.param(r"for\u0000ty\u001b[2J", "forty[2J", id="control characters"),
        pytest.param("forty\nthousand", "forty\nthousand", id="a line end that is not escaped"),
        pytest.param(r"NaN is \\u0000 a word", r"NaN is \u0000 a word", id="words about them"),
    ],
)
def test_words_can_always_be_stored(text: str, words: str) -> None:
    written = json.dumps({**NATIVE, "turns": [turn(text="@")]}).replace("@", text)
    assert read(written).turns[0].text == words


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        pytest.param([{"id": "b", "name": "Bo"}] * 2, [("b", "Bo", "unknown")], id="the same one twice"),
        pytest.param([{"id": "b", "name": None, "email": "bo@b.example"}], [("b", "bo@b.example", "unknown")], id="no name"),
        pytest.param([{"id": "b", "email": "", "side": " Buyer "}], [("b", "Unknown speaker 1", "buyer")], id="nothing but a side"),
        pytest.param([{"id": "b", "name": "Bo", "side": None}], [("b", "Bo", "unknown")], id="no side"),
    ],
)  # fmt: skip
def test_participants_are_read_as_far_as_they_are_given(
    people: list[dict[str, object]], expected: list[tuple[str, str, str]]
) -> None:
    call = read_with(participants=people, turns=[TURNS[1]])
    assert [(p.id, p.name, p.side) for p in call.participants] == expected
    assert all(p.email != "" for p in call.participants)


def test_numbers_are_as_good_as_text_for_ids() -> None:
    call = read_with(
        id=7, deal_id=8, participants=[{"id": 1, "name": "Bo"}], turns=[turn(speaker=1)]
    )
    assert (call.id, call.deal_id, call.speaker_of(0).name) == ("7", "8", "Bo")


@pytest.mark.parametrize(
    ("language", "tag"),
    [("en-US", "en"), ("de", "de"), ("hu", "hu"), ("ger", "de"), ("hun", "hun"), (None, "en"), ("Spanish", "es")],
)  # fmt: skip
def test_the_language_is_its_primary_tag(language: str | None, tag: str) -> None:
    assert read_with(language=language).language == tag


def test_a_list_of_calls_is_read_and_a_bad_one_stops_no_other() -> None:
    calls = [NATIVE, {**NATIVE, "id": "n-2", "turns": 5}, {**NATIVE, "id": None}]
    first, error, third = read_document(
        json.dumps(calls).encode(), Origin(Path("c.json")), SideRules()
    )
    assert isinstance(first, Call)
    assert isinstance(third, Call)
    assert (first.id, third.id) == ("n-1", "c-2")
    assert str(error) == "c.json: [1], turns: expected a list"


def test_the_side_that_a_call_states_stays() -> None:
    people = [
        {"id": "s", "name": "Ana", "side": "seller"},
        {"id": "b", "name": "Bo", "side": "buyer"},
    ]
    call = read_with(participants=people)
    assert [p.side for p in call.participants] == [Side.SELLER, Side.BUYER]


def test_a_call_of_10_000_words_is_read_in_five_milliseconds() -> None:
    turns = [
        turn(
            text="so we have forty thousand set aside for this and the board decides in March soon "
            * 1
        )
        for _ in range(625)
    ]
    data = json.dumps({**NATIVE, "turns": turns}).encode()
    assert sum(len(str(t["text"]).split()) for t in turns) >= 10_000

    def once() -> float:
        before = time.process_time()
        list(read_document(data, Origin(Path("c.json")), SideRules()))
        return time.process_time() - before

    assert min(once() for _ in range(10)) < 0.005
