"""Curves over thresholds, for the cases at hand and for all bootstrap rounds at once.

Cases are tallied by score: how many won and lost at each distinct score, highest first. Every
figure is computed from such a tally, so one call serves a single study (shape `(scores,)`) and
2,000 resampled ones (shape `(rounds, scores)`). A figure is NaN where it is undefined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evals.rates import Bootstrap, Floats, divide

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, repr=False)
class Tally:
    """Won and lost by distinct score."""

    scores: Floats
    """Distinct, highest first, shape (scores,)."""
    won: Floats
    """Shape (..., scores)."""
    lost: Floats

    @property
    def flagged(self) -> Floats:
        """How many are flagged at each threshold, shape (..., scores)."""
        return np.cumsum(self.won + self.lost, axis=-1)

    @property
    def hits(self) -> Floats:
        """How many of those flagged at each threshold won."""
        return np.cumsum(self.won, axis=-1)

    @property
    def all_won(self) -> Floats:
        """How many won, shape (...)."""
        return np.asarray(self.won.sum(axis=-1))

    @property
    def total(self) -> Floats:
        """How many there are, shape (...)."""
        return np.asarray(self.all_won + self.lost.sum(axis=-1))


def one_hot(scores: Floats, won: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return distinct scores, highest first, and the columns that sum to a tally.

    Args:
        scores: of each unit.
        won: whether it did.

    Returns:
        scores of shape (s,) and columns of shape (units, 2 * s): won by score, lost by score.
    """
    distinct, place = np.unique(-scores, return_inverse=True)
    columns = np.zeros((len(scores), 2 * len(distinct)))
    columns[np.arange(len(scores)), place.reshape(-1) + np.where(won, 0, len(distinct))] = 1.0
    return -distinct, columns


def as_tally(scores: Floats, sums: Floats) -> Tally:
    """Return the tally that sums of `one_hot` columns stand for."""
    return Tally(scores, sums[..., : len(scores)], sums[..., len(scores) : 2 * len(scores)])


def tally(scores: Sequence[float] | Floats, won: Sequence[bool] | npt.NDArray[np.bool_]) -> Tally:
    """Return the tally of single units."""
    distinct, columns = one_hot(np.asarray(scores, dtype=float), np.asarray(won, dtype=bool))
    return as_tally(distinct, columns.sum(axis=0))


def resampled(boot: Bootstrap, scores: Floats, won: npt.NDArray[np.bool_]) -> Tally:
    """Return the tallies of all bootstrap rounds."""
    distinct, columns = one_hot(scores, won)
    return as_tally(distinct, boot.totals(columns))


def roc_auc(t: Tally) -> Floats:
    """Return the chance that a won deal scores above a lost one, ties counting half."""
    lost_below = t.lost.sum(axis=-1, keepdims=True) - np.cumsum(t.lost, axis=-1)
    above = (t.won * (lost_below + t.lost / 2)).sum(axis=-1)
    return divide(above, t.all_won * t.lost.sum(axis=-1))


def average_precision(t: Tally) -> Floats:
    """Return the mean precision over won deals, each at its own score (no interpolation)."""
    precision = np.nan_to_num(divide(t.hits, t.flagged))
    return divide((t.won * precision).sum(axis=-1), t.all_won)


def hits_in_top(t: Tally, size: Floats) -> Floats:
    """Return how many won deals the top `size` hold; within a tie, as many as chance gives.

    Args:
        t: the tally.
        size: how many are taken from the top, shape (...).
    """
    here = t.won + t.lost
    room = np.clip(np.asarray(size)[..., None] - (t.flagged - here), 0, here)
    return np.asarray((t.won * np.nan_to_num(divide(room, here))).sum(axis=-1))


def lift(t: Tally, share: float) -> Floats:
    """Return the win rate in the top `share` (0..1] of deals over the win rate of all."""
    size = share * t.total
    return divide(divide(hits_in_top(t, size), size), divide(t.all_won, t.total))


def lowest_with_precision(t: Tally, floor: Floats) -> Indices:
    """Return the place of the lowest score at which precision is still at least `floor`.

    That is the threshold with the highest recall; -1 where there is none.

    Args:
        t: the tally.
        floor: shape (...); NaN finds none.
    """
    precise = (t.hits >= np.asarray(floor)[..., None] * t.flagged - 1e-9) & (t.hits > 0)
    return _last_true(precise)


def lowest_within(t: Tally, size: Floats) -> Indices:
    """Return the place of the lowest score that flags at most `size` deals; -1 if none does."""
    return _last_true(t.flagged <= np.asarray(size)[..., None] + 1e-9)


def at(values: Floats, place: Indices) -> Floats:
    """Return cumulative `values` (..., scores) at one place for each row; 0 at place -1."""
    if not values.shape[-1]:
        return np.zeros(values.shape[:-1])
    taken = np.take_along_axis(values, np.maximum(place, 0)[..., None], axis=-1)[..., 0]
    return np.where(place >= 0, taken, 0.0)


def _last_true(mask: npt.NDArray[np.bool_]) -> Indices:
    size = mask.shape[-1]
    if not size:
        return np.full(mask.shape[:-1], -1)
    from_end = np.argmax(mask[..., ::-1], axis=-1)
    return np.where(mask.any(axis=-1), size - 1 - from_end, -1)
