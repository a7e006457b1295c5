"""The system against the AEs' own scores: same deals, same landmark, nothing written later.

A gap in recall at one precision is partly a gap in how much is flagged, so there are three views:
recall at the AEs' precision; both at the AEs' flagged share; and, where AEs gave grades, both
whole curves. A blank AE score is handled twice: as "not qualified", and by leaving the deal out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import Field

from bantam.domain.value import Value
from evals import curves
from evals.curves import Tally
from evals.deal_cases import DealCase
from evals.outcome import CurvePoint, as_arrays, curve_of
from evals.rates import Bootstrap, Estimate, Floats, Rate, divide, interval_of

PRECISION_MARGIN = 0.05
"""At the AEs' precision the system may be so much less precise and still count as like."""
GRADES_NEEDED = 5
"""Distinct AE scores from which a curve is worth drawing."""

CAVEATS = (
    "AEs work harder on deals that they scored high, which helps them be right.",
    "AE scores may have been written from memory; only their time stamp is checked.",
    "Only deals with a recorded call are here; they may differ from the others.",
    "AEs also know e-mails and hallway talk that the system does not see.",
    "McNemar's test takes deals as independent; the bootstrap intervals respect accounts.",
)


class Side(Value):
    """What one of the two did on these deals."""

    precision: Rate
    recall: Rate
    flagged: Rate


class Difference(Value):
    """System minus AEs, with a paired interval."""

    precision: Estimate
    recall: Estimate


class McNemar(Value):
    """Exact test on the won deals that only one of the two flagged."""

    system_only: int = Field(ge=0)
    ae_only: int = Field(ge=0)
    p_value: float | None
    """Two-sided; None when they flagged the same won deals."""


class AtAePrecision(Value):
    """First view: the system's threshold chosen for the AEs' precision."""

    threshold: float | None
    """None when no threshold reaches that precision."""
    system: Side
    difference: Difference
    precision_is_like: bool | None
    """True when the interval excludes a loss of 5 points or more; None without an interval."""
    optimism: float | None
    """By how much the system's recall is likely to be overstated by choosing on these deals."""
    mcnemar: McNemar | None


class AtAeShare(Value):
    """Second view: as many deals flagged as the AEs flagged; within a tie, chance decides."""

    precision: Estimate
    recall: Estimate
    difference: Difference


class BothCurves(Value):
    """Third view, where AEs gave grades."""

    system: tuple[CurvePoint, ...]
    ae: tuple[CurvePoint, ...]
    system_average_precision: Estimate
    ae_average_precision: Estimate
    difference: Estimate


class AeComparison(Value):
    """All three views under one way of handling blanks."""

    blanks: str
    """"as not qualified" or "left out"."""
    deals: int = Field(ge=0)
    won: int = Field(ge=0)
    blank: int = Field(ge=0)
    """Deals without a usable AE score, before blanks were handled."""
    ae: Side
    at_ae_precision: AtAePrecision
    at_ae_share: AtAeShare
    curves: BothCurves | None


@dataclass(frozen=True, repr=False)
class _Pair:
    """Cases as arrays, with everything that the bootstrap has to sum."""

    cases: Sequence[DealCase]
    boot: Bootstrap
    ae_flag: npt.NDArray[np.bool_]
    ranks: Floats
    won: npt.NDArray[np.bool_]

    @property
    def columns(self) -> tuple[Floats, Floats]:
        scores, by_score = curves.one_hot(self.ranks, self.won)
        flag, won = self.ae_flag.astype(float), self.won.astype(float)
        return scores, np.column_stack([by_score, flag * won, flag])


Statistic = Callable[[Tally, Floats, Floats], Floats]
"""(system's tally, AE hits, AE flagged) to a figure."""


