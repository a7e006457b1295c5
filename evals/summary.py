"""What the terminal and a pull request say: the answer first, then why. Plain Markdown lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.compare import Check, Verdict
from evals.field import LevelFigures
from evals.field_report import FieldReport
from evals.field_values import ValueFigures
from evals.gate import GateResult
from evals.power import PowerLine
from evals.rates import Estimate, Rate
from evals.stability import Stability
from evals.study import Study

_MOST_CHANGES = 20


def shown(figure: Rate | Estimate, *, percent: bool = True) -> str:
    """Return a figure with its interval and n: "81% (73% to 87%, n = 125)"."""
    if figure.value is None:
        return f"undefined (n = {figure.n})"

    def one(value: float) -> str:
        return f"{value:.0%}" if percent else f"{value:.3g}"

    if figure.low is None or figure.high is None:
        return f"{one(figure.value)} (n = {figure.n})"
    return f"{one(figure.value)} ({one(figure.low)} to {one(figure.high)}, n = {figure.n})"


def report_lines(report: FieldReport) -> Iterator[str]:
    """Yield the verdict and everything behind it, as Markdown."""
    result = report.gate
    yield f"# {result.verdict}: {report.run.reader} on {len(report.run.calls)} labelled calls"
    yield ""
    yield from (f"- {reason}" for reason in result.reasons)
    yield ""
    yield "| must hold | seen | bound |"
    yield "|---|---|---|"
    for item in result.invariants:
        bound = (
            f"at least {item.at_least:.1%}"
            if item.at_least is not None
            else f"at most {item.at_most:.1%}"
        )
        mark = "" if item.holds else " **BROKEN**"
        yield f"| {item.name} | {item.seen.hits} of {item.seen.n} | {bound}{mark} |"
    checks = [*(result.comparison.checks if result.comparison else ()), *result.outcome]
    if checks:
        yield from _comparison_lines(checks)
    yield from _level_lines(report)
    yield from _slice_lines(report)
    yield from _value_lines(report.values)
    yield from _stability_lines(report.stability)
    if result.warnings:
        yield ""
        yield "Worth a look (does not block):"
        yield from (f"- {warning}" for warning in result.warnings)
    if result.comparison is not None:
        yield from _change_lines(result)
    yield ""
    yield exit_word(result)


def _level_lines(report: FieldReport) -> Iterator[str]:
    yield ""
    yield "| levels | kappa | exact | within one | macro-F1 | invented | missed | refusals seen |"
    yield "|---|---|---|---|---|---|---|---|"
    for criterion, found in report.levels.by_criterion.items():
        yield _level_row(criterion.value, found, shown(report.macro_f1[criterion], percent=False))
    yield _level_row("all four", report.levels.overall, "")
    if report.people is not None:
        yield _level_row("two people, all four", report.people.overall, "")


def _level_row(name: str, found: LevelFigures, f1: str) -> str:
    cells = [shown(found.kappa, percent=False), shown(found.exact), shown(found.within_one), f1]
    cells += [shown(v) for v in (found.hallucination, found.miss, found.level0_recall)]
    return f"| {name} | {' | '.join(cells)} |"


def _slice_lines(report: FieldReport) -> Iterator[str]:
    if not report.slices:
        return
    yield ""
    yield "| slice | exact | invented | missed |"
    yield "|---|---|---|---|"
    for found in report.slices:
        cells = " | ".join(shown(v) for v in (found.exact, found.hallucination, found.miss))
        yield f"| {found.key}: {found.value} | {cells} |"


def _comparison_lines(checks: Sequence[Check]) -> Iterator[str]:
    yield ""
    yield "| must not get worse | baseline | candidate | gain, one-sided 95% | margin | says |"
    yield "|---|---|---|---|---|---|"
    for check in checks:
        if check.verdict is None or check.gain is None or check.low is None:
            yield f"| {check.name} | | | | {check.margin:.0%} | {check.why} |"
            continue
        yield (
            f"| {check.name} (n = {check.n}) | {check.baseline:.1%} | {check.candidate:.1%} "
            f"| {check.gain:+.1%} (at least {check.low:+.1%}) | {check.margin:.0%} "
            f"| {check.verdict} |"
        )


def _value_lines(values: ValueFigures | None) -> Iterator[str]:
    if values is None:
        return
    yield ""
    yield "| values and quotes | |"
    yield "|---|---|"
    yield f"| amounts right | {shown(values.amounts.right)} |"
    yield f"| amounts invented | {shown(values.amounts.invented)} |"
    yield f"| dates on the day | {shown(values.dates.same_day)} |"
    yield f"| dates in the right bucket | {shown(values.dates.same_bucket)} |"
    yield f"| decision makers: precision | {shown(values.decision_makers.precision)} |"
    yield f"| decision makers: recall | {shown(values.decision_makers.recall)} |"
    yield f"| evidence turns: precision | {shown(values.all_evidence.precision)} |"
    yield f"| evidence turns: recall | {shown(values.all_evidence.recall)} |"
    yield f"| quotes that stand word for word | {shown(values.quotes_stand)} |"


def _stability_lines(found: Stability | None) -> Iterator[str]:
    if found is None:
        return
    yield ""
    yield f"| over {found.samples} samples of each call | |"
    yield "|---|---|"
    yield f"| levels that flip | {shown(found.all_flips)} |"
    yield f"| calls that change band | {shown(found.band_changes)} |"
    yield f"| calls that cross the threshold | {shown(found.threshold_crossings)} |"
    if found.score_spread is not None:
        yield f"| spread of a call's score | {found.score_spread:.1f} points |"


def _change_lines(result: GateResult) -> Iterator[str]:
    assert result.comparison is not None
    changes = result.comparison.changes
    if not changes:
        return
    yield ""
    yield f"{len(changes)} items changed:"
    yield ""
    yield from (f"    {change}" for change in changes[:_MOST_CHANGES])
    if len(changes) > _MOST_CHANGES:
        yield f"    and {len(changes) - _MOST_CHANGES} more"


def study_lines(found: Study) -> Iterator[str]:
    """Yield the answer, the figures behind it, and what was left out, as Markdown."""
    yield from (f"- {sentence}" for sentence in found.answer)
    out = found.outcomes
    yield ""
    yield f"| {out.deals} deals, {found.calls} calls, {out.accounts} accounts | |"
    yield "|---|---|"
    yield f"| won | {shown(out.base_rate)} |"
    yield f"| average precision | {shown(out.average_precision)} |"
    yield f"| ROC AUC | {shown(out.roc_auc, percent=False)} |"
    if out.brier is not None:
        yield f"| Brier | {shown(out.brier, percent=False)} |"
    for lift in out.lift:
        yield f"| lift in the top {lift.share:.0%} | {shown(lift.lift, percent=False)} |"
    for choice in out.choices:
        at = "no threshold" if choice.threshold is None else f"{choice.threshold:g} and above"
        yield f"| {choice.rule} | {at}: recall {shown(choice.recall)} |"
    for view in found.against_ae:
        p_value = view.at_ae_precision.mcnemar and view.at_ae_precision.mcnemar.p_value
        tested = "" if p_value is None else f"; McNemar p = {p_value:.2g}"
        gap = view.at_ae_precision.difference.recall
        yield (
            f"| gain in recall over the AEs at their precision, blanks {view.blanks} "
            f"| {shown(gap)}{tested} |"
        )
        yield (
            "| gain in precision at the AEs' flagged share "
            f"| {shown(view.at_ae_share.difference.precision)} |"
        )
    yield from _band_lines(found)
    if found.cases.left_out:
        yield ""
        yield "Left out:"
        counts = sorted(found.cases.counts.items(), key=lambda c: -c[1])
        yield from (f"- {count} x {why}" for why, count in counts)
    yield ""
    yield "Mind:"
    yield from (f"- {caveat}" for caveat in found.caveats)


def _band_lines(found: Study) -> Iterator[str]:
    yield ""
    yield "| band | won |"
    yield "|---|---|"
    yield from (f"| {c.group} | {shown(c.won)} |" for c in found.conversions.by_band)


def power_lines(lines: Sequence[PowerLine], win_rate: float) -> Iterator[str]:
    """Yield how many deals it takes, as a Markdown table."""
    yield f"| recall | against | phi | won deals (80%) | (90%) | closed, {win_rate:.0%} won |"
    yield "|---|---|---|---|---|---|"
    for line in lines:
        cells = [
            "more than 20,000" if count is None else f"{count:,}"
            for count in (line.won_for_80, line.won_for_90, line.closed_for_80)
        ]
        yield f"| {line.recall:.0%} | {line.against:.0%} | {line.phi:.2f} | {' | '.join(cells)} |"


def exit_word(found: GateResult) -> str:
    """Return one sentence on what to do about a verdict."""
    unsure = "More labelled calls or more samples are needed to say."
    return {
        Verdict.PASS: "Nothing measured got worse; it may go out.",
        Verdict.BLOCK: "Do not ship this; or accept it with --accept-baseline --reason.",
        Verdict.INCONCLUSIVE: unsure
        if found.needed
        else "Nothing here says whether it may go out.",
    }[found.verdict]
