"""How long deals take from the landmark on: those that scored high against the others.

The clock starts at the landmark and the group is fixed there; otherwise a deal would have to live
long enough to be scored high. A lost deal can no longer be won, so beside Kaplan-Meier (which
treats losing as leaving) stands the cumulative incidence of winning and of losing (Aalen-Johansen,
our own: days tie, and lifelines breaks ties at random). Below 60 won deals there is no p-value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from bantam.domain.value import Value
from evals.deal_cases import DealCase, Landmark
from evals.rates import Bootstrap, Estimate, Floats, interval_of

EVENTS_FOR_P_VALUE = 60
HIGH_SCORE = 80


class Step(Value):
    """A curve from one day on."""

    day: float = Field(ge=0)
    value: float = Field(ge=0, le=1)


class GroupTimes(Value):
    """Deals of one group."""

    name: str
    deals: int = Field(ge=0)
    won: int = Field(ge=0)
    lost: int = Field(ge=0)
    open: int = Field(ge=0)
    median_days_won: Estimate
    """Days from landmark to close among the won; says nothing of those that will never be."""
    median_days_to_win: float | None
    """Kaplan-Meier; None when fewer than half would ever be won."""
    median_low: float | None = None
    median_high: float | None = None
    not_yet_won: tuple[Step, ...] = ()
    """Kaplan-Meier: losing counts as leaving."""
    won_by: tuple[Step, ...] = ()
    """Cumulative incidence: share of all deals won by a day."""
    lost_by: tuple[Step, ...] = ()


class TimeToClose(Value):
    """High scores against the others."""

    threshold: float
    high: GroupTimes
    other: GroupTimes
    days_saved: Estimate
    """Median days of the won others minus those of the won high ones."""
    p_value: float | None
    """Log-rank on time to win; None below 60 won deals, or with an empty group."""
    caveat: str | None = None


def time_to_close(
    cases: Sequence[DealCase],
    *,
    landmark: Landmark,
    threshold: float = HIGH_SCORE,
    rounds: int = 2000,
) -> TimeToClose:
    """Compare the time to close of high scores with that of the others.

    Args:
        cases: closed and censored ones. Unscored deals are among the others.
        landmark: where the clock starts.
        threshold: a score at or above it is high.
        rounds: of the bootstrap behind the medians.
    """
    boot = Bootstrap([c.cluster for c in cases], rounds=rounds)
    high = np.array([c.rank >= threshold for c in cases], dtype=bool)
    won = np.array([c.ended == "won" for c in cases], dtype=bool)
    days = np.array([c.days for c in cases])
    groups = {
        name: [c for c, h in zip(cases, high, strict=True) if bool(h) is flag]
        for name, flag in ((f"{threshold:g} and above", True), ("others", False))
    }
    medians = [_medians(boot, days, won & mask) for mask in (high, ~high)]
    estimates = [
        _estimate(*median, int((won & m).sum()), boot)
        for median, m in zip(medians, (high, ~high), strict=True)
    ]
    (high_name, high_cases), (other_name, other_cases) = groups.items()
    saved = (medians[1][0] - medians[0][0], medians[1][1] - medians[0][1])
    return TimeToClose(
        threshold=threshold,
        high=_group(high_name, high_cases, estimates[0]),
        other=_group(other_name, other_cases, estimates[1]),
        days_saved=_estimate(*saved, int(won.sum()), boot),
        p_value=_log_rank(high_cases, other_cases, int(won.sum())),
        caveat=_caveat(landmark),
    )


def _caveat(landmark: Landmark) -> str | None:
    if landmark is not Landmark.LAST_BEFORE_CLOSE:
        return None
    return "the landmark was counted back from the close, so these times mean nothing"


def _medians(boot: Bootstrap, days: Floats, among: npt.NDArray[np.bool_]) -> tuple[float, Floats]:
    """Return the median day among some deals, and that of every round (to the whole day)."""
    if not among.any():
        return float("nan"), np.full(boot.rounds, np.nan)
    grid, place = np.unique(np.round(days[among]), return_inverse=True)
    columns = np.zeros((len(days), len(grid)))
    columns[np.flatnonzero(among), place.reshape(-1)] = 1.0
    running = np.cumsum(boot.totals(columns), axis=1)
    half = running[:, -1:] / 2
    below = grid[np.argmax(running >= half, axis=1)]
    above = grid[np.argmax(running > half, axis=1)]
    rounds = np.where(running[:, -1] > 0, (below + above) / 2, np.nan)
    return float(np.median(days[among])), rounds


def _estimate(value: float, rounds: Floats, n: int, boot: Bootstrap) -> Estimate:
    known = bool(np.isfinite(value))
    low, high = interval_of(rounds) if known else (None, None)
    return Estimate(value=value if known else None, low=low, high=high, n=n, clusters=boot.clusters)


def _group(name: str, cases: Sequence[DealCase], median_won: Estimate) -> GroupTimes:
    ended = [c.ended for c in cases]
    common = {
        "name": name,
        "deals": len(cases),
        "won": ended.count("won"),
        "lost": ended.count("lost"),
        "open": ended.count("open"),
        "median_days_won": median_won,
    }
    if not cases:
        return GroupTimes(median_days_to_win=None, **common)
    days = np.array([c.days for c in cases])
    steps, median = _kaplan_meier(days, np.array([e == "won" for e in ended]))
    won_by, lost_by = cumulative_incidence(days, ended)
    return GroupTimes(
        median_days_to_win=median[0],
        median_low=median[1],
        median_high=median[2],
        not_yet_won=steps,
        won_by=won_by,
        lost_by=lost_by,
        **common,
    )


def _kaplan_meier(
    days: Floats, won: npt.NDArray[np.bool_]
) -> tuple[tuple[Step, ...], tuple[float | None, float | None, float | None]]:
    from lifelines import KaplanMeierFitter  # noqa: PLC0415 - heavy
    from lifelines.utils import median_survival_times  # noqa: PLC0415

    fitted = KaplanMeierFitter().fit(days, event_observed=won)
    curve = fitted.survival_function_.iloc[:, 0]
    ends = median_survival_times(fitted.confidence_interval_).to_numpy().ravel()
    known = [float(v) if np.isfinite(v) else None for v in (fitted.median_survival_time_, *ends)]
    steps = tuple(Step(day=float(d), value=float(v)) for d, v in curve.items())
    return steps, (known[0], known[1], known[2])


def cumulative_incidence(
    days: Floats, ended: Sequence[str]
) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Return the share won and the share lost by each day on which one was (Aalen-Johansen).

    Args:
        days: from the landmark on.
        ended: "won", "lost" or "open" (still open on that day).
    """
    won = np.array([e == "won" for e in ended], dtype=float)
    lost = np.array([e == "lost" for e in ended], dtype=float)
    at, place = np.unique(days, return_inverse=True)
    place = place.reshape(-1)
    won_at = np.bincount(place, won, len(at)).astype(float)
    lost_at = np.bincount(place, lost, len(at)).astype(float)
    leaving = np.bincount(place, minlength=len(at)).astype(float)
    at_risk = len(days) - (np.cumsum(leaving) - leaving)
    still_open = np.cumprod(1 - (won_at + lost_at) / at_risk)
    before = np.concatenate([[1.0], still_open[:-1]])

    def steps(events: Floats) -> tuple[Step, ...]:
        reached = np.cumsum(before * events / at_risk)
        points = [
            Step(day=float(d), value=min(1.0, float(v)))
            for d, v, count in zip(at, reached, events, strict=True)
            if count
        ]
        return (Step(day=0.0, value=0.0), *points)

    return steps(won_at), steps(lost_at)


def _log_rank(high: Sequence[DealCase], other: Sequence[DealCase], events: int) -> float | None:
    if events < EVENTS_FOR_P_VALUE or not high or not other:
        return None
    from lifelines.statistics import logrank_test  # noqa: PLC0415 - heavy

    result = logrank_test(
        [c.days for c in high],
        [c.days for c in other],
        event_observed_A=[c.ended == "won" for c in high],
        event_observed_B=[c.ended == "won" for c in other],
    )
    return float(result.p_value)
