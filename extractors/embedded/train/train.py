"""Trains the embedded model from the text beside it and writes `../weights.npz`.

    python -m extractors.embedded.train.train            train, cross-validate, write
    python -m extractors.embedded.train.train --check    cross-validate only

Linear heads, because with some 4,000 labelled turns a small network was no better (CARD.md).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, cohen_kappa_score
from sklearn.model_selection import GroupKFold

from bantam.domain.bant import Criterion
from extractors.embedded.features import BUCKETS, SIGNS, Floats, Stretch, buckets, meanings, signs
from extractors.embedded.train.corpus import Piece, read_pieces
from extractors.embedded.weights import OUTPUTS, STEPS, WEIGHTS, level_columns

_LETTER = {
    "B": Criterion.BUDGET,
    "A": Criterion.AUTHORITY,
    "N": Criterion.NEED,
    "T": Criterion.TIMEFRAME,
}
_CLASS = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "P": 2}
_RUN_WEIGHT = 0.7
_SIGN_WEIGHT = 0.5
_LOOSENESS = 5.0
"""C of the logistic regressions: higher fits closer."""
_AUGMENTED_WEIGHT = 0.5
_TRAP_WEIGHT = 3.0
"""To invent is worse than to miss."""
_NATURAL_WEIGHT = 3.0
"""Talk as it is shows the model how rarely a turn says anything."""


@dataclass(slots=True)
class Examples:
    """Labelled stretches, ready for fitting."""

    rows: Any
    """Sparse matrix: meaning, signs, word runs."""
    groups: npt.NDArray[np.str_]
    weights: npt.NDArray[np.float64]
    about: npt.NDArray[np.bool_]
    """(n, 4)."""
    traps: npt.NDArray[np.bool_]
    """(n, 4): what only looks like it."""
    levels: npt.NDArray[np.int64]
    """(n, 4); -1 where it says nothing."""
    plain: npt.NDArray[np.bool_]
    """False for augmented copies."""
    natural: npt.NDArray[np.bool_]
    """Where labels are as rare as in a real call."""


def examples_of(pieces: Sequence[Piece]) -> Examples:
    """Return the buyers' turns of `pieces`, each also as speech recognition would write it."""
    found = [
        (stretch, labels, piece, weight)
        for piece in pieces
        for original, labels in piece.stretches()
        for stretch, weight in [(original, 1.0), (_as_recognised(original), _AUGMENTED_WEIGHT)]
    ]
    levels = np.asarray([_levels(labels) for _, labels, _, _ in found])
    return Examples(
        rows=design([stretch for stretch, _, _, _ in found]),
        groups=np.asarray([piece.id for _, _, piece, _ in found]),
        weights=np.asarray(
            [weight * (_NATURAL_WEIGHT if p.natural else 1) for _, _, p, weight in found]
        ),
        about=levels >= 0,
        traps=np.asarray(
            [[f"x{letter}" in labels for letter in _LETTER] for _, labels, _, _ in found]
        ),
        levels=levels,
        plain=np.asarray([weight == 1.0 for _, _, _, weight in found]),
        natural=np.asarray([piece.natural for _, _, piece, _ in found]),
    )


def design(stretches: Sequence[Stretch]) -> Any:
    """Return the feature matrix of stretches, sparse by row."""
    alone, together = meanings(stretches)
    facts = np.asarray([signs(stretch) for stretch in stretches], dtype=np.float32)
    runs = sp.lil_matrix((len(stretches), BUCKETS), dtype=np.float32)
    for number, stretch in enumerate(stretches):
        places, amounts = buckets(stretch.text)
        runs[number, places] = amounts
    dense = np.hstack([alone, together, _SIGN_WEIGHT * facts])
    return sp.hstack([sp.csr_matrix(dense), _RUN_WEIGHT * runs.tocsr()]).tocsr()


