"""What all CRMs promise when a call is forgotten: fields emptied, its note gone, people's words kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bantam.domain.calls import CallId
from bantam.domain.crm_fields import CRM_FIELDS
from bantam.domain.delivery import Delivery, DeliveryKind, erasure_key
from bantam.errors import VendorBusyError, VendorDownError, VendorError
from integrations.crm.finding import call_record, deal_record
from tests.crm_cases import QUOTE, a_delivery
from tests.crm_worlds import KINDS, World, world
from tests.faults import HALF_DONE, PASSING, REFUSED_CONNECTION, TWICE, Fault


@pytest.fixture(params=list(KINDS))
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(request.param) as made:
        yield made


def forgotten(delivery: Delivery) -> Delivery:
    """What is owed once the call of a delivery was forgotten: no words in it."""
    reasons = tuple(
        r.model_copy(update={"summary": "", "quote": "", "speaker": ""})
        for r in delivery.note.reasons
    )
    note = delivery.note.model_copy(update={"call_title": "", "call_url": None, "reasons": reasons})
    key = erasure_key(delivery.target, delivery.call_id)
    return delivery.model_copy(update={"key": key, "kind": DeliveryKind.ERASURE, "note": note})


def shown(here: World, deal: str | None = None) -> dict[str, str]:
    return {f.name: here.crm.shown(deal or here.deal, f.name) for f in CRM_FIELDS}


def assert_nothing_stands(here: World, deal: str | None = None) -> None:
    assert not any(shown(here, deal).values())
    assert here.crm.notes_on(deal or here.deal) == []


def test_fields_are_emptied_the_note_goes_and_what_a_person_typed_stays(here: World) -> None:
    delivery = a_delivery(here.kind.name)
    here.gateway.send(delivery)
    here.crm.edit(here.deal, "next_question", "I ask this myself")
    here.gateway.clear(forgotten(delivery))
    left = shown(here)
    assert left.pop("next_question") == "I ask this myself"
    assert not any(left.values())
    assert here.crm.notes_on(here.deal) == []
    writes = here.crm.writes
    here.gateway.clear(forgotten(delivery))
    assert here.crm.writes == writes


def test_another_calls_reading_and_note_stay(here: World) -> None:
    here.linked_call("c-2")
    first = a_delivery(here.kind.name)
    here.gateway.send(first)
    later = first.note.called_at + timedelta(days=1)
    here.gateway.send(a_delivery(here.kind.name, call_id="c-2", points=71, called_at=later))
    here.gateway.clear(forgotten(first))
    assert here.crm.shown(here.deal, "score") == "71"
    assert len(here.crm.notes_on(here.deal)) == 1


def test_a_person_may_have_deleted_the_note(here: World) -> None:
    delivery = a_delivery(here.kind.name)
    note_id = here.gateway.send(delivery).details["note_id"]
    here.gateway.records.delete_note(here.deal, "c-1", note_id)
    here.gateway.clear(forgotten(delivery))
    assert_nothing_stands(here)


def test_a_deal_that_is_gone_is_no_hindrance(here: World) -> None:
    delivery = a_delivery(here.kind.name)
    here.gateway.send(delivery)
    here.crm.remove(here.deal)
    here.gateway.clear(forgotten(delivery))
    assert not here.gateway.records.exists(here.deal)


def test_a_call_that_was_never_written_there_asks_nothing(here: World) -> None:
    here.gateway.clear(forgotten(a_delivery(here.kind.name)))
    assert here.crm.received == []


def test_what_a_worker_left_that_died_while_it_wrote_is_found(here: World) -> None:
    """Cut after each request in turn: whatever arrived before is taken back."""
    delivery = a_delivery(here.kind.name)
    here.gateway.send(delivery)
    requests = len(here.crm.received)
    for number in range(requests):
        with world(here.kind.name) as again:
            for later in range(number + 1, number + 30):
                again.server.faults.at(later, REFUSED_CONNECTION)
            with contextlib.suppress(VendorError):
                again.gateway.send(delivery)
            again.server.faults.clear()
            # Its lease has run out, as it must have before the erasure is due.
            again.clock.sleep(600)
            again.gateway.clear(forgotten(delivery))
            assert_nothing_stands(again)


def test_a_deal_that_somebody_is_writing_is_left_until_he_is_done(here: World) -> None:
    delivery = a_delivery(here.kind.name)
    here.gateway.send(delivery)
    record = deal_record(here.deal)
    memory = here.memory.recall(here.kind.name, record)
    until = here.clock() + timedelta(seconds=60)
    busy = {"sender": "another", "sender_until": until}
    here.memory.remember(here.kind.name, record, memory.model_copy(update=busy))
    with pytest.raises(VendorBusyError):
        here.gateway.clear(forgotten(delivery))
    here.clock.sleep(61)
    here.gateway.clear(forgotten(delivery))
    assert_nothing_stands(here)


def test_a_deal_that_the_call_was_taken_from_is_cleared_too(here: World) -> None:
    other = here.kind.other_deal
    here.crm.add_deal(other)
    delivery = a_delivery(here.kind.name)
    here.gateway.send(delivery)
    record = call_record(CallId("c-1"))
    memory = here.memory.recall(here.kind.name, record)
    moved = {
        "deal_id": other,
        "note_id": "",
        "note_key": "",
        "left": (f"{here.deal}/{memory.note_id}",),
    }
    here.memory.remember(here.kind.name, record, memory.model_copy(update=moved))
    here.gateway.send(delivery)
    assert here.crm.shown(other, "score") == here.crm.shown(here.deal, "score") == "62"
    here.gateway.clear(forgotten(delivery))
    assert_nothing_stands(here)
    assert_nothing_stands(here, other)


@pytest.mark.parametrize(
    "fault", [pytest.param(f, id=f.name) for f in (*PASSING, *HALF_DONE) if f is not TWICE]
)
@pytest.mark.parametrize("name", KINDS)
def test_each_fault_at_each_request_delays_and_loses_nothing(name: str, fault: Fault) -> None:
    with world(name, patient=not fault.hold) as here:
        delivery = a_delivery(name)
        here.gateway.send(delivery)
        before = len(here.crm.received)
        here.gateway.clear(forgotten(delivery))
        met = list(dict.fromkeys(r.operation for r in here.crm.received[before:]))
    with world(name, patient=not fault.hold) as here:
        here.gateway.send(delivery)
        for operation in met:
            here.server.faults.next(fault, operation=operation)
        for _ in range(10):
            with contextlib.suppress(VendorError):
                here.gateway.clear(forgotten(delivery))
            here.clock.sleep(60)
        assert here.server.faults.unused == []
        assert_nothing_stands(here)


def test_no_error_holds_the_buyers_words(here: World) -> None:
    delivery = a_delivery(here.kind.name)
    here.gateway.send(delivery)
    for later in range(30):
        here.server.faults.at(later, REFUSED_CONNECTION)
    with pytest.raises(VendorDownError) as caught:
        here.gateway.clear(forgotten(delivery))
    assert QUOTE not in str(caught.value)
