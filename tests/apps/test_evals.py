from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.cli import exit_codes
from apps.cli.main import run
from bantam.domain.bant import Criterion, Extraction
from bantam.domain.calls import Call, CallId
from evals.field_report import FieldReport
from flows import wiring
from tests.factories import a_call, an_extraction

CALLS = 24


class Reader:
    """Gives the level that it is told; `wrong` calls get another one."""

    name = "fake"
    version_key = "1"

    def __init__(self, wrong: int = 0) -> None:
        self.wrong = wrong

    def extract(self, call: Call) -> Extraction:
        number = int(call.id.removeprefix("c-"))
        level = 1 if number < self.wrong else 2
        quote = an_extraction().readings[Criterion.BUDGET].evidence[0].quote
        assert quote in call.turns[1].text
        return an_extraction(dict.fromkeys(Criterion, level), call_id=call.id)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A folder of labelled calls, all at level 2, and a reader to be set."""
    monkeypatch.chdir(tmp_path)
    cases = tmp_path / "cases"
    cases.mkdir()
    for i in range(CALLS):
        call = a_call(id=CallId(f"c-{i}"))
        data = call.model_dump(mode="json", include={"id", "started_at", "participants", "turns"})
        data["gold"] = {c.value: {"level": 2, "evidence": [1]} for c in Criterion}
        (cases / f"c-{i}.json").write_text(json.dumps(data))

    def read_by(reader: Reader) -> None:
        monkeypatch.setattr(wiring, "build_extractor", lambda *_: reader)

    read_by(Reader())
    return read_by


def _run(*options: str) -> int:
    return run(["evals", "run", "--cases", "cases", "--baseline", "baseline.json", *options])


def test_the_first_run_is_accepted_and_the_same_reader_then_passes(bench, capsys) -> None:
    assert _run() == exit_codes.INCONCLUSIVE
    assert "there is no baseline to compare with" in capsys.readouterr().out
    assert _run("--accept-baseline", "--reason", "first labels") == exit_codes.OK
    assert "Forty thousand" not in Path("baseline.json").read_text()
    capsys.readouterr()
    assert _run() == exit_codes.OK
    out = capsys.readouterr().out
    assert out.startswith("# PASS: embedded on 24 labelled calls")
    assert "| budget | " in out
    assert "| language: en | 100% " in out


def test_every_figure_of_a_run_can_be_had_as_json_without_a_word_said(bench) -> None:
    _run("--json", "report.json")
    text = Path("report.json").read_text()
    found = FieldReport.model_validate_json(text)
    assert found.levels.overall.exact.hits == 4 * CALLS
    assert found.values.quotes_stand.value == 1.0
    assert "Forty thousand" not in text


def test_a_worse_reader_is_blocked_and_each_changed_item_is_told(bench, capsys) -> None:
    _run("--accept-baseline", "--reason", "first labels")
    bench(Reader(wrong=12))
    capsys.readouterr()
    assert _run("--markdown", "report/gate.md", "--save", "run.json") == exit_codes.BLOCKED
    out = capsys.readouterr().out
    assert "worse  c-0/authority: 2 -> 1 (right: 2)" in out
    assert Path("report/gate.md").read_text() == out
    assert _run("--candidate", "run.json") == exit_codes.BLOCKED


def test_one_changed_call_of_few_is_inconclusive(bench) -> None:
    _run("--accept-baseline", "--reason", "first labels")
    bench(Reader(wrong=1))
    assert _run() == exit_codes.INCONCLUSIVE


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(["--accept-baseline"], "say why with --reason", id="no reason"),
        pytest.param(["--reason", "why"], "--reason goes with --accept-baseline", id="no accept"),
        pytest.param(["--candidate", "cases/c-0.json"], "not a saved run", id="not a run"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(bench, capsys, options, expected) -> None:
    assert _run(*options) == exit_codes.USAGE
    assert expected in capsys.readouterr().err


def _tables(bad: str = "") -> None:
    deals = ["deal_id,account_id,won,closed_at,ae_score,scored_at"]
    scores = ["call_id,deal_id,started_at,points"]
    for i in range(60):
        won = i % 3 == 0
        points = 40 + (i * 7) % 40 + (20 if won else 0)
        close = f"2026-0{3 + i % 4}-1{i % 9}"
        deals.append(f"D-{i},A-{i // 2},{won},{close},{30 + (i * 11) % 60},2026-01-06")
        scores.append(f"c-{i},D-{i},2026-01-05T10:00:00Z,{points}")
    Path("deals.csv").write_text("\n".join([*deals, *([bad] if bad else [])]) + "\n")
    Path("scores.csv").write_text("\n".join(scores) + "\n")


def _study(*options: str) -> int:
    return run(["evals", "study", "--deals", "deals.csv", "--scores", "scores.csv",
                "--as-of", "2026-12-31", *options])  # fmt: skip


def test_a_study_answers_first_and_leads_from_every_figure_to_deals(bench, capsys) -> None:
    _tables()
    assert _study("--json", "study.json", "--threshold", "60") == exit_codes.OK
    out = capsys.readouterr().out
    assert out.startswith("- 60 closed deals, 20 won. At a score of 60 or more: precision ")
    assert "at the AEs' precision" in out
    data = json.loads(Path("study.json").read_text())
    assert len(data["cases"]["cases"]) == 60


def test_a_bad_row_is_named_by_line_and_the_exit_code_tells(bench, capsys) -> None:
    _tables("D-99,,perhaps,2026-03-01,,")
    assert _study() == exit_codes.SOME_FAILED
    told = capsys.readouterr()
    assert "line 62, won: 'perhaps' is neither yes nor no" in told.err
    assert "1 rows could not be used; 60 deals could" in told.err
    assert told.out.startswith("- 60 closed deals")


def test_power_tells_how_many_deals_81_against_41_takes(capsys) -> None:
    assert run(["evals", "power", "--against", "0.41", "--phi", "0"]) == exit_codes.OK
    assert "| 81% | 41% | 0.00 | 28 | 35 | 140 |" in capsys.readouterr().out
