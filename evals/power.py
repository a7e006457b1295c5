"""How many deals it takes: to tell 81% from 41%, or from 78%, or to show that nothing got worse.

Recall is counted on won deals; divide by the win rate for closed ones. Two systems that look at
the same deals tend to hit the same ones: `phi` is the correlation of their hits, and the more they
agree, the fewer deals are needed.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from pydantic import Field

from bantam.domain.value import Value
from evals.rates import Rate, rate

ALPHA = 0.05
POWER = 0.80
_MOST_DEALS = 20_000
_TEETH = 40
_SPREADS = 8.0
"""Standard deviations around the expected number of discordant deals that are summed over."""


class PowerLine(Value):
    """Deals needed to tell one recall from another on the same deals."""

    recall: float = Field(ge=0, le=1)
    against: float = Field(ge=0, le=1)
    phi: float = Field(ge=-1, le=1)
    """The correlation used: the given one, or the highest that these two recalls allow."""
    won_for_80: int | None
    """Won deals for 80% power; None above 20,000."""
    won_for_90: int | None
    closed_for_80: int | None
    """Closed deals for 80% power, at the win rate given."""
    interval_at_80: Rate | None
    """How well the recall itself would be known on so many won deals."""


def power_line(recall: float, against: float, *, phi: float, win_rate: float) -> PowerLine:
    """Return how many deals tell `recall` from `against` by the exact McNemar test.

    Args:
        recall: of one system, within [0, 1].
        against: of the other.
        phi: correlation of their hits on the same deals.
        win_rate: share of closed deals that are won, within (0, 1].
    """
    used = min(phi, highest_phi(recall, against))
    for_80 = won_deals_needed(recall, against, phi=used, power=0.80)
    for_90 = won_deals_needed(recall, against, phi=used, power=0.90)
    return PowerLine(
        recall=recall,
        against=against,
        phi=used,
        won_for_80=for_80,
        won_for_90=for_90,
        closed_for_80=None if for_80 is None else math.ceil(for_80 / win_rate - 1e-9),
        interval_at_80=None if for_80 is None else rate(round(recall * for_80), for_80),
    )


def highest_phi(first: float, second: float) -> float:
    """Return the highest correlation that hits of these two rates can have."""
    low, high = sorted((first, second))
    spread = math.sqrt(low * (1 - low) * high * (1 - high))
    return (low - low * high) / spread if spread else 0.0


def won_deals_needed(
    recall: float, against: float, *, phi: float, power: float = POWER, alpha: float = ALPHA
) -> int | None:
    """Return the fewest won deals at which the exact McNemar test has the power asked for.

    Power of an exact test is a saw: from the number returned on, it does not fall below what is
    asked for within the next forty deals.

    Args:
        recall: of one system.
        against: of the other; equal to `recall` gives None.
        phi: correlation of their hits.
        power: within (0, 1).
        alpha: two-sided level of the test.
    """
    if recall == against:
        return None
    low, high = 1, 2
    while mcnemar_power(high, recall, against, phi=phi, alpha=alpha) < power:
        low, high = high, 2 * high
        if high > _MOST_DEALS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = mcnemar_power(middle, recall, against, phi=phi, alpha=alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    candidate = high
    for n in range(high, high + _TEETH + 1):
        if mcnemar_power(n, recall, against, phi=phi, alpha=alpha) < power:
            candidate = n + 1
    return candidate


def mcnemar_power(
    deals: int, recall: float, against: float, *, phi: float, alpha: float = ALPHA
) -> float:
    """Return the chance that the exact McNemar test tells two recalls apart.

    Args:
        deals: won deals that both looked at.
        recall: of one system.
        against: of the other.
        phi: correlation of their hits.
        alpha: two-sided level.

    Raises:
        ValueError: no two systems with these recalls can have hits that correlate so.
    """
    import numpy as np  # noqa: PLC0415 - the table of a help text needs none of it
    from scipy.stats import binom  # noqa: PLC0415

    shared = phi * math.sqrt(recall * (1 - recall) * against * (1 - against))
    ours, theirs = recall * (1 - against) - shared, against * (1 - recall) - shared
    if min(ours, theirs) < -1e-12:
        raise ValueError(f"phi: at most {highest_phi(recall, against):.2f} for these recalls")
    discordant = max(0.0, ours) + max(0.0, theirs)
    if discordant == 0:
        return 0.0
    middle, spread = deals * discordant, math.sqrt(deals * discordant * (1 - discordant))
    reach = _SPREADS * (spread + 1)
    counts = np.arange(
        max(0, math.floor(middle - reach)), min(deals, math.ceil(middle + reach)) + 1
    )
    # The largest k with 2 * P(Binomial(count, 1/2) <= k) <= alpha: reject at k or fewer.
    edge = binom.ppf(alpha / 2, counts, 0.5)
    edge = np.where(2 * binom.cdf(edge, counts, 0.5) <= alpha, edge, edge - 1)
    share = max(0.0, ours) / discordant
    rejects = binom.cdf(edge, counts, share) + binom.sf(counts - edge - 1, counts, share)
    return float((binom.pmf(counts, deals, discordant) * np.where(edge >= 0, rejects, 0)).sum())


def deals_for_non_inferiority(
    margin: float, discordance: float, *, power: float = POWER, alpha: float = ALPHA
) -> int:
    """Return how many paired items show "not worse by the margin" when both are truly equal.

    Args:
        margin: largest loss to be excluded, within (0, 1).
        discordance: share of items on which the two differ.
        power: chance of showing it.
        alpha: one-sided level.
    """
    reach = NormalDist().inv_cdf(1 - alpha) + NormalDist().inv_cdf(power)
    return math.ceil(reach**2 * discordance / margin**2 - 1e-9)


def events_for_hazard_ratio(
    ratio: float, share: float, *, power: float = POWER, alpha: float = ALPHA
) -> int:
    """Return how many won deals show that one group closes `ratio` times as fast (Schoenfeld).

    Args:
        ratio: of the hazards, above 0 and not 1.
        share: of deals in the group, within (0, 1).
        power: chance of showing it.
        alpha: two-sided level.
    """
    reach = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    return math.ceil(reach**2 / (share * (1 - share) * math.log(ratio) ** 2) - 1e-9)
