from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bantam.domain.bant import NOT_DISCUSSED, BudgetValue, Criterion
from bantam.domain.calls import CallId
from bantam.errors import EvalError
from bantam.scoring import BANT, score
from evals.real_text import Chat, false_alarms, first_half, persuasion, read_chats
from evals.real_text_summary import false_alarm_lines, persuasion_lines
from tests.factories import a_call, a_reading, an_extraction


class Reader:
    """Reads the level that a chat's number says, and an amount where it is even."""

    name = "fake"
    version_key = "1"

    def __init__(self, amount: int = 5) -> None:
        self.amount = amount
        self.turns: list[int] = []

    def extract(self, call):
        number = int(call.id.removeprefix("c-"))
        self.turns.append(len(call.turns))
        level = (NOT_DISCUSSED, 0, 1, 2, 3, 4)[number % 6]
        value = BudgetValue(amount_min=self.amount, amount_max=self.amount, currency="USD")
        discussed = level != NOT_DISCUSSED and number % 2
        budget = a_reading(Criterion.BUDGET, level, value=value if discussed else None)
        return an_extraction(
            dict.fromkeys(Criterion, level), readings={Criterion.BUDGET: budget}, call_id=call.id
        )


def chats(count: int = 300) -> tuple[list, list[Chat]]:
    rng = np.random.default_rng(1)
    calls = [
        a_call(
            ("s", "Would you give?"), ("b", "Five dollars."), ("s", "Thanks!"), id=CallId(f"c-{i}")
        )
        for i in range(count)
    ]
    ends = [
        Chat(
            call_id=c.id,
            won=bool(rng.random() < 0.3 + 0.08 * (i % 6)),
            pledged=(None, 5.0, 0.0, 7.0)[i % 4],
        )
        for i, c in enumerate(calls)
    ]
    return calls, ends


def test_auc_agrees_with_scikit_learn_and_unscored_chats_rank_last() -> None:
    calls, ends = chats()
    reader = Reader()
    found = persuasion(calls, ends, reader, BANT)
    full = found.parts[0]
    points = [
        score(Reader().extract(c), BANT, scored_at=datetime(2026, 1, 1, tzinfo=UTC)).points
        for c in calls
    ]
    assert full.auc.value == pytest.approx(
        roc_auc_score([e.won for e in ends], [p or 0 for p in points])
    )
    assert full.unscored == 50
    assert full.auc.low < full.auc.value < full.auc.high
    assert (full.discussed[Criterion.NEED].hits, full.discussed[Criterion.NEED].n) == (250, 300)


def test_the_first_half_is_read_apart() -> None:
    calls, ends = chats(12)
    reader = Reader()
    persuasion(calls, ends, reader, BANT)
    assert reader.turns == [3] * 12 + [2] * 12
    assert len(first_half(a_call(("b", "a"), ("b", "b"))).turns) == 1


def test_pledges_are_right_found_or_invented() -> None:
    calls, ends = chats(24)
    full = persuasion(calls, ends, Reader(amount=5), BANT).parts[0]
    # Numbers 1, 3 and 5 of every six carry an amount; 5.0 was pledged at 1 mod 4, 7.0 at 3 mod 4.
    assert (full.pledge_right.hits, full.pledge_right.n) == (6, 12)
    assert full.pledge_found.hits == 12
    assert (full.pledge_invented.hits, full.pledge_invented.n) == (0, 6)


def test_floors_stand_beside_the_figures() -> None:
    calls, ends = chats()
    told = "\n".join(persuasion_lines(persuasion(calls, ends, Reader(), BANT)))
    assert "a proxy for sales, and not more" in told
    assert "| 0.707 (0.677 to 0.740) | 0.610 (0.574 to 0.645) |" in told


def test_every_level_of_one_or_more_is_a_false_alarm() -> None:
    calls, _ = chats(12)
    found = false_alarms(calls, Reader(), BANT)
    assert (found.calls_with_one.hits, found.calls_with_one.n) == (8, 12)
    assert found.per_call == pytest.approx(8 * 4 / 12)
    assert found.zeros == 8
    assert found.words == 12 * 6
    told = list(false_alarm_lines(found))
    assert "2.67 false alarms a call" in told[0]
    assert "- c-2: budget, authority, need, timeframe" in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("call_id\nc-1\n", "no column 'won'", id="no column"),
        pytest.param("call_id,won\nc-1,maybe\n", "line 2: won must be 1 or 0", id="bad ending"),
        pytest.param("call_id,won,pledged_usd\nc-1,1,ten\n", "line 2: won must", id="bad pledge"),
    ],
)
def test_outcomes_that_cannot_be_read_are_refused(text, expected) -> None:
    with pytest.raises(EvalError, match=expected):
        read_chats(text)


def test_a_pledge_of_none_is_zero_and_an_empty_one_unknown() -> None:
    found = read_chats("call_id,won,pledged_usd\na,1,none\nb,0,\nc,1,2.5\n")
    assert [c.pledged for c in found] == [0.0, None, 2.5]


def test_calls_without_an_ending_are_refused_when_none_is_left() -> None:
    with pytest.raises(EvalError, match="no call has an ending"):
        persuasion([a_call()], [], Reader(), BANT)
