"""Scores against closed deals: is a high score worth an AE's week?

The unit is the deal at its landmark. An unscored deal is not flagged and ranks last. Thresholds
that are chosen from the data are chosen again in every bootstrap round, and their optimism (how
much better the choice looks on the deals it was made on) is told beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from pydantic import Field

from bantam.domain.calls import CallId, DealId
from bantam.domain.value import Value
from evals import curves
from evals.curves import Indices, Tally
from evals.deal_cases import DealCase
from evals.rates import Bootstrap, Estimate, Floats, Rate, divide, interval_of, rate, ratio

LIFT_SHARES = (0.05, 0.1, 0.2, 0.3)
BINS = 10
STAGE_NEEDS_WON = 30
"""Fewer won deals than this in a stage do not carry a threshold of its own."""


class Confusion(Value):
    """Deals by what was said and what came."""

    threshold: float
    """Flagged means a score at or above it."""
    true_positive: int = Field(ge=0)
    false_positive: int = Field(ge=0)
    false_negative: int = Field(ge=0)
    true_negative: int = Field(ge=0)
    unscored_won: int = Field(default=0, ge=0)
    """Among the false negatives: won deals that had no score at all."""
    unscored_lost: int = Field(default=0, ge=0)


class Operating(Value):
    """What a threshold does."""

    confusion: Confusion
    precision: Rate
    recall: Rate
    flagged: Rate
    f1: Estimate


class CurvePoint(Value):
    """One threshold of the precision-recall and ROC curves."""

    threshold: float
    precision: float
    recall: float | None
    false_alarms: float | None
    """Share of lost deals that are flagged."""
    flagged: float
    """Share of all deals that are flagged."""


class Lift(Value):
    """Win rate of the top share over the win rate of all."""

    share: float = Field(gt=0, le=1)
    lift: Estimate


class Bin(Value):
    """Deals whose calibrated probability lies in one stretch."""

    low: float
    high: float
    mean_predicted: float | None
    """None when the bin is empty."""
    won: Rate


class Choice(Value):
    """A threshold chosen from the data."""

    rule: str
    threshold: float | None
    """None when no threshold does it."""
    precision: Estimate
    recall: Estimate
    optimism: float | None = None
    """By how much the recall is likely to be overstated, from the bootstrap."""


class StageFigures(Value):
    """One pipeline stage."""

    stage: str
    operating: Operating
    own_threshold: Choice | None
    """None below 30 won deals: the global threshold holds."""


class WorstDeal(Value):
    """A deal that the score got wrong; `call_ids` lead to the words."""

    deal_id: DealId
    call_ids: tuple[CallId, ...]
    points: int | None
    won: bool


class OutcomeFigures(Value):
    """Everything about a score on a set of deals."""

    deals: int = Field(ge=0)
    accounts: int = Field(ge=0)
    unscored: int = Field(ge=0)
    base_rate: Rate
    """Share of deals that were won: the precision of flagging at random."""
    at_threshold: Operating
    curve: tuple[CurvePoint, ...]
    average_precision: Estimate
    roc_auc: Estimate
    brier: Estimate | None
    """None when the score is not calibrated: a score of 80 does not mean 80%."""
    reliability: tuple[Bin, ...]
    lift: tuple[Lift, ...]
    choices: tuple[Choice, ...]
    stages: tuple[StageFigures, ...]
    worst: tuple[WorstDeal, ...]


def as_arrays(cases: Sequence[DealCase]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return ranks (0 for unscored) and endings of cases whose ending is known."""
    ranks = np.array([c.rank for c in cases], dtype=float)
    return ranks, np.array([c.won is True for c in cases], dtype=bool)


