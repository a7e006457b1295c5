"""Learn a score model from closed deals: only as much as the deals carry, and shown to be better.

What may be learned depends on how many deals have closed (measured, docs/adr/0011: below 500
naive learning hurts): under 50 nothing, under 150 a probability alone, then weights and level
values that are pulled towards the ones in use, and from 500 on a probability for each segment.
Everything is judged on deals that came later than those it was learned from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from bantam.domain.bant import Criterion
from bantam.domain.score import ScoreModel
from bantam.domain.value import Value
from evals import curves
from evals.calibrate import curve_over, isotonic, platt, refuse_few
from evals.deal_cases import CaseSet, DealCase
from evals.fit_weights import (
    PRIOR_ONLY,
    Readings,
    as_model,
    fit_curve,
    prior_of,
    readings_of,
)
from evals.lift_points import LiftPoints, lift_points
from evals.rates import Bootstrap, Estimate, Floats, ratio
from evals.segments import segment_models

WEIGHTS_NEED = 150
RIDGES = (PRIOR_ONLY, 1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
"""Strongest first: of those that are as good as can be told, the first is taken."""
FOLDS = 5
_FIRST_TRAINING = 1 / 6
"""Share of the deals, oldest first, on which nothing is judged."""
FEW_OF_LEVEL = 10
CasesUnder = Callable[[ScoreModel], CaseSet]


class Policy(StrEnum):
    """What so many deals carry."""

    PROBABILITY = "probability only: fewer than 150 closed deals carry no weights"
    WEIGHTS = "weights, level values and probability"


class FitOptions(Value):
    """What is asked of the fit."""

    name: str = Field(default="fitted", pattern=r"^[A-Za-z0-9_-]+$")
    """Of the new score model."""
    use_isotonic: bool = False
    """Steps instead of a curve; 1,000 deals or more."""
    by_segment: bool = False
    """Also a model for each segment, with a probability of its own; 500 deals or more."""
    rounds: int = Field(default=2000, ge=100)


class Ridge(Value):
    """One strength of the pull towards the prior, judged on later deals."""

    strength: float | None
    """None: so strong that the weights stay as they are."""
    log_loss: float
    chosen: bool = False


class LevelSeen(Value):
    """One level of one criterion among the deals."""

    criterion: Criterion
    level: int = Field(ge=0, le=4)
    deals: int = Field(ge=0)
    won: int = Field(ge=0)
    before: float
    """Points that it adds over the unknown at full confidence, under the prior model."""
    after: float


class Fit(Value):
    """A learned score model, and what it is worth."""

    policy: Policy
    prior: str
    """Name of the model that it was pulled towards."""
    model: ScoreModel
    segment_models: tuple[ScoreModel, ...] = ()
    deals: int = Field(ge=0)
    won: int = Field(ge=0)
    unscored: int = Field(ge=0)
    """Closed deals without a score: nothing can be learned from them."""
    judged: int = Field(ge=0)
    """Deals on which the models below were judged, none of which they were learned from."""
    not_judged: int = Field(ge=0)
    """Later deals of accounts that were learned from: left out of the judging."""
    ridges: tuple[Ridge, ...]
    auc_before: Estimate
    auc_after: Estimate
    auc_gain: Estimate
    """Paired, clustered by account."""
    brier: Estimate
    """Of the probability, on deals that it was not learned from."""
    brier_of_base_rate: float
    """Of always saying the win rate."""
    levels: tuple[LevelSeen, ...]
    points: LiftPoints
    warnings: tuple[str, ...]


def fit_model(cases_under: CasesUnder, prior: ScoreModel, options: FitOptions) -> Fit:
    """Learn from closed deals what they carry.

    Args:
        cases_under: the closed deals at their landmarks, scored under a model.
        prior: the model in use: its caps, bands and m are kept, its weights are the prior.
        options: name and extras.

    Raises:
        EvalError: too few deals have closed, or a wish goes beyond what they carry.
    """
    found = cases_under(prior)
    cases = sorted(
        (c for c in found.cases if c.points is not None), key=lambda c: (c.landmark, c.deal_id)
    )
    won = [c.won is True for c in cases]
    refuse_few(len(cases), sum(won))
    folds = _folds(cases)
    learner = _Learner(prior, readings_of(cases, prior))
    policy = _policy(cases)
    if policy is Policy.WEIGHTS:
        learner.judge(folds)
    later = _later(cases_under, cases, folds, learner)
    plain = learner.ridge == PRIOR_ONLY
    # Weights that were not learned have nothing to flatter: all deals may teach the probability.
    taught, points = (cases, [float(c.rank) for c in cases]) if plain else later.scored
    calibration = (isotonic if options.use_isotonic else platt)(
        points, [c.won is True for c in taught]
    )
    model = learner.model(options.name).model_copy(update={"calibration": calibration})
    return Fit(
        policy=policy,
        prior=prior.name,
        model=model,
        segment_models=segment_models(model, taught, points) if options.by_segment else (),
        deals=len(cases),
        won=sum(won),
        unscored=len(found.cases) - len(cases),
        not_judged=len(cases) - folds[0][0].sum() - len(later.cases) if folds else len(cases),
        ridges=learner.ridges,
        **later.figures(options.rounds),
        levels=_levels(cases, prior, model),
        points=lift_points(cases),
        warnings=tuple(_warnings(found, cases, prior, model)),
    )


def _policy(cases: Sequence[DealCase]) -> Policy:
    read = all(c.levels for c in cases)
    return Policy.WEIGHTS if len(cases) >= WEIGHTS_NEED and read else Policy.PROBABILITY


Fold = tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]
"""(learned from, judged on)."""


def _folds(cases: Sequence[DealCase]) -> list[Fold]:
    """Return blocks of time: each judged on what was learned from all before it.

    A deal whose account was learned from is not judged: it is no stranger.
    """
    n = len(cases)
    cuts = np.linspace(_FIRST_TRAINING * n, n, FOLDS + 1).round().astype(int)
    place, accounts = np.arange(n), np.array([c.cluster for c in cases])
    won = np.array([c.won is True for c in cases])
    out = []
    for start, stop in pairwise(cuts):
        before = place < start
        later = (place >= start) & (place < stop) & ~np.isin(accounts, accounts[before])
        if won[before].any() and not won[before].all() and later.any():
            out.append((before, later))
    return out


class _Learner:
    """Learns weights at one strength of the ridge; until judged, it keeps the prior's."""

    def __init__(self, prior: ScoreModel, deals: Readings) -> None:
        self.deals = deals
        self.ridge = PRIOR_ONLY
        self.ridges: tuple[Ridge, ...] = ()
        self._prior = prior
        self._shape = prior_of(prior)

    def judge(self, folds: Sequence[Fold]) -> None:
        """Take the strongest ridge that is not measurably worse than the best on later deals."""
        losses = {ridge: self._losses(ridge, folds) for ridge in RIDGES}
        best = losses[min(losses, key=lambda r: float(losses[r].mean()))]

        def as_good(ridge: float) -> bool:
            worse = losses[ridge] - best
            return bool(worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)) + 1e-12)

        self.ridge = next(ridge for ridge in RIDGES if as_good(ridge))
        self.ridges = tuple(
            Ridge(
                strength=None if ridge == PRIOR_ONLY else ridge,
                log_loss=float(loss.mean()),
                chosen=ridge == self.ridge,
            )
            for ridge, loss in losses.items()
        )

    def _losses(self, ridge: float, folds: Sequence[Fold]) -> Floats:
        return np.concatenate(
            [
                fit_curve(self.deals.only(old), self._shape, ridge).loss(self.deals.only(new))
                for old, new in folds
            ]
        )

    def model(self, name: str, among: npt.NDArray[np.bool_] | None = None) -> ScoreModel:
        """Return the model learned from some of the deals, or from all."""
        if self.ridge == PRIOR_ONLY:
            return self._prior.model_copy(update={"name": name, "calibration": None})
        deals = self.deals if among is None else self.deals.only(among)
        return as_model(fit_curve(deals, self._shape, self.ridge), self._prior, name)


