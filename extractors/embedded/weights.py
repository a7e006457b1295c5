"""The trained weights: where they lie, what they hold, and a digest that names them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bantam.domain.bant import Criterion
from extractors.embedded.features import Floats

WEIGHTS = Path(__file__).with_name("weights.npz")
STEPS = {Criterion.BUDGET: 5, Criterion.AUTHORITY: 5, Criterion.NEED: 5, Criterion.TIMEFRAME: 3}
"""Classes of each level head: levels 0 to 4; for timeframe no plan, some day, a dated plan."""
OUTPUTS = len(STEPS) + sum(STEPS.values())
"""Columns: a "is about it" gate per criterion, then the level heads in the same order."""


def level_columns(criterion: Criterion) -> slice:
    """Return which output columns hold the level head of a criterion."""
    order = list(STEPS)
    start = len(STEPS) + sum(STEPS[c] for c in order[: order.index(criterion)])
    return slice(start, start + STEPS[criterion])


@dataclass(frozen=True, slots=True)
class Weights:
    """Linear heads over meaning, signs and word runs."""

    dense: Floats
    """(2 * 512 + signs, OUTPUTS)."""
    runs: Floats
    """(BUCKETS, OUTPUTS)."""
    bias: Floats
    """(OUTPUTS,)."""


@cache
def load_weights() -> Weights:
    """Return the weights, read once per process."""
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        scale = stored["runs_scale"].astype(np.float32)
        return Weights(
            dense=stored["dense"].astype(np.float32),
            runs=stored["runs"].astype(np.float32) * scale,
            bias=stored["bias"].astype(np.float32),
        )


@cache
def weights_digest() -> str:
    """Return the hex SHA-256 of the weights file."""
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
