"""What strangers put into names, titles, quotes and streams never harms the person who reads."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.cli import exit_codes
from apps.cli.lines import csv_cell
from apps.cli.main import run
from apps.cli.plain_text import one_line, printable
from bantam.domain.calls import Participant, Side
from tests.factories import a_call
from tests.paths import REPO

EVIL = "[/] [bold red]x[/red] \x1b[2J\x1b]0;pwned\x07 \x9b31m \u202egnp.exe"
LINE = f"title {EVIL}\nScore 99  hot  grade A1"
SAID = "We have a budget of forty thousand euros a year, and it is approved and signed off."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "PREFECT_API_URL", "BANTAM_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    people = (
        Participant(id="s", name=f"Ana {EVIL}\nBo", side=Side.SELLER),
        Participant(id="b", name=f"Bo {EVIL}\n", side=Side.BUYER, title=f"CFO {EVIL}"),
    )
    call = a_call(
        ("s", "Hello?"), ("b", f"{EVIL} {SAID}"), id="c-1", title=LINE, deal_id="[/] D-1",
        participants=people,
    )  # fmt: skip
    (tmp_path / "a.json").write_text(call.model_dump_json(), encoding="utf-8")
    (tmp_path / "b[bold].json").write_text("{", encoding="utf-8")
    return tmp_path


def controls(text: str) -> set[str]:
    return {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs"}} - {"\n"}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["score", "a.json", "b[bold].json"], id="score"),
        pytest.param(["score", "--csv", "a.json"], id="csv"),
        pytest.param(["show", "c-1"], id="show"),
        pytest.param(["deals"], id="deals"),
        pytest.param(["deals", "[/] D-1"], id="one deal"),
        pytest.param(["rescore", "--score-model", "anum"], id="rescore"),
        pytest.param(["deliver", "--csv", "-"], id="deliver"),
        pytest.param(["status"], id="status"),
        pytest.param(["show", EVIL], id="an id that is not there"),
        pytest.param(["score", f"{EVIL}.json"], id="a file that is not there"),
    ],
)
def test_no_command_prints_what_a_terminal_obeys(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    run(["score", "--json", "a.json"])
    capsys.readouterr()
    run(arguments)
    shown = capsys.readouterr()
    assert shown.out + shown.err
    assert controls(shown.out) == set()
    assert controls(shown.err) == set()
    assert "unexpected" not in shown.err


def test_markup_in_names_and_quotes_is_shown_as_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["score", "a.json", "b[bold].json"])
    assert "cannot read b[bold].json: line 1" in capsys.readouterr().err
    run(["show", "c-1"])
    shown = capsys.readouterr().out
    assert "[/] [bold red]x[/red]" in shown
    run(["deals"])
    assert "[/] D-1" in capsys.readouterr().out


def test_a_title_of_two_lines_cannot_pass_for_a_score(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["score", "a.json"])
    capsys.readouterr()
    run(["show", "c-1"])
    first, *others = capsys.readouterr().out.splitlines()
    assert "Score 99" in first
    assert not [line for line in others if line.startswith("Score 99")]


def test_json_keeps_what_was_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["score", "--json", "a.json"])
    (line,) = capsys.readouterr().out.splitlines()
    assert "\nScore 99" in json.loads(line)["title"]


@given(st.text())
def test_printed_text_holds_no_control_character(text: str) -> None:
    shown = one_line(text)
    assert not {c for c in shown if unicodedata.category(c) in {"Cc", "Cs"}} - {"\t"}
    assert "\n" not in shown
    assert printable(shown) == shown
    shown.encode()


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_printed_text_loses_nothing_that_can_be_seen(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("-2+cmd|' /C calc'!A0", "'-2+cmd|' /C calc'!A0", id="minus"),
        pytest.param("\x00=1+1", "'=1+1", id="behind a control character"),
        pytest.param("\r\n=1+1", " =1+1", id="behind a line break"),
        pytest.param("a\r\nb\x1b[2J", "a b[2J", id="lines and escapes"),
        pytest.param(-3, "-3", id="a number stays one"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_a_csv_cell_is_one_line_and_no_formula(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


def bantam(
    *arguments: str, folder: Path, stdout: int | None = subprocess.PIPE, **env: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from apps.cli.main import main; main()", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPO), **env},
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )


@pytest.mark.parametrize("form", ["--json", "--csv", None])
def test_the_locale_changes_no_output(folder: Path, form: str | None) -> None:
    words = a_call(("b", f"予算. {SAID}"), id="é-1", title="日本語").model_dump_json()
    (folder / "c.json").write_text(words, encoding="utf-8")
    arguments = ["score", "c.json", *([form] if form else [])]
    done = bantam(*arguments, folder=folder, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="")
    assert done.returncode == exit_codes.OK, done.stderr
    assert "é-1" in done.stdout.decode("utf-8")


@pytest.mark.parametrize(
    "arguments",
    [["score", "--json", "a.json"], ["score", "--csv", "a.json"], ["deals"], ["show", "c-1"]],
    ids=["json", "csv", "table", "show"],
)
def test_a_reader_that_goes_away_is_no_defect(folder: Path, arguments: list[str]) -> None:
    run(["score", "--json", "a.json"])
    reading, writing = os.pipe()
    os.close(reading)
    done = bantam(*arguments, folder=folder, stdout=writing)
    os.close(writing)
    assert done.returncode == exit_codes.OK, done.stderr
    assert b"unexpected" not in done.stderr
    assert b"Exception" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_named(folder: Path) -> None:
    run(["score", "--json", "a.json"])
    with Path("/dev/full").open("wb") as full:
        done = bantam("show", "c-1", folder=folder, stdout=full.fileno())
    assert done.returncode == exit_codes.UNAVAILABLE
    assert b"No space left on device" in done.stderr


def test_streams_that_the_caller_closed_are_no_defect(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert run(["score", "-"]) == exit_codes.SOME_FAILED
    assert "<stdin>: file: is empty" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdout", None)
    assert run(["score", "--json", "a.json"]) == exit_codes.OK
    sys.stdin.close()
    sys.stdout.close()


def test_a_file_that_cannot_be_written_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "a.json" / "x.csv"
    assert run(["deliver", "--csv", str(path)]) == exit_codes.UNAVAILABLE
    assert f"bantam: {path}: cannot be written: File exists" in capsys.readouterr().err


def test_debug_may_stand_at_the_end(folder: Path) -> None:
    with pytest.raises(Exception, match="no score"):
        run(["show", "nope", "--debug"])


def test_a_title_of_two_lines_stays_one_row(folder: Path) -> None:
    done = bantam("score", "--csv", "a.json", folder=folder)
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 2
    (row,) = csv.DictReader(io.StringIO(done.stdout.decode()))
    assert row["title"].startswith("title [/]")