@dataclass(frozen=True, repr=False)
class _Later:
    """Deals judged by what was learned before them: points and chances of winning."""

    cases: list[DealCase]
    points: list[float]
    chances: list[float]

    @property
    def scored(self) -> tuple[list[DealCase], list[float]]:
        return self.cases, self.points

    def figures(self, rounds: int) -> dict[str, Any]:
        """Return what the learned model is worth beside the prior, by the names of `Fit`."""
        won = np.array([c.won is True for c in self.cases], dtype=bool)
        boot = Bootstrap([c.cluster for c in self.cases], rounds=rounds)
        ranks = [np.array([float(c.rank) for c in self.cases]), np.array(self.points)]
        tallies = [curves.one_hot(r, won) for r in ranks]
        sums = np.column_stack([columns for _, columns in tallies])
        cut = tallies[0][1].shape[1]

        def auc(total: Floats, which: int) -> Floats:
            part = total[..., :cut] if which == 0 else total[..., cut:]
            return curves.roc_auc(curves.as_tally(tallies[which][0], part))

        loss = (np.array(self.chances) - won) ** 2
        base = float(won.mean()) if len(won) else 0.0
        return {
            "judged": len(won),
            "auc_before": boot.estimate(sums, lambda t: auc(t, 0)),
            "auc_after": boot.estimate(sums, lambda t: auc(t, 1)),
            "auc_gain": boot.estimate(sums, lambda t: auc(t, 1) - auc(t, 0)),
            "brier": boot.estimate(np.column_stack([loss, np.ones(len(won))]), ratio),
            "brier_of_base_rate": base * (1 - base),
        }


