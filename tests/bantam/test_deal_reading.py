from __future__ import annotations

from datetime import date

import pytest

from bantam.deal_reading import as_extraction, read_deal
from bantam.domain.bant import NOT_DISCUSSED, Criterion, Flag, Level, Plan
from bantam.domain.rubric import timeframe_level
from bantam.scoring import BANT, score
from tests.factories import SCORED_AT, a_deal_call, a_timeframe

MARCH, APRIL, MAY = date(2026, 3, 2), date(2026, 4, 6), date(2026, 5, 4)


def levels(deal) -> dict[Criterion, Level]:
    return {c: r.level for c, r in deal.readings.items()}


def test_newer_words_supersede_and_silence_leaves_older_ones() -> None:
    calls = [a_deal_call(APRIL, "c-2", budget=3), a_deal_call(MARCH, "c-1", budget=1, need=2)]
    deal = read_deal("D-1", calls, as_of=MAY)
    assert levels(deal) == {
        Criterion.BUDGET: 3,
        Criterion.AUTHORITY: NOT_DISCUSSED,
        Criterion.NEED: 2,
        Criterion.TIMEFRAME: NOT_DISCUSSED,
    }
    assert deal.from_call == {Criterion.BUDGET: "c-2", Criterion.NEED: "c-1"}
    assert [(c.before.level, c.after.level) for c in deal.changes] == [(1, 3)]


def test_only_calls_up_to_the_day_count() -> None:
    calls = [a_deal_call(MARCH, "c-1", budget=1), a_deal_call(APRIL, "c-2", budget=4)]
    deal = read_deal("D-1", calls, as_of=date(2026, 4, 5))
    assert (deal.readings[Criterion.BUDGET].level, deal.calls) == (1, 1)


def test_a_refusal_after_a_budget_is_kept_as_a_contradiction() -> None:
    calls = [a_deal_call(MARCH, "c-1", budget=3), a_deal_call(APRIL, "c-2", budget=0)]
    deal = read_deal("D-1", calls, as_of=MAY)
    assert deal.readings[Criterion.BUDGET].level == 0
    assert [c.contradiction for c in deal.changes] == [True]


def test_a_plan_comes_closer_as_days_pass_and_expires() -> None:
    call, extraction = a_deal_call(MARCH, "c-1")
    plan = a_timeframe(date(2026, 8, 31), 3)
    extraction = extraction.model_copy(
        update={"readings": {**extraction.readings, Criterion.TIMEFRAME: plan}}
    )
    assert read_deal("D-1", [(call, extraction)], as_of=MARCH).readings[plan.criterion].level == 3
    closer = read_deal("D-1", [(call, extraction)], as_of=date(2026, 7, 1))
    assert closer.readings[Criterion.TIMEFRAME].level == 4
    passed = read_deal("D-1", [(call, extraction)], as_of=date(2026, 9, 1))
    assert passed.readings[Criterion.TIMEFRAME].level == NOT_DISCUSSED
    assert Flag.DATE_PASSED in passed.readings[Criterion.TIMEFRAME].flags
    assert passed.expired == (Criterion.TIMEFRAME,)


def test_budget_talk_fades_after_a_year_but_never_to_a_refusal() -> None:
    old = [a_deal_call(MARCH, "c-1", budget=4)]
    assert read_deal("D-1", old, as_of=date(2027, 3, 2)).readings[Criterion.BUDGET].level == 4
    assert read_deal("D-1", old, as_of=date(2027, 3, 4)).readings[Criterion.BUDGET].level == 3
    vague = [a_deal_call(MARCH, "c-1", budget=1)]
    assert read_deal("D-1", vague, as_of=date(2028, 1, 1)).readings[Criterion.BUDGET].level == 1


def test_a_deal_scores_like_a_call_with_its_readings() -> None:
    calls = [a_deal_call(MARCH, "c-1", budget=1, need=2), a_deal_call(APRIL, "c-2", budget=3)]
    deal = read_deal("D-1", calls, as_of=MAY)
    whole = as_extraction(deal, [e for _, e in calls])
    expected = 1 + 99 * (0.30 + 0.25 * 0.8 * (0.75 - 0.30) + 0.30 * 0.8 * (0.5 - 0.30))
    assert score(whole, BANT, scored_at=SCORED_AT).points == round(expected)


@pytest.mark.parametrize(
    ("plan", "target", "expected"),
    [
        pytest.param(Plan.NO_PLAN, None, 0, id="no plan"),
        pytest.param(Plan.SOME_DAY, None, 1, id="some day"),
        pytest.param(Plan.PLAN, None, 1, id="a plan without a date is some day"),
        pytest.param(Plan.PLAN, date(2026, 3, 2), 4, id="today"),
        pytest.param(Plan.PLAN, date(2026, 6, 2), 4, id="92 days are within 3.05 months"),
        pytest.param(Plan.PLAN, date(2026, 6, 3), 3, id="93 days are not"),
        pytest.param(Plan.PLAN, date(2026, 9, 3), 3, id="185 days are within 6.1 months"),
        pytest.param(Plan.PLAN, date(2026, 9, 4), 2, id="186 days are not"),
        pytest.param(Plan.PLAN, date(2027, 3, 8), 2, id="371 days are within 12.2 months"),
        pytest.param(Plan.PLAN, date(2027, 3, 9), 1, id="372 days are not"),
        pytest.param(Plan.PLAN, date(2026, 3, 1), None, id="passed"),
    ],
)
def test_timeframe_level_is_date_arithmetic(plan: Plan, target: date, expected: int) -> None:
    assert timeframe_level(plan, target, MARCH) == expected