def outcome_figures(
    cases: Sequence[DealCase],
    boot: Bootstrap,
    *,
    threshold: float,
    precision_floor: float | None = None,
    capacity: int | None = None,
) -> OutcomeFigures:
    """Return every figure of a score on closed deals.

    Args:
        cases: with known endings.
        boot: rounds over the same cases, clustered by account.
        threshold: the frozen one, 1..100.
        precision_floor: also choose the threshold with the highest recall at this precision.
        capacity: also choose the lowest threshold that flags at most so many of these deals.
    """
    ranks, won = as_arrays(cases)
    observed, rounds = curves.tally(ranks, won), curves.resampled(boot, ranks, won)

    def figure(statistic: Callable[[Tally], Floats]) -> Estimate:
        return estimated(statistic, observed, rounds, boot)

    choices = []
    if precision_floor is not None:
        choices.append(choose_by_precision(observed, rounds, boot, precision_floor))
    if capacity is not None:
        choices.append(choose_by_capacity(observed, rounds, boot, capacity))
    return OutcomeFigures(
        deals=len(cases),
        accounts=boot.clusters,
        unscored=sum(c.points is None for c in cases),
        base_rate=boot.rate(won.astype(float), np.ones(len(cases))),
        at_threshold=operating(cases, boot, threshold),
        curve=curve_of(observed),
        average_precision=figure(curves.average_precision),
        roc_auc=figure(curves.roc_auc),
        brier=_brier(cases, boot),
        reliability=reliability(cases),
        lift=tuple(
            Lift(share=share, lift=figure(partial(curves.lift, share=share)))
            for share in LIFT_SHARES
        ),
        choices=tuple(choices),
        stages=stage_figures(cases, boot, threshold, precision_floor),
        worst=worst_deals(cases, threshold),
    )


def estimated(
    statistic: Callable[[Tally], Floats], observed: Tally, rounds: Tally, boot: Bootstrap
) -> Estimate:
    """Return a figure of a tally with its interval over all rounds."""
    value = float(statistic(observed))
    low, high = interval_of(statistic(rounds)) if np.isfinite(value) else (None, None)
    return Estimate(
        value=value if np.isfinite(value) else None,
        low=low,
        high=high,
        n=boot.units,
        clusters=boot.clusters,
    )


def operating(
    cases: Sequence[DealCase],
    boot: Bootstrap,
    threshold: float,
    among: npt.NDArray[np.bool_] | None = None,
) -> Operating:
    """Return what a threshold does.

    Args:
        cases: with known endings.
        boot: rounds over the same cases.
        threshold: flagged means a score at or above it.
        among: which cases count; None for all.
    """
    ranks, won = as_arrays(cases)
    here = np.ones(len(cases), dtype=bool) if among is None else among
    unscored = np.array([c.points is None for c in cases], dtype=bool) & here
    flagged = (ranks >= threshold) & ~np.array([c.points is None for c in cases], dtype=bool) & here
    hit = flagged & won
    confusion = Confusion(
        threshold=threshold,
        true_positive=int(hit.sum()),
        false_positive=int((flagged & ~won).sum()),
        false_negative=int((here & won & ~flagged).sum()),
        true_negative=int((here & ~won & ~flagged).sum()),
        unscored_won=int((unscored & won).sum()),
        unscored_lost=int((unscored & ~won).sum()),
    )
    hits, said, came, all_here = (a.astype(float) for a in (hit, flagged, won & here, here))
    return Operating(
        confusion=confusion,
        precision=boot.rate(hits, said),
        recall=boot.rate(hits, came),
        flagged=boot.rate(said, all_here),
        f1=boot.estimate(np.column_stack([2 * hits, said + came]), ratio, n=int(here.sum())),
    )


def curve_of(t: Tally) -> tuple[CurvePoint, ...]:
    """Return a point for each distinct score, highest first."""
    recall = divide(t.hits, t.all_won)
    alarms = divide(t.flagged - t.hits, t.total - t.all_won)
    return tuple(
        CurvePoint(
            threshold=float(t.scores[i]),
            precision=float(t.hits[i] / t.flagged[i]),
            recall=float(recall[i]) if np.isfinite(recall[i]) else None,
            false_alarms=float(alarms[i]) if np.isfinite(alarms[i]) else None,
            flagged=float(t.flagged[i] / t.total),
        )
        for i in range(len(t.scores))
    )


def choose_by_precision(observed: Tally, rounds: Tally, boot: Bootstrap, floor: float) -> Choice:
    """Choose the threshold with the highest recall at a precision of at least `floor`."""
    return _choice(
        f"highest recall at a precision of {floor:.0%} or more",
        lambda t: curves.lowest_with_precision(t, np.full(t.total.shape, floor)),
        observed,
        rounds,
        boot,
    )