def _later(
    cases_under: CasesUnder, cases: Sequence[DealCase], folds: Sequence[Fold], learner: _Learner
) -> _Later:
    out = _Later([], [], [])
    won = np.array([c.won is True for c in cases])
    for before, later in folds:
        anew = {c.deal_id: float(c.rank) for c in cases_under(learner.model("fold", before)).cases}
        points = np.array([anew[c.deal_id] for c in cases])
        curve = curve_over(points[before].tolist(), won[before].tolist())
        out.cases.extend(c for c, here in zip(cases, later, strict=True) if here)
        out.points.extend(points[later])
        out.chances.extend(curve.chance(p) for p in points[later])
    return out


def _levels(
    cases: Sequence[DealCase], prior: ScoreModel, model: ScoreModel
) -> tuple[LevelSeen, ...]:
    def worth(which: ScoreModel, criterion: Criterion, level: int) -> float:
        return 99 * which.weights[criterion] * (which.value_of(criterion, level) - which.missing)

    return tuple(
        LevelSeen(
            criterion=criterion,
            level=level,
            deals=len(here),
            won=sum(c.won is True for c in here),
            before=worth(prior, criterion, level),
            after=worth(model, criterion, level),
        )
        for criterion in Criterion
        for level in range(5)
        for here in [[c for c in cases if c.levels.get(criterion) == level]]
    )


def _warnings(
    found: CaseSet, cases: Sequence[DealCase], prior: ScoreModel, model: ScoreModel
) -> Iterator[str]:
    if not all(c.levels for c in cases):
        yield "some scores came without readings: no weights could be learned"
    for criterion in Criterion:
        if prior.weights[criterion] and not model.weights[criterion]:
            yield f"{criterion}: its levels told nothing about winning here; its weight became 0"
        few = [
            k for k in range(5) if sum(c.levels.get(criterion) == k for c in cases) < FEW_OF_LEVEL
        ]
        if few and len(few) < 5:
            listed = ", ".join(map(str, few))
            yield f"{criterion}: fewer than {FEW_OF_LEVEL} deals at level {listed}: mostly prior"
    if found.censored:
        yield f"{len(found.censored)} open deals are too young to count"
