from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bantam.domain.delivery import Delivery, DeliveryState, Receipt
from bantam.errors import (
    UnresolvedDealError,
    VendorBusyError,
    VendorDownError,
    VendorError,
    VendorRejectedError,
)
from bantam.ledger.store import Ledger
from flows.deliver import LONGEST_DELAY, DeliveryCounts, deliver, next_try
from flows.score_calls import score_calls
from tests.factories import a_call
from tests.fakes import RecordingGateway, ScriptedExtractor, SetClock
from tests.flows.test_score_calls import a_pipeline

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as opened:
        score_calls([a_call(id="c-1"), a_call(id="c-2")], a_pipeline(opened, ScriptedExtractor()))
        yield opened


def failing_for(call_id: str, error: VendorError) -> RecordingGateway:
    def trouble(delivery: Delivery) -> None:
        if delivery.call_id == call_id:
            raise error

    return RecordingGateway(trouble=trouble)


@pytest.mark.parametrize(
    ("error", "state", "due"),
    [
        pytest.param(
            VendorDownError("hubspot", "no answer"),
            DeliveryState.PENDING,
            NOW + timedelta(seconds=30),
            id="down: in half a minute",
        ),
        pytest.param(
            VendorBusyError("hubspot", "daily budget spent", retry_at=LATER),
            DeliveryState.PENDING,
            LATER,
            id="budget spent: parked until the vendor says",
        ),
        pytest.param(
            UnresolvedDealError("hubspot", "two open deals fit"),
            DeliveryState.HELD,
            NOW,
            id="no certain deal: held for a person",
        ),
        pytest.param(
            VendorRejectedError("hubspot", "no such property"),
            DeliveryState.FAILED,
            NOW,
            id="refused for good: kept for a person",
        ),
    ],
)
def test_a_target_in_trouble_delays_or_fails_its_own_and_no_other(
    ledger: Ledger, error: VendorError, state: DeliveryState, due: datetime
) -> None:
    deliver(ledger, {"embedded": failing_for("c-1", error)}, clock=SetClock(NOW))
    by_call = {d.call_id: d for d in ledger.deliveries()}
    assert by_call["c-2"].state is DeliveryState.SENT
    assert (by_call["c-1"].state, by_call["c-1"].due_at) == (state, due)
    assert by_call["c-1"].last_error == str(error)


class InOneGo(RecordingGateway):
    """Takes many at once; refuses those of call c-1."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def send_all(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | VendorError]:
        self.batches.append(len(deliveries))
        refused = VendorRejectedError("hubspot", "no such property")
        return [refused if d.call_id == "c-1" else self.send(d) for d in deliveries]


def test_a_target_that_can_takes_many_at_once_and_each_is_settled_alone(ledger: Ledger) -> None:
    gateway = InOneGo()
    counts = deliver(ledger, {"embedded": gateway}, clock=SetClock(NOW))
    assert gateway.batches == [2]
    assert counts == DeliveryCounts(claimed=2, sent=1, failed=1)
    by_call = {d.call_id: d.state for d in ledger.deliveries()}
    assert by_call == {"c-1": DeliveryState.FAILED, "c-2": DeliveryState.SENT}


def test_a_night_without_the_target_loses_nothing(ledger: Ledger) -> None:
    clock = SetClock(NOW)
    down = RecordingGateway(trouble=_always_down)
    for _ in range(40):
        deliver(ledger, {"embedded": down}, clock=clock)
        clock.forward(timedelta(minutes=20))
    up = RecordingGateway()
    clock.forward(LONGEST_DELAY)
    assert deliver(ledger, {"embedded": up}, clock=clock).sent == 2
    assert len({d.key for d in up.sent}) == 2


def _always_down(_: Delivery) -> None:
    raise VendorDownError("hubspot", "no answer")


def test_deliveries_for_other_targets_are_left_alone(ledger: Ledger) -> None:
    counts = deliver(ledger, {"slack": RecordingGateway("slack")}, clock=SetClock(NOW))
    assert counts == DeliveryCounts()


def test_the_limit_is_kept(ledger: Ledger) -> None:
    gateway = RecordingGateway()
    assert deliver(ledger, {"embedded": gateway}, clock=SetClock(NOW), limit=1).sent == 1
    assert len(gateway.sent) == 1


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (50, 3600)],
)
def test_waiting_doubles_up_to_an_hour(attempts: int, seconds: int) -> None:
    due = next_try(attempts, VendorDownError("x", "down"), NOW)
    assert due - NOW == timedelta(seconds=seconds)


def test_a_vendor_time_in_the_past_means_now() -> None:
    error = VendorBusyError("x", "busy", retry_at=NOW - timedelta(hours=1))
    assert next_try(1, error, NOW) == NOW
