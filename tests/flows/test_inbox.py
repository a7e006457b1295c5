"""Announced calls, over a real ledger and the main path, with a source that does as told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bantam.domain.bant import ExtractionOutcome
from bantam.domain.calls import CallId
from bantam.domain.delivery import DeliveryState
from bantam.domain.pickup import Notice, PickupState
from bantam.errors import (
    BantamError,
    CallFileError,
    QuotaExhaustedError,
    VendorAuthError,
    VendorBusyError,
    VendorDownError,
    VendorNotFoundError,
    VendorRejectedError,
)
from bantam.ledger.store import Ledger
from bantam.ports import TranscriptNotReady
from bantam.scoring import BANT
from flows.deliver import deliver
from flows.inbox import PickupCounts, pick_up
from flows.poll import poll
from flows.score_calls import Pipeline
from flows.worker import Worker
from tests.factories import a_call
from tests.fakes import FakeSource, RecordingGateway, ScriptedExtractor, SetClock

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as opened:
        yield opened


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


def a_worker(
    ledger: Ledger,
    source: FakeSource,
    clock: SetClock,
    extractor: ScriptedExtractor | None = None,
) -> Worker:
    pipeline = Pipeline(
        ledger=ledger,
        extractor=extractor or ScriptedExtractor(),
        score_model=BANT,
        targets=("embedded",),
        clock=clock,
        concurrency=4,
    )
    gateway = RecordingGateway()
    return Worker(ledger, pipeline, {source.name: source}, {gateway.name: gateway}, name="w-1")


def announce(ledger: Ledger, *ids: str, source: str = "gong") -> None:
    notices = [Notice(source=source, delivery_id=i, event="e", call_id=CallId(i)) for i in ids]
    ledger.receive(notices, now=NOW)


def state_of(ledger: Ledger, call_id: str) -> tuple[PickupState, datetime]:
    pickup = ledger.pickup(CallId(call_id))
    assert pickup is not None
    return pickup.state, pickup.due_at


def test_an_announced_call_is_fetched_by_id_scored_and_owed(
    ledger: Ledger, clock: SetClock
) -> None:
    source = FakeSource(a=a_call(id="a"), b=a_call(id="b"))
    announce(ledger, "a")
    worker = a_worker(ledger, source, clock)

    assert pick_up(worker) == PickupCounts(taken=1, done=1)

    assert source.fetched == ["a"]
    assert ledger.latest_result(CallId("a")).score is not None
    assert deliver(ledger, worker.gateways, clock=clock).sent == 1
    assert pick_up(worker) == PickupCounts()


def test_the_same_call_announced_twice_is_scored_once(ledger: Ledger, clock: SetClock) -> None:
    extractor = ScriptedExtractor()
    worker = a_worker(ledger, FakeSource(a=a_call(id="a")), clock, extractor)
    for delivery in ("one", "two"):
        notice = Notice(source="gong", delivery_id=delivery, event="e", call_id=CallId("a"))
        ledger.receive([notice], now=NOW)
        pick_up(worker)

    assert extractor.asked == ["a"]
    assert len(ledger.score_history(CallId("a"))) == 1


LATER = NOW + timedelta(hours=3)


@pytest.mark.parametrize(
    ("error", "state", "due"),
    [
        pytest.param(TranscriptNotReady(CallId("a")), PickupState.WAITING, timedelta(minutes=2), id="not ready: in two minutes"),
        pytest.param(TranscriptNotReady(CallId("a"), final=True), PickupState.NEVER_CAME, timedelta(0), id="none will come"),
        pytest.param(VendorNotFoundError("gong", "no call"), PickupState.WAITING, timedelta(minutes=2), id="the webhook was faster than the reads"),
        pytest.param(VendorDownError("gong", "no answer"), PickupState.WAITING, timedelta(seconds=30), id="down"),
        pytest.param(VendorBusyError("gong", "spent", retry_at=LATER), PickupState.WAITING, timedelta(hours=3), id="busy until it says"),
        pytest.param(VendorAuthError("gong", "wrong key"), PickupState.WAITING, timedelta(minutes=15), id="wrong key: a person acts"),
        pytest.param(VendorRejectedError("gong", "private"), PickupState.FAILED, timedelta(0), id="refused for good"),
        pytest.param(CallFileError("x.json", "line 1", "a call"), PickupState.FAILED, timedelta(0), id="cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_fetched_waits_or_ends_by_its_reason(
    ledger: Ledger,
    clock: SetClock,
    error: BantamError | TranscriptNotReady,
    state: PickupState,
    due: timedelta,
) -> None:
    announce(ledger, "a", "b")
    worker = a_worker(ledger, FakeSource(a=error, b=a_call(id="b")), clock)

    pick_up(worker)

    assert state_of(ledger, "a") == (state, NOW + due)
    assert state_of(ledger, "b")[0] is PickupState.DONE
    pickup = ledger.pickup(CallId("a"))
    assert pickup is not None
    assert pickup.last_error == str(error)


def test_a_transcript_is_waited_for_up_to_two_days_and_then_told_missing(
    ledger: Ledger, clock: SetClock
) -> None:
    announce(ledger, "a")
    source = FakeSource(a=TranscriptNotReady(CallId("a")))
    worker = a_worker(ledger, source, clock)
    while state_of(ledger, "a")[0] is PickupState.WAITING:
        clock.now = state_of(ledger, "a")[1]
        pick_up(worker)

    assert clock.now == NOW + timedelta(hours=48)
    assert state_of(ledger, "a")[0] is PickupState.NEVER_CAME
    assert 12 <= len(source.fetched) <= 25
    kinds = [a.kind.value for a in ledger.activities()]
    assert kinds == ["webhook_received", "transcript_never_came"]


def test_a_transcript_that_comes_late_is_scored(ledger: Ledger, clock: SetClock) -> None:
    announce(ledger, "a")
    source = FakeSource(a=TranscriptNotReady(CallId("a")))
    worker = a_worker(ledger, source, clock)
    pick_up(worker)
    source.there["a"] = a_call(id="a")
    clock.forward(timedelta(minutes=2))

    assert pick_up(worker).done == 1


def test_a_reader_that_cannot_run_delays_the_calls_and_says_so(
    ledger: Ledger, clock: SetClock
) -> None:
    announce(ledger, "a", "b")
    source = FakeSource(a=a_call(id="a"), b=a_call(id="b"))
    broken = ScriptedExtractor({i: QuotaExhaustedError("no quota") for i in ("a", "b")})

    counts = pick_up(a_worker(ledger, source, clock, broken))

    assert counts == PickupCounts(taken=2, delayed=2)
    assert {f.reason for f in ledger.failures()} == {"no quota"}
    clock.forward(timedelta(minutes=15))
    assert pick_up(a_worker(ledger, source, clock)).done == 2


def test_a_model_server_that_was_away_is_asked_again(ledger: Ledger, clock: SetClock) -> None:
    announce(ledger, "a")
    source = FakeSource(a=a_call(id="a"))
    away = ScriptedExtractor({"a": ExtractionOutcome.TRANSPORT_ERROR})
    assert pick_up(a_worker(ledger, source, clock, away)).delayed == 1
    clock.forward(timedelta(minutes=2))

    assert pick_up(a_worker(ledger, source, clock)).done == 1
    assert ledger.latest_result(CallId("a")).score.points is not None  # type: ignore[union-attr]


def test_a_worker_that_was_overtaken_settles_nothing(ledger: Ledger, clock: SetClock) -> None:
    announce(ledger, "a")
    other = a_worker(ledger, FakeSource(a=a_call(id="a")), clock)

    class Slow(FakeSource):
        def fetch(self, call_id: CallId) -> object:  # type: ignore[override]
            clock.forward(timedelta(hours=1))
            assert pick_up(other).done == 1
            return super().fetch(call_id)

    assert pick_up(a_worker(ledger, Slow(a=a_call(id="a")), clock)).lost == 1
    assert state_of(ledger, "a")[0] is PickupState.DONE
    assert len(ledger.score_history(CallId("a"))) == 1


def test_polls_overlap_and_add_each_call_once(ledger: Ledger, clock: SetClock) -> None:
    source = FakeSource(a=a_call(id="a", started_at=NOW - timedelta(days=2)))
    worker = a_worker(ledger, source, clock)
    assert poll(worker, first_look=WEEK) == 1
    source.there["late"] = a_call(id="late", started_at=NOW - timedelta(hours=20))
    clock.forward(timedelta(minutes=5))

    assert poll(worker, first_look=WEEK) == 1

    first, second = source.windows
    assert (first.since, first.until) == (NOW - WEEK, NOW)
    assert second.since == NOW - source.overlap
    pick_up(worker)
    assert poll(worker, first_look=WEEK) == 0


def test_a_source_that_cannot_be_asked_keeps_its_cursor_and_stops_no_other(
    ledger: Ledger, clock: SetClock
) -> None:
    class Down(FakeSource):
        def call_ids(self, window: object) -> Iterator[CallId]:  # type: ignore[override]
            raise VendorDownError("zoom", "no answer")

    good = FakeSource(a=a_call(id="a", started_at=NOW - timedelta(days=1)))
    worker = a_worker(ledger, good, clock)
    both = Worker(ledger, worker.pipeline, {"zoom": Down("zoom"), "gong": good})

    with pytest.raises(VendorDownError):
        poll(both, first_look=WEEK)

    assert ledger.cursor("poll:zoom") is None
    assert ledger.cursor("poll:gong") == NOW.isoformat()
    assert ledger.pickup(CallId("a")) is not None


def test_nothing_is_taken_without_a_source(ledger: Ledger, clock: SetClock) -> None:
    announce(ledger, "a")
    worker = a_worker(ledger, FakeSource(), clock)
    assert pick_up(Worker(ledger, worker.pipeline)) == PickupCounts()


def test_what_is_delivered_waits_for_nobody(ledger: Ledger, clock: SetClock) -> None:
    announce(ledger, "a", "b")
    source = FakeSource(a=a_call(id="a"), b=TranscriptNotReady(CallId("b")))
    worker = a_worker(ledger, source, clock)
    pick_up(worker)
    assert deliver(ledger, worker.gateways, clock=clock).sent == 1
    assert ledger.delivery_counts() == {"embedded": {DeliveryState.SENT: 1}}
