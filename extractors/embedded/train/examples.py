"""From labelled text to the rows that heads are fitted on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from bantam.domain.bant import Criterion
from extractors.embedded.cues import single_sentences
from extractors.embedded.features import BUCKETS, Stretch, buckets, meanings, signs
from extractors.embedded.train.corpus import Piece
from extractors.embedded.weights import STEPS

LETTERS = {
    "B": Criterion.BUDGET,
    "A": Criterion.AUTHORITY,
    "N": Criterion.NEED,
    "T": Criterion.TIMEFRAME,
}
RUN_WEIGHT = 0.7
SIGN_WEIGHT = 0.5
NOTHING, OPEN = -1, -2
"""Levels of rows that say nothing of a criterion, or of which it is not known."""
_CLASS = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "P": 2}
_RECOGNISED_WEIGHT = 0.5
_SENTENCE_WEIGHT = 0.5
_NATURAL_WEIGHT = 8.0
"""Talk as it is shows the model how rarely a turn says anything."""


class _Row(NamedTuple):
    stretch: Stretch
    levels: list[int]
    traps: list[bool]
    piece: Piece
    weight: float
    turn: int
    """Number of the turn that the sentence is of, over all pieces; -1 for turns."""
    carried: list[int]
    """Levels of the turn that a sentence is of."""


@dataclass(slots=True)
class Examples:
    """Labelled stretches, ready for fitting; n rows, criteria in the order of `STEPS`."""

    rows: Any
    """Sparse matrix (n, features): meaning, signs, word runs."""
    groups: npt.NDArray[np.str_]
    """(n,): id of the piece."""
    weights: npt.NDArray[np.float64]
    """(n,)."""
    levels: npt.NDArray[np.int64]
    """(n, 4): a class of the level head, `NOTHING` or `OPEN`."""
    traps: npt.NDArray[np.bool_]
    """(n, 4): what only looks like it."""
    turns: npt.NDArray[np.int64]
    """(n,): which turn a sentence is of, -1 for whole turns."""
    carried: npt.NDArray[np.int64]
    """(n, 4): levels of that turn, which one of its sentences carries."""


def examples_of(pieces: Sequence[Piece]) -> Examples:
    """Return the buyers' turns of `pieces`, each also as speech recognition would write it.

    Of natural pieces the sentences come, too. Which sentence of a labelled turn carries the label
    is `OPEN`; those of other turns say nothing, which whole turns alone do not teach.
    """
    found = list(_rows(pieces))
    return Examples(
        rows=design([row.stretch for row in found]),
        groups=np.asarray([row.piece.id for row in found]),
        weights=np.asarray(
            [row.weight * (_NATURAL_WEIGHT if row.piece.natural else 1) for row in found]
        ),
        levels=np.asarray([row.levels for row in found]),
        traps=np.asarray([row.traps for row in found]),
        turns=np.asarray([row.turn for row in found]),
        carried=np.asarray([row.carried for row in found]),
    )


def _rows(pieces: Sequence[Piece]) -> Iterator[_Row]:
    turns = count()
    for piece in pieces:
        for stretch, labels in piece.stretches():
            levels, turn = _levels(labels), next(turns)
            traps = [f"x{letter}" in labels for letter in LETTERS]
            for said, weight in [(stretch, 1.0), (_as_recognised(stretch), _RECOGNISED_WEIGHT)]:
                yield _Row(said, levels, traps, piece, weight, -1, levels)
            unsure = [OPEN if level >= 0 else NOTHING for level in levels]
            for sentence in single_sentences(stretch.text) if piece.natural else ():
                part = Stretch(sentence, part=True)
                yield _Row(part, unsure, traps, piece, _SENTENCE_WEIGHT, turn, levels)


def design(stretches: Sequence[Stretch]) -> Any:
    """Return the feature matrix of stretches, sparse by row."""
    alone, together = meanings(stretches)
    facts = np.asarray([signs(stretch) for stretch in stretches], dtype=np.float32)
    runs = sp.lil_matrix((len(stretches), BUCKETS), dtype=np.float32)
    for number, stretch in enumerate(stretches):
        places, amounts = buckets(stretch.text)
        runs[number, places] = amounts
    dense = np.hstack([alone, together, SIGN_WEIGHT * facts])
    return sp.hstack([sp.csr_matrix(dense), RUN_WEIGHT * runs.tocsr()]).tocsr()


def _as_recognised(stretch: Stretch) -> Stretch:
    """Return the words as a recogniser without punctuation writes them."""
    text, asked = (re.sub(r"[^\w\s'$€£%]", "", t.lower()) for t in (stretch.text, stretch.asked))
    return Stretch(text, asked)


def _levels(labels: frozenset[str]) -> list[int]:
    """Return the class per criterion; of several labels on one criterion the highest."""
    found = dict.fromkeys(STEPS, NOTHING)
    for label in labels:
        if label[0] in LETTERS:
            criterion = LETTERS[label[0]]
            found[criterion] = max(found[criterion], _CLASS[label[1]])
    return list(found.values())