def _as_recognised(stretch: Stretch) -> Stretch:
    """Return the words as a recogniser without punctuation writes them."""
    text, asked = (re.sub(r"[^\w\s'$€£%]", "", t.lower()) for t in (stretch.text, stretch.asked))
    return Stretch(text, asked)


def _levels(labels: frozenset[str]) -> list[int]:
    """Return the class per criterion; of several labels on one criterion the highest."""
    found = dict.fromkeys(STEPS, -1)
    for label in labels:
        if label[0] in _LETTER:
            criterion = _LETTER[label[0]]
            found[criterion] = max(found[criterion], _CLASS[label[1]])
    return list(found.values())


def fit(examples: Examples, chosen: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return coefficients (features, OUTPUTS) and biases of all heads, fitted on chosen rows."""
    coefficients = np.zeros((examples.rows.shape[1], OUTPUTS), dtype=np.float32)
    bias = np.zeros(OUTPUTS, dtype=np.float32)
    for column, criterion in enumerate(STEPS):
        gate = LogisticRegression(C=_LOOSENESS, solver="liblinear", random_state=0)
        hard = examples.traps[chosen, column] & ~examples.about[chosen, column]
        weights = examples.weights[chosen] * np.where(hard, _TRAP_WEIGHT, 1.0)
        gate.fit(examples.rows[chosen], examples.about[chosen, column], weights)
        coefficients[:, column], bias[column] = gate.coef_[0], gate.intercept_[0]
        said = chosen[examples.about[chosen, column]]
        head = LogisticRegression(C=_LOOSENESS, max_iter=300)
        head.fit(examples.rows[said], examples.levels[said, column], examples.weights[said])
        columns = level_columns(criterion)
        coefficients[:, columns], bias[columns] = head.coef_.T, head.intercept_
    return coefficients, bias


def cross_validate(examples: Examples, folds: int = 5) -> None:
    """Print how well held-out snippets and calls are read; only unaugmented rows count."""
    logits = np.zeros((examples.rows.shape[0], OUTPUTS))
    every = np.arange(len(examples.weights))
    for train, test in GroupKFold(folds).split(every, groups=examples.groups):
        coefficients, bias = fit(examples, train)
        logits[test] = examples.rows[test] @ coefficients + bias
    plain = examples.plain
    calls = plain & examples.natural
    for column, criterion in enumerate(STEPS):
        about, gate = examples.about[:, column], logits[:, column]
        said = plain & about
        level = logits[said, level_columns(criterion)].argmax(axis=1)
        truth = examples.levels[said, column]
        print(
            f"{criterion:10} precision {average_precision_score(about[plain], gate[plain]):.3f}"
            f" (in calls {average_precision_score(about[calls], gate[calls]):.3f})"
            f" level exact {np.mean(level == truth):.2f}"
            f" kappa {cohen_kappa_score(level, truth, weights='quadratic'):.3f} n {said.sum()}"
        )


def write(coefficients: Floats, bias: Floats, path: Path = WEIGHTS) -> None:
    """Write the weights: half precision for meaning, bytes with a scale for word runs."""
    dense = coefficients[:-BUCKETS].copy()
    dense[-SIGNS:] *= _SIGN_WEIGHT
    runs = _RUN_WEIGHT * coefficients[-BUCKETS:]
    scale = np.abs(runs).max(axis=0) / 127
    np.savez_compressed(
        path,
        dense=dense.astype(np.float16),
        runs=np.rint(runs / scale).astype(np.int8),
        runs_scale=scale.astype(np.float32),
        bias=bias,
    )


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description="Train the embedded model.")
    parser.add_argument("--check", action="store_true", help="cross-validate, write nothing")
    arguments = parser.parse_args()
    pieces = read_pieces(Path(__file__).parent)
    examples = examples_of(pieces)
    print(f"{len(pieces)} pieces, {int(examples.plain.sum())} turns of buyers")
    cross_validate(examples)
    if not arguments.check:
        write(*fit(examples, np.arange(len(examples.weights))))
        print(f"wrote {WEIGHTS.name}, {WEIGHTS.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
