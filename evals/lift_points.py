"""Close-rate-lift points: the manual method, as a table that a person can copy.

    points(f, k) = 100 * (close rate of deals with f at level k or more - close rate of all)

Close rates of few deals are pulled towards the rate of all, and within a criterion a higher level
never has fewer points. The criteria are looked at one by one, so points of criteria that go
together count the same luck twice: a fitted score model does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.value import Value
from evals.deal_cases import DealCase
from evals.rates import Rate, rate

PULL = 20
"""So many deals at the rate of all are added to each level."""
DOUBLE_COUNTING = (
    "Each criterion is looked at alone: points of criteria that go together count the same luck "
    "twice."
)


class LiftPoint(Value):
    """One line of the table."""

    criterion: Criterion
    level_at_least: int = Field(ge=0, le=4)
    closed: Rate
    """Close rate of the deals with this level or a higher one, as counted."""
    points: int
    """After the pull towards the rate of all, never falling with the level."""


class LiftPoints(Value):
    """The table, and what all deals do."""

    all_deals: Rate
    rows: tuple[LiftPoint, ...]


def lift_points(cases: Sequence[DealCase]) -> LiftPoints:
    """Return the points of each criterion and level.

    Args:
        cases: with known endings.
    """
    won = np.array([c.won is True for c in cases], dtype=bool)
    every = rate(int(won.sum()), len(won))
    rows: list[LiftPoint] = []
    for criterion in Criterion:
        levels = np.array([_number(c, criterion) for c in cases])
        counted = [rate(int(won[levels >= k].sum()), int((levels >= k).sum())) for k in range(5)]
        rows += [
            LiftPoint(criterion=criterion, level_at_least=k, closed=counted[k], points=points)
            for k, points in enumerate(_points(counted, every.value or 0.0))
        ]
    return LiftPoints(all_deals=every, rows=tuple(rows))


def _number(case: DealCase, criterion: Criterion) -> int:
    level = case.levels.get(criterion, NOT_DISCUSSED)
    return -1 if level == NOT_DISCUSSED else level


def _points(counted: Sequence[Rate], base: float) -> list[int]:
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - heavy

    pulled = [(r.hits + PULL * base) / (r.n + PULL) for r in counted]
    rising = IsotonicRegression().fit_transform(
        range(len(pulled)), pulled, sample_weight=[r.n + PULL for r in counted]
    )
    return [round(100 * (float(share) - base)) for share in rising]
