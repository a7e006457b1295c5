"""Builders of domain values with sensible defaults; pass only what the test is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from bantam.domain.bant import (
    NOT_DISCUSSED,
    Criterion,
    Extraction,
    ExtractionOutcome,
    Level,
    Plan,
    Reading,
    RunRecord,
    TimeframeValue,
)
from bantam.domain.calls import Call, CallId, DealId, Participant, Side, Turn
from bantam.domain.evidence import Evidence, Span

CALLED_AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SCORED_AT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


def a_call(*said: tuple[str, str], **changes: Any) -> Call:
    """Return a call; `said` are ("s" | "b" | "u", text) pairs for seller, buyer, unknown."""
    people = {
        "s": Participant(id="s", name="Ana", email="ana@seller.example", side=Side.SELLER),
        "b": Participant(id="b", name="Bo", email="bo@buyer.example", side=Side.BUYER),
        "u": Participant(id="u", name="Speaker 3", side=Side.UNKNOWN),
    }
    turns = said or (("s", "What is set aside for this?"), ("b", "Forty thousand euros a year."))
    fields: dict[str, Any] = {
        "id": CallId("c-1"),
        "title": "Acme discovery",
        "started_at": CALLED_AT,
        "participants": tuple(people.values()),
        "turns": tuple(
            Turn(speaker=who, text=text, start=10.0 * i, end=10.0 * i + 8)
            for i, (who, text) in enumerate(turns)
        ),
    }
    return Call(**{**fields, **changes})


def a_reading(criterion: Criterion, level: Level = 3, **changes: Any) -> Reading:
    """Return a reading with one quote behind it (none when not discussed)."""
    discussed = level != NOT_DISCUSSED
    evidence = Evidence(
        turn=1,
        quote="Forty thousand euros a year.",
        span=Span(turn=1, start=0, end=28),
        speaker="Bo",
        side=Side.BUYER,
        start=10.0,
        end=18.0,
    )
    fields: dict[str, Any] = {
        "criterion": criterion,
        "level": level,
        "claimed_level": level,
        "evidence": (evidence,) if discussed else (),
        "confidence": 0.8 if discussed else 0.0,
    }
    return Reading(**{**fields, **changes})


def a_timeframe(target: date | None, level: Level, plan: Plan = Plan.PLAN) -> Reading:
    """Return a timeframe reading with its plan."""
    value = TimeframeValue(plan=plan, target_date=target)
    return a_reading(Criterion.TIMEFRAME, level, value=value)


def an_extraction(
    levels: Mapping[Criterion, Level] | None = None,
    *,
    readings: Mapping[Criterion, Reading] | None = None,
    outcome: ExtractionOutcome = ExtractionOutcome.OK,
    **changes: Any,
) -> Extraction:
    """Return an extraction; criteria that `levels` leaves out stand at level 2."""
    all_four = {c: a_reading(c, (levels or {}).get(c, 2)) for c in Criterion}
    fields: dict[str, Any] = {
        "call_id": CallId("c-1"),
        "transcript_digest": "t-1",
        "outcome": outcome,
        "readings": {**all_four, **(readings or {})} if outcome is ExtractionOutcome.OK else {},
        "run": RunRecord(
            extractor="embedded",
            extractor_version="1",
            started_at=SCORED_AT,
            finished_at=SCORED_AT,
        ),
    }
    return Extraction(**{**fields, **changes})


def a_deal_call(day: date, call_id: str, **levels: Level) -> tuple[Call, Extraction]:
    """Return a call of deal D-1 on a day, and its extraction; unnamed criteria not discussed."""
    call = a_call(
        id=CallId(call_id),
        deal_id=DealId("D-1"),
        started_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
    )
    by_criterion = {c: levels.get(c.value, NOT_DISCUSSED) for c in Criterion}
    return call, an_extraction(by_criterion, call_id=call.id)
