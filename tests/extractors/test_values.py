"""Amounts and dates are read again from the buyer's words; where they differ, words win."""

from __future__ import annotations

from datetime import date

import pytest

from bantam.domain.bant import (
    AuthorityValue,
    BudgetValue,
    Criterion,
    Flag,
    Level,
    Period,
    Plan,
    Reading,
    TimeframeValue,
)
from extractors.call_index import CallIndex
from extractors.claims import Claim, ClaimedQuote
from extractors.gates import ground
from tests.factories import a_call


def read(said: str, claim: Claim, language: str = "en", start_month: int = 1) -> Reading:
    call = a_call(("s", "And the money, and when?"), ("b", said), language=language)
    quoted = claim.model_copy(update={"quotes": (ClaimedQuote(turn=1, text=said),)})
    return ground(quoted, CallIndex(call, fiscal_year_start_month=start_month))


def budget(low: int | None, high: int | None = None, **fields: object) -> Claim:
    value = BudgetValue.model_validate(
        {"amount_min": low, "amount_max": low if high is None else high, **fields}
    )
    return Claim(criterion=Criterion.BUDGET, level=2, value=value)


@pytest.mark.parametrize(
    ("said", "claim", "amounts", "differs"),
    [
        pytest.param(
            "We have forty to fifty K set aside.",
            budget(40_000, 50_000),
            (40_000, 50_000),
            False,
            id="as said",
        ),
        pytest.param(
            "We have 120k in the budget.", budget(12_000), (120_000,) * 2, True, id="a slip"
        ),
        pytest.param(
            "Between 40k and, let me see, 50k in the budget.",
            budget(40_000, 50_000),
            (40_000, 50_000),
            False,
            id="a range over two mentions",
        ),
        pytest.param(
            "The budget is 90k, of which 30k is spent.",
            budget(30_000),
            (30_000,) * 2,
            False,
            id="one of two",
        ),
        pytest.param(
            "The budget is there, really.", budget(70_000), (None, None), True, id="made up"
        ),
        pytest.param(
            "Our budget, 200 seats at 15 a month.",
            budget(3000),
            (None, None),
            True,
            id="a price is no budget",
        ),
        pytest.param(
            "The budget is there.", budget(None), (None, None), False, id="no amount claimed"
        ),
    ],
)
def test_amounts_are_what_the_words_say(
    said: str, claim: Claim, amounts: tuple[int | None, int | None], differs: bool
) -> None:
    reading = read(said, claim)

    assert isinstance(reading.value, BudgetValue)
    assert (reading.value.amount_min, reading.value.amount_max) == amounts
    assert (Flag.VALUE_DIFFERS in reading.flags) == differs
    assert reading.level == 2


def test_currency_and_period_come_from_the_words_where_these_say_them() -> None:
    claim = budget(40_000, currency="USD", period="month", text="forty thousand euros a year")

    reading = read("We have forty thousand euros a year in the budget.", claim)

    assert isinstance(reading.value, BudgetValue)
    assert (reading.value.currency, reading.value.period) == ("EUR", Period.YEAR)
    assert Flag.VALUE_DIFFERS in reading.flags


def test_an_amount_in_a_language_that_code_does_not_read_is_believed() -> None:
    reading = read("Temos setenta mil aprovados para isso.", budget(70_000), language="pt")

    assert isinstance(reading.value, BudgetValue)
    assert reading.value.amount_max == 70_000


def timeframe(target: date | None, text: str | None = None, plan: Plan = Plan.PLAN) -> Claim:
    value = TimeframeValue(plan=plan, target_date=target, text=text)
    return Claim(criterion=Criterion.TIMEFRAME, level=1, value=value)


@pytest.mark.parametrize(
    ("said", "claim", "target", "level", "flags"),
    [
        pytest.param(
            "We want to sign by the end of May.",
            timeframe(date(2026, 5, 31), "end of May"),
            date(2026, 5, 31),
            4,
            (),
            id="as said",
        ),
        pytest.param(
            "We want to sign by the end of May.",
            timeframe(date(2027, 5, 31), "end of May"),
            date(2026, 5, 31),
            4,
            (Flag.VALUE_DIFFERS,),
            id="a wrong year",
        ),
        pytest.param(
            "We start in October, after the workshop in April.",
            timeframe(date(2026, 10, 31), "in October"),
            date(2026, 10, 31),
            2,
            (),
            id="the claimed one of two dates",
        ),
        pytest.param(
            "We want to go live in October.",
            timeframe(date(2026, 10, 15)),
            date(2026, 10, 31),
            2,
            (),
            id="a day within the period meant is no difference",
        ),
        pytest.param(
            "We want to sign before Ramadan.",
            timeframe(date(2026, 4, 1)),
            date(2026, 4, 1),
            2,
            (Flag.VALUE_DIFFERS, Flag.CAPPED),
            id="a date that only the model can read",
        ),
        pytest.param(
            "We do want to buy it.", timeframe(None), None, 1, (Flag.NO_DATE,), id="no date"
        ),
        pytest.param(
            "Some day, maybe, we would buy it.",
            timeframe(date(2026, 5, 1), plan=Plan.SOME_DAY),
            None,
            1,
            (),
            id="some day has no date",
        ),
        pytest.param(
            "It's on hold until further notice.",
            timeframe(None, plan=Plan.NO_PLAN),
            None,
            0,
            (),
            id="no plan",
        ),
    ],
)
def test_a_timeframes_level_follows_from_the_date_in_the_words(
    said: str, claim: Claim, target: date | None, level: Level, flags: tuple[Flag, ...]
) -> None:
    reading = read(said, claim)

    assert isinstance(reading.value, TimeframeValue)
    assert (reading.value.target_date, reading.level) == (target, level)
    assert set(reading.flags) == set(flags) - {Flag.CAPPED}


def test_quarters_follow_the_fiscal_year() -> None:
    claim = timeframe(date(2026, 9, 30), "in Q1")

    calendar = read("We want to buy in Q1.", claim)
    fiscal = read("We want to buy in Q1.", claim, start_month=7)

    assert isinstance(fiscal.value, TimeframeValue)
    assert fiscal.value.target_date == date(2026, 9, 30)
    assert Flag.VALUE_DIFFERS in calendar.flags


def test_a_date_that_has_passed_is_no_date() -> None:
    reading = read("Wir wollten 2025-11-30 unterschreiben.", timeframe(date(2025, 11, 30)), "xx")

    assert isinstance(reading.value, TimeframeValue)
    assert reading.value.target_date is None
    assert (reading.level, Flag.DATE_PASSED in reading.flags) == (1, True)


def test_people_who_are_not_of_the_call_do_not_decide() -> None:
    claim = Claim(
        criterion=Criterion.AUTHORITY,
        level=2,
        value=AuthorityValue(decision_makers=("Marieke van Houten (CFO)", "Zebulon Quist", "Bo")),
    )

    reading = read("Our CFO decides that, I only recommend.", claim)

    assert reading.value == AuthorityValue(decision_makers=("Marieke van Houten (CFO)", "Bo"))
