"""The main path over a real SQLite ledger, with a scripted extractor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bantam.domain.bant import NOT_DISCUSSED, Criterion, ExtractionOutcome
from bantam.domain.calls import CallId
from bantam.domain.delivery import DeliveryState
from bantam.errors import CallFileError, ExtractionError, QuotaExhaustedError, VendorDownError
from bantam.ledger.store import Ledger
from bantam.scoring import ANUM, BANT
from flows.deliver import deliver
from flows.rescore import rescore
from flows.score_calls import CallResult, Fate, Pipeline, RunCounts, score_calls
from tests.factories import a_call
from tests.fakes import RecordingGateway, ScriptedExtractor, SetClock


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as opened:
        yield opened


def a_pipeline(ledger: Ledger | None, extractor: ScriptedExtractor) -> Pipeline:
    return Pipeline(
        ledger=ledger,
        extractor=extractor,
        score_model=BANT,
        targets=("embedded",),
        clock=SetClock(),
        concurrency=3,
        chunk=4,
    )


def some_calls(n: int) -> list:
    return [a_call(id=CallId(f"c-{i:03}"), deal_id=f"D-{i % 3}") for i in range(n)]


def test_counts_add_up_whatever_becomes_of_the_calls(ledger: Ledger) -> None:
    nothing = dict.fromkeys(Criterion, NOT_DISCUSSED)
    extractor = ScriptedExtractor(
        {
            "c-001": ExtractionOutcome.REFUSAL,
            "c-002": nothing,
            "c-003": VendorDownError("gong", "no answer"),
        }
    )
    calls = [*some_calls(9), CallFileError("x.json", "line 1", "a call")]
    counts = score_calls(calls, a_pipeline(ledger, extractor))
    assert counts == RunCounts(
        read=10,
        scored=6,
        unscored=2,
        failed=2,
        deliveries=6,
        unscored_by_reason={"nothing_said": 1, "refusal": 1},
    )
    assert counts.adds_up
    assert {f.subject for f in ledger.failures()} == {"x.json", "c-003"}


def test_a_defect_in_one_call_stops_no_other_and_shows_no_words(ledger: Ledger) -> None:
    extractor = ScriptedExtractor({"c-001": RuntimeError("the buyer's secret words")})
    counts = score_calls(some_calls(5), a_pipeline(ledger, extractor))
    assert (counts.scored, counts.failed) == (4, 1)
    (failure,) = ledger.failures()
    assert failure.reason == "call c-001: unexpected RuntimeError while reading; report it"


def test_running_again_reads_nothing_twice(ledger: Ledger) -> None:
    first, second = ScriptedExtractor(), ScriptedExtractor()
    score_calls(some_calls(7), a_pipeline(ledger, first))
    counts = score_calls(some_calls(9), a_pipeline(ledger, second))
    assert len(first.asked) == 7
    assert sorted(second.asked) == ["c-007", "c-008"]
    assert (counts.skipped, counts.scored) == (7, 2)
    assert ledger.delivery_counts() == {"embedded": {DeliveryState.PENDING: 9}}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"extractor": ScriptedExtractor(version="2")}, id="another reader"),
        pytest.param({"score_model": ANUM}, id="other weights"),
    ],
)
def test_another_reader_or_score_model_does_the_work_again(ledger: Ledger, change: dict) -> None:
    pipeline = a_pipeline(ledger, ScriptedExtractor())
    score_calls(some_calls(2), pipeline)
    assert score_calls(some_calls(2), replace(pipeline, **change)).scored == 2


def test_changed_words_are_read_again(ledger: Ledger) -> None:
    pipeline = a_pipeline(ledger, ScriptedExtractor())
    score_calls([a_call(("b", "We have no money."))], pipeline)
    assert score_calls([a_call(("b", "We have no money at all."))], pipeline).scored == 1


def test_a_dry_run_needs_no_ledger_and_tells_of_every_call() -> None:
    told: list[CallResult] = []
    counts = score_calls(some_calls(5), a_pipeline(None, ScriptedExtractor()), told.append)
    assert counts.scored == 5
    assert sorted(str(r.call_id) for r in told) == [f"c-{i:03}" for i in range(5)]


def test_what_was_finished_is_kept_when_the_extractor_gives_up(ledger: Ledger) -> None:
    extractor = ScriptedExtractor({"c-005": QuotaExhaustedError("openai: no quota left")})
    with pytest.raises(QuotaExhaustedError):
        score_calls(some_calls(6), replace(a_pipeline(ledger, extractor), concurrency=1))
    kept = [r.call.id for r in ledger.results()]
    assert kept == [f"c-{i:03}" for i in range(5)]


def test_results_are_told_only_after_they_are_recorded(ledger: Ledger) -> None:
    def in_ledger(result: CallResult) -> None:
        if result.fate is Fate.SCORED:
            assert ledger.latest_result(result.call_id).score == result.score

    assert score_calls(some_calls(6), a_pipeline(ledger, ScriptedExtractor()), in_ledger).scored


def test_rescoring_asks_no_model_and_owes_what_changed(ledger: Ledger) -> None:
    extractor = ScriptedExtractor({"c-000": {Criterion.AUTHORITY: 4, Criterion.BUDGET: 0}})
    pipeline = a_pipeline(ledger, extractor)
    score_calls(some_calls(3), pipeline)
    asked = len(extractor.asked)
    weighted = replace(pipeline, score_model=ANUM)
    before = rescore(weighted, dry_run=True)
    assert len(list(ledger.results(model="anum"))) == 3
    after = rescore(weighted)
    assert before == after
    assert (after.looked_at, len(extractor.asked)) == (3, asked)
    assert ledger.latest_result(CallId("c-000")).score.model == "anum"
    assert rescore(weighted).changed == 0


def test_delivering_drains_what_is_due_and_twice_sends_nothing(ledger: Ledger) -> None:
    clock = SetClock()
    score_calls(some_calls(30), a_pipeline(ledger, ScriptedExtractor()))
    gateway = RecordingGateway()
    assert deliver(ledger, {"embedded": gateway}, clock=clock).sent == 30
    assert deliver(ledger, {"embedded": gateway}, clock=clock).claimed == 0
    assert len({d.key for d in gateway.sent}) == 30


@pytest.mark.parametrize(
    ("consent", "asked"),
    [
        pytest.param(True, True, id="stated"),
        pytest.param(False, False, id="refused"),
        pytest.param(None, False, id="not stated"),
    ],
)
def test_where_consent_is_required_only_calls_that_state_it_are_read(
    ledger: Ledger, consent: bool | None, asked: bool
) -> None:
    extractor = ScriptedExtractor()
    pipeline = replace(a_pipeline(ledger, extractor), consent_required=True)
    counts = score_calls([a_call(consent=consent)], pipeline)
    assert bool(extractor.asked) is asked
    assert counts.unscored_by_reason == ({} if asked else {"no_consent": 1})
    assert bool(ledger.call(CallId("c-1")).turns) is asked
    assert counts.deliveries == int(asked)


def test_a_call_without_consent_stays_so_until_consent_comes(ledger: Ledger) -> None:
    extractor = ScriptedExtractor()
    pipeline = replace(a_pipeline(ledger, extractor), consent_required=True)
    score_calls([a_call()], pipeline)
    score_calls([a_call()], pipeline)
    assert rescore(pipeline).changed == 0
    assert ledger.latest_result(CallId("c-1")).score.unscored_reason == "no_consent"
    assert len(ledger.score_history(CallId("c-1"))) == 1
    assert score_calls([a_call(consent=True)], pipeline).scored == 1
    assert score_calls([a_call(consent=True)], pipeline).skipped == 1
    assert extractor.asked == ["c-1"]


def test_a_model_server_that_is_down_ends_the_run_and_the_next_one_goes_on(ledger: Ledger) -> None:
    ids = [f"c-{n:03}" for n in range(200)]
    away = dict.fromkeys(ids[10:], ExtractionOutcome.TRANSPORT_ERROR)
    down = ScriptedExtractor(away)
    with pytest.raises(ExtractionError, match=r"no answer for \d+ calls in a row .*run the same"):
        score_calls(some_calls(200), a_pipeline(ledger, down))
    assert len(down.asked) < 150
    back = score_calls(some_calls(200), a_pipeline(ledger, ScriptedExtractor()))
    assert (back.read, back.skipped, back.scored) == (200, 10, 190)


def test_one_answer_in_between_keeps_a_run_going(ledger: Ledger) -> None:
    away = {f"c-{n:03}": ExtractionOutcome.TRANSPORT_ERROR for n in range(120) if n % 40}
    counts = score_calls(
        some_calls(120), replace(a_pipeline(ledger, ScriptedExtractor(away)), concurrency=1)
    )
    assert (counts.read, counts.unscored_by_reason) == (120, {"transport_error": 117})
