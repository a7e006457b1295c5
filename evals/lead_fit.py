"""Logistic scoring of wide lead tables: a sum of effects that a person can read and copy.

Each column becomes levels: words as they are (rare ones together, empty cells apart), numbers cut
at their tenths. The score is the sum of the levels' effects on the logit of winning; effects are
pulled to 0, so that a level of few rows promises little. Judged by cross-validation: levels, cuts
and effects are learned again without the rows that are judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from pydantic import Field

from bantam.domain.value import Value
from bantam.errors import EvalError
from evals import curves
from evals.calibrate import expit
from evals.lead_table import EMPTY, RARE, LeadTable, as_arrays, is_empty, number
from evals.outcome import Lift, estimated
from evals.rates import Bootstrap, Estimate, Floats, Rate, rate, ratio

FEWEST_ROWS = 200
FEWEST_OF_EACH = 50
RARE_BELOW = 20
"""Rows; a level with fewer goes with the other rare ones."""
CUTS = 10
FOLDS = 5
STRENGTH = 0.3
"""Inverse of the ridge."""
_SEED = 20260302


class Effect(Value):
    """One level of one column."""

    level: str
    effect: float
    """On the logit of winning, against the mean of the column."""
    won: Rate


class ColumnEffects(Value):
    """One column of the score."""

    name: str
    cuts: tuple[float, ...] | None
    """Upper ends (exclusive) of a number's stretches; None for words."""
    effects: tuple[Effect, ...]

    @property
    def span(self) -> float:
        """Distance between the best and the worst level: how much the column can move."""
        found = [e.effect for e in self.effects]
        return max(found) - min(found) if found else 0.0

    def level_of(self, cell: str) -> str:
        """Return the level that a cell belongs to; an unknown word is rare."""
        return _level(cell, self.cuts, frozenset(e.level for e in self.effects))


class LeadModel(Value):
    """A score for leads, complete in itself."""

    target: str
    intercept: float
    columns: tuple[ColumnEffects, ...]

    def chance(self, row: Mapping[str, str]) -> float:
        """Return the probability of winning of a row; a column that it lacks counts as empty."""
        logit = self.intercept
        for column in self.columns:
            level = column.level_of(row.get(column.name, ""))
            logit += next((e.effect for e in column.effects if e.level == level), 0.0)
        return float(expit(np.array(logit)))


class LeadFit(Value):
    """A score for leads, and what it is worth on rows that it was not learned from."""

    model: LeadModel
    rows: int = Field(ge=0)
    won: int = Field(ge=0)
    auc: Estimate
    """Cross-validated, of points from 1 to 100."""
    auc_with_leaks: float | None
    """The same with the suspected columns left in: what one would have believed."""
    brier: Estimate
    brier_of_base_rate: float
    lift: tuple[Lift, ...]
    points: tuple[int, ...]
    """Of each row, by the model that did not learn from it."""


def fit_leads(
    table: LeadTable, target: str, *, columns: Sequence[str], rounds: int = 2000
) -> LeadFit:
    """Learn a score from a table of leads.

    Args:
        table: as read.
        target: its name, kept in the model.
        columns: what the score may use.
        rounds: of the bootstrap.

    Raises:
        EvalError: fewer than 200 rows, fewer than 50 won or not won, or no column to use.
    """
    won = np.array(table.won, dtype=bool)
    if len(won) < FEWEST_ROWS or min(won.sum(), (~won).sum()) < FEWEST_OF_EACH:
        raise EvalError(
            f"fit: needs {FEWEST_ROWS} rows and {FEWEST_OF_EACH} of each ending, there are "
            f"{len(won)} rows, {won.sum()} won"
        )
    if not columns:
        raise EvalError("fit: no column is left to learn from; name some with --keep")
    cells = as_arrays(table, columns)
    chances = _cross_validated(cells, won)
    points = np.clip(np.round(100 * chances), 1, 100)
    boot = Bootstrap([None] * len(won), rounds=rounds)
    observed, drawn = curves.tally(points, won), curves.resampled(boot, points, won)
    loss, base = (chances - won) ** 2, float(won.mean())
    return LeadFit(
        model=_learned(cells, won, target),
        rows=len(won),
        won=int(won.sum()),
        auc=estimated(curves.roc_auc, observed, drawn, boot),
        auc_with_leaks=_auc_with_leaks(table, columns, won),
        brier=boot.estimate(np.column_stack([loss, np.ones(len(won))]), ratio),
        brier_of_base_rate=base * (1 - base),
        lift=tuple(
            Lift(
                share=share,
                lift=estimated(partial(curves.lift, share=share), observed, drawn, boot),
            )
            for share in (0.1, 0.2, 0.3)
        ),
        points=tuple(int(p) for p in points),
    )


