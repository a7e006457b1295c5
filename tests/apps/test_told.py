"""What a person is told when something went otherwise than hoped: why, and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.cli import exit_codes
from bantam.domain.bant import Extraction, ExtractionOutcome
from bantam.domain.calls import Call
from bantam.ledger.store import Ledger
from flows import wiring
from tests.factories import a_call
from tests.fakes import ScriptedExtractor

Ran = tuple[int, str, str]
WHY = "HTTP 500; 5 attempts"


class Away(ScriptedExtractor):
    """A model server that answers no call but c-ok."""

    def __init__(self) -> None:
        away = ExtractionOutcome.TRANSPORT_ERROR
        super().__init__({"c-1": away, "c-2": away})

    def extract(self, call: Call) -> Extraction:
        found = super().extract(call)
        failed = found.outcome is not ExtractionOutcome.OK
        return found.model_copy(update={"detail": WHY if failed else ""})


def written(folder: Path, *ids: str, **changes: object) -> None:
    for call_id in ids:
        call = a_call(("s", "Hello?"), ("b", "Fine."), id=call_id, deal_id="D-1", **changes)
        (folder / f"{call_id}.json").write_text(call.model_dump_json(), encoding="utf-8")


def test_a_model_server_that_fails_is_named_and_the_exit_code_says_so(
    bantam: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "build_extractor", lambda *_: Away())
    written(tmp_path, "c-1", "c-2", "c-ok")
    code, out, err = bantam("score", "--json", ".")
    assert code == exit_codes.SOME_FAILED
    assert f"2 transport_error: {WHY}" in err.splitlines()
    assert "run the same command again: what got no answer is read once more" in err
    details = {r["call_id"]: r["unscored_detail"] for r in map(json.loads, out.splitlines())}
    assert details == {"c-1": WHY, "c-2": WHY, "c-ok": None}
    assert f"Unscored: transport_error ({WHY})" in bantam("show", "c-1")[1]


def test_what_got_no_answer_is_read_by_the_next_run(
    bantam: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "build_extractor", lambda *_: Away())
    written(tmp_path, "c-1", "c-ok")
    assert bantam("score", ".")[0] == exit_codes.SOME_FAILED
    monkeypatch.setattr(wiring, "build_extractor", lambda *_: ScriptedExtractor())
    code, _, err = bantam("score", ".")
    assert (code, "1 already done" in err) == (exit_codes.OK, True)


@pytest.mark.parametrize("command", [["deliver", "--csv"], ["evals", "run", "--json"]])
def test_a_file_that_cannot_be_written_is_named_before_anything_is_done(
    command: list[str],
    bantam: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("work was begun")

    monkeypatch.setattr(wiring, "deliver_due", never)
    monkeypatch.setattr(wiring, "build_extractor", never)
    written(tmp_path, "c-1")
    path = tmp_path / "c-1.json" / "out"
    code, _, err = bantam(*command, str(path))
    assert code == exit_codes.UNAVAILABLE
    assert err == f"bantam: {path}: cannot be written: File exists\n"


def test_trying_whether_a_file_can_be_written_leaves_no_file_and_no_change(
    bantam: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "old.csv").write_text("kept")
    for name in ("old.csv", "new.csv"):
        assert bantam("deliver", "--csv", name, "--limit", "0")[0] == exit_codes.USAGE
    assert (tmp_path / "old.csv").read_text() == "kept"
    assert not (tmp_path / "new.csv").exists()


def test_a_first_score_under_a_model_is_no_move(
    bantam: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "build_extractor", lambda *_: ScriptedExtractor())
    written(tmp_path, "c-1")
    bantam("score", ".")
    first = bantam("rescore", "--score-model", "anum")
    again = bantam("rescore", "--score-model", "anum")
    assert first[1].startswith("c-1  first score under anum: ")
    assert first[2] == (
        "1 calls: 1 scored under anum for the first time, 0 scores change, 0 change band, "
        "1 deliveries owed\n"
    )
    assert again[1:] == ("", "1 calls: 0 scores change, 0 change band, 0 deliveries owed\n")


def test_a_call_in_a_language_that_the_embedded_reader_does_not_know_says_so(
    bantam: Callable[..., Ran], tmp_path: Path
) -> None:
    written(tmp_path, "c-1", language="pl")
    code, out, err = bantam("score", "--json", "c-1.json")
    (line,) = map(json.loads, out.splitlines())
    assert (code, line["score"], line["readings"]) == (exit_codes.OK, None, {})
    assert line["unscored_reason"] == "unsupported_language"
    assert "1 unsupported_language: the call is in 'pl'; the embedded extractor reads" in err


HELD = "held for embedded: call c-1: looks odd; look at it (`bantam show c-1`), then "


def settled(folder: Path, outcome: str, reason: str) -> None:
    """Let a worker take the delivery that is owed, and end it in a way."""
    now = datetime.now(UTC) + timedelta(minutes=1)
    with Ledger.open(f"sqlite:///{folder / 'bantam.db'}", create=False) as ledger:
        (claim,) = ledger.claim_deliveries(
            1, targets=("embedded",), now=now, lease_seconds=60, worker="w"
        )
        getattr(ledger, outcome)(claim, reason, now=now)


@pytest.mark.parametrize(
    ("outcome", "reason", "told"),
    [
        pytest.param("hold", "looks odd", f"{HELD}`bantam deliver --release c-1`", id="held"),
        pytest.param("hold", "say `bantam crm link x c-1 DEAL`", "held for embedded: call c-1: say `bantam crm link x c-1 DEAL`", id="held, the reason says what to do"),
        pytest.param("mark_failed", "refused", "failed for embedded: call c-1: refused; mend the cause, then `bantam deliver --retry`", id="failed"),
    ],
)  # fmt: skip
def test_what_waits_for_a_person_says_why_and_what_to_do(
    outcome: str,
    reason: str,
    told: str,
    bantam: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wiring, "build_extractor", lambda *_: ScriptedExtractor())
    written(tmp_path, "c-1")
    bantam("score", ".")
    settled(tmp_path, outcome, reason)
    assert told in bantam("status")[1].splitlines()
    assert told in bantam("deliver")[2].splitlines()
    assert told in bantam("show", "c-1")[1].splitlines()