def against_ae(
    cases: Sequence[DealCase],
    *,
    ae_threshold: float | None = None,
    rounds: int = 2000,
) -> tuple[AeComparison, ...]:
    """Compare system and AEs; twice when some AE scores are blank.

    Args:
        cases: with known endings.
        ae_threshold: an AE score at or above it is a yes, where an AE gave no plain yes or no;
            None uses plain words only.
        rounds: of the bootstrap.

    Returns:
        nothing when no case has a usable AE score.
    """
    said = [ae_word(c, ae_threshold) for c in cases]
    blank = sum(word is None for word in said)
    if blank == len(cases):
        return ()
    views = [_comparison(cases, [word is True for word in said], "as not qualified", rounds)]
    if blank:
        kept = [(c, word) for c, word in zip(cases, said, strict=True) if word is not None]
        views.append(_comparison([c for c, _ in kept], [w for _, w in kept], "left out", rounds))
    return tuple(view.model_copy(update={"blank": blank}) for view in views)


def ae_word(case: DealCase, threshold: float | None) -> bool | None:
    """Return whether the AE called the deal qualified; None when nothing usable was written."""
    if case.ae_qualified is not None:
        return case.ae_qualified
    if case.ae_score is None or threshold is None:
        return None
    return case.ae_score >= threshold


def _comparison(
    cases: Sequence[DealCase], flags: Sequence[bool], blanks: str, rounds: int
) -> AeComparison:
    ranks, won = as_arrays(cases)
    boot = Bootstrap([c.cluster for c in cases], rounds=rounds)
    pair = _Pair(cases, boot, np.array(flags, dtype=bool), ranks, won)
    scores, columns = pair.columns
    observed, drawn = columns.sum(axis=0), boot.totals(columns)
    figure = _Figures(scores, observed, drawn, boot)
    return AeComparison(
        blanks=blanks,
        deals=len(cases),
        won=int(won.sum()),
        blank=0,
        ae=_side(boot, pair.ae_flag, won),
        at_ae_precision=_at_ae_precision(pair, figure),
        at_ae_share=_at_ae_share(figure),
        curves=_both_curves(pair),
    )


class _Figures:
    """Evaluates statistics on the deals at hand and on every round."""

    def __init__(self, scores: Floats, observed: Floats, drawn: Floats, boot: Bootstrap) -> None:
        self.observed = self._split(scores, observed)
        self.drawn = self._split(scores, drawn)
        self._boot = boot

    @staticmethod
    def _split(scores: Floats, sums: Floats) -> tuple[Tally, Floats, Floats]:
        return curves.as_tally(scores, sums), sums[..., -2], sums[..., -1]

    def __call__(self, statistic: Statistic) -> Estimate:
        return _estimate(statistic(*self.observed), statistic(*self.drawn), self._boot)


def _estimate(value: Floats, rounds: Floats, boot: Bootstrap) -> Estimate:
    known = bool(np.isfinite(value))
    low, high = interval_of(rounds) if known else (None, None)
    return Estimate(
        value=float(value) if known else None,
        low=low,
        high=high,
        n=boot.units,
        clusters=boot.clusters,
    )


def _side(boot: Bootstrap, flag: npt.NDArray[np.bool_], won: npt.NDArray[np.bool_]) -> Side:
    hits, said, came = ((a).astype(float) for a in (flag & won, flag, won))
    return Side(
        precision=boot.rate(hits, said),
        recall=boot.rate(hits, came),
        flagged=boot.rate(said, np.ones(len(won))),
    )


def _chosen(t: Tally, ae_hits: Floats, ae_flagged: Floats) -> curves.Indices:
    return curves.lowest_with_precision(t, divide(ae_hits, ae_flagged))


def _recall_at_choice(t: Tally, ae_hits: Floats, ae_flagged: Floats) -> Floats:
    return divide(curves.at(t.hits, _chosen(t, ae_hits, ae_flagged)), t.all_won)


def _recall_gain(t: Tally, ae_hits: Floats, ae_flagged: Floats) -> Floats:
    return _recall_at_choice(t, ae_hits, ae_flagged) - divide(ae_hits, t.all_won)


def _precision_at_choice(t: Tally, ae_hits: Floats, ae_flagged: Floats) -> Floats:
    place = _chosen(t, ae_hits, ae_flagged)
    return divide(curves.at(t.hits, place), curves.at(t.flagged, place))


