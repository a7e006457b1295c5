"""A probability for each segment: same score, same slope, a level of its own, pulled to the rest.

Enterprise deals may close less often than others at the same score. With few deals in a segment its
offset stays close to 0 (partial pooling); with many it is what they show.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from bantam.domain.score import ScoreModel
from bantam.errors import EvalError
from evals.calibrate import expit
from evals.deal_cases import DealCase

SEGMENTS_NEED = 500
SPREAD = 0.5
"""Standard deviation of segments' offsets on the logit scale, as expected beforehand."""
_NOT_A_KEY = re.compile(r"[^a-z0-9]+")


def segment_models(
    model: ScoreModel, cases: Sequence[DealCase], points: Sequence[float]
) -> tuple[ScoreModel, ...]:
    """Return a copy of a calibrated model for each segment, its probability shifted.

    Args:
        model: with a calibration.
        cases: with known endings; those without a segment teach nothing here.
        points: of each case, from weights that it did not teach.

    Raises:
        EvalError: fewer than 500 deals, or none has a segment.
    """
    if len(cases) < SEGMENTS_NEED:
        raise EvalError(
            f"--by-segment: needs {SEGMENTS_NEED} closed deals, there are {len(cases)}; "
            "leave it out"
        )
    names = sorted({c.segment for c in cases if c.segment})
    if not names:
        raise EvalError("--by-segment: no deal has a segment; give the table a column 'segment'")
    assert model.calibration is not None
    out = []
    for name in names:
        here = [c.segment == name for c in cases]
        scores = np.array([p for p, inside in zip(points, here, strict=True) if inside])
        won = np.array([c.won is True for c, inside in zip(cases, here, strict=True) if inside])
        curve = model.calibration
        shift = _offset(curve.slope * scores + curve.intercept, won.astype(float))
        own = curve.model_copy(
            update={
                "intercept": round(curve.intercept + shift, 6),
                "deals": len(won),
                "won": int(won.sum()),
                "steps": (),
            }
        )
        key = _NOT_A_KEY.sub("-", name.lower()).strip("-") or "segment"
        out.append(model.model_copy(update={"name": f"{model.name}-{key}", "calibration": own}))
    return tuple(out)


def _offset(logit: np.ndarray, won: np.ndarray) -> float:
    """Return the most likely offset under a normal prior of `SPREAD`."""
    from scipy.optimize import brentq  # noqa: PLC0415 - heavy

    def slope(shift: float) -> float:
        return float((expit(logit + shift) - won).sum() + shift / SPREAD**2)

    return float(brentq(slope, -20, 20))
