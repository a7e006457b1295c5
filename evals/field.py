"""How well levels are read: figures per criterion against what careful people read.

Not discussed is the lowest class of the agreement (quadratic-weighted kappa): missing a 4 costs
more than missing a 1. Inventing is counted apart: a level 1 to 4 where nothing was said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Level
from bantam.domain.value import Value
from evals.rates import Bootstrap, Estimate, Floats, Rate

CLASSES = 6
"""Not discussed, then levels 0 to 4."""
_CELLS = CLASSES * CLASSES
Cells = npt.NDArray[np.bool_]


class LevelFigures(Value):
    """Levels of one criterion, or of all four together."""

    kappa: Estimate
    """Quadratic-weighted; over all four: the plain mean of their kappas."""
    exact: Rate
    within_one: Rate
    """Of the cells that both call discussed: levels at most one apart."""
    hallucination: Rate
    """Among cells that were not discussed: a level of 1 to 4 was read."""
    miss: Rate
    """Among cells that were discussed: nothing was read."""
    level0_recall: Rate
    """Among cells that the buyer ruled out: level 0 was read."""


class FieldFigures(Value):
    """Levels against labels, each figure with its n and its interval clustered by deal."""

    calls: int
    deals: int
    by_criterion: Mapping[Criterion, LevelFigures]
    overall: LevelFigures


class Pair(Value):
    """One call: what was read and what is right, per criterion."""

    deal: str
    read: Mapping[Criterion, Level]
    gold: Mapping[Criterion, Level]


def field_figures(pairs: Sequence[Pair], *, rounds: int = 2000) -> FieldFigures:
    """Compare readings with labels.

    Args:
        pairs: one per call; at least one.
        rounds: of the bootstrap.

    Raises:
        ValueError: there are no calls.
    """
    if not pairs:
        raise ValueError("pairs: there are no calls to compare")
    bootstrap = Bootstrap([pair.deal for pair in pairs], rounds=rounds)
    tables = {criterion: _confusions(pairs, criterion) for criterion in Criterion}
    together = sum(tables.values(), start=np.zeros((len(pairs), _CELLS)))
    macro = bootstrap.estimate(
        np.hstack(list(tables.values())), _mean_kappa, n=len(pairs) * len(tables)
    )
    return FieldFigures(
        calls=len(pairs),
        deals=bootstrap.clusters,
        by_criterion={
            criterion: _figures(bootstrap, table, bootstrap.estimate(table, weighted_kappa))
            for criterion, table in tables.items()
        },
        overall=_figures(bootstrap, together, macro),
    )


def weighted_kappa(counts: Floats) -> Floats:
    """Return the quadratic-weighted kappa of confusions, NaN where all cells are of one class.

    Args:
        counts: shape (..., 36), row by row: gold class, then read class.
    """
    tables = counts.reshape(*counts.shape[:-1], CLASSES, CLASSES)
    step = np.arange(CLASSES)
    apart = (step[:, None] - step[None, :]) ** 2
    total = tables.sum(axis=(-2, -1))
    gold, read = tables.sum(axis=-1), tables.sum(axis=-2)
    by_chance = (gold[..., :, None] * read[..., None, :] * apart).sum(axis=(-2, -1))
    seen = (tables * apart).sum(axis=(-2, -1)) * total
    out = np.full(by_chance.shape, np.nan)
    np.divide(seen, by_chance, out=out, where=by_chance > 0)
    return 1.0 - out


def _mean_kappa(sums: Floats) -> Floats:
    each = weighted_kappa(sums.reshape(*sums.shape[:-1], len(Criterion), _CELLS))
    return np.asarray(each.mean(axis=-1))


def _class(level: Level) -> int:
    return 0 if level == NOT_DISCUSSED else level + 1


def _confusions(pairs: Sequence[Pair], criterion: Criterion) -> Floats:
    """Return one flattened confusion per call, shape (calls, 36)."""
    table = np.zeros((len(pairs), _CELLS))
    for row, pair in enumerate(pairs):
        table[row, CLASSES * _class(pair.gold[criterion]) + _class(pair.read[criterion])] = 1.0
    return table


def _figures(bootstrap: Bootstrap, table: Floats, kappa: Estimate) -> LevelFigures:
    gold, read = np.divmod(np.arange(_CELLS), CLASSES)
    rate = partial(_rate, bootstrap, table)
    both = (gold > 0) & (read > 0)
    return LevelFigures(
        kappa=kappa,
        exact=rate(gold == read, gold >= 0),
        within_one=rate(both & (abs(gold - read) <= 1), both),
        hallucination=rate((gold == 0) & (read > 1), gold == 0),
        miss=rate((gold > 0) & (read == 0), gold > 0),
        level0_recall=rate((gold == 1) & (read == 1), gold == 1),
    )


def _rate(bootstrap: Bootstrap, table: Floats, hits: Cells, among: Cells) -> Rate:
    """Return the share of `hits` cells among `among` cells of the confusions."""
    return bootstrap.rate(table @ (hits & among).astype(float), table @ among.astype(float))
