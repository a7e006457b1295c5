"""The command as a user meets it: stdout, stderr, exit codes."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.cli import exit_codes
from apps.cli.main import _COMMANDS, _SHORT_HELP, exit_code_of
from bantam import errors
from tests.factories import a_call
from tests.paths import REPO

Ran = tuple[int, str, str]


def write_call(path: Path, call_id: str, *said: tuple[str, str]) -> Path:
    path.write_text(a_call(*said, id=call_id, deal_id="D-1").model_dump_json(), encoding="utf-8")
    return path


TALK = (
    ("s", "What have you set aside for this?"),
    ("b", "We have a budget of forty thousand euros a year, and it is approved and signed off."),
    ("s", "And who signs?"),
    ("b", "I sign it myself, I am the one who decides."),
    ("b", "We want to have it signed by the end of April."),
)


def test_scoring_prints_a_table_and_show_leads_to_the_words(bantam, tmp_path: Path) -> None:
    write_call(tmp_path / "a.json", "c-a", *TALK)
    code, out, err = bantam("score", "a.json")
    assert code == exit_codes.OK
    assert "c-a" in out
    assert "1 calls: 1 scored, 0 unscored, 0 already done, 0 could not be read" in err
    code, out, _ = bantam("show", "c-a")
    assert code == exit_codes.OK
    assert "approved and signed off" in out
    assert "turn 1 0:10, Bo (buyer)" in out


def test_json_lines_hold_what_the_page_promises(bantam, tmp_path: Path) -> None:
    write_call(tmp_path / "a.json", "c-a", *TALK)
    (tmp_path / "b.json").write_text("{")
    code, out, err = bantam("score", "--json", "a.json", "b.json")
    assert code == exit_codes.SOME_FAILED
    lines = [json.loads(line) for line in out.splitlines()]
    error = next(line for line in lines if "error" in line)
    scored = next(line for line in lines if "score" in line)
    assert {next(iter(line)) for line in (scored, error)} == {"schema"}
    assert error["place"] == "line 1"
    assert "b.json" in err
    assert set(scored["readings"]) == {"budget", "authority", "need", "timeframe"}
    budget = scored["readings"]["budget"]
    assert {"level", "value", "evidence", "flags"} <= set(budget)
    page = (REPO / "docs" / "score-lines.md").read_text(encoding="utf-8")
    for key in (*scored, *error, *budget, *budget["evidence"][0]):
        assert f"`{key}`" in page, key


def test_running_again_shows_the_same_row_from_the_ledger(bantam, tmp_path: Path) -> None:
    write_call(tmp_path / "a.json", "c-a", *TALK)
    first = bantam("score", "--json", "a.json")
    second = bantam("score", "--json", "a.json")
    assert first[1] == second[1]
    assert "1 already done" in second[2]


def test_what_reading_left_out_is_said(bantam, tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    write_call(tmp_path / "calls" / "a.json", "c-a", *TALK)
    write_call(tmp_path / "calls" / "b.json", "c-a", *TALK)
    (tmp_path / "calls" / "c.txt").write_text("Ana: hi\nBo: hello\n")
    (tmp_path / "calls" / "notes.md").write_text("not a call")
    code, _, err = bantam("score", "calls")
    assert code == exit_codes.OK
    assert "2 calls: " in err
    assert "1 read before with the same content" in err
    assert "1 other files in the folders left out" in err
    assert "1 dated by the age of their file" in err


def test_a_dry_run_writes_nothing(bantam, tmp_path: Path) -> None:
    write_call(tmp_path / "a.json", "c-a", *TALK)
    code, out, err = bantam("score", "--dry-run", "a.json")
    assert (code, "c-a" in out) == (exit_codes.OK, True)
    assert "nothing was written" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json"]


def test_csv_has_a_header_and_disarms_formulas(bantam, tmp_path: Path) -> None:
    call = a_call(*TALK, id="c-a", title="=HYPERLINK(1)")
    (tmp_path / "a.json").write_text(call.model_dump_json())
    _, out, _ = bantam("score", "--csv", "a.json")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["call_id"] == "c-a"
    assert row["title"] == "'=HYPERLINK(1)"


def test_the_whole_way_ends_in_the_embedded_crm(bantam, tmp_path: Path) -> None:
    write_call(tmp_path / "a.json", "c-a", *TALK)
    bantam("score", "a.json")
    code, out, err = bantam("deliver", "--csv", "-")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (code, row["deal_id"], row["call_id"]) == (exit_codes.OK, "D-1", "c-a")
    assert "1 due: 1 sent" in err
    assert "0 due" in bantam("deliver")[2]
    assert "D-1" in bantam("deals")[1]
    assert "D-1 as of" in bantam("deals", "D-1")[1]
    moved = bantam("rescore", "--score-model", "anum")
    assert "1 calls:" in moved[2]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["show", "nope"], exit_codes.NOT_FOUND, "'nope' has no score", id="unknown call"),
        pytest.param(["deliver", "--release", "nope"], exit_codes.NOT_FOUND, "nothing is held for call 'nope'", id="nothing to release"),
        pytest.param(["score", "x", "--model", "m", "--extractor", "embedded"], exit_codes.USAGE, "exclude each other", id="two readers"),
        pytest.param(["deals", "D-9"], exit_codes.NOT_FOUND, "'D-9'", id="unknown deal"),
        pytest.param(["score", "x.json", "--score-model", "bnt"], exit_codes.SETTINGS, "did you mean 'bant'?", id="unknown score model"),
        pytest.param(["score", "missing.json"], exit_codes.SOME_FAILED, "no such file or folder", id="missing file"),
        pytest.param(["score"], exit_codes.USAGE, "Missing argument", id="no argument"),
        pytest.param(["scor"], exit_codes.USAGE, "No such command", id="misspelt command"),
        pytest.param(["--config", "no.toml", "deals"], exit_codes.SETTINGS, "no such file", id="missing settings"),
        pytest.param(["score", "x", "--model", "m"], exit_codes.UNAVAILABLE, "no API key", id="no key"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_line_with_its_exit_code(
    bantam, arguments: list[str], code: int, said: str
) -> None:
    got, _, err = bantam(*arguments)
    assert (got, said in err) == (code, True), err
    assert "Traceback" not in err


def test_an_unforeseen_error_shows_no_words_of_a_call(
    bantam, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the buyer's secret words")

    monkeypatch.setattr("apps.cli.score.score_calls", broken)
    write_call(tmp_path / "a.json", "c-a", *TALK)
    code, _, err = bantam("score", "a.json")
    assert code == exit_codes.UNEXPECTED
    assert "secret" not in err


def test_every_error_of_ours_has_an_exit_code() -> None:
    kinds = [
        e for e in vars(errors).values() if isinstance(e, type) and e.__module__ == errors.__name__
    ]
    kinds.remove(errors.BantamError)
    assert len(kinds) > 10
    for kind in kinds:
        made = kind.__new__(kind)
        assert exit_code_of(made) != exit_codes.UNEXPECTED, kind


def test_help_names_every_command() -> None:
    assert set(_COMMANDS) == set(_SHORT_HELP)


def test_doctor_says_what_is_there(bantam) -> None:
    code, out, _ = bantam("doctor")
    assert code == exit_codes.OK
    assert "ok   ledger: sqlite:///bantam.db, revision" in out


@pytest.mark.parametrize(
    "url", ["", "secret", "mysql://u:secret@h/d", "postgresql://u:secret@h:x/d"]
)
def test_doctor_names_a_ledger_that_cannot_be(
    bantam, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("BANTAM_LEDGER__URL", url)
    code, out, err = bantam("doctor")
    assert code == exit_codes.UNAVAILABLE
    assert "FIX  ledger: " in out
    assert "secret" not in out + err


def test_deals_as_of_a_day_before_their_first_call_are_not_listed(bantam, tmp_path: Path) -> None:
    write_call(tmp_path / "a.json", "c-a", *TALK)
    bantam("score", "a.json")
    assert "D-1" in bantam("deals", "--as-of", "2026-03-02")[1]
    assert "D-1" not in bantam("deals", "--as-of", "2026-03-01")[1]


def test_help_imports_nothing_heavy() -> None:
    heavy = ["pydantic", "sqlalchemy", "openai", "prefect", "rich", "numpy", "sklearn", "httpx"]
    code = (
        "import sys; from apps.cli.main import run; run(['--help']);"
        f"sys.exit(' '.join(m for m in {heavy} if m in sys.modules) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_demo_scores_the_bundled_calls(bantam) -> None:
    code, out, err = bantam("demo")
    assert code == exit_codes.OK
    assert "d1-02" in out
    assert err.startswith("10 calls: ")
    assert "0 could not be read" in err
    assert "Where to look next" in err


def test_status_says_what_waits_and_what_failed(bantam: Callable[..., Ran], tmp_path: Path) -> None:
    write_call(tmp_path / "one.json", "c-1", *TALK)
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    bantam("score", str(tmp_path / "one.json"), str(tmp_path / "bad.json"))
    code, out, _ = bantam("status")
    assert code == exit_codes.OK
    assert "embedded: 1 pending" in out
    assert "bad.json" in out
    _, out, _ = bantam("status", "--json")
    assert json.loads(out)["counts"]["calls"] == 1
    _, out, _ = bantam("status", "--metrics")
    assert 'bantam_rows{kind="calls"} 1.0' in out
