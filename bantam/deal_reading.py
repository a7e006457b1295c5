"""A deal as of a day: its calls in order, newer words over older ones. Pure.

- Newer words supersede; what they supersede stays in `changes`, marked when the two contradict.
- A call that says nothing on a criterion leaves the earlier reading standing.
- A timeframe is looked at from the day asked about: its level is computed again from the plan's
  date, and a plan whose date has passed is no longer one (not discussed, flag `date_passed`).
- Budget talk fades: after twelve months it counts one level less, but never becomes a refusal.

Only calls up to the day count, so the score of a deal as of any day never knows the future.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from bantam.domain.bant import (
    NOT_DISCUSSED,
    Criterion,
    Extraction,
    Flag,
    Reading,
    TimeframeValue,
)
from bantam.domain.calls import Call, CallId, DealId
from bantam.domain.deals import Change, DealReading
from bantam.domain.rubric import timeframe_level

BUDGET_FADES_AFTER_DAYS = 365
_CONTRADICTION_STEP = 2
"""Levels that differ by this much or more, or a 0 against anything above 1, contradict."""


def read_deal(
    deal_id: DealId, calls: Iterable[tuple[Call, Extraction]], *, as_of: date
) -> DealReading:
    """Return what a deal's calls say together, as of a day.

    Args:
        deal_id: which deal; calls of other deals must not be passed.
        calls: with their extractions, reviews applied, in any order. Extractions that are not
            OK say nothing.
        as_of: calls that started after this day are left out.
    """
    in_order = sorted(
        (pair for pair in calls if pair[0].started_at.date() <= as_of and pair[1].readings),
        key=lambda pair: (pair[0].started_at, pair[0].id),
    )
    readings = {c: Reading.not_discussed(c) for c in Criterion}
    spoken_in: dict[Criterion, tuple[CallId, date]] = {}
    changes: list[Change] = []
    for call, extraction in in_order:
        for criterion in Criterion:
            new, old = extraction.readings[criterion], readings[criterion]
            if new.level == NOT_DISCUSSED:
                continue
            if old.level not in (NOT_DISCUSSED, new.level):
                changes.append(_change(call, old, new))
            readings[criterion] = new
            spoken_in[criterion] = (call.id, call.started_at.date())
    expired = [c for c, (_, said_on) in spoken_in.items() if _aged(readings, c, said_on, as_of)]
    return DealReading(
        deal_id=deal_id,
        as_of=as_of,
        readings=readings,
        from_call={c: call_id for c, (call_id, _) in spoken_in.items()},
        changes=tuple(changes),
        expired=tuple(expired),
        calls=len(in_order),
    )


def as_extraction(deal: DealReading, parts: Sequence[Extraction]) -> Extraction:
    """Return a deal's readings in the form that scoring takes.

    Args:
        deal: what the calls say together.
        parts: the extractions behind it; the newest lends its run record.

    Raises:
        ValueError: there are no parts.
    """
    newest = max(parts, key=lambda e: e.run.finished_at)
    return newest.model_copy(
        update={"readings": dict(deal.readings), "injection_turns": (), "detail": ""}
    )


def _change(call: Call, old: Reading, new: Reading) -> Change:
    assert old.level != NOT_DISCUSSED
    assert new.level != NOT_DISCUSSED
    step = abs(old.level - new.level)
    refusal = min(old.level, new.level) == 0 and max(old.level, new.level) > 1
    return Change(
        criterion=new.criterion,
        call_id=call.id,
        on=call.started_at.date(),
        before=old,
        after=new,
        contradiction=refusal
        or (step >= _CONTRADICTION_STEP and new.criterion is not Criterion.TIMEFRAME),
    )


def _aged(
    readings: dict[Criterion, Reading], criterion: Criterion, said_on: date, as_of: date
) -> bool:
    """Let time pass over a reading, in place; True when that changed what it counts."""
    reading = readings[criterion]
    if criterion is Criterion.TIMEFRAME and isinstance(reading.value, TimeframeValue):
        return _aged_timeframe(readings, reading, reading.value, as_of)
    if criterion is Criterion.BUDGET and (as_of - said_on).days > BUDGET_FADES_AFTER_DAYS:
        assert reading.level != NOT_DISCUSSED
        if reading.level > 1:
            readings[criterion] = reading.model_copy(update={"level": reading.level - 1})
            return True
    return False


def _aged_timeframe(
    readings: dict[Criterion, Reading], reading: Reading, value: TimeframeValue, as_of: date
) -> bool:
    if value.target_date is None or Flag.REVIEWED in reading.flags:
        return False
    level = timeframe_level(value.plan, value.target_date, as_of)
    if level is None:
        readings[reading.criterion] = reading.model_copy(
            update={
                "level": NOT_DISCUSSED,
                "confidence": 0.0,
                "flags": (*reading.flags, Flag.DATE_PASSED),
            }
        )
        return True
    if reading.level != level and Flag.CAPPED not in reading.flags:
        readings[reading.criterion] = reading.model_copy(update={"level": level})
    return False
