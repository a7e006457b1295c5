"""Weights and level values from closed deals: never negative, never falling, close to the prior.

A score is linear in what it is made of, so a logistic curve over the score is a logistic model of
the readings. With c the confidence, m the value of the unknown and [l >= k] the thermometer of a
level l:

    logit(win) = a + sum over f, k of  beta(f, k) * c(f) * ([l(f) >= k] - m)

    w(f) = sum over k of beta(f, k), scaled to sum 1        v(f, l) = sum over k <= l, scaled to 1

With beta >= 0 no level lowers a score. The ridge pulls beta towards s * prior, where the scale s
is free: infinitely strong, it leaves the prior's weights and learns a curve over the score alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.score import ScoreModel
from evals.calibrate import expit
from evals.deal_cases import DealCase
from evals.rates import Floats

LEVELS = 5
_DIGITS = 3
"""Of weights and values in bantam.toml: a person has to read them."""
PRIOR_ONLY = math.inf
"""The strongest ridge: weights stay as they are."""


@dataclass(frozen=True, repr=False)
class Readings:
    """Deals as arrays.

    Attributes:
        rows: c * ([l >= k] - m), shape (deals, criteria * 5).
        won: shape (deals,).
        clusters: the account of each deal.
    """

    rows: Floats
    won: npt.NDArray[np.bool_]
    clusters: npt.NDArray[np.str_]

    def only(self, which: npt.NDArray[np.bool_]) -> Readings:
        """Return some of the deals."""
        return Readings(self.rows[which], self.won[which], self.clusters[which])


@dataclass(frozen=True, repr=False)
class Curve:
    """A fitted logit: a + rows @ beta."""

    intercept: float
    beta: Floats

    def logit(self, rows: Floats) -> Floats:
        """Return the logit of winning of each row."""
        return self.intercept + rows @ self.beta

    def loss(self, deals: Readings) -> Floats:
        """Return the log loss of each deal."""
        eta = self.logit(deals.rows)
        return np.logaddexp(0, eta) - deals.won * eta


def readings_of(cases: Sequence[DealCase], model: ScoreModel) -> Readings:
    """Return cases as arrays; a criterion that was not discussed is a row of zeros.

    Args:
        cases: with known endings.
        model: lends m, the value of the unknown.
    """
    rows = np.zeros((len(cases), len(Criterion) * LEVELS))
    for i, case in enumerate(cases):
        for f, criterion in enumerate(Criterion):
            level = case.levels.get(criterion, NOT_DISCUSSED)
            if level != NOT_DISCUSSED:
                reached = np.arange(LEVELS) <= level
                at = slice(f * LEVELS, (f + 1) * LEVELS)
                rows[i, at] = case.confidences.get(criterion, 0.0) * (reached - model.missing)
    return Readings(
        rows,
        np.array([c.won is True for c in cases], dtype=bool),
        np.array([c.cluster for c in cases], dtype=np.str_),
    )


def prior_of(model: ScoreModel) -> Floats:
    """Return the beta that stands for a score model, of scale 1."""
    steps = [
        model.weights[c] * np.diff([model.value_of(c, k) for k in range(LEVELS)], prepend=0.0)
        for c in Criterion
    ]
    return np.concatenate(steps)


def fit_curve(deals: Readings, prior: Floats, ridge: float) -> Curve:
    """Return the curve with the highest penalised likelihood.

    Args:
        deals: at least one won and one lost.
        prior: beta of scale 1; level 0 keeps the value that it has there.
        ridge: half of it times the squared distance from the prior is the penalty; `PRIOR_ONLY`
            keeps the prior's shape.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - heavy

    y, rows, size = deals.won.astype(float), deals.rows, len(prior)
    along = rows @ prior
    learned = not math.isinf(ridge)

    def loss(at: Floats) -> tuple[float, Floats]:
        a, scale, shift = at[0], at[1], at[2:]
        eta = a + (rows @ shift if learned else scale * along)
        gap = expit(eta) - y
        value = float((np.logaddexp(0, eta) - y * eta).sum())
        if not learned:
            return value, np.array([gap.sum(), gap @ along])
        away = shift - scale * prior
        grad = np.concatenate([[gap.sum(), -ridge * (away @ prior)], rows.T @ gap + ridge * away])
        return value + 0.5 * ridge * float(away @ away), grad

    free = [(0.0, None) if step > 0 or k % LEVELS else (0.0, 0.0) for k, step in enumerate(prior)]
    start = np.concatenate([[0.0, 1.0], prior if learned else []])
    bounds = [(None, None), (0.0, None), *(free if learned else [])]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"maxiter": 500, "ftol": 1e-10, "gtol": 1e-7}).x  # fmt: skip
    beta = found[2:] if learned else found[1] * prior
    assert len(beta) == size
    return Curve(float(found[0]), np.maximum(beta, 0.0))


def as_model(curve: Curve, prior: ScoreModel, name: str) -> ScoreModel:
    """Return the score model that ranks as a curve does, in numbers short enough to read.

    A criterion that helps nothing gets weight 0 and keeps its level values.
    """
    by_criterion = curve.beta.reshape(len(Criterion), LEVELS)
    totals = by_criterion.sum(axis=1)
    if totals.sum() <= 0:
        return prior.model_copy(update={"name": name, "calibration": None})
    weights = _shares(totals / totals.sum())
    values = {}
    for criterion, steps, total in zip(Criterion, by_criterion, totals, strict=True):
        kept = tuple(prior.value_of(criterion, k) for k in range(LEVELS))
        learned = tuple(round(float(v), _DIGITS) for v in np.cumsum(steps) / total) if total else ()
        values[criterion] = (*learned[:-1], 1.0) if learned else kept
    return ScoreModel(
        **prior.model_dump(
            exclude={"name", "weights", "criterion_values", "level_values", "calibration"}
        ),
        name=name,
        weights=dict(zip(Criterion, weights, strict=True)),
        criterion_values=values,
    )


def _shares(exact: Floats) -> list[float]:
    """Round shares so that they still sum to 1: what is left goes to the largest remainders."""
    scale = 10**_DIGITS
    floors = np.floor(exact * scale).astype(int)
    order = np.argsort(-(exact * scale - floors), kind="stable")
    floors[order[: scale - int(floors.sum())]] += 1
    return [int(part) / scale for part in floors]


def weights_of(model: ScoreModel) -> Mapping[Criterion, float]:
    """Return a model's weights in the order of the criteria."""
    return {c: model.weights[c] for c in Criterion}
