"""Trains the embedded model from the text beside it and writes `../weights.npz`.

    python -m extractors.embedded.train.train            cross-validate, train, write
    python -m extractors.embedded.train.train --check    cross-validate only

Linear heads, because neither a small network nor landmarks (Nystroem) were better (CARD.md).
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from extractors.embedded.features import BUCKETS, SIGNS, Floats
from extractors.embedded.train.corpus import read_pieces
from extractors.embedded.train.examples import (
    NOTHING,
    OPEN,
    RUN_WEIGHT,
    SIGN_WEIGHT,
    Examples,
    examples_of,
)
from extractors.embedded.train.validate import cross_validate
from extractors.embedded.weights import OUTPUTS, STEPS, WEIGHTS, Weights, level_columns

_LOOSENESS = 1.5
"""C of the logistic regressions: higher fits closer."""
_TRAP_WEIGHT = 3.0
"""To invent is worse than to miss."""
_LEAST_TELLING = -1.0
"""Logit below which not even the best sentence of a labelled turn is taken to carry the label."""

Rows = npt.NDArray[np.int64]


def fit(examples: Examples, chosen: Rows) -> Weights:
    """Return all heads, fitted on chosen rows.

    Gates are fitted twice: the first round finds which sentence of a turn carries its label.
    """
    coefficients, bias = _gates(examples, examples.levels, chosen)
    gates = examples.rows @ coefficients[:, : len(STEPS)] + bias[: len(STEPS)]
    levels = _placed(examples, gates, chosen)
    coefficients, bias = _gates(examples, levels, chosen)
    for column, criterion in enumerate(STEPS):
        said = chosen[levels[chosen, column] >= 0]
        head = LogisticRegression(C=_LOOSENESS, max_iter=300)
        head.fit(examples.rows[said], levels[said, column], examples.weights[said])
        columns = level_columns(criterion)
        coefficients[:, columns], bias[columns] = head.coef_.T, head.intercept_
    dense = coefficients[:-BUCKETS].copy()
    dense[-SIGNS:] *= SIGN_WEIGHT
    return Weights(dense, RUN_WEIGHT * coefficients[-BUCKETS:], bias)


def _gates(examples: Examples, levels: Rows, chosen: Rows) -> tuple[Floats, Floats]:
    """Return all heads, of which only "is this about it" is fitted."""
    coefficients = np.zeros((examples.rows.shape[1], OUTPUTS), dtype=np.float32)
    bias = np.zeros(OUTPUTS, dtype=np.float32)
    for column in range(len(STEPS)):
        known = chosen[levels[chosen, column] >= NOTHING]
        about = levels[known, column] >= 0
        hard = examples.traps[known, column] & ~about
        weights = examples.weights[known] * np.where(hard, _TRAP_WEIGHT, 1.0)
        gate = LogisticRegression(C=_LOOSENESS, solver="liblinear", random_state=0)
        gate.fit(examples.rows[known], about, weights)
        coefficients[:, column], bias[column] = gate.coef_[0], gate.intercept_[0]
    return coefficients, bias


def _placed(examples: Examples, gates: Floats, chosen: Rows) -> Rows:
    """Return the levels with the labels of turns put on their most telling sentence."""
    levels = examples.levels.copy()
    for column in range(len(STEPS)):
        best: dict[int, int] = {}
        for row in chosen[examples.levels[chosen, column] == OPEN]:
            rival = best.setdefault(int(examples.turns[row]), row)
            if gates[row, column] > gates[rival, column]:
                best[int(examples.turns[row])] = row
        for row in best.values():
            if gates[row, column] > _LEAST_TELLING:
                levels[row, column] = examples.carried[row, column]
    return levels


def write(weights: Weights, path: Path = WEIGHTS) -> None:
    """Write the weights: half precision for meaning, bytes with a scale for word runs."""
    scale = np.abs(weights.runs).max(axis=0) / 127
    np.savez_compressed(
        path,
        dense=weights.dense.astype(np.float16),
        runs=np.rint(weights.runs / scale).astype(np.int8),
        runs_scale=scale.astype(np.float32),
        bias=weights.bias,
    )


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description="Train the embedded model.")
    parser.add_argument("--check", action="store_true", help="cross-validate, write nothing")
    arguments = parser.parse_args()
    pieces = read_pieces(Path(__file__).parent)
    examples = examples_of(pieces)
    print(f"{len(pieces)} pieces, {int((examples.turns < 0).sum() / 2)} turns of buyers")
    cross_validate(pieces, examples, partial(fit, examples))
    if not arguments.check:
        write(fit(examples, np.arange(len(examples.weights))))
        print(f"wrote {WEIGHTS.name}, {WEIGHTS.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
