from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.calls import Call, Participant
from integrations.speech import (
    LONGEST_TURN_CHARS,
    Said,
    language_tag,
    seconds_of,
    turns_of,
    with_unknown_voices,
)
from tests.factories import CALLED_AT


def test_sentences_of_one_voice_become_one_turn() -> None:
    said = [
        Said("a", "One.", 0, 1),
        Said("a", "Two.", 1.5, 2),
        Said("b", "Three.", 3, 4),
        Said("a", "Four.", 5, 6),
    ]
    assert [(t.speaker, t.text, t.start, t.end) for t in turns_of(said)] == [
        ("a", "One. Two.", 0, 2),
        ("b", "Three.", 3, 4),
        ("a", "Four.", 5, 6),
    ]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([Said("a", "One.", 0, 1), Said("a", "Two.", 30, 31)], id="a long pause"),
        pytest.param([Said("a", "x" * LONGEST_TURN_CHARS), Said("a", "Two.")], id="too long"),
    ],
)
def test_a_stretch_is_cut_so_that_times_stay_near_the_words(said: list[Said]) -> None:
    assert len(turns_of(said)) == 2


@given(st.lists(st.builds(
    Said, st.sampled_from("abc"), st.text(st.characters(exclude_categories=["Cc"]), max_size=30),
    st.none() | st.floats(0, 1e6), st.none() | st.floats(0, 1e6))))  # fmt: skip
def test_no_word_is_lost_and_every_speaker_is_somebody(said: list[Said]) -> None:
    turns = turns_of(said)
    assert " ".join(t.text for t in turns).split() == " ".join(s.text for s in said).split()
    people = with_unknown_voices([Participant(id="a", name="Ana")], turns)
    call = Call(id="c", started_at=CALLED_AT, participants=people, turns=turns)
    assert {t.speaker for t in call.turns} <= {p.id for p in call.participants}


def test_an_end_before_its_start_is_moved_to_it() -> None:
    assert [(t.start, t.end) for t in turns_of([Said("a", "x", 5, 3)])] == [(5, 5)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.5", 1.5), (2, 2.0), ("00:05:32", 332.0), ("5:32", 332.0), ("01:00:00.25", 3600.25),
        ("soon", None), (None, None), (True, None), ("-1", None), (math.nan, None), ("inf", None),
        ("1:x", None), ([], None), ("", None),
    ],
)  # fmt: skip
def test_seconds_come_as_numbers_text_and_clock_times(
    value: object, expected: float | None
) -> None:
    assert seconds_of(value) == expected


@given(st.text() | st.integers() | st.floats())
def test_seconds_are_never_negative_or_endless(value: object) -> None:
    seconds = seconds_of(value)
    assert seconds is None or 0 <= seconds < math.inf


@pytest.mark.parametrize(
    ("given_", "tag"),
    [
        ("eng", "en"),
        ("en-US", "en"),
        ("de_DE", "de"),
        ("ger", "de"),
        (None, "en"),
        ("und", "en"),
        ("FRA", "fr"),
        ("German", "de"),
        ("", "en"),
    ],
)
def test_languages_are_two_letters(given_: str | None, tag: str) -> None:
    assert language_tag(given_) == tag


def test_sentences_do_not_show_their_words() -> None:
    assert "secret" not in repr(Said("a", "secret words"))


def test_control_characters_are_taken_out_of_words_and_part_them_where_they_stand_between() -> None:
    turns = turns_of([Said("a", "fo\x00rty\x1cthousand\x1b[2J\x0cnet")])
    assert [t.text for t in turns] == ["forty thousand[2J net"]
