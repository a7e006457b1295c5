"""Scored calls for ledger tests: made by the real scoring, kept small."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.bant import Extraction, Level
from bantam.domain.calls import Call, CallId, DealId
from bantam.domain.delivery import Delivery
from bantam.domain.fit import KnownBuyer
from bantam.domain.notes import build_note, plan_deliveries
from bantam.domain.score import Score, ScoreModel
from bantam.ledger.rows import Entry
from bantam.scoring import BANT, score
from tests.factories import a_call, an_extraction

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def scored(
    call: Call | None = None,
    *,
    extraction: Extraction | None = None,
    level: Level = 2,
    model: ScoreModel = BANT,
    targets: Sequence[str] = ("embedded",),
    at: datetime = NOW,
    buyer: KnownBuyer | None = None,
) -> Entry:
    """Return a call with its extraction, score, deliveries and one activity."""
    call = call or a_call()
    if extraction is None:
        extraction = an_extraction(
            dict.fromkeys(BANT.weights, level),
            call_id=call.id,
            transcript_digest=call.transcript_digest,
        )
    points = score(extraction, model, scored_at=at, buyer=buyer)
    return Entry(
        score=points,
        call=call,
        extraction=extraction,
        deliveries=owed(call, extraction, points, targets, at=at),
        activities=(
            Activity(
                id=f"scored-{extraction.id}-{points.model_version}",
                at=at,
                customer=call.deal_id or f"call:{call.id}",
                kind=ActivityKind.CALL_SCORED,
                actor="bantam",
                features={"call_id": call.id, "points": points.points},
            ),
        ),
        buyer=buyer,
    )


def owed(
    call: Call,
    extraction: Extraction,
    points: Score,
    targets: Sequence[str],
    *,
    at: datetime = NOW,
) -> tuple[Delivery, ...]:
    return plan_deliveries(build_note(call, extraction, points), extraction, targets, now=at)


def many(
    n: int, *, deal_id: str | None = None, targets: Sequence[str] = ("embedded",)
) -> list[Entry]:
    """Return n scored calls, c-0000 and so on, an hour apart."""
    calls = (
        a_call(
            id=CallId(f"c-{i:04}"),
            deal_id=DealId(deal_id) if deal_id else None,
            started_at=datetime.fromtimestamp(1_772_000_000 + 3600 * i, tz=UTC),
        )
        for i in range(n)
    )
    return [scored(call, targets=targets) for call in calls]
