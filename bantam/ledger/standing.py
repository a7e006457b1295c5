"""How things stand: what metrics and `bantam status` show, counted when they are asked for."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Float, ScalarSelect, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute

from bantam.domain.activity import ActivityKind
from bantam.domain.delivery import DeliveryKind, DeliveryState
from bantam.ledger.database import Database
from bantam.ledger.tables import (
    ActivityRow,
    CallRow,
    DeliveryRow,
    ExtractionRow,
    FailureRow,
    ScoreRow,
)

LAG_WINDOW = timedelta(days=1)
"""Lags are those of what arrived within this long before now."""
NEW_CALLS = timedelta(days=7)
"""Only of calls that started within this long: a back-fill of old calls is not late."""
MOST_LAGS = 1000
"""At most so many, the newest: a scrape must stay cheap."""

STAGES = ("read", "score", "deliver", "total")


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds of one stage over recent calls."""

    n: int
    p50: float
    p95: float
    most: float


@dataclass(frozen=True, slots=True)
class Spent:
    """What one reader has used in all."""

    extractions: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The ledger in numbers.

    Attributes:
        deliveries: by target and state.
        oldest_due: by target, seconds since the longest overdue delivery became due.
        troubles: by target and kind ("delayed", "failed", "held") within the last day.
        failures: by stage: calls and files that could not be processed.
        unscored: by reason: calls whose newest score has no number.
        spent: by model; the embedded extractor is "embedded".
        lags: by stage: read (call end to readings), score, deliver, total (call end to CRM).
    """

    deliveries: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    oldest_due: Mapping[str, float] = field(default_factory=dict)
    troubles: Mapping[tuple[str, str], int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    unscored: Mapping[str, int] = field(default_factory=dict)
    spent: Mapping[str, Spent] = field(default_factory=dict)
    lags: Mapping[str, Lag] = field(default_factory=dict)


_TROUBLES = {
    ActivityKind.DELIVERY_DELAYED: "delayed",
    ActivityKind.DELIVERY_FAILED: "failed",
    ActivityKind.DELIVERY_HELD: "held",
}


class HowThingsStand:
    """The part of the ledger that counts for the people who run it."""

    _database: Database

    def standing(self, *, now: datetime) -> Standing:
        """Return the ledger in numbers.

        Args:
            now: aware UTC time; ages and windows end here.
        """
        with self._database.read() as connection:
            return Standing(
                deliveries=_deliveries(connection),
                oldest_due=_oldest_due(connection, now),
                troubles=_troubles(connection, now),
                failures=_by(connection, FailureRow.stage),
                unscored=_unscored(connection),
                spent=_spent(connection),
                lags=_lags(connection, now),
            )


def _deliveries(connection: Connection) -> dict[str, dict[str, int]]:
    query = select(DeliveryRow.target, DeliveryRow.state, func.count())
    found: dict[str, dict[str, int]] = {}
    for target, state, n in connection.execute(
        query.group_by(DeliveryRow.target, DeliveryRow.state)
    ):
        found.setdefault(target, {})[state] = n
    return found


def _oldest_due(connection: Connection, now: datetime) -> dict[str, float]:
    states = (DeliveryState.PENDING.value, DeliveryState.CLAIMED.value)
    due = select(DeliveryRow.target, func.min(DeliveryRow.due_at))
    due = due.where(DeliveryRow.state.in_(states), DeliveryRow.due_at <= now)
    rows = connection.execute(due.group_by(DeliveryRow.target))
    return {target: max(0.0, (now - at).total_seconds()) for target, at in rows}


def _troubles(connection: Connection, now: datetime) -> dict[tuple[str, str], int]:
    query = select(ActivityRow.activity, ActivityRow.feature_json).where(
        ActivityRow.ts >= now - LAG_WINDOW,
        ActivityRow.activity.in_([kind.value for kind in _TROUBLES]),
    )
    found: Counter[tuple[str, str]] = Counter()
    for kind, features in connection.execute(query):
        target = json.loads(features).get("target", "unknown")
        found[target, _TROUBLES[ActivityKind(kind)]] += 1
    return dict(found)


def _by(connection: Connection, column: InstrumentedAttribute[str]) -> dict[str, int]:
    query = select(column, func.count()).group_by(column)
    return {row[0]: row[1] for row in connection.execute(query)}


def _unscored(connection: Connection) -> dict[str, int]:
    newest = select(func.max(ScoreRow.sequence)).group_by(ScoreRow.call_id)
    query = select(ScoreRow.unscored_reason, func.count())
    query = query.where(ScoreRow.sequence.in_(newest), ScoreRow.unscored_reason.is_not(None))
    rows = connection.execute(query.group_by(ScoreRow.unscored_reason))
    return {str(reason): n for reason, n in rows}


def _spent(connection: Connection) -> dict[str, Spent]:
    sums = [
        func.coalesce(func.sum(column), 0)
        for column in (
            ExtractionRow.input_tokens,
            ExtractionRow.cached_tokens,
            ExtractionRow.output_tokens,
        )
    ]
    reader = (ExtractionRow.model, ExtractionRow.extractor)
    cost = func.sum(ExtractionRow.cost_usd)
    query = select(*reader, func.count(), cost).add_columns(*sums).group_by(*reader)
    return {
        model or extractor: Spent(n, int(read), int(cached), int(written), usd)
        for model, extractor, n, usd, read, cached, written in connection.execute(query)
    }


def _lags(connection: Connection, now: datetime) -> dict[str, Lag]:
    query = (
        select(
            CallRow.started_at,
            _seconds_long(connection.dialect.name).label("seconds"),
            ExtractionRow.finished_at,
            ScoreRow.scored_at,
            DeliveryRow.sent_at,
        )
        .join(CallRow, CallRow.id == DeliveryRow.call_id)
        .join(ScoreRow, ScoreRow.sequence == _newest_score())
        .join(ExtractionRow, ExtractionRow.id == ScoreRow.extraction_id)
        .where(DeliveryRow.kind == DeliveryKind.SCORE.value)
        .where(DeliveryRow.sent_at >= now - LAG_WINDOW, CallRow.started_at >= now - NEW_CALLS)
        .order_by(DeliveryRow.sent_at.desc())
        .limit(MOST_LAGS)
    )
    stages: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for row in connection.execute(query):
        ended = row.started_at + timedelta(seconds=row.seconds or 0.0)
        times = (ended, row.finished_at, row.scored_at, row.sent_at)
        for stage, since, until in zip(STAGES, times, times[1:], strict=False):
            stages[stage].append((until - since).total_seconds())
        stages["total"].append((row.sent_at - ended).total_seconds())
    return {stage: _lag(values) for stage, values in stages.items() if values}


def _newest_score() -> ScalarSelect[int]:
    """Return the newest score of the delivery's call, as part of a query."""
    newest = select(func.max(ScoreRow.sequence)).where(ScoreRow.call_id == DeliveryRow.call_id)
    return newest.correlate(DeliveryRow).scalar_subquery()


def _seconds_long(dialect: str) -> ColumnElement[float]:
    """Return how long a call was: the end of its last turn. Read from the stored JSON, in SQL."""
    if dialect == "postgresql":
        # The column is text to SQLAlchemy (see `tables.Json`), json to the database.
        return literal_column("(calls.body -> 'turns' -> -1 ->> 'end')::float", Float)
    return func.json_extract(CallRow.body, "$.turns[#-1].end", type_=Float)


def _lag(values: Sequence[float]) -> Lag:
    ordered = sorted(max(0.0, v) for v in values)
    return Lag(len(ordered), _nearest(ordered, 0.5), _nearest(ordered, 0.95), ordered[-1])


def _nearest(ordered: Sequence[float], share: float) -> float:
    """Return a percentile by nearest rank: a value that occurred."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
