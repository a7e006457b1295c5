"""Long transcripts are cut between turns, whole, and their parts' readings merged in code."""

from __future__ import annotations

from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Flag, Level, Reading
from extractors.prompts import estimated_tokens
from extractors.splitting import merge_readings, split_lines
from tests.factories import a_reading


def lines_of(*lengths: int) -> list[str]:
    words = (f"w{number}" for number in count())
    return [
        f"[T{turn:03d}|buyer|Bo] {' '.join(islice(words, length))}"
        for turn, length in enumerate(lengths)
    ]


def test_what_fits_stays_whole() -> None:
    lines = lines_of(10, 20, 30)

    assert split_lines(lines, 1000) == [lines]


@given(
    st.lists(st.integers(min_value=1, max_value=60), min_size=1, max_size=40),
    st.integers(min_value=60, max_value=300),
)
def test_parts_hold_every_turn_in_order_and_fit(lengths: list[int], most: int) -> None:
    lines = lines_of(*lengths)

    parts = split_lines(lines, most)

    assert all(
        len(part) == 1 or sum(estimated_tokens(line) + 1 for line in part) <= most for part in parts
    )
    seen = list(dict.fromkeys(line for part in parts for line in part))
    words = [word for line in seen for word in line.split("] ", 1)[1].split()]
    assert words == [f"w{number}" for number in range(sum(lengths))]
    tags = list(dict.fromkeys(line.split("]")[0] for line in seen))
    assert tags == [line.split("]")[0] for line in lines]


def test_a_part_begins_with_the_end_of_the_one_before() -> None:
    lines = lines_of(*[5] * 30)

    first, second, *_ = split_lines(lines, 240)

    assert first[-1] == second[0]
    assert len(second) > 1


def test_a_turn_longer_than_a_part_is_cut_and_keeps_its_tag() -> None:
    (line,) = lines_of(500)

    parts = split_lines([line], 200)

    assert len(parts) > 2
    assert all(piece.startswith("[T000|buyer|Bo] ") for part in parts for piece in part)
    assert sum(len(piece.split()) - 1 for part in parts for piece in part) == 500


@pytest.mark.parametrize(
    ("criterion", "levels", "merged"),
    [
        pytest.param(Criterion.BUDGET, (3, 0), 0, id="budget: the last words win"),
        pytest.param(Criterion.BUDGET, (3, 1), 3, id="budget: vague words take nothing back"),
        pytest.param(Criterion.BUDGET, (1, NOT_DISCUSSED), 1, id="budget: vague is something"),
        pytest.param(Criterion.TIMEFRAME, (2, 4), 4, id="timeframe: the last words win"),
        pytest.param(Criterion.AUTHORITY, (4, 1), 4, id="authority: the highest person counts"),
        pytest.param(Criterion.NEED, (2, 3, NOT_DISCUSSED), 3, id="need: the worst pain counts"),
        pytest.param(Criterion.NEED, (NOT_DISCUSSED,) * 2, NOT_DISCUSSED, id="nothing said"),
    ],
)
def test_readings_of_parts_become_one(
    criterion: Criterion, levels: tuple[Level, ...], merged: Level
) -> None:
    parts = [{c: a_reading(c, level) for c in Criterion} for level in levels]

    reading = merge_readings(parts)[criterion]

    assert reading.level == merged
    said = {level for level in levels if level != NOT_DISCUSSED}
    assert (Flag.CONTRADICTED in reading.flags) == (len(said) > 1)


def test_a_reading_that_lost_its_evidence_in_every_part_says_so() -> None:
    nothing = {c: Reading.not_discussed(c) for c in Criterion}
    fallen = Reading(
        criterion=Criterion.NEED,
        level=NOT_DISCUSSED,
        claimed_level=3,
        flags=(Flag.UNGROUNDED,),
    )

    merged = merge_readings([{**nothing, Criterion.NEED: fallen}, nothing])

    assert merged[Criterion.NEED].claimed_level == 3
    assert merged[Criterion.NEED].flags == (Flag.UNGROUNDED,)