def choose_by_capacity(observed: Tally, rounds: Tally, boot: Bootstrap, size: int) -> Choice:
    """Choose the lowest threshold that flags at most `size` deals."""
    share = size / max(1.0, float(observed.total))
    return _choice(
        f"at most {size} deals flagged",
        lambda t: curves.lowest_within(t, share * t.total),
        observed,
        rounds,
        boot,
    )


def _choice(
    rule: str,
    place_in: Callable[[Tally], Indices],
    observed: Tally,
    rounds: Tally,
    boot: Bootstrap,
) -> Choice:
    place = int(place_in(observed)) if len(observed.scores) else -1

    def precision(t: Tally) -> Floats:
        chosen = place_in(t)
        return divide(curves.at(t.hits, chosen), curves.at(t.flagged, chosen))

    def recall(t: Tally) -> Floats:
        return divide(curves.at(t.hits, place_in(t)), t.all_won)

    optimism = None
    if place >= 0 and len(rounds.won):
        # What each round chooses, looked at on the deals at hand instead of on its own draw.
        on_all = np.broadcast_to(observed.hits, rounds.won.shape)
        there = divide(curves.at(on_all, place_in(rounds)), np.asarray(observed.all_won))
        optimism = float(np.nanmean(recall(rounds) - there))
    return Choice(
        rule=rule,
        threshold=float(observed.scores[place]) if place >= 0 else None,
        precision=estimated(precision, observed, rounds, boot),
        recall=estimated(recall, observed, rounds, boot),
        optimism=optimism,
    )


def _brier(cases: Sequence[DealCase], boot: Bootstrap) -> Estimate | None:
    known = np.array([c.p_win is not None for c in cases], dtype=float)
    if not known.any():
        return None
    predicted = np.array([c.p_win or 0.0 for c in cases])
    _, won = as_arrays(cases)
    loss = known * (predicted - won) ** 2
    return boot.estimate(np.column_stack([loss, known]), ratio, n=int(known.sum()))


def reliability(cases: Sequence[DealCase], bins: int = BINS) -> tuple[Bin, ...]:
    """Return predicted against seen win rates in equal stretches of probability.

    Cases without a calibrated probability are left out; none at all gives no bins.
    """
    pairs = [(c.p_win, c.won is True) for c in cases if c.p_win is not None]
    if not pairs:
        return ()
    by_bin: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for predicted, won in pairs:
        by_bin[min(bins - 1, int(predicted * bins))].append((predicted, won))
    return tuple(
        Bin(
            low=i / bins,
            high=(i + 1) / bins,
            mean_predicted=sum(p for p, _ in inside) / len(inside) if inside else None,
            won=rate(sum(w for _, w in inside), len(inside)),
        )
        for i, inside in enumerate(by_bin)
    )


def stage_figures(
    cases: Sequence[DealCase], boot: Bootstrap, threshold: float, floor: float | None
) -> tuple[StageFigures, ...]:
    """Return the figures of each pipeline stage at the landmark."""
    out = []
    for stage in sorted({c.stage for c in cases if c.stage is not None}):
        here = np.array([c.stage == stage for c in cases], dtype=bool)
        out.append(
            StageFigures(
                stage=stage,
                operating=operating(cases, boot, threshold, among=here),
                own_threshold=_own_threshold([c for c in cases if c.stage == stage], floor),
            )
        )
    return tuple(out)


def _own_threshold(cases: Sequence[DealCase], floor: float | None) -> Choice | None:
    ranks, won = as_arrays(cases)
    if floor is None or won.sum() < STAGE_NEEDS_WON:
        return None
    boot = Bootstrap([c.cluster for c in cases])
    observed, rounds = curves.tally(ranks, won), curves.resampled(boot, ranks, won)
    return choose_by_precision(observed, rounds, boot, floor)


def worst_deals(
    cases: Sequence[DealCase], threshold: float, most: int = 10
) -> tuple[WorstDeal, ...]:
    """Return the deals furthest on the wrong side of the threshold, worst first."""
    wrong = [c for c in cases if (c.rank >= threshold) != (c.won is True)]
    wrong.sort(key=lambda c: (-abs(c.rank - threshold), c.deal_id))
    return tuple(
        WorstDeal(deal_id=c.deal_id, call_ids=c.call_ids, points=c.points, won=c.won is True)
        for c in wrong[:most]
    )
