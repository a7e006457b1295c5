"""The top of the report: is it good, compared with what, and how sure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from evals.field_report import FieldReport
from evals.rates import Estimate, Rate
from evals.study import Study
from evals.summary import shown


class Tile(NamedTuple):
    """One large figure."""

    name: str
    value: str
    sure: str
    """Interval and n."""
    anchor: str
    """Where the items behind it are."""


def field_answer(report: FieldReport) -> list[str]:
    """Return plain sentences on a run over labelled calls."""
    return list(_field_sentences(report))


def _field_sentences(report: FieldReport) -> Iterator[str]:
    levels = report.levels.overall
    yield (
        f"The reader ({report.run.reader}) gives the right level for {shown(levels.exact)} of the "
        f"readings of {len(report.run.calls)} labelled calls."
    )
    yield (
        f"It claims a level in {shown(levels.hallucination)} of the criteria that nobody spoke "
        f"about, and overlooks {shown(levels.miss)} of those that somebody did."
    )
    yield from _compared(report)
    if levels.exact.low is not None and levels.exact.high is not None:
        half = (levels.exact.high - levels.exact.low) / 2
        yield (
            f"How sure: {report.levels.calls} calls of {report.levels.deals} deals place the share "
            f"of right levels within about {100 * half:.0f} points either way."
        )


def _compared(report: FieldReport) -> Iterator[str]:
    comparison = report.gate.comparison
    if comparison is None:
        yield "Compared with: nothing yet, as there is no baseline."
    else:
        check = comparison.checks[0]
        if check.baseline is not None and check.candidate is not None:
            yield (
                f"Compared with the accepted baseline on the same {check.n} readings: "
                f"{check.candidate:.1%} right (mean of four criteria), was {check.baseline:.1%}."
            )
    if report.people is not None:
        yield (
            f"Compared with people: a second person agrees with the first on "
            f"{shown(report.people.overall.exact)}."
        )


def field_tiles(report: FieldReport) -> list[Tile]:
    """Return the large figures of a run."""
    levels = report.levels.overall
    tiles = [
        _tile("right levels", levels.exact, "levels"),
        _tile("agreement (kappa)", levels.kappa, "levels", percent=False),
        _tile("invented levels", levels.hallucination, "levels"),
        _tile("overlooked", levels.miss, "levels"),
    ]
    if report.values is not None:
        tiles.append(_tile("quotes that stand", report.values.quotes_stand, "values"))
    if report.stability is not None:
        tiles.append(_tile("levels that flip", report.stability.all_flips, "stability"))
    return tiles


def study_tiles(found: Study) -> list[Tile]:
    """Return the large figures of a study."""
    out = found.outcomes
    tiles = [
        _tile("precision", out.at_threshold.precision, "confusion"),
        _tile("recall", out.at_threshold.recall, "confusion"),
        _tile("ROC AUC", out.roc_auc, "curves", percent=False),
        _tile("won, of all", out.base_rate, "confusion"),
    ]
    if found.against_ae:
        view = found.against_ae[0]
        tiles.append(_tile("AEs' recall", view.ae.recall, "against-ae"))
        tiles.append(_tile("ours, as precise", view.at_ae_precision.system.recall, "against-ae"))
    return tiles


def _tile(name: str, figure: Rate | Estimate, anchor: str, *, percent: bool = True) -> Tile:
    if figure.value is None:
        return Tile(name, "–", f"undefined, n = {figure.n}", anchor)

    def one(value: float) -> str:
        return f"{value:.0%}" if percent else f"{value:.2f}"

    sure = f"n = {figure.n}"
    if figure.low is not None and figure.high is not None:
        sure = f"{one(figure.low)} to {one(figure.high)}, {sure}"
    return Tile(name, one(figure.value), sure, anchor)
