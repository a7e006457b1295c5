from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bantam.domain.activity import Activity, ActivityKind
from bantam.scoring import BANT
from evals.conversion import conversions, conversions_from_stream
from tests.deals import a_case


def _at(day: int, customer: str, kind: ActivityKind, **features) -> Activity:
    return Activity(
        id=f"{customer}-{kind}-{day}",
        at=datetime(2026, 3, day, tzinfo=UTC),
        customer=customer,
        kind=kind,
        actor="bantam",
        features=features,
        revenue_impact=1000.0 if features.get("won") else None,
    )


def test_deals_are_counted_by_band_month_and_owner() -> None:
    deals = [
        a_case(1, points=90, amount=500.0, owner="Ana"),
        a_case(2, points=80, won=False, owner="Ana", amount=99.0),
        a_case(3, points=30, won=False),
        a_case(4, points=None, amount=20.0),
    ]
    found = conversions(deals, BANT.bands)
    assert [(c.group, c.won.hits, c.won.n) for c in found.by_band] == [
        ("hot", 1, 2),
        ("cool", 0, 1),
        ("unscored", 1, 1),
    ]
    assert [(c.group, c.won.n, c.amount_won) for c in found.by_owner] == [
        ("Ana", 2, 500.0),
        ("unknown", 2, 20.0),
    ]
    assert [(c.group, c.won.n) for c in found.by_month] == [("2026-01", 4)]


@pytest.mark.parametrize(
    "backwards", [pytest.param(False, id="in order"), pytest.param(True, id="not")]
)
def test_the_stream_counts_the_last_score_before_the_close(backwards: bool) -> None:
    stream = [
        _at(1, "D-1", ActivityKind.CALL_SCORED, score=30),
        _at(2, "D-1", ActivityKind.CALL_SCORED, score=80),
        _at(3, "D-1", ActivityKind.DEAL_CLOSED, won=True, owner="Ana"),
        _at(4, "D-1", ActivityKind.CALL_RESCORED, score=10),
        _at(5, "D-2", ActivityKind.DEAL_CLOSED, won=False),
        _at(6, "D-3", ActivityKind.CALL_SCORED, score=50),
    ]
    found = conversions_from_stream(stream[::-1] if backwards else stream, BANT.bands)
    assert [(c.group, c.won.hits, c.won.n, c.amount_won) for c in found.by_band] == [
        ("hot", 1, 1, 1000.0),
        ("unscored", 0, 1, 0.0),
    ]
    assert [c.group for c in found.by_owner] == ["Ana", "unknown"]
