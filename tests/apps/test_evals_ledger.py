"""Commands that measure on what the ledger holds: replay, reviews, closed deals, real text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from apps.cli import exit_codes
from apps.cli.main import run
from bantam.domain.bant import NOT_DISCUSSED, Criterion, Extraction
from bantam.domain.calls import Call, CallId, DealId
from bantam.domain.deals import AeView, AeWord, Outcome
from bantam.domain.review import Review
from bantam.ledger.rows import Entry
from bantam.ledger.store import Ledger
from bantam.scoring import BANT, score
from flows import wiring
from tests.factories import a_call, an_extraction

START = datetime(2025, 3, 3, 15, tzinfo=UTC)
DEALS = 90


class Reader:
    """Reads all four criteria at one level, or as the call's number says."""

    name = "fake"
    version_key = "2"

    def __init__(self, level: int | None = None) -> None:
        self.level = level

    def extract(self, call: Call) -> Extraction:
        number = int(call.id.removeprefix("c-"))
        level = number % 5 if self.level is None else self.level
        found = an_extraction(dict.fromkeys(Criterion, level), call_id=call.id)
        return found.model_copy(
            update={"run": found.run.model_copy(update={"extractor_version": f"v{self.level}"})}
        )


def fill(url: str, reader: Reader) -> None:
    rng = np.random.default_rng(1)
    entries, outcomes = [], []
    for i in range(DEALS):
        at = START + timedelta(days=i)
        call = a_call(id=CallId(f"c-{i}"), deal_id=DealId(f"D-{i}"), started_at=at)
        extraction = reader.extract(call)
        entries.append(Entry(score(extraction, BANT, scored_at=at), call, extraction))
        won = bool(rng.random() < (0.9 if i % 5 > 2 else 0.05))
        closed = at + timedelta(days=20)
        outcomes.append(Outcome(deal_id=call.deal_id, won=won, closed_at=closed))
    with Ledger.open(url, create=True) as ledger:
        ledger.record_many(entries)
        ledger.record_outcomes(outcomes)


