"""Which plots a report has; how they are drawn is `evals.plots`' affair."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from evals.conversion import Conversion
from evals.field_report import FieldReport
from evals.outcome import CurvePoint
from evals.plots import Axes, Interval, Line, intervals, lines
from evals.rates import Estimate, Rate
from evals.study import Study
from evals.summary import shown
from evals.time_to_close import Step, TimeToClose

_MOST_ROWS = 14
"""Of a plot; the table below it holds all."""


def field_plots(report: FieldReport) -> dict[str, Markup]:
    """Return the plots of a run on labelled calls, by name."""
    levels = report.levels
    kappas = [_row(c.value, f.kappa, percent=False) for c, f in levels.by_criterion.items()]
    kappas.append(_row("all four", levels.overall.kappa, percent=False))
    if report.people is not None:
        people = _row("two people", report.people.overall.kappa, percent=False)
        kappas.append(people._replace(look="other"))
    exact = [_row(c.value, f.exact) for c, f in levels.by_criterion.items()]
    slices = [_row(s.value, s.exact) for s in report.slices][:_MOST_ROWS]
    plots = {
        "kappa": intervals(
            "Agreement with the labels, by criterion",
            kappas,
            span=(min(0.0, -0.5 * any((k.low or 0) < 0 for k in kappas)), 1.0),
            percent=False,
        ),
        "exact": intervals("Share of right levels, by criterion", exact),
    }
    if slices:
        mark = levels.overall.exact.value
        plots["slices"] = intervals("Share of right levels, by slice", slices, mark=mark)
    return {name: Markup(svg) for name, svg in plots.items()}  # noqa: S704 - escaped in plots


def study_plots(found: Study) -> dict[str, Markup]:
    """Return the plots of a study on closed deals, by name."""
    out = found.outcomes
    plots = {
        "precision_recall": _precision_recall(found),
        "roc": _roc(out.curve),
        "bands": _groups("Win rate by band", found.conversions.by_band, out.base_rate.value),
        "lift": _lift(found),
    }
    if out.reliability:
        plots["reliability"] = _reliability(found)
    if found.times.high.won_by and found.times.other.won_by:
        plots["times"] = _times(found.times)
    if len(found.conversions.by_owner) > 1:
        owners = found.conversions.by_owner[:_MOST_ROWS]
        plots["owners"] = _groups("Win rate by owner", owners, out.base_rate.value)
    return {name: Markup(svg) for name, svg in plots.items()}  # noqa: S704 - escaped in plots


def _row(name: str, figure: Rate | Estimate, *, percent: bool = True) -> Interval:
    note = shown(figure, percent=percent)
    return Interval(name, figure.value, figure.low, figure.high, note)


def _precision_recall(found: Study) -> str:
    axes = Axes("Precision over recall", "recall: share of won deals found", "precision")
    base = found.outcomes.base_rate.value or 0.0
    drawn = [Line("flagging at random", [(0, base), (1, base)], "base")]
    drawn.append(Line("scores", _pr_points(found.outcomes.curve), "system"))
    now = found.outcomes.at_threshold
    if now.recall.value is not None and now.precision.value is not None:
        at = f"at {now.confusion.threshold:g} and above"
        drawn.append(Line(at, [(now.recall.value, now.precision.value)], "system", dots=True))
    if found.against_ae:
        view = found.against_ae[0]
        if view.curves is not None:
            drawn.append(Line("AEs' grades", _pr_points(view.curves.ae), "other"))
        if view.ae.recall.value is not None and view.ae.precision.value is not None:
            point = (view.ae.recall.value, view.ae.precision.value)
            drawn.append(Line("AEs", [point], "other", dots=True))
    return lines(axes, drawn)


def _pr_points(curve: Sequence[CurvePoint]) -> list[tuple[float, float]]:
    return [(p.recall, p.precision) for p in curve if p.recall is not None]


def _roc(curve: Sequence[CurvePoint]) -> str:
    axes = Axes("ROC", "false alarms: share of lost deals flagged", "recall")
    points = [
        (p.false_alarms, p.recall)
        for p in curve
        if p.false_alarms is not None and p.recall is not None
    ]
    chance = Line("by chance", [(0, 0), (1, 1)], "base")
    return lines(axes, [chance, Line("scores", [(0.0, 0.0), *points], "system")])


def _groups(title: str, groups: Sequence[Conversion], mark: float | None) -> str:
    return intervals(title, [_row(g.group, g.won) for g in groups], mark=mark)


def _lift(found: Study) -> str:
    rows = [_row(f"top {one.share:.0%}", one.lift, percent=False) for one in found.outcomes.lift]
    top = max((r.high or r.value or 1.0 for r in rows), default=1.0)
    span = (0.0, max(2.0, top))
    return intervals("Win rate of the top over that of all", rows, span=span, percent=False, mark=1)


def _reliability(found: Study) -> str:
    axes = Axes("Said against seen", "said: probability of winning", "seen: share won")
    seen = [
        (b.mean_predicted, b.won.value)
        for b in found.outcomes.reliability
        if b.mean_predicted is not None and b.won.value is not None
    ]
    return lines(
        axes, [Line("as said", [(0, 0), (1, 1)], "base"), Line("scores", seen, "system", dots=True)]
    )


def _times(found: TimeToClose) -> str:
    longest = max(s.day for s in (*found.high.won_by, *found.other.won_by)) or 1.0
    axes = Axes(
        "Share of deals won by a day",
        "days from the landmark",
        "won by then",
        x_range=(0.0, longest),
        percent_x=False,
    )

    def path(steps: Sequence[Step]) -> list[tuple[float, float]]:
        return [(0.0, 0.0), *((s.day, s.value) for s in steps), (longest, steps[-1].value)]

    high = Line(f"{found.threshold:g} and above", path(found.high.won_by), "system", steps=True)
    other = Line("the others", path(found.other.won_by), "other", steps=True)
    return lines(axes, [high, other])
