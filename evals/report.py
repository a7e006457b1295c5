"""The report as one HTML file: answer first, then the figures, then the items behind each of them.

No script, nothing fetched: a file that can be mailed, printed, and read on a phone. It may hold
buyers' words (the quotes behind the worst calls), and says so at its foot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Extraction, Level
from bantam.domain.calls import CallId
from bantam.domain.rubric import meaning
from evals.deal_cases import DealCase
from evals.field_report import FieldReport
from evals.gold import GoldCall
from evals.report_answers import field_answer, field_tiles, study_tiles
from evals.report_plots import field_plots, study_plots
from evals.runs import Item
from evals.study import Study
from evals.summary import exit_word, shown

_TEMPLATES = Path(__file__).with_name("templates")
_WORST = 6
LEVELS: tuple[Level, ...] = (NOT_DISCUSSED, 0, 1, 2, 3, 4)


class ReportParts(NamedTuple):
    """What goes into a report; either half may be missing."""

    made_at: datetime
    field: FieldReport | None = None
    extractions: Sequence[tuple[GoldCall, Extraction]] = ()
    """Behind `field`: lends the quotes."""
    study: Study | None = None
    readings: Mapping[CallId, Extraction] = {}
    """Behind the deals of `study`: lends the quotes."""


class Quote(NamedTuple):
    """Words behind a reading."""

    turn: int
    speaker: str
    text: str


class Answer(NamedTuple):
    """One criterion of one call: what was read and what is right."""

    criterion: Criterion
    gold: Level
    read: tuple[Level | None, ...]
    right: bool
    says: str
    should_say: str
    quotes: tuple[Quote, ...]
    gold_quotes: tuple[Quote, ...]
    rejected: tuple[str, ...]


class CallAnswers(NamedTuple):
    """One labelled call."""

    id: str
    points: tuple[int | None, ...]
    answers: tuple[Answer, ...]

    @property
    def distance(self) -> int:
        """How far its levels are off, in all; missing or inventing a level counts from 0."""
        return sum(abs(_number(a.gold) - _number(a.read[0])) for a in self.answers)

    @property
    def wrong(self) -> int:
        """How many of its four readings are wrong."""
        return sum(not a.right for a in self.answers)


def html_report(parts: ReportParts) -> str:
    """Return the report as one HTML page.

    Args:
        parts: a run on labelled calls, a study on closed deals, or both.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - heavy

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    environment.filters["figure"] = lambda f: shown(f, percent=False)
    environment.filters["level"] = level_word
    page = environment.get_template("report.html.j2")
    return page.render(made_at=parts.made_at, **_field(parts), **_study(parts))


def level_word(level: Level | None) -> str:
    """Return a level for a narrow column: a dot is "not discussed", a dash "no answer"."""
    return "–" if level is None else "·" if level == NOT_DISCUSSED else str(level)


def _number(level: Level | None) -> int:
    return 0 if level in (None, NOT_DISCUSSED) else 1 + int(level)


def _field(parts: ReportParts) -> dict[str, Any]:
    report = parts.field
    if report is None:
        return {"field": None}
    calls = _calls(report, parts.extractions)
    worst = sorted((c for c in calls if c.wrong), key=lambda c: (-c.distance, c.id))
    return {
        "field": report,
        "field_answer": field_answer(report),
        "field_tiles": field_tiles(report),
        "field_plots": field_plots(report),
        "verdict_word": exit_word(report.gate),
        "confusions": {c: _confusion(report.run.items, c) for c in Criterion},
        "levels": LEVELS,
        "calls": calls,
        "worst": worst[:_WORST],
        "operation": _operation(report),
    }


def _calls(
    report: FieldReport, extractions: Sequence[tuple[GoldCall, Extraction]]
) -> list[CallAnswers]:
    words = {str(gold.call.id): (gold, found) for gold, found in extractions}
    items: dict[str, list[Item]] = {}
    for item in report.run.items:
        items.setdefault(item.id.rsplit("/", 1)[0], []).append(item)
    points = {call.call_id: call.points for call in report.run.calls}
    return [
        CallAnswers(call, points.get(call, ()), tuple(_answer(i, words.get(call)) for i in mine))
        for call, mine in items.items()
    ]


