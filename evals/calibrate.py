"""From a score to a probability of winning, learned from closed deals; and refused on too few.

Platt scaling always. Isotonic steps only on request and only on 1,000 deals or more: below that
they follow the noise (docs/adr/0011). Scores must be out-of-fold: a probability that is learned on
the deals that the weights were learned on flatters itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bantam.domain.score import Calibration
from bantam.errors import EvalError
from evals.rates import Floats

FEWEST_DEALS = 50
FEWEST_OF_EACH = 10
"""Won deals, and lost ones: a probability learned from three wins is a guess."""
ISOTONIC_NEEDS = 1000
_MOST_STEPS = 25


def platt(points: Sequence[float], won: Sequence[bool]) -> Calibration:
    """Return Platt's scaling: a logistic curve over the score that never falls.

    Targets are Platt's own, a little off 0 and 1, so that few deals do not promise certainty.

    Args:
        points: 1..100, of deals whose weights were learned elsewhere.
        won: whether each did.

    Raises:
        EvalError: fewer than 50 deals, or fewer than 10 won or lost.
    """
    refuse_few(len(won), sum(map(bool, won)))
    return curve_over(points, won)


def curve_over(points: Sequence[float], won: Sequence[bool]) -> Calibration:
    """Return Platt's scaling of any number of deals; for judging, not for showing.

    Args:
        points: 1..100.
        won: whether each did.
    """
    x, y = np.asarray(points, dtype=float), np.asarray(won, dtype=bool)
    target = np.where(y, (y.sum() + 1) / (y.sum() + 2), 1 / ((~y).sum() + 2))
    middle, spread = float(x.mean()), float(x.std()) or 1.0
    slope, intercept = _logistic((x - middle) / spread, target)
    return Calibration(
        slope=round(slope / spread, 6),
        intercept=round(intercept - slope * middle / spread, 6),
        deals=len(y),
        won=int(y.sum()),
    )


def isotonic(points: Sequence[float], won: Sequence[bool]) -> Calibration:
    """Return Platt's scaling with isotonic steps over it.

    Raises:
        EvalError: fewer than 1,000 deals.
    """
    if len(points) < ISOTONIC_NEEDS:
        raise EvalError(
            f"--isotonic: needs {ISOTONIC_NEEDS} closed deals, there are {len(points)}; "
            "leave it out for Platt's scaling"
        )
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - heavy

    plain = platt(points, won)
    x, y = np.asarray(points, dtype=float), np.asarray(won, dtype=float)
    found = IsotonicRegression(y_min=1 / (len(y) + 2), y_max=1 - 1 / (len(y) + 2)).fit(x, y)
    at, chance = found.X_thresholds_, found.y_thresholds_
    if len(at) > _MOST_STEPS:
        kept = np.unique(np.linspace(0, len(at) - 1, _MOST_STEPS).round().astype(int))
        at, chance = at[kept], chance[kept]
    steps = tuple((float(p), round(float(c), 4)) for p, c in zip(at, chance, strict=True))
    return plain.model_copy(update={"steps": steps})


def refuse_few(deals: int, won: int) -> None:
    """Refuse to learn from too few closed deals.

    Raises:
        EvalError: fewer than 50 deals, or fewer than 10 won or lost.
    """
    if deals < FEWEST_DEALS:
        raise EvalError(
            f"fit: needs {FEWEST_DEALS} closed deals with a score, there are {deals}; until then "
            "the fixed weights stand and no probability is shown"
        )
    if min(won, deals - won) < FEWEST_OF_EACH:
        raise EvalError(
            f"fit: needs {FEWEST_OF_EACH} won and {FEWEST_OF_EACH} lost deals, there are {won} "
            f"won and {deals - won} lost; until then no probability is shown"
        )


def _logistic(x: Floats, target: Floats) -> tuple[float, float]:
    from scipy.optimize import minimize  # noqa: PLC0415 - heavy

    def loss(at: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        eta = at[0] * x + at[1]
        gap = expit(eta) - target
        value = float((np.logaddexp(0, eta) - target * eta).sum())
        return value, np.array([gap @ x, gap.sum()])

    found = minimize(
        loss, np.array([0.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]
    )
    return float(found.x[0]), float(found.x[1])


def expit(eta: Floats) -> Floats:
    """Return 1 / (1 + exp(-eta)) without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * eta)), dtype=float)
