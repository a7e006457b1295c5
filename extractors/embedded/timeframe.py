"""Timeframe: no plan, some day, or a plan whose date the words give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bantam.domain.bant import Criterion, Plan, TimeframeValue
from bantam.domain.calls import Call
from extractors.dates import DateMention, find_dates
from extractors.embedded.cues import WORTH_PARSING, Cue, question_of
from extractors.embedded.weighing import (
    RULES,
    Weighed,
    clear_enough,
    turns_of,
    weigh,
)

_PLANS = (Plan.NO_PLAN, Plan.SOME_DAY, Plan.PLAN)
"""In the order of the level head's classes."""
_DATED = 1.5
"""How much more a cue is taken for a plan when its words hold a date that is still to come."""


@dataclass(frozen=True, slots=True)
class Timed:
    """What was said about when."""

    weighed: Weighed
    value: TimeframeValue


@dataclass(frozen=True, slots=True)
class _Day:
    target: date
    text: str


def weigh_timeframe(call: Call, cues: Sequence[Cue], fiscal_year_start_month: int) -> Timed | None:
    """Return when they mean to buy or go live, or None when they do not say.

    Args:
        call: tells the day and the language.
        cues: of timeframe.
        fiscal_year_start_month: 1 to 12.
    """
    rule = RULES[Criterion.TIMEFRAME]
    days = [
        _day_in(call, cue, fiscal_year_start_month) if cue.about >= WORTH_PARSING else None
        for cue in cues
    ]
    leaning = [_leaning(cue, day) for cue, day in zip(cues, days, strict=True)]
    weighed = weigh(leaning, rule)
    if weighed is None:
        return None
    plan = _PLANS[weighed.likeliest]
    if plan is not Plan.PLAN:
        return Timed(weighed, TimeframeValue(plan=plan))
    clear = {cue.turn for cue in turns_of(leaning) if clear_enough(cue, rule)}
    dated = [
        (cue, day)
        for cue, day in zip(leaning, days, strict=True)
        if day is not None and cue.turn in clear and cue.levels[-1] >= max(cue.levels)
    ]
    if not dated:
        return Timed(weighed, TimeframeValue(plan=plan))
    cue, day = max(dated, key=lambda found: (found[0].about * found[0].levels[-1], found[0].turn))
    others = (other for other in weighed.cues if other.turn != cue.turn)
    return Timed(
        replace(weighed, cues=(cue, *others)),
        TimeframeValue(plan=plan, target_date=day.target, text=day.text),
    )


def _leaning(cue: Cue, day: _Day | None) -> Cue:
    """Return the cue with its classes leaning towards a plan when it holds a date to come."""
    if day is None:
        return cue
    raised = [*cue.levels[:-1], cue.levels[-1] * _DATED]
    return replace(cue, levels=tuple(share / sum(raised) for share in raised))


def _day_in(call: Call, cue: Cue, fiscal_year_start_month: int) -> _Day | None:
    """Return the first date still to come in the words, else in the question they answer."""
    for text in _texts(call, cue):
        mentions = find_dates(
            text,
            said_on=call.started_at.date(),
            fiscal_year_start_month=fiscal_year_start_month,
            language=call.language,
        )
        for mention in mentions:
            target = _to_come(mention, call.started_at.date())
            if target is not None:
                return _Day(target, text[mention.start : mention.end])
    return None


def _texts(call: Call, cue: Cue) -> Iterator[str]:
    yield cue.text
    question = question_of(call, cue)
    if question is not None:
        yield question


def _to_come(mention: DateMention, said_on: date) -> date | None:
    if mention.past or mention.negated or mention.target is None or mention.target < said_on:
        return None
    return mention.target
