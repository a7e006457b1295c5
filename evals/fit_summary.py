"""What the terminal says of a learned model: the answer first. Plain Markdown lines."""

from __future__ import annotations

from collections.abc import Iterator

from bantam.domain.bant import Criterion
from bantam.domain.score import ScoreModel
from evals.fit import Fit, Policy
from evals.lead_fit import LeadFit
from evals.lead_table import LeadTable
from evals.lift_points import DOUBLE_COUNTING, LiftPoints
from evals.rates import Estimate
from evals.summary import shown


def fit_lines(found: Fit, prior: ScoreModel) -> Iterator[str]:
    """Yield what was learned, what it is worth, and the tables behind it."""
    yield from _answer(found)
    yield ""
    yield f"| | {found.prior} | {found.model.name} |"
    yield "|---|---|---|"
    for criterion in Criterion:
        yield (
            f"| weight of {criterion} | {prior.weights[criterion]:.3g} "
            f"| {found.model.weights[criterion]:.3g} |"
        )
    for criterion in Criterion:
        both = [_values(m, criterion) for m in (prior, found.model)]
        yield f"| {criterion}: values of levels 0 to 4 | {both[0]} | {both[1]} |"
    yield from _calibration_lines(found.model)
    yield from _ridge_lines(found)
    yield from _level_lines(found)
    yield from points_lines(found.points)
    if found.warnings:
        yield ""
        yield "Mind:"
        yield from (f"- {warning}" for warning in found.warnings)


def _answer(found: Fit) -> Iterator[str]:
    learned = found.policy is Policy.WEIGHTS and any(r.chosen and r.strength for r in found.ridges)
    yield f"- {found.deals} closed deals, {found.won} won: {found.policy}."
    if found.policy is Policy.WEIGHTS and not learned:
        yield "- No other weights are measurably better on later deals: they stay as they are."
    yield (
        f"- Judged on {found.judged} deals that came later than what was learned from: "
        f"AUC {_auc(found.auc_before)} with {found.prior}, {_auc(found.auc_after)} with "
        f"{found.model.name}; gain {shown(found.auc_gain, percent=False)}."
    )
    yield (
        f"- Brier of the probability {shown(found.brier, percent=False)}; always saying the win "
        f"rate has {found.brier_of_base_rate:.3f}."
    )


def _auc(figure: Estimate) -> str:
    return "undefined" if figure.value is None else f"{figure.value:.3f}"


def _values(model: ScoreModel, criterion: Criterion) -> str:
    return ", ".join(f"{model.value_of(criterion, level):.3g}" for level in range(5))


def _calibration_lines(model: ScoreModel) -> Iterator[str]:
    if model.calibration is None:
        return
    yield ""
    yield "| score | chance of winning |"
    yield "|---|---|"
    for points in (20, 40, 60, 80, 100):
        yield f"| {points} | {model.calibration.chance(points):.0%} |"


def _ridge_lines(found: Fit) -> Iterator[str]:
    if not found.ridges:
        return
    yield ""
    yield "| pull towards the weights in use | log loss on later deals |"
    yield "|---|---|"
    for ridge in found.ridges:
        name = "total: they stay" if ridge.strength is None else f"{ridge.strength:g}"
        mark = " **taken**" if ridge.chosen else ""
        yield f"| {name} | {ridge.log_loss:.4f}{mark} |"


def _level_lines(found: Fit) -> Iterator[str]:
    yield ""
    yield "| level | deals | won | points before | points after |"
    yield "|---|---|---|---|---|"
    for seen in found.levels:
        won = f"{seen.won / seen.deals:.0%}" if seen.deals else ""
        yield (
            f"| {seen.criterion} {seen.level} | {seen.deals} | {won} "
            f"| {seen.before:+.1f} | {seen.after:+.1f} |"
        )


def points_lines(found: LiftPoints) -> Iterator[str]:
    """Yield the manual method's table."""
    yield ""
    yield f"Close-rate-lift points (all deals: {shown(found.all_deals)} closed). {DOUBLE_COUNTING}"
    yield ""
    yield "| level or higher | close rate | points |"
    yield "|---|---|---|"
    for row in found.rows:
        yield (f"| {row.criterion} {row.level_at_least} | {shown(row.closed)} | {row.points:+d} |")


def lead_lines(found: LeadFit, table: LeadTable) -> Iterator[str]:
    """Yield what a score for leads is worth, which columns leak, and every effect."""
    yield (
        f"- {found.rows} leads, {found.won} converted: AUC {shown(found.auc, percent=False)}, "
        f"cross-validated, from {len(found.model.columns)} columns."
    )
    leaking = [c for c in table.columns if c.leaks]
    used = {c.name for c in found.model.columns}
    if found.auc_with_leaks is not None:
        yield (
            f"- With the columns that seem to know the ending it would have been "
            f"{found.auc_with_leaks:.3f}: do not believe that one."
        )
    yield (
        f"- Brier {shown(found.brier, percent=False)}; always saying the base rate has "
        f"{found.brier_of_base_rate:.3f}."
    )
    for lift in found.lift:
        times = shown(lift.lift, percent=False)
        yield f"- The top {lift.share:.0%} convert {times} times as often as all."
    yield ""
    yield f"{len(leaking)} columns seem to know the ending:"
    for column in leaking:
        kept = " (kept, as asked)" if column.name in used else ""
        yield f"- {column.name}{kept}: {'; '.join(column.leaks)}"
    others = [c for c in table.columns if not c.leaks and c.name not in used]
    yield ""
    yield "Left out for other reasons:"
    for column in others:
        why = column.kind.value if column.name not in table.usable else "as asked"
        yield f"- {column.name}: {why}"
    yield from _effect_lines(found)


def _effect_lines(found: LeadFit) -> Iterator[str]:
    for column in found.model.columns:
        yield ""
        yield f"| {column.name} | effect | converted |"
        yield "|---|---|---|"
        for effect in sorted(column.effects, key=lambda e: -e.effect):
            yield f"| {effect.level} | {effect.effect:+.2f} | {shown(effect.won)} |"
