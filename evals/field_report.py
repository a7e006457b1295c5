"""Everything that a run on labelled calls tells, as one value: for terminal and report."""

from __future__ import annotations

from collections.abc import Mapping

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Level
from bantam.domain.score import ScoreModel
from bantam.domain.value import Value
from evals.field import FieldFigures, Pair, field_figures
from evals.field_run import FieldRun
from evals.field_slices import Slice, between_people, macro_f1, slices_of
from evals.field_values import ValueFigures, value_figures
from evals.gate import GateResult
from evals.rates import Estimate
from evals.runs import EvalRun
from evals.stability import Stability, stability


class FieldReport(Value):
    """A run, what the gate says of it, and how right it is. Holds no transcript text."""

    run: EvalRun
    gate: GateResult
    levels: FieldFigures
    """By the first sample; no answer counts as "not discussed"."""
    macro_f1: Mapping[Criterion, Estimate]
    slices: tuple[Slice, ...]
    values: ValueFigures | None
    """None for a saved run, which holds no values, and where all labels are reviews."""
    people: FieldFigures | None
    """Agreement of two people on the calls that both labelled."""
    stability: Stability | None
    """None when each call was read once."""


def field_report(
    found: FieldRun, verdict: GateResult, model: ScoreModel, *, threshold: float
) -> FieldReport:
    """Return everything that a run tells.

    Args:
        found: the run and, unless it was saved, its extractions.
        verdict: what the gate says of it.
        model: its bands.
        threshold: a score at or above it is flagged.

    Raises:
        ValueError: the run has no items.
    """
    run = found.run
    with_values = [(gold, e) for gold, e in found.extractions if not gold.levels_only]
    return FieldReport(
        run=run,
        gate=verdict,
        levels=field_figures(_pairs(run)),
        macro_f1=macro_f1(run),
        slices=slices_of(run),
        values=value_figures(with_values) if with_values else None,
        people=between_people([gold for gold, _ in found.extractions]),
        stability=stability(run, model, threshold=threshold),
    )


def _pairs(run: EvalRun) -> list[Pair]:
    calls: dict[str, tuple[str, dict[Criterion, Level], dict[Criterion, Level]]] = {}
    for item in run.items:
        call = item.id.rsplit("/", 1)[0]
        _, read, gold = calls.setdefault(call, (item.deal, {}, {}))
        first = item.levels[0]
        read[item.criterion] = NOT_DISCUSSED if first is None else first
        gold[item.criterion] = item.gold
    return [Pair(deal=deal, read=read, gold=gold) for deal, read, gold in calls.values()]
