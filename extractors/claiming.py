"""Turns a model's reply into claims: its words and levels, not yet checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bantam.domain.bant import (
    NOT_DISCUSSED,
    AuthorityValue,
    BudgetValue,
    Criterion,
    Level,
    NeedValue,
    Period,
    Plan,
    TimeframeValue,
)
from bantam.domain.rubric import timeframe_level
from extractors.call_index import CallIndex
from extractors.claims import Claim, ClaimedQuote
from extractors.dates import DateParts, resolve_parts
from extractors.reply import BantReply, BudgetReply, QuoteReply, TimeframeReply

_CERTAINTY = {"high": 1.0, "medium": 0.9, "low": 0.6}
_LEVELS: dict[str, Level] = {"not_discussed": NOT_DISCUSSED, "0": 0, "1": 1, "2": 2, "3": 3, "4": 4}
_SUMMARY_LENGTH = 300
_ITEM_LENGTH = 120
_ITEMS = 8
_MOST = 10**12
"""Amounts beyond this are slips of the model, not money."""


def claims_of(reply: BantReply, index: CallIndex) -> tuple[Claim, ...]:
    """Return the four claims of a reply, in the order of the criteria."""
    budget, authority, need = reply.budget, reply.authority, reply.need
    return (
        Claim(
            criterion=Criterion.BUDGET,
            level=_LEVELS[budget.level],
            quotes=_quotes(budget.evidence),
            value=_budget_value(budget),
            summary=_short(budget.summary, _SUMMARY_LENGTH),
            certainty=_CERTAINTY[budget.confidence],
        ),
        Claim(
            criterion=Criterion.AUTHORITY,
            level=_LEVELS[authority.level],
            quotes=_quotes(authority.evidence),
            value=AuthorityValue(decision_makers=_items(authority.decision_makers)),
            summary=_short(authority.summary, _SUMMARY_LENGTH),
            certainty=_CERTAINTY[authority.confidence],
        ),
        Claim(
            criterion=Criterion.NEED,
            level=_LEVELS[need.level],
            quotes=_quotes(need.evidence),
            value=NeedValue(pains=_items(need.pains)),
            summary=_short(need.summary, _SUMMARY_LENGTH),
            certainty=_CERTAINTY[need.confidence],
        ),
        _timeframe_claim(reply.timeframe, index),
    )


def _quotes(replies: Sequence[QuoteReply]) -> tuple[ClaimedQuote, ...]:
    return tuple(
        ClaimedQuote(turn=q.turn, text=q.quote, supports=q.polarity == "supports") for q in replies
    )


def _short(text: str, length: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def _items(texts: Sequence[str]) -> tuple[str, ...]:
    kept = dict.fromkeys(short for text in texts if (short := _short(text, _ITEM_LENGTH)))
    return tuple(kept)[:_ITEMS]


def _budget_value(budget: BudgetReply) -> BudgetValue:
    amounts = [a for a in (budget.amount_min, budget.amount_max) if a is not None and 0 < a < _MOST]
    currency = (budget.currency or "").strip().upper()
    return BudgetValue(
        amount_min=min(amounts, default=None),
        amount_max=max(amounts, default=None),
        currency=currency if len(currency) == 3 and currency.isalpha() else None,
        period=Period(budget.period),
        text=_short(budget.amount_text, _ITEM_LENGTH) if budget.amount_text else None,
    )


def _timeframe_claim(timeframe: TimeframeReply, index: CallIndex) -> Claim:
    quotes = _quotes(timeframe.evidence)
    summary = _short(timeframe.summary, _SUMMARY_LENGTH)
    certainty = _CERTAINTY[timeframe.confidence]
    # The date of a trial is no date of a purchase.
    if timeframe.plan == "not_discussed" or timeframe.refers_to == "evaluation":
        return Claim(criterion=Criterion.TIMEFRAME, level=NOT_DISCUSSED)
    said_on = index.call.started_at.date()
    plan = Plan(timeframe.plan)
    target = None
    if plan is Plan.PLAN and timeframe.date_kind != "none":
        parts = DateParts(
            kind=timeframe.date_kind,
            year=timeframe.year,
            quarter=timeframe.quarter,
            month=timeframe.month,
            day=timeframe.day,
            offset_days=timeframe.offset_days,
        )
        found = resolve_parts(parts, said_on, index.fiscal_year_start_month)
        target = found.last if found else None
    text = _short(timeframe.date_text, _ITEM_LENGTH) if timeframe.date_text else None
    return Claim(
        criterion=Criterion.TIMEFRAME,
        level=_timeframe_level(plan, target, said_on),
        quotes=quotes,
        value=TimeframeValue(plan=plan, target_date=target, text=text),
        summary=summary,
        certainty=certainty,
    )


def _timeframe_level(plan: Plan, target: date | None, said_on: date) -> Level:
    """Return the level of a timeframe; a date before the call counts as none."""
    level = timeframe_level(plan, target, said_on)
    return timeframe_level(plan, None, said_on) or 0 if level is None else level
