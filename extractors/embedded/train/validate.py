"""How well whole calls are read that were not trained on, and the rules which that suggests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from sklearn.utils.parallel import Parallel, delayed

from bantam.domain.bant import Criterion
from bantam.domain.calls import Side
from extractors.embedded.cues import cues_of
from extractors.embedded.train.corpus import Piece
from extractors.embedded.train.examples import Examples
from extractors.embedded.weighing import turns_of
from extractors.embedded.weights import Weights

_FOLDS = 4
_INVENTED = (0.10, 0.13, 0.17)
"""Shares of the calls that do not discuss a criterion that a threshold lets through."""
_UNDISCUSSED = "none"

Fit = Callable[[npt.NDArray[np.int64]], Weights]


def cross_validate(pieces: Sequence[Piece], examples: Examples, fit: Fit) -> None:
    """Read each whole call with weights that did not see it, and print what follows.

    Per criterion: the area under the curve of its most telling turn, discussed against not; slope
    and offset of the probability that it was discussed (Platt), from the logit of that turn; and
    what some thresholds (`Rule.at_least`) invent and miss.
    """
    whole = [piece for piece in pieces if piece.whole]
    splits = KFold(_FOLDS, shuffle=True, random_state=0).split(whole)
    folds = [[whole[number] for number in held_out] for _, held_out in splits]
    read = Parallel(n_jobs=2)(delayed(_read)(fold, examples, fit) for fold in folds)
    held = [piece for fold in folds for piece in fold]
    tops = [top for part in read for top in part]
    print(f"{len(held)} whole calls, each read with weights that did not see it")
    for criterion in Criterion:
        discussed = np.asarray([piece.gold[str(criterion)] != _UNDISCUSSED for piece in held])
        _print(criterion, np.asarray([top[criterion] for top in tops]), discussed)


def _read(
    held_out: Sequence[Piece], examples: Examples, fit: Fit
) -> list[Mapping[Criterion, float]]:
    """Return the probability of the most telling turn per call and criterion."""
    names = [piece.id for piece in held_out]
    weights = fit(np.flatnonzero(~np.isin(examples.groups, names)))
    return [_tops(piece, weights) for piece in held_out]


def _tops(piece: Piece, weights: Weights) -> Mapping[Criterion, float]:
    call = piece.as_call()
    heard = [turn for turn in range(len(call.turns)) if call.side_of(turn) is Side.BUYER]
    cues = cues_of(call, heard, weights)
    return {c: max((cue.about for cue in turns_of(cues[c])), default=0.0) for c in Criterion}


def _print(
    criterion: Criterion, tops: npt.NDArray[np.float64], discussed: npt.NDArray[np.bool_]
) -> None:
    logits = np.log(np.clip(tops, 1e-4, 1 - 1e-4) / (1 - np.clip(tops, 1e-4, 1 - 1e-4)))
    platt = LogisticRegression(C=1e6).fit(logits[:, None], discussed)
    print(
        f"{criterion:10} area {roc_auc_score(discussed, tops):.3f}"
        f" slope {platt.coef_[0, 0]:.2f} offset {platt.intercept_[0]:.2f}"
        f" n {len(tops)}, {int((~discussed).sum())} undiscussed"
    )
    for share in _INVENTED:
        threshold = np.quantile(tops[~discussed], 1 - share)
        missed = np.mean(tops[discussed] < threshold)
        print(f"{'':10} at_least {threshold:.2f}: invents {share:.0%}, misses {missed:.0%}")
