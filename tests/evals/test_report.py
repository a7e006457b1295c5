"""The report as a page: what it says, what leads where, and how it looks on a phone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.calls import CallId
from bantam.scoring import BANT
from evals.deal_cases import CaseSet, LandmarkRule, Leak, LeftOut
from evals.field_report import field_report
from evals.field_run import FieldRun, field_run
from evals.gate import gate
from evals.gold import GoldCall, GoldLabel
from evals.plots import Axes, Interval, Line, intervals, lines
from evals.report import ReportParts, html_report
from evals.study import StudyOptions, study_of
from tests.browser import page_of
from tests.deals import LANDMARK, simulated_cases
from tests.factories import a_call, an_extraction

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Reader:
    """Reads level 2 everywhere."""

    name = "fake"
    version_key = "1"

    def extract(self, call):
        return an_extraction(dict.fromkeys(Criterion, 2), call_id=call.id)


def field_parts() -> ReportParts:
    calls = [
        GoldCall(
            call=a_call(id=CallId(f"c-{i}"), title="<script>alert(1)</script>"),
            labels={
                c: GoldLabel(level=2 if i % 3 else NOT_DISCUSSED if i % 2 else 4, evidence=(1,))
                for c in Criterion
            },
        )
        for i in range(12)
    ]
    found: FieldRun = field_run(calls, [Reader()], BANT, now=lambda: NOW)
    baseline = found.run.model_copy(
        update={
            "items": tuple(
                i.model_copy(update={"levels": (4,)}) if i.id == "c-0/need" else i
                for i in found.run.items
            )
        }
    )
    report = field_report(found, gate(found.run, baseline), BANT, threshold=75)
    return ReportParts(NOW, field=report, extractions=found.extractions)


def study_parts() -> ReportParts:
    cases = simulated_cases(300, seed=2, per_account=2, with_ae=True)
    named = [
        c.model_copy(update={"owner": ("ana", "bo & co")[i % 2], "stage": "Proposal"})
        for i, c in enumerate(cases)
    ]
    found = CaseSet(
        rule=LandmarkRule(as_of=LANDMARK + timedelta(days=400)),
        cases=tuple(named),
        left_out=(LeftOut(kind="call", id="late-1", why=Leak.CALL_AFTER_CLOSE),),
    )
    study = study_of(found, BANT, StudyOptions(rounds=200))
    readings = {
        call: an_extraction(call_id=call) for d in study.outcomes.worst for call in d.call_ids
    }
    return ReportParts(NOW, study=study, readings=readings)


@pytest.fixture(scope="module")
def both() -> str:
    field, study = field_parts(), study_parts()
    return html_report(
        ReportParts(NOW, field.field, field.extractions, study.study, study.readings)
    )


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link"):
            self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        found = dict(attrs)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.targets.add(found["href"])
        elif "src" in found or found.get("href", "data:,") != "data:,":
            self.fetched.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def test_every_link_leads_to_an_item_of_the_page(both) -> None:
    links = Links(both)
    assert len(set(links.ids)) == len(links.ids)
    assert {t.removeprefix("#") for t in links.targets} <= set(links.ids)
    assert {f"call-c-{i}" for i in range(12)} <= set(links.ids)
    assert {f"deal-D-{i}" for i in range(300)} <= set(links.ids)
    assert not links.open


def test_nothing_is_fetched_and_nothing_runs(both) -> None:
    assert Links(both).fetched == []
    assert "<script" not in both
    assert "http" not in re.sub(r"http-equiv", "", both)


def test_the_answer_stands_first(both) -> None:
    first = both.index("closed deals, ")
    assert first < both.index("The reader (embedded) gives the right level for 67%")
    assert both.index("The reader (embedded)") < both.index("<h2")
    assert "Compared with the accepted baseline on the same 48 readings" in both


def test_every_section_of_the_design_is_there(both) -> None:
    for heading in (
        "Precision over recall",
        "Calibration",
        "Confusion",
        "Right levels, by slice",
        "Calls read worst",
        "Stability, cost, time",
        "What was left out",
        "Against the AEs",
        "Time to close",
        "Deals that the score got most wrong",
    ):
        assert heading in both, heading


def test_worst_calls_show_what_the_reader_went_by_and_what_the_label_rests_on() -> None:
    text = html_report(field_parts())
    worst = text[text.index('id="worst"') : text.index('id="calls"')]
    assert '<blockquote class="ours">Forty thousand euros a year.' in worst
    assert '<blockquote class="gold">Forty thousand euros a year.' in worst
    assert "better</span> <a href=" not in worst


def test_changed_items_are_told_with_both_answers() -> None:
    text = html_report(field_parts())
    assert re.search(r"c-0/need</a> 4 → 2 \(right: 4\)", text)


def test_a_saved_run_has_a_report_without_words() -> None:
    parts = field_parts()
    text = html_report(parts._replace(extractions=()))
    assert "Forty thousand" not in text
    assert 'id="call-c-3"' in text


def test_names_from_outside_are_text_never_markup() -> None:
    parts = study_parts()
    cases = parts.study.cases
    evil = cases.cases[0].model_copy(update={"account_id": "<img src=x onerror=alert(1)>"})
    study = parts.study.model_copy(
        update={"cases": cases.model_copy(update={"cases": (evil, *cases.cases[1:])})}
    )
    text = html_report(parts._replace(study=study))
    assert "<img" not in text
    assert "bo &amp; co" in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(0.0, 118.0, id="left end"),
        pytest.param(1.0, 322.0, id="right end"),
        pytest.param(0.5, 220.0, id="middle"),
        pytest.param(7.0, 322.0, id="beyond the axis stays on it"),
    ],
)
def test_a_figure_stands_where_its_value_says(value, expected) -> None:
    drawn = intervals("t", [Interval("a", value, None, None)])
    assert f'cx="{expected:.1f}"' in drawn


def test_a_line_runs_from_corner_to_corner() -> None:
    drawn = lines(Axes("t", "x", "y"), [Line("d", [(0, 0), (1, 1)], "base")])
    assert 'points="52.0,210.0 320.0,12.0"' in drawn


def test_an_undefined_figure_says_so() -> None:
    assert ">undefined</text>" in intervals("t", [Interval("a", None, None, None)])


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1100])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_asks_nobody_for_anything(both, tmp_path, width, scheme) -> None:
    path = tmp_path / "report.html"
    path.write_text(both)
    with page_of(path, width=width, scheme=scheme) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(20, 23, 26)") == (scheme == "dark")
        for target in ("#call-c-0", "#deal-D-7", "#wrong-need"):
            seen.page.evaluate(f"location.hash = '{target}'")
            assert seen.page.is_visible(target), target
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.complaints == []
    assert seen.requests == [path.as_uri()]
