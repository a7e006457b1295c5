"""How much the same question's answer wanders from run to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from pydantic import Field

from bantam.domain.bant import Criterion
from bantam.domain.score import ScoreModel
from bantam.domain.value import Value
from evals.rates import Bootstrap, Rate
from evals.runs import EvalRun


class Stability(Value):
    """Several samples of each call, compared with each other."""

    samples: int = Field(ge=2)
    flips: Mapping[Criterion, Rate]
    """Share of calls whose samples do not all give the same level."""
    all_flips: Rate
    """The same over all criteria."""
    modal_agreement: Mapping[Criterion, float]
    """Mean share of samples that give the most frequent level."""
    score_spread: float | None
    """Mean standard deviation of a call's scores, in points; None when nothing was scored."""
    widest_spread: int | None
    """Largest distance between two scores of one call."""
    band_changes: Rate
    """Share of calls whose samples fall into different bands."""
    threshold_crossings: Rate
    """Share of calls with scores on both sides of the threshold."""


def stability(run: EvalRun, model: ScoreModel, *, threshold: float) -> Stability | None:
    """Return how much the answers of a run wander; None when each call was read once.

    Args:
        run: with its samples.
        model: its bands.
        threshold: a score at or above it is flagged; an unscored sample is not.
    """
    if run.samples < 2:
        return None
    boot = Bootstrap([item.deal for item in run.items])
    flips = np.array([item.flips for item in run.items], dtype=float)
    criteria = np.array([item.criterion.value for item in run.items])
    scored = [[p for p in call.points if p is not None] for call in run.calls]
    spreads = [points for points in scored if len(points) > 1]
    by_call = Bootstrap([call.deal for call in run.calls])
    everyone = np.ones(len(run.calls))
    bands = [{None if p is None else model.band_of(p).name for p in c.points} for c in run.calls]
    crossed = [{p is not None and p >= threshold for p in c.points} for c in run.calls]
    return Stability(
        samples=run.samples,
        flips={
            c: boot.rate(flips * (criteria == c.value), (criteria == c.value).astype(float))
            for c in Criterion
        },
        all_flips=boot.rate(flips, np.ones(len(flips))),
        modal_agreement={c: _modal_agreement(run, c) for c in Criterion},
        score_spread=float(np.mean([np.std(p, ddof=1) for p in spreads])) if spreads else None,
        widest_spread=max((max(p) - min(p) for p in spreads), default=None),
        band_changes=by_call.rate(np.array([float(len(b) > 1) for b in bands]), everyone),
        threshold_crossings=by_call.rate(np.array([float(len(c) > 1) for c in crossed]), everyone),
    )


def _modal_agreement(run: EvalRun, criterion: Criterion) -> float:
    shares = [
        Counter(item.levels).most_common(1)[0][1] / len(item.levels)
        for item in run.items
        if item.criterion is criterion
    ]
    return float(np.mean(shares)) if shares else 1.0
