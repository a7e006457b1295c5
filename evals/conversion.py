"""How many deals are won, by score band, by month and by owner.

From cases at their landmark, or from the activity stream alone: there a deal's score is the last
one before it closed, so bands look better than they will for a deal that has far to go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pydantic import Field

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.score import Band
from bantam.domain.value import Value
from evals.deal_cases import DealCase
from evals.rates import Rate, rate

UNSCORED = "unscored"
UNKNOWN = "unknown"
_SCORED = (ActivityKind.CALL_SCORED, ActivityKind.CALL_RESCORED)


class Conversion(Value):
    """Closed deals of one group."""

    group: str
    won: Rate
    amount_won: float = Field(ge=0)
    """Sum over won deals with a known amount, whatever the currency."""


class Conversions(Value):
    """Win rates of groups of closed deals."""

    by_band: tuple[Conversion, ...]
    """Highest band first, unscored last."""
    by_month: tuple[Conversion, ...]
    """By month of the landmark; from the stream, of the close."""
    by_owner: tuple[Conversion, ...]


class _Ending(Value):
    """What counting needs of a closed deal."""

    points: int | None
    won: bool
    month: str
    owner: str | None
    amount: float | None


def conversions(cases: Sequence[DealCase], bands: Sequence[Band]) -> Conversions:
    """Return win rates of cases with known endings.

    Args:
        cases: at their landmarks.
        bands: of the score model.
    """
    endings = [
        _Ending(
            points=c.points,
            won=c.won is True,
            month=f"{c.landmark:%Y-%m}",
            owner=c.owner,
            amount=c.amount,
        )
        for c in cases
        if c.won is not None
    ]
    return _counted(endings, bands)


def conversions_from_stream(activities: Iterable[Activity], bands: Sequence[Band]) -> Conversions:
    """Return win rates of closed deals from the activity stream.

    Args:
        activities: in any order; needs `score` of scored calls and `won` (and `owner`, if known)
            of closed deals.
        bands: of the score model.
    """
    by_time = sorted(activities, key=lambda a: (a.at, a.id))
    last_score: dict[str, int | None] = {}
    closed: dict[str, _Ending] = {}
    for activity in by_time:
        score, won = activity.features.get("score"), activity.features.get("won")
        if activity.kind in _SCORED:
            last_score[activity.customer] = score if isinstance(score, int) else None
        elif activity.kind is ActivityKind.DEAL_CLOSED and isinstance(won, bool):
            owner = activity.features.get("owner")
            closed[activity.customer] = _Ending(
                points=last_score.get(activity.customer),
                won=won,
                month=f"{activity.at:%Y-%m}",
                owner=owner if isinstance(owner, str) else None,
                amount=activity.revenue_impact,
            )
    return _counted(list(closed.values()), bands)


def _counted(endings: Sequence[_Ending], bands: Sequence[Band]) -> Conversions:
    highest_first = sorted(bands, key=lambda b: -b.at_least)

    def band_of(ending: _Ending) -> str:
        if ending.points is None:
            return UNSCORED
        points = ending.points
        return next(b.name for b in highest_first if points >= b.at_least)

    order = [*(b.name for b in highest_first), UNSCORED]
    by_band = _grouped(endings, band_of)
    return Conversions(
        by_band=tuple(sorted(by_band, key=lambda c: order.index(c.group))),
        by_month=_grouped(endings, lambda e: e.month),
        by_owner=_grouped(endings, lambda e: e.owner or UNKNOWN),
    )


def _grouped(endings: Sequence[_Ending], key: Callable[[_Ending], str]) -> tuple[Conversion, ...]:
    groups: dict[str, list[_Ending]] = {}
    for ending in endings:
        groups.setdefault(key(ending), []).append(ending)
    return tuple(
        Conversion(
            group=name,
            won=rate(sum(e.won for e in group), len(group)),
            amount_won=sum(e.amount or 0.0 for e in group if e.won),
        )
        for name, group in sorted(groups.items())
    )