def _at_ae_precision(pair: _Pair, figure: _Figures) -> AtAePrecision:
    t = figure.observed[0]
    place = int(_chosen(*figure.observed))
    threshold = float(t.scores[place]) if place >= 0 else None
    flag = pair.ranks >= threshold if threshold is not None else np.zeros_like(pair.won)

    def precision_held(t: Tally, ae_hits: Floats, ae_flagged: Floats) -> Floats:
        # The threshold held: chosen anew in each round, precision would be like by construction.
        held = np.broadcast_to(place, t.total.shape)
        ours = divide(curves.at(t.hits, held), curves.at(t.flagged, held))
        return ours - divide(ae_hits, ae_flagged)

    precision = figure(precision_held)
    return AtAePrecision(
        threshold=threshold,
        system=_side(pair.boot, flag, pair.won),
        difference=Difference(precision=precision, recall=figure(_recall_gain)),
        precision_is_like=None if precision.low is None else precision.low > -PRECISION_MARGIN,
        optimism=_optimism(figure) if place >= 0 else None,
        mcnemar=mcnemar(flag[pair.won], pair.ae_flag[pair.won]) if place >= 0 else None,
    )


def _optimism(figure: _Figures) -> float | None:
    """Recall of what each round chooses: on its own draw, minus on the deals at hand."""
    observed, drawn = figure.observed[0], figure.drawn[0]
    place = _chosen(*figure.drawn)
    on_all = np.broadcast_to(observed.hits, drawn.won.shape)
    gap = _recall_at_choice(*figure.drawn) - divide(curves.at(on_all, place), observed.all_won)
    known = gap[np.isfinite(gap)]
    return float(known.mean()) if len(known) else None


def _at_ae_share(figure: _Figures) -> AtAeShare:
    def precision(t: Tally, _: Floats, ae_flagged: Floats) -> Floats:
        return divide(curves.hits_in_top(t, ae_flagged), ae_flagged)

    def recall(t: Tally, _: Floats, ae_flagged: Floats) -> Floats:
        return divide(curves.hits_in_top(t, ae_flagged), t.all_won)

    def precision_gain(t: Tally, ae_hits: Floats, ae_flagged: Floats) -> Floats:
        return precision(t, ae_hits, ae_flagged) - divide(ae_hits, ae_flagged)

    def recall_gain(t: Tally, ae_hits: Floats, ae_flagged: Floats) -> Floats:
        return recall(t, ae_hits, ae_flagged) - divide(ae_hits, t.all_won)

    return AtAeShare(
        precision=figure(precision),
        recall=figure(recall),
        difference=Difference(precision=figure(precision_gain), recall=figure(recall_gain)),
    )


def _both_curves(pair: _Pair) -> BothCurves | None:
    grades = {c.ae_score for c in pair.cases if c.ae_score is not None}
    if len(grades) < GRADES_NEEDED:
        return None
    # A blank grade ranks below 0, as an unscored deal ranks below 1.
    theirs = np.array([-1.0 if c.ae_score is None else c.ae_score for c in pair.cases])
    found = {}
    for name, ranks in (("system", pair.ranks), ("ae", theirs)):
        observed = curves.tally(ranks, pair.won)
        rounds = curves.resampled(pair.boot, ranks, pair.won)
        precision = curves.average_precision
        found[name] = (observed, precision(observed), precision(rounds))
    (ours, our_value, our_rounds), (aes, ae_value, ae_rounds) = found["system"], found["ae"]
    return BothCurves(
        system=curve_of(ours),
        ae=curve_of(aes),
        system_average_precision=_estimate(our_value, our_rounds, pair.boot),
        ae_average_precision=_estimate(ae_value, ae_rounds, pair.boot),
        difference=_estimate(our_value - ae_value, our_rounds - ae_rounds, pair.boot),
    )


def mcnemar(ours: npt.NDArray[np.bool_], theirs: npt.NDArray[np.bool_]) -> McNemar:
    """Return the exact McNemar test on paired hits.

    Args:
        ours: whether the system hit each item.
        theirs: whether the other one did, in the same order.
    """
    system_only, ae_only = int((ours & ~theirs).sum()), int((~ours & theirs).sum())
    p_value = None
    if system_only + ae_only:
        from scipy.stats import binomtest  # noqa: PLC0415 - heavy

        p_value = float(binomtest(system_only, system_only + ae_only).pvalue)
    return McNemar(system_only=system_only, ae_only=ae_only, p_value=p_value)