@pytest.fixture
def filled(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    fill("sqlite:///bantam.db", Reader())
    return tmp_path


def _scores(url: str = "sqlite:///bantam.db") -> list[int | None]:
    with Ledger.open(url, create=False) as ledger:
        return [r.score.points for r in ledger.results()]


def test_a_replay_of_weights_shows_moves_and_writes_and_writes_nothing(filled, capsys) -> None:
    Path("bantam.toml").write_text(
        "[scoring.models.late]\n"
        "weights = {budget = 0.1, authority = 0.1, need = 0.1, timeframe = 0.7}\n"
        "level_values = [0, 0, 0, 0, 1]\n"
    )
    before = _scores()
    args = ["evals", "replay", "--score-model", "late", "--json", "replay.json"]
    assert run(args) == exit_codes.OK
    out = capsys.readouterr().out
    assert out.startswith(f"- {DEALS} calls: ")
    assert "- recall: " in out
    assert "Nothing was written." in out
    assert _scores() == before
    data = json.loads(Path("replay.json").read_text())
    assert data["deals"] == DEALS
    assert data["changed"] == len(data["moves"])
    assert all("Forty thousand" not in line for line in (out, Path("replay.json").read_text()))


def test_a_replay_of_answers_reads_them_from_a_ledger_of_their_own(filled, capsys) -> None:
    fill("sqlite:///candidate.db", Reader(level=4))
    assert run(["evals", "replay", "--answers", "sqlite:///candidate.db"]) == exit_codes.OK
    out = capsys.readouterr().out
    assert "| from \\ to |" in out
    assert f"{DEALS - DEALS // 5} scores would change" in out


@pytest.mark.parametrize(
    ("args", "code", "expected"),
    [
        pytest.param(["replay"], exit_codes.USAGE, "nothing to try", id="nothing to try"),
        pytest.param(
            ["replay", "--answers", "sqlite:///none.db"],
            exit_codes.UNAVAILABLE,
            "none.db",
            id="no ledger",
        ),
        pytest.param(
            ["run", "--deals", "d.csv"], exit_codes.USAGE, "--deals goes with", id="deals"
        ),
        pytest.param(
            ["run", "--candidate", "d.csv", "--reviews"], exit_codes.USAGE, "saved run", id="saved"
        ),
        pytest.param(["run", "--reviews"], exit_codes.USAGE, "no call of the ledger", id="reviews"),
        pytest.param(
            ["false-alarms", "d.csv"], exit_codes.USAGE, "line 1: not a call", id="not calls"
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(filled, capsys, args, code, expected) -> None:
    Path("d.csv").write_text("deal_id,won,closed_at\n")
    assert run(["evals", *args]) == code
    assert expected in capsys.readouterr().err


@pytest.fixture
def cases(filled, monkeypatch):
    """Two labelled calls, read by a reader to be set."""
    (filled / "cases").mkdir()
    for i in (1, 2):
        call = a_call(id=CallId(f"c-{1000 + i}"))
        data = call.model_dump(mode="json", include={"id", "started_at", "participants", "turns"})
        data["gold"] = {c.value: {"level": i, "evidence": [1]} for c in Criterion}
        (filled / "cases" / f"{i}.json").write_text(json.dumps(data))

    def read_by(reader: Reader) -> None:
        monkeypatch.setattr(wiring, "build_extractor", lambda *_: reader)

    read_by(Reader())
    return read_by


def _run(*options: str) -> int:
    return run(["evals", "run", "--cases", "cases", "--baseline", "b.json", *options])


def test_reviews_are_labels_in_a_slice_of_their_own(cases, capsys) -> None:
    with Ledger.open("sqlite:///bantam.db", create=False) as ledger:
        stored = ledger.latest_result(CallId("c-3"))
        review = Review(
            extraction_id=stored.extraction.id,
            call_id=stored.call.id,
            reviewer="ana@seller.example",
            reviewed_at=START,
            corrections={Criterion.NEED: NOT_DISCUSSED},
        )
        ledger.record_many([Entry(stored.score, review=review)])
    saved = ("--save", "run.json", "--json", "report.json")
    assert _run("--reviews", "--no-attack", *saved) == exit_codes.INCONCLUSIVE
    out = capsys.readouterr().out
    assert "# INCONCLUSIVE: embedded on 3 labelled calls" in out
    assert "| labels: reviews | 75% " in out
    assert "labels from reviews flatter the reader" in out
    items = {i["id"]: i["gold"] for i in json.loads(Path("run.json").read_text())["items"]}
    assert items["c-3/need"] == NOT_DISCUSSED
    assert items["c-3/budget"] == 3
    # A review says nothing of amounts, dates and people: only the two labelled calls are judged.
    assert json.loads(Path("report.json").read_text())["values"]["calls"] == 2


def test_a_reader_that_finds_fewer_won_deals_is_blocked_though_the_labels_say_pass(
    cases, capsys
) -> None:
    assert _run("--accept-baseline", "--reason", "first labels") == exit_codes.OK
    assert _run("--outcomes") == exit_codes.OK
    assert "won deals found at like precision" in capsys.readouterr().out

    class Blind(Reader):
        def extract(self, call: Call) -> Extraction:
            labelled = int(call.id.removeprefix("c-")) > 1000
            return Reader().extract(call) if labelled else Reader(level=1).extract(call)

    cases(Blind())
    assert _run("--outcomes", "--html", "r.html") == exit_codes.BLOCKED
    assert "won deals found at like precision" in Path("r.html").read_text()


def test_real_chats_and_false_alarms_are_read_from_files(cases, capsys) -> None:
    lines = [a_call(id=CallId(f"c-{i}")).model_dump_json() for i in range(40)]
    Path("calls.jsonl").write_text("\n".join(lines) + "\n")
    rows = [f"c-{i},{int(i % 5 > 2)},none" for i in range(40)]
    Path("ends.csv").write_text("call_id,won,pledged_usd\n" + "\n".join(rows) + "\n")
    assert (
        run(["evals", "persuasion", "calls.jsonl", "ends.csv", "--json", "p.json"]) == exit_codes.OK
    )
    assert "| AUC of the score | 1 (1 to 1, n = 40)" in capsys.readouterr().out
    assert json.loads(Path("p.json").read_text())["parts"][0]["chats"] == 40
    assert run(["evals", "false-alarms", "calls.jsonl", "--json", "f.json"]) == exit_codes.OK
    assert "on 40 calls" in capsys.readouterr().out
    assert json.loads(Path("f.json").read_text())["zeros"] == 32


def test_a_study_on_the_ledger_compares_with_what_aes_wrote_in_time(filled, capsys) -> None:
    views = []
    for i in range(DEALS):
        at = START + timedelta(days=i)
        # The first word came in time; the second one knew how the deal ended.
        words = (
            AeWord(about="score", score=i % 100, at=at + timedelta(days=1)),
            AeWord(about="score", score=99, at=at + timedelta(days=19)),
        )
        if i < DEALS - 30:
            views.append(AeView(deal_id=DealId(f"D-{i}"), words=words))
        elif i < DEALS - 20:
            views.append(AeView(deal_id=DealId(f"D-{i}"), words=words[1:]))
    with Ledger.open("sqlite:///bantam.db", create=False) as ledger:
        ledger.record_outcomes([], views=views)
    args = ["evals", "study", "--as-of", "2026-06-01", "--json", "study.json"]
    assert run(args) == exit_codes.OK
    cases = {c["deal_id"]: c for c in json.loads(Path("study.json").read_text())["cases"]["cases"]}
    assert cases["D-7"]["ae_score"] == 7
    assert cases[f"D-{DEALS - 25}"]["ae_score"] is None
    out = capsys.readouterr().out
    assert "- 10 x AE score written after the landmark" in out
    assert "AEs" in out
