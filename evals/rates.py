"""A figure never stands alone: with it go what it was counted on and how sure it is.

- A plain rate has a Wilson interval.
- Anything else has a percentile interval from a bootstrap that draws whole clusters (accounts for
  outcomes, deals for readings), so that three deals of one customer are not three witnesses.

Every statistic here is a function of sums over units, so a bootstrap round is one row of a matrix
product and 2,000 rounds cost milliseconds. Percentile and not BCa: most of our statistics choose
a threshold inside each round, and the jackknife behind BCa's acceleration is unstable for those;
how well the intervals cover is simulated in `benchmarks/evals_coverage.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from bantam.domain.value import Value

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""Sums over units, shape (..., columns), to the figure, shape (...); NaN where undefined."""

ROUNDS = 2000
SEED = 20260302
"""Fixed, so that the same cases give the same interval twice."""
CONFIDENCE = 0.95
_MOST_UNDEFINED = 0.05
"""With a larger share of rounds undefined there is no interval to speak of."""
_CELLS_AT_ONCE = 20_000_000


class Rate(Value):
    """Hits among n. Undefined is None, never 0."""

    value: float | None = Field(ge=0, le=1)
    hits: int = Field(ge=0)
    n: int = Field(ge=0)
    low: float | None = Field(default=None, ge=0, le=1)
    """Lower end of the 95% interval."""
    high: float | None = Field(default=None, ge=0, le=1)


class Estimate(Value):
    """Any other figure, with its bootstrap interval."""

    value: float | None
    low: float | None = None
    """Lower end of the 95% interval; None when too many rounds were undefined."""
    high: float | None = None
    n: int = Field(ge=0)
    """Units behind it."""
    clusters: int = Field(ge=0)
    """How many independent accounts or deals those units come from."""


def rate(hits: int, n: int, confidence: float = CONFIDENCE) -> Rate:
    """Return a plain rate with its Wilson interval.

    Args:
        hits: 0..n.
        n: how many were looked at; 0 gives a rate of None.
        confidence: of the interval, within (0, 1).

    Raises:
        ValueError: hits is not within 0..n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"hits: must be within 0..{n}, is {hits}")
    if n == 0:
        return Rate(value=None, hits=0, n=0)
    from scipy.stats import binomtest  # noqa: PLC0415 - heavy

    interval = binomtest(hits, n).proportion_ci(confidence, method="wilson")
    return Rate(
        value=hits / n,
        hits=hits,
        n=n,
        low=max(0.0, float(interval.low)),
        high=min(1.0, float(interval.high)),
    )


def rate_of(bits: Sequence[bool], confidence: float = CONFIDENCE) -> Rate:
    """Return the share of true among `bits`, with its Wilson interval."""
    return rate(sum(bits), len(bits), confidence)


class Bootstrap:
    """Rounds of drawing whole clusters with replacement; the same rounds for every figure.

    Because all figures of one study see the same draws, differences between them are paired.

    Attributes:
        units: how many units there are.
        clusters: how many clusters they fall into.
        rounds: how many draws.
    """

    def __init__(
        self, labels: Sequence[str | None], *, rounds: int = ROUNDS, seed: int = SEED
    ) -> None:
        """Draw the rounds.

        Args:
            labels: the cluster of each unit; None is a cluster of its own.
            rounds: at least 1.
            seed: of the generator.
        """
        named = [
            f"named:{label}" if label is not None else f"unit:{i}" for i, label in enumerate(labels)
        ]
        found, codes = np.unique(np.asarray(named, dtype=np.str_), return_inverse=True)
        self.units = len(named)
        self.clusters = len(found)
        self.rounds = rounds
        self._codes = codes.reshape(-1)
        self._draws = self._draw(np.random.default_rng(seed)) if self.clusters else None

    def _draw(self, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        drawn = np.empty((self.rounds, self.clusters), dtype=np.uint8)
        for rows in self._chunks():
            count = rows.stop - rows.start
            picks = rng.integers(0, self.clusters, size=(count, self.clusters))
            picks += np.arange(count)[:, None] * self.clusters
            times = np.bincount(picks.ravel(), minlength=count * self.clusters)
            drawn[rows] = times.reshape(count, self.clusters)
        return drawn

    def _chunks(self) -> Iterator[slice]:
        step = max(1, _CELLS_AT_ONCE // self.clusters)
        for start in range(0, self.rounds, step):
            yield slice(start, min(self.rounds, start + step))

    def totals(self, columns: Floats) -> Floats:
        """Return the sums of each round, shape (rounds, columns).

        Args:
            columns: what each unit adds, shape (units, columns).
        """
        if self._draws is None:
            return np.zeros((0, columns.shape[1]))
        by_cluster = np.zeros((self.clusters, columns.shape[1]))
        np.add.at(by_cluster, self._codes, columns)
        return np.concatenate(
            [self._draws[rows].astype(np.float64) @ by_cluster for rows in self._chunks()]
        )

    def estimate(self, columns: Floats, statistic: Statistic, n: int | None = None) -> Estimate:
        """Return a figure over all units with its 95% percentile interval.

        Args:
            columns: what each unit adds, shape (units, columns).
            statistic: sums to the figure.
            n: units behind the figure, when not all of them are.
        """
        observed = statistic(columns.sum(axis=0)[None, :])[0]
        low, high = interval_of(statistic(self.totals(columns)))
        known = bool(np.isfinite(observed))
        return Estimate(
            value=float(observed) if known else None,
            low=low if known else None,
            high=high if known else None,
            n=self.units if n is None else n,
            clusters=self.clusters,
        )

    def rate(self, hits: Floats, among: Floats) -> Rate:
        """Return a rate whose interval knows that units of one cluster go together.

        Where every round gives the same 0 or 1, or so few clusters count that many rounds draw none
        of them, the bootstrap cannot say how sure it is; Wilson on their number then does.

        Args:
            hits: 1.0 where a unit is a hit, else 0.0; 0.0 wherever `among` is.
            among: 1.0 where a unit counts, else 0.0.
        """
        count, n = round(float(hits.sum())), round(float(among.sum()))
        if n == 0:
            return Rate(value=None, hits=0, n=0)
        found = self.estimate(np.column_stack([hits, among]), ratio)
        low, high = found.low, found.high
        if count in (0, n) or low is None:
            independent = len(np.unique(self._codes[among > 0]))
            plain = rate(round(independent * count / n), independent)
            low, high = plain.low, plain.high
        return Rate(value=count / n, hits=count, n=n, low=low, high=high)


def interval_of(
    values: Floats, confidence: float = CONFIDENCE
) -> tuple[float, float] | tuple[None, None]:
    """Return the percentile interval of bootstrap values; (None, None) if too many are NaN."""
    known = values[np.isfinite(values)]
    if not len(known) or len(known) < (1 - _MOST_UNDEFINED) * len(values):
        return None, None
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def divide(above: Floats, below: Floats) -> Floats:
    """Return above / below, NaN where `below` is 0."""
    out = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=out, where=np.asarray(below) != 0)
    return out


def ratio(sums: Floats) -> Floats:
    """Return the first of two sums divided by the second; NaN where that is 0."""
    return divide(sums[..., 0], sums[..., 1])