def _answer(item: Item, words: tuple[GoldCall, Extraction] | None) -> Answer:
    first = item.levels[0]
    quotes: tuple[Quote, ...] = ()
    gold_quotes: tuple[Quote, ...] = ()
    rejected: tuple[str, ...] = ()
    if words is not None:
        gold, found = words
        reading = found.readings.get(item.criterion)
        if reading is not None:
            quotes = tuple(Quote(e.turn, e.speaker, e.quote) for e in reading.evidence)
            rejected = tuple(f"{r.quote} ({r.reason})" for r in reading.rejected)
        gold_quotes = tuple(_turn(gold, t) for t in gold.labels[item.criterion].evidence)
    return Answer(
        criterion=item.criterion,
        gold=item.gold,
        read=item.levels,
        right=item.exact,
        says="no answer" if first is None else meaning(item.criterion, first),
        should_say=meaning(item.criterion, item.gold),
        quotes=quotes,
        gold_quotes=gold_quotes,
        rejected=rejected,
    )


def _turn(gold: GoldCall, place: int) -> Quote:
    turns = gold.call.turns
    if place >= len(turns):
        return Quote(place, "", "")
    names = {p.id: p.name for p in gold.call.participants}
    turn = turns[place]
    return Quote(place, names.get(turn.speaker, turn.speaker), turn.text)


def _confusion(items: Sequence[Item], criterion: Criterion) -> list[list[list[str]]]:
    """Return the call ids of each cell: right level down, read level across."""
    table: list[list[list[str]]] = [[[] for _ in LEVELS] for _ in LEVELS]
    for item in items:
        if item.criterion is criterion:
            call = item.id.rsplit("/", 1)[0]
            table[_number(item.gold)][_number(item.levels[0])].append(call)
    return table


def _operation(report: FieldReport) -> list[tuple[str, str]]:
    calls = report.run.calls
    outcomes: dict[str, int] = {}
    for call in calls:
        for outcome in call.outcomes:
            outcomes[outcome.value] = outcomes.get(outcome.value, 0) + 1
    seconds = sorted(s for call in calls for s in call.seconds)
    costs = [c.cost_usd for c in calls if c.cost_usd is not None]
    rows = [(f"answers that ended as {name}", str(n)) for name, n in sorted(outcomes.items())]
    if seconds:
        rows.append(("median time of an answer", f"{seconds[len(seconds) // 2]:.2f} s"))
        late = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
        rows.append(("slowest twentieth", f"{late:.2f} s and more"))
    if costs:
        rows.append(("cost of a call, all samples", f"${sum(costs) / len(costs):.4f}"))
    else:
        rows.append(("cost", "none known: the embedded reader is free, a model needs model.prices"))
    return rows


def _study(parts: ReportParts) -> dict[str, Any]:
    found = parts.study
    if found is None:
        return {"study": None}
    threshold = found.outcomes.at_threshold.confusion.threshold
    return {
        "study": found,
        "study_tiles": study_tiles(found),
        "study_plots": study_plots(found),
        "cells": _cells(found.cases.cases, threshold),
        "worst_deals": [
            (deal, _words(deal.call_ids, parts.readings)) for deal in found.outcomes.worst
        ],
        "left_out": _left_out(found),
    }


def _cells(cases: Sequence[DealCase], threshold: float) -> list[tuple[str, str, list[DealCase]]]:
    names = {
        (True, True): ("flagged, won", "hit"),
        (True, False): ("flagged, not won", "false alarm"),
        (False, True): ("not flagged, won", "missed"),
        (False, False): ("not flagged, not won", "rightly left"),
    }
    cells: dict[tuple[bool, bool], list[DealCase]] = {key: [] for key in names}
    for case in cases:
        flagged = case.points is not None and case.points >= threshold
        cells[flagged, case.won is True].append(case)
    return [(*names[key], here) for key, here in cells.items()]


def _words(
    call_ids: Sequence[CallId], readings: Mapping[CallId, Extraction]
) -> list[tuple[str, Criterion, Level, str]]:
    """Return (call, criterion, level, quote) of the readings behind a deal's score."""
    return [
        (call_id, criterion, reading.level, reading.evidence[0].quote)
        for call_id in call_ids
        if call_id in readings
        for criterion, reading in readings[call_id].readings.items()
        if reading.evidence
    ]


def _left_out(found: Study) -> list[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for item in found.cases.left_out:
        groups.setdefault(item.why.value, []).append(item.id)
    return sorted(groups.items(), key=lambda g: (-len(g[1]), g[0]))
