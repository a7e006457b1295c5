"""The rubric in words: what each level means, and what to ask when one is missing.

The levels are about what the buyer side said in one call. "Not discussed" means that the buyer
said nothing on it; 0 means that the buyer ruled it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Level, Plan

LEVELS: Mapping[Criterion, tuple[str, str, str, str, str]] = {
    Criterion.BUDGET: (
        "no money, cannot fund it",
        "vague: price-sensitive or hoping to find money, no amount",
        "an amount or range is named or planned, not approved",
        "money is allocated or clearly there; one approval or a small shortfall is left",
        "approved and sufficient for the price discussed",
    ),
    Criterion.AUTHORITY: (
        "no part in the decision and no path to those who decide",
        "user or information gatherer",
        "evaluator or champion; the decider is named or described but not on the call",
        "shares the decision, or needs one more sign-off",
        "the person who decides or signs is on the call",
    ),
    Criterion.NEED: (
        "no need, content, or a poor fit",
        "curiosity, nice to have",
        "real pain acknowledged, moderate",
        "strong pain with concrete consequences",
        "critical: quantified loss, mandate, or a deadline that forces action",
    ),
    Criterion.TIMEFRAME: (
        "no plan, or on hold with no date",
        'more than 12 months away, or "some day"',
        "over 6 to 12 months",
        "over 3 to 6 months",
        "within 3 months",
    ),
}

_QUESTIONS: Mapping[Criterion, tuple[str, str]] = {
    # (when nothing was said, when what was said leaves the level below 4)
    Criterion.BUDGET: (
        "What has been set aside for this, and by whom?",
        "What still has to happen before this money can be spent?",
    ),
    Criterion.AUTHORITY: (
        "Who else has to say yes before this can be signed?",
        "Can we have the person who signs on the next call?",
    ),
    Criterion.NEED: (
        "What happens if this stays as it is for another year?",
        "What does the problem cost you in a month, in hours or in money?",
    ),
    Criterion.TIMEFRAME: (
        "By when does this have to be in place, and what happens then?",
        "What has to be done by when for that date to hold?",
    ),
}


def meaning(criterion: Criterion, level: Level) -> str:
    """Return what a level of a criterion means, in a few words."""
    return "not discussed" if level == NOT_DISCUSSED else LEVELS[criterion][level]


def question_about(criterion: Criterion, level: Level) -> str:
    """Return what an AE should ask next about a criterion that stands at `level`."""
    unasked, unfinished = _QUESTIONS[criterion]
    return unasked if level == NOT_DISCUSSED else unfinished


DAYS_PER_MONTH = 30.44
_TIMEFRAME_CUTS: tuple[tuple[float, Literal[2, 3, 4]], ...] = ((3.05, 4), (6.1, 3), (12.2, 2))
"""(months at most, level)."""


def timeframe_level(plan: Plan, target: date | None, as_of: date) -> Literal[0, 1, 2, 3, 4] | None:
    """Return the level that a plan has on a day, or None when its date has passed.

    A plan whose words give no date counts as "some day": when two levels fit, the lower.

    Args:
        plan: what kind of statement it is.
        target: last day of the period meant.
        as_of: the day of the call, or the day on which a deal is looked at.
    """
    if plan is Plan.NO_PLAN:
        return 0
    if plan is Plan.SOME_DAY or target is None:
        return 1
    months = (target - as_of).days / DAYS_PER_MONTH
    if months < 0:
        return None
    for at_most, level in _TIMEFRAME_CUTS:
        if months <= at_most:
            return level
    return 1
