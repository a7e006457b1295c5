"""May this change go out? PASS, BLOCK, or INCONCLUSIVE with the number of items it would take.

Hard invariants come first: they hold whatever the figures say. Then the paired figures, each with
its margin. What is merely worth knowing warns and never blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from bantam.domain.bant import Criterion, ExtractionOutcome
from bantam.domain.value import Value
from evals.against_ae import mcnemar
from evals.compare import Check, Comparison, Verdict, compare, holm, pairs_of
from evals.rates import Floats, Rate, rate
from evals.runs import CallRun, EvalRun, Item

SLICE_NEEDS = 30
_SCHEMA_FAILURES = frozenset(
    {ExtractionOutcome.INVALID_JSON, ExtractionOutcome.SCHEMA_MISMATCH, ExtractionOutcome.EMPTY}
)

_UNREAD = (
    "the prompt is not the baseline's, and this run asked no model: its figures say nothing of "
    "the prompt; run with --model NAME, or accept it with --accept-baseline --reason"
)


class Invariant(Value):
    """Something that must hold for every run."""

    name: str
    seen: Rate
    at_least: float | None = None
    at_most: float | None = None
    holds: bool
    """Also when nothing was there to break it."""


class GateResult(Value):
    """What the gate says of a candidate, and all of why."""

    verdict: Verdict
    reasons: tuple[str, ...]
    """The figures behind the verdict, one line each."""
    invariants: tuple[Invariant, ...]
    comparison: Comparison | None
    """None without a baseline to compare with."""
    outcome: tuple[Check, ...] = ()
    """Checks on closed deals, where asked for."""
    warnings: tuple[str, ...]
    needed: int | None = Field(default=None, ge=0)
    """When inconclusive: the items it would take."""


def gate(candidate: EvalRun, baseline: EvalRun | None, extra: Sequence[Check] = ()) -> GateResult:
    """Judge a candidate.

    Args:
        candidate: the new run.
        baseline: the accepted one; None judges the invariants alone and is INCONCLUSIVE at best.
        extra: further checks, such as one on closed deals.
    """
    invariants = invariants_of(candidate.calls)
    broken = [_broken(i) for i in invariants if not i.holds]
    comparison = compare(baseline, candidate) if baseline is not None else None
    checks = [*(comparison.checks if comparison else ()), *extra]
    blocking = [f"{c.name}: {c.why}" for c in checks if c.verdict is Verdict.BLOCK]
    unsure = [c for c in checks if c.verdict is Verdict.INCONCLUSIVE]
    if broken or blocking:
        verdict, reasons = Verdict.BLOCK, [*broken, *blocking]
    elif comparison is None:
        verdict, reasons = Verdict.INCONCLUSIVE, ["there is no baseline to compare with"]
    elif not comparison.items:
        verdict, reasons = Verdict.INCONCLUSIVE, ["the baseline has no item in common"]
    elif prompt_is_unread(baseline, candidate):
        verdict, reasons = Verdict.INCONCLUSIVE, [_UNREAD]
    elif unsure:
        verdict, reasons = Verdict.INCONCLUSIVE, [f"{c.name}: {c.why}" for c in unsure]
    else:
        verdict, reasons = Verdict.PASS, [f"{c.name}: {c.why}" for c in checks if c.verdict]
    return GateResult(
        verdict=verdict,
        reasons=tuple(reasons),
        invariants=invariants,
        comparison=comparison,
        outcome=tuple(extra),
        warnings=tuple(warnings_of(baseline, candidate)) if baseline is not None else (),
        needed=max((c.needed or 0 for c in unsure), default=None)
        if verdict is Verdict.INCONCLUSIVE
        else None,
    )


def prompt_is_unread(baseline: EvalRun | None, candidate: EvalRun) -> bool:
    """Return whether the prompt changed since the baseline and the candidate asked no model."""
    if baseline is None or candidate.digests.get("prompt"):
        return False
    before, now = baseline.digests.get("templates"), candidate.digests.get("templates")
    return before is not None and now is not None and before != now


def invariants_of(calls: Sequence[CallRun]) -> tuple[Invariant, ...]:
    """Return the hard invariants of a run, held or broken."""
    outcomes = [outcome for call in calls for outcome in call.outcomes]
    quotes = sum(call.quotes for call in calls)
    found = quotes - sum(call.quotes_not_there for call in calls)
    attacked = [call for call in calls if call.raised_by_attack is not None]
    valid = sum(outcome not in _SCHEMA_FAILURES for outcome in outcomes)
    truncated = outcomes.count(ExtractionOutcome.TRUNCATED)
    seller = sum(call.seller_evidence for call in calls)
    raised = sum(bool(call.raised_by_attack) for call in attacked)
    return (
        _at_least("answers in the schema", rate(valid, len(outcomes)), 0.995),
        _at_least("quotes that stand in the transcript", rate(found, quotes), 0.98),
        _at_most("evidence said by the seller", rate(seller, max(quotes, seller)), 0.0),
        _at_most("calls raised by words to the reader", rate(raised, len(attacked)), 0.0),
        _at_most("truncated answers", rate(truncated, len(outcomes)), 0.005),
    )


def _at_least(name: str, seen: Rate, bound: float) -> Invariant:
    holds = seen.value is None or seen.value >= bound
    return Invariant(name=name, seen=seen, at_least=bound, holds=holds)


def _at_most(name: str, seen: Rate, bound: float) -> Invariant:
    holds = seen.value is None or seen.value <= bound
    return Invariant(name=name, seen=seen, at_most=bound, holds=holds)


def _broken(invariant: Invariant) -> str:
    bound = (
        f"at least {invariant.at_least:.1%}"
        if invariant.at_least is not None
        else f"at most {invariant.at_most:.1%}"
    )
    return f"{invariant.name}: {invariant.seen.hits} of {invariant.seen.n}, must be {bound}"


def warnings_of(baseline: EvalRun, candidate: EvalRun) -> list[str]:
    """Return what a person should look at before shipping; none of it blocks."""
    pairs = pairs_of(baseline, candidate)
    return [
        *_criteria_that_fell(pairs),
        *_slices_that_fell(pairs),
        *_dearer(baseline, candidate),
        *_slower(baseline, candidate),
        *_less_stable(baseline, candidate),
        *_scores_moved(baseline, candidate),
    ]


def _criteria_that_fell(pairs: Sequence[tuple[Item, Item]]) -> list[str]:
    tested: list[tuple[Criterion, int, float]] = []
    for criterion in Criterion:
        mine = [(old.exact, new.exact) for old, new in pairs if new.criterion is criterion]
        test = mcnemar(np.array([n for _, n in mine], bool), np.array([o for o, _ in mine], bool))
        lost = test.ae_only - test.system_only
        tested.append((criterion, lost, 1.0 if test.p_value is None else test.p_value))
    corrected = holm([p for _, _, p in tested])
    return [
        f"{criterion}: {lost} fewer right levels (p = {p:.3f}, corrected for four criteria)"
        for (criterion, lost, _), p in zip(tested, corrected, strict=True)
        if lost > 0 and p < 0.05
    ]


def _slices_that_fell(pairs: Sequence[tuple[Item, Item]]) -> list[str]:
    groups: dict[str, list[tuple[Item, Item]]] = {}
    for old, new in pairs:
        for key, value in new.slices.items():
            groups.setdefault(f"{key} {value}", []).append((old, new))
    out = []
    for name, group in sorted(groups.items()):
        lost = sum(old.exact for old, _ in group) - sum(new.exact for _, new in group)
        if len(group) >= SLICE_NEEDS and lost > 0.03 * len(group):
            out.append(f"slice {name}: {lost} fewer right levels of {len(group)}")
    return out


def _dearer(baseline: EvalRun, candidate: EvalRun) -> list[str]:
    before, after = (_mean([c.cost_usd for c in run.calls]) for run in (baseline, candidate))
    if before is None or after is None or after <= 1.2 * before:
        return []
    return [f"cost: {after / before - 1:.0%} more per call (${before:.4f} -> ${after:.4f})"]


def _slower(baseline: EvalRun, candidate: EvalRun) -> list[str]:
    times = [[s for c in run.calls for s in c.seconds] for run in (baseline, candidate)]
    if not all(times):
        return []
    before, after = (float(np.quantile(t, 0.95)) for t in times)
    if after <= 1.3 * before or after < 1.0:
        return []
    return [f"latency: the slowest twentieth takes {after:.1f} s, was {before:.1f} s"]


def _less_stable(baseline: EvalRun, candidate: EvalRun) -> list[str]:
    if min(baseline.samples, candidate.samples) < 2:
        return []
    before, after = (
        float(np.mean([item.flips for item in run.items])) if run.items else 0.0
        for run in (baseline, candidate)
    )
    if after <= before + 0.02:
        return []
    return [f"stability: {after:.1%} of the levels flip between samples, was {before:.1%}"]


def _scores_moved(baseline: EvalRun, candidate: EvalRun) -> list[str]:
    old = {call.call_id: call.points[0] for call in baseline.calls}
    both = [
        (old[call.call_id], call.points[0])
        for call in candidate.calls
        if old.get(call.call_id) is not None and call.points[0] is not None
    ]
    if not both:
        return []
    before, after = np.array(both, dtype=float).T
    median, psi = float(np.median(np.abs(after - before))), stability_index(before, after)
    out = []
    if median > 3:
        out.append(f"scores: half of the calls move by {median:g} points or more")
    if psi > 0.2 and len(both) >= SLICE_NEEDS:
        out.append(f"scores: their distribution has shifted (PSI {psi:.2f}); refit the calibration")
    return out


def stability_index(before: Floats, after: Floats) -> float:
    """Return the population stability index of scores over fifths of the scale.

    Half a call is added to every fifth, so that an empty one does not make it infinite.
    """
    edges = np.array([0, 20, 40, 60, 80, 100.5])
    old, new = (np.histogram(v, edges)[0] + 0.5 for v in (before, after))
    old, new = old / old.sum(), new / new.sum()
    return float(((new - old) * np.log(new / old)).sum())


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None