def _auc_with_leaks(
    table: LeadTable, columns: Sequence[str], won: npt.NDArray[np.bool_]
) -> float | None:
    leaking = [c.name for c in table.columns if c.leaks and c.name not in columns]
    if not leaking:
        return None
    chances = _cross_validated(as_arrays(table, [*columns, *leaking]), won)
    return float(curves.roc_auc(curves.tally(np.round(100 * chances), won)))


def _cross_validated(
    cells: Mapping[str, npt.NDArray[np.str_]], won: npt.NDArray[np.bool_]
) -> Floats:
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415 - heavy

    chances = np.zeros(len(won))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=_SEED)
    for learn, judge in folds.split(np.zeros(len(won)), won):
        coders = [_Coder(name, column[learn]) for name, column in cells.items()]
        intercept, effects = _logistic(_encoded(coders, cells, learn), won[learn])
        chances[judge] = expit(intercept + _encoded(coders, cells, judge) @ effects)
    return chances


def _learned(
    cells: Mapping[str, npt.NDArray[np.str_]], won: npt.NDArray[np.bool_], target: str
) -> LeadModel:
    everything = np.arange(len(won))
    coders = [_Coder(name, column) for name, column in cells.items()]
    encoded = _encoded(coders, cells, everything)
    intercept, effects = _logistic(encoded, won)
    columns, start = [], 0
    for coder in coders:
        here = slice(start, start + len(coder.levels))
        start = here.stop
        part = encoded[:, here]
        # Against the column's own mean, so that the intercept is the average lead.
        middle = float(part.mean(axis=0) @ effects[here])
        intercept += middle
        columns.append(
            ColumnEffects(
                name=coder.name,
                cuts=coder.cuts,
                effects=tuple(
                    Effect(
                        level=level,
                        effect=float(effect) - middle,
                        won=rate(int(won[inside > 0].sum()), int(inside.sum())),
                    )
                    for level, effect, inside in zip(
                        coder.levels, effects[here], part.T, strict=True
                    )
                ),
            )
        )
    ordered = sorted(columns, key=lambda c: (-c.span, c.name))
    return LeadModel(target=target, intercept=intercept, columns=tuple(ordered))


class _Coder:
    """Learns the levels of one column."""

    def __init__(self, name: str, cells: npt.NDArray[np.str_]) -> None:
        self.name = name
        distinct, counts = np.unique(cells, return_counts=True)
        said = [str(c) for c in distinct if c != EMPTY]
        numbers = [number(c) for c in said]
        many = len(said) > CUTS and sum(n is not None for n in numbers) >= 0.95 * len(said)
        self.cuts = _cuts(cells) if many else None
        if self.cuts is None:
            common = {str(c) for c, n in zip(distinct, counts, strict=True) if n >= RARE_BELOW}
            self.levels = sorted({c if c in common else RARE for c in map(str, distinct)})
        else:
            self.levels = sorted({_level(str(c), self.cuts, frozenset()) for c in distinct})

    def encoded(self, cells: npt.NDArray[np.str_]) -> Floats:
        distinct, place = np.unique(cells, return_inverse=True)
        known = frozenset(self.levels)
        table = np.zeros((len(distinct), len(self.levels)))
        for row, cell in enumerate(distinct):
            level = _level(str(cell), self.cuts, known)
            if level in known:
                table[row, self.levels.index(level)] = 1.0
        return np.asarray(table[place.reshape(-1)])


def _encoded(
    coders: Sequence[_Coder],
    cells: Mapping[str, npt.NDArray[np.str_]],
    rows: npt.NDArray[np.intp],
) -> Floats:
    return np.hstack([coder.encoded(cells[coder.name][rows]) for coder in coders])


def _cuts(cells: npt.NDArray[np.str_]) -> tuple[float, ...]:
    values = [v for v in (number(str(c)) for c in cells) if v is not None]
    inner = np.quantile(values, np.linspace(0, 1, CUTS + 1)[1:-1], method="higher")
    return tuple(sorted({float(v) for v in inner if v > min(values)}))


def _level(cell: str, cuts: tuple[float, ...] | None, known: frozenset[str]) -> str:
    if cell == EMPTY or is_empty(cell):
        return EMPTY
    if cuts is None:
        return cell if cell in known else RARE
    value = number(cell)
    if value is None:
        return RARE
    place = int(np.searchsorted(cuts, value, side="right"))
    if place == len(cuts):
        return f"{cuts[-1]:g} and more" if cuts else "any"
    return f"below {cuts[0]:g}" if place == 0 else f"{cuts[place - 1]:g} to {cuts[place]:g}"


def _logistic(encoded: Floats, won: npt.NDArray[np.bool_]) -> tuple[float, Floats]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy

    found = LogisticRegression(C=STRENGTH, max_iter=2000).fit(encoded, won)
    return float(found.intercept_[0]), np.asarray(found.coef_[0], dtype=float)
