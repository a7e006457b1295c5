"""Back-fills: what is missing, what it costs, resuming, and what was left out and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bantam.domain.calls import CallId, CallWindow
from bantam.errors import (
    CallFileError,
    QuotaExhaustedError,
    VendorAuthError,
    VendorDownError,
    VendorNotFoundError,
    VendorRejectedError,
)
from bantam.ledger.store import Ledger
from bantam.ports import TranscriptNotReady
from flows.backfill import Backfill, BackfillReport, Costs, LeftOut, estimate, survey
from flows.score_calls import Pipeline, score_calls
from tests.factories import a_call
from tests.fakes import FakeSource, ScriptedExtractor
from tests.flows.test_score_calls import a_pipeline

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = CallWindow(since=SINCE, until=SINCE + timedelta(days=10))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as opened:
        yield opened


class Recorder(FakeSource):
    """Lists every id on the day it is told, whatever fetching it brings."""

    def __init__(self, **days: int) -> None:
        calls = {
            name: a_call(id=CallId(name), started_at=SINCE + timedelta(days=day, hours=9))
            for name, day in days.items()
        }
        super().__init__("gong", **calls)
        self.days = days
        self.left_out = {"private": 0}

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        self.windows.append(window)
        for name, day in self.days.items():
            if window.since <= SINCE + timedelta(days=day, hours=9) < window.until:
                yield CallId(name)


def many(n: int) -> Recorder:
    return Recorder(**{f"c-{i:03}": i % 10 for i in range(n)})


def run(source: Recorder, pipeline: Pipeline) -> BackfillReport:
    under_way = Backfill(survey(source, WINDOW, pipeline), pipeline, fetchers=2)
    return under_way.report(score_calls(under_way.calls(), pipeline, under_way.on_result))


def test_all_calls_of_the_window_are_scored_once(ledger: Ledger) -> None:
    extractor = ScriptedExtractor()
    pipeline = a_pipeline(ledger, extractor)
    source = many(60)
    assert run(source, pipeline) == BackfillReport(listed=60, scored=60)
    again = run(source, pipeline)
    assert again == BackfillReport(listed=60, left_out={LeftOut.ALREADY_DONE: 60})
    assert len(extractor.asked) == len(source.fetched) == 60


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        pytest.param(TranscriptNotReady(CallId("c-1")), LeftOut.NOT_READY, id="not ready"),
        pytest.param(
            TranscriptNotReady(CallId("c-1"), final=True), LeftOut.NO_TRANSCRIPT, id="never"
        ),
        pytest.param(VendorNotFoundError("gong", "gone"), LeftOut.NOT_THERE, id="deleted"),
        pytest.param(VendorRejectedError("gong", "private"), LeftOut.REFUSED, id="refused"),
        pytest.param(CallFileError("c-1", "turns", "a list"), LeftOut.UNREADABLE, id="unreadable"),
        pytest.param(VendorDownError("gong", "502"), LeftOut.SOURCE_DOWN, id="one cut connection"),
    ],
)
def test_what_is_left_out_is_counted_by_reason_and_stops_nothing(
    ledger: Ledger, trouble: Exception, why: LeftOut
) -> None:
    source = Recorder(**{"c-0": 0, "c-1": 1, "c-2": 2})
    source.there["c-1"] = trouble
    report = run(source, a_pipeline(ledger, ScriptedExtractor()))
    assert report == BackfillReport(listed=3, scored=2, left_out={why: 1})


def test_calls_without_consent_and_private_ones_are_counted_too(ledger: Ledger) -> None:
    class Hiding(Recorder):
        def call_ids(self, window: CallWindow) -> Iterator[CallId]:
            if window.since == SINCE:
                self.left_out["private"] += 2
            return super().call_ids(window)

    source = Hiding(**{"c-0": 0, "c-1": 1})
    source.there["c-0"] = a_call(id=CallId("c-0"), consent=True)
    pipeline = replace(a_pipeline(ledger, ScriptedExtractor()), consent_required=True)
    report = run(source, pipeline)
    assert report == BackfillReport(
        listed=4, scored=1, left_out={LeftOut.NO_CONSENT: 1, LeftOut.PRIVATE: 2}
    )


def test_a_killed_run_goes_on_where_it_was(ledger: Ledger) -> None:
    source = many(60)
    extractor = ScriptedExtractor({"c-037": QuotaExhaustedError("openai: no quota left")})
    with pytest.raises(QuotaExhaustedError):
        run(source, replace(a_pipeline(ledger, extractor), concurrency=1))
    kept = {r.call.id for r in ledger.results()}
    assert 0 < len(kept) < 60
    source.windows.clear()
    fresh = ScriptedExtractor()
    assert run(source, a_pipeline(ledger, fresh)).scored == 60 - len(kept)
    assert not kept & set(fresh.asked)
    assert source.windows[0].since > SINCE, "settled days are not listed again"


def test_after_a_run_that_went_through_all_is_looked_at_again(ledger: Ledger) -> None:
    source = Recorder(**{"c-0": 0, "c-1": 1})
    source.there["c-0"] = TranscriptNotReady(CallId("c-0"))
    pipeline = a_pipeline(ledger, ScriptedExtractor())
    assert run(source, pipeline).scored == 1
    source.there["c-0"] = a_call(id=CallId("c-0"))
    assert run(source, pipeline).scored == 1


def test_the_cursor_waits_for_what_a_source_could_not_answer(ledger: Ledger) -> None:
    source = many(20)
    source.there["c-004"] = VendorDownError("gong", "502")
    pipeline = a_pipeline(ledger, ScriptedExtractor())
    run(source, pipeline)
    source.windows.clear()
    run(source, pipeline)
    assert source.windows[0].since == SINCE + timedelta(days=4)


@pytest.mark.parametrize(
    ("trouble", "asked"),
    [
        pytest.param(VendorAuthError("gong", "401"), 10, id="wrong key: at once"),
        pytest.param(VendorDownError("gong", "502"), 20, id="down: after ten in a row"),
    ],
)
def test_a_source_that_refuses_everything_stops_the_run(
    ledger: Ledger, trouble: Exception, asked: int
) -> None:
    source = many(200)
    source.there = dict.fromkeys(source.there, trouble)
    with pytest.raises(type(trouble)):
        run(source, a_pipeline(ledger, ScriptedExtractor()))
    assert len(source.fetched) < 10 + asked


def test_transcripts_in_memory_do_not_grow_with_the_window(ledger: Ledger) -> None:
    source = many(300)
    pipeline = a_pipeline(ledger, ScriptedExtractor())
    under_way = Backfill(survey(source, WINDOW, pipeline), pipeline, fetchers=2)
    calls = under_way.calls()
    next(calls)
    assert len(source.fetched) <= 4 * 2 + 1
    calls.close()


def test_the_estimate_scales_a_few_transcripts_to_all_missing_ones(ledger: Ledger) -> None:
    source = many(240)
    pipeline = a_pipeline(ledger, ScriptedExtractor())
    costs = Costs(lambda _: 1000, 100, lambda read, written: (read + 2 * written) / 1000)
    expected = estimate(survey(source, WINDOW, pipeline), costs)
    assert (expected.calls, expected.sampled, len(source.fetched)) == (240, 12, 12)
    assert (expected.input_tokens, expected.output_tokens) == (240_000, 24_000)
    assert expected.cost_usd == 288


def test_another_reader_reads_the_window_again(ledger: Ledger) -> None:
    source = many(5)
    run(source, a_pipeline(ledger, ScriptedExtractor()))
    assert run(source, a_pipeline(ledger, ScriptedExtractor(version="2"))).scored == 5
