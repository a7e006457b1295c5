"""A candidate against the baseline on the same items: paired, clustered by deal.

The question is not "is the mean lower?", which says yes to half of all changes that change
nothing, but "can a loss of more than the margin be excluded?".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from pydantic import Field

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Level
from bantam.domain.value import Value
from evals.power import deals_for_non_inferiority
from evals.rates import Bootstrap, Floats, divide
from evals.runs import EvalRun, Item

ONE_SIDED = 0.05
CHECKS = 3
"""A loss counts as certain at `ONE_SIDED` over all of them together, so that three figures do not
block an unchanged candidate three times as often as one."""
ENOUGH_POWER = 0.98
"""With items for this power an equal candidate fails to show that it is not worse once in fifty."""


class Verdict(StrEnum):
    """What the gate says."""

    PASS = "PASS"  # noqa: S105 - not a password
    BLOCK = "BLOCK"
    INCONCLUSIVE = "INCONCLUSIVE"


class Check(Value):
    """One figure that must not get worse by more than its margin."""

    name: str
    margin: float = Field(gt=0)
    """Largest loss that is tolerated, as a share of 1."""
    baseline: float | None
    candidate: float | None
    gain: float | None
    """Candidate against baseline, positive is better whatever the figure."""
    low: float | None
    """One-sided 95% bounds of the gain."""
    high: float | None
    n: int = Field(ge=0)
    """Paired items behind it."""
    changed: int = Field(ge=0)
    """Of those, how many differ between the two."""
    needed: int | None = None
    """Items it would take to show "not worse" with 80% power if both are truly equal."""
    verdict: Verdict | None
    """None when the set has no item that measures it."""
    why: str


class ItemChange(Value):
    """One item on which the two differ, for a person to look at."""

    id: str
    gold: Level
    baseline: tuple[Level | None, ...]
    candidate: tuple[Level | None, ...]
    better: bool | None
    """None: both right or both wrong, in another way."""

    def __str__(self) -> str:
        word = {True: "better", False: "worse", None: "other"}[self.better]
        said = [
            ", ".join("no answer" if v is None else str(v) for v in levels)
            for levels in (self.baseline, self.candidate)
        ]
        return f"{word}  {self.id}: {said[0]} -> {said[1]} (right: {self.gold})"


class Comparison(Value):
    """Two runs on the items that both have."""

    items: int = Field(ge=0)
    deals: int = Field(ge=0)
    only_in_baseline: int = Field(ge=0)
    only_in_candidate: int = Field(ge=0)
    relabelled: int = Field(ge=0)
    """Items whose gold level differs between the two runs: left out."""
    checks: tuple[Check, ...]
    changes: tuple[ItemChange, ...]


def pairs_of(baseline: EvalRun, candidate: EvalRun) -> list[tuple[Item, Item]]:
    """Return the items that both runs have, with the same gold level."""
    before = {item.id: item for item in baseline.items}
    found = ((before.get(item.id), item) for item in candidate.items)
    return [(old, new) for old, new in found if old is not None and old.gold == new.gold]


def compare(baseline: EvalRun, candidate: EvalRun) -> Comparison:
    """Return what changed between two runs, and which figures may have got worse."""
    pairs = pairs_of(baseline, candidate)
    old_ids, new_ids = ({i.id for i in run.items} for run in (baseline, candidate))
    boot = Bootstrap([new.deal for _, new in pairs])
    return Comparison(
        items=len(pairs),
        deals=boot.clusters,
        only_in_baseline=len(old_ids - new_ids),
        only_in_candidate=len(new_ids - old_ids),
        relabelled=len(old_ids & new_ids) - len(pairs),
        checks=(
            _accuracy(pairs, boot),
            _rate_check("invented levels", 0.02, pairs, boot, _INVENTED),
            _rate_check("refusals seen", 0.08, pairs, boot, _REFUSALS),
        ),
        changes=tuple(_changes(pairs)),
    )


_Bit = Callable[[Item], bool]
_INVENTED: tuple[_Bit, _Bit, float] = (
    lambda item: item.gold == NOT_DISCUSSED,
    lambda item: item.invented,
    -1.0,
)
_REFUSALS: tuple[_Bit, _Bit, float] = (lambda i: i.gold == 0, lambda i: i.refusal_seen, 1.0)


def _accuracy(pairs: Sequence[tuple[Item, Item]], boot: Bootstrap) -> Check:
    """Mean over the criteria of the share of right levels."""
    columns = []
    for criterion in Criterion:
        here = np.array([new.criterion is criterion for _, new in pairs], dtype=float)
        columns += [
            here * np.array([old.exact for old, _ in pairs], dtype=float),
            here * np.array([new.exact for _, new in pairs], dtype=float),
            here,
        ]

    def macro(sums: Floats, which: int) -> Floats:
        shares = np.stack([divide(sums[..., i + which], sums[..., i + 2]) for i in (0, 3, 6, 9)])
        known = np.isfinite(shares)
        return divide(np.where(known, shares, 0).sum(axis=0), known.sum(axis=0).astype(float))

    changed = sum(old.exact != new.exact for old, new in pairs)
    table = np.column_stack(columns) if pairs else np.zeros((0, 12))
    return judged("right levels", 0.03, table, macro, boot, (len(pairs), changed, 1.0))


def _rate_check(
    name: str,
    margin: float,
    pairs: Sequence[tuple[Item, Item]],
    boot: Bootstrap,
    what: tuple[_Bit, _Bit, float],
) -> Check:
    counts, hit, sign = what
    here = np.array([counts(new) for _, new in pairs], dtype=float)
    before = here * np.array([hit(old) for old, _ in pairs], dtype=float)
    after = here * np.array([hit(new) for _, new in pairs], dtype=float)
    changed = int((before != after).sum())
    table = np.column_stack([before, after, here])

    def share(sums: Floats, which: int) -> Floats:
        return divide(sums[..., which], sums[..., 2])

    return judged(name, margin, table, share, boot, (int(here.sum()), changed, sign))


def judged(
    name: str,
    margin: float,
    columns: Floats,
    figure: Callable[[Floats, int], Floats],
    boot: Bootstrap,
    counts: tuple[int, int, float],
) -> Check:
    """Return whether a loss of more than the margin can be excluded.

    Args:
        name: of the figure.
        margin: largest loss tolerated.
        columns: what each paired unit adds.
        figure: (sums, 0 for baseline or 1 for candidate) to the figure.
        boot: rounds over the units, clustered by deal.
        counts: units behind the figure, how many changed, and +1 or -1 when higher is better
            or worse.
    """
    n, changed, sign = counts
    if n == 0:
        nothing = dict.fromkeys(("baseline", "candidate", "gain", "low", "high"))
        why = "no item of the set measures it"
        return Check(name=name, margin=margin, n=0, changed=0, verdict=None, why=why, **nothing)
    observed, drawn = columns.sum(axis=0), boot.totals(columns)
    before, after = float(figure(observed, 0)), float(figure(observed, 1))
    gains = sign * (figure(drawn, 1) - figure(drawn, 0))
    gains = gains[np.isfinite(gains)] + 0.0
    tails = [ONE_SIDED, 1 - ONE_SIDED, 1 - ONE_SIDED / CHECKS]
    low, high, surely_below = (float(q) for q in np.quantile(gains, tails))
    # What one item adds to the variance, so that other numbers of items can be judged.
    spread = float(n * np.var(gains))
    needed = deals_for_non_inferiority(margin, spread)
    enough = deals_for_non_inferiority(margin, spread, power=ENOUGH_POWER)
    verdict, why = _verdict((low, surely_below), margin, (n, changed, needed, enough))
    return Check(
        name=name,
        margin=margin,
        baseline=before,
        candidate=after,
        gain=sign * (after - before) + 0.0,  # never -0.0
        low=low,
        high=high,
        n=n,
        changed=changed,
        needed=needed if verdict is not Verdict.PASS else None,
        verdict=verdict,
        why=why,
    )


def _verdict(
    bounds: tuple[float, float], margin: float, counts: tuple[int, int, int, int]
) -> tuple[Verdict, str]:
    (low, surely_below), (n, changed, needed, enough) = bounds, counts
    if not changed:
        return Verdict.PASS, "no item changed"
    if low > -margin:
        return Verdict.PASS, f"a loss of more than {margin:.0%} is excluded"
    if surely_below < 0:
        return Verdict.BLOCK, f"certainly worse, perhaps by more than the {margin:.0%} tolerated"
    if n >= enough:
        return (
            Verdict.BLOCK,
            f"a loss of {margin:.0%} is not excluded, though {n} items would be enough for it",
        )
    why = f"{n} items cannot exclude a loss of {margin:.0%}; it takes about {needed}"
    return Verdict.INCONCLUSIVE, f"{why}, or more samples of each call"


def _changes(pairs: Sequence[tuple[Item, Item]]) -> list[ItemChange]:
    """Return the items that differ, the worse ones first."""
    changed = [
        ItemChange(
            id=new.id,
            gold=new.gold,
            baseline=old.levels,
            candidate=new.levels,
            better=None if old.exact == new.exact else new.exact,
        )
        for old, new in pairs
        if old.levels != new.levels
    ]
    order: dict[bool | None, int] = {False: 0, None: 1, True: 2}
    return sorted(changed, key=lambda c: (order[c.better], c.id))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, by Holm's step-down, in the same order."""
    order = np.argsort(p_values, kind="stable")
    corrected: npt.NDArray[np.float64] = np.empty(len(p_values))
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return [float(p) for p in corrected]
