"""One note per call, whatever becomes of the worker that writes it; no reading lost on the way.

Two workers at one delivery, in one thread: at each request of the first in turn its lease runs
out and the second has its way, or the first dies.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

import httpx
import pytest

from bantam.domain.calls import CallId
from bantam.domain.crm_fields import CRM_FIELDS, field_values
from bantam.domain.delivery import Delivery, DeliveryKind, erasure_key
from bantam.errors import VendorError
from integrations.crm import CrmGateway, slots_from
from integrations.crm.one_note import NoteThere, the_one_note
from integrations.crm.records import note_marker
from tests.crm_cases import a_delivery
from tests.crm_worlds import KINDS, World, world
from tests.factories import CALLED_AT, SCORED_AT
from tests.interrupted import LEASE_IS_OVER, Interrupted, Killed
from tests.surroundings import surroundings

VENDORS = sorted(KINDS)


def first_worker(here: World, transport: httpx.BaseTransport) -> CrmGateway:
    """Return another gateway to the same CRM with the same memory."""
    around = surroundings(here.clock, transport=transport)
    records = here.kind.records(here.server.url, around)
    return CrmGateway(
        records, memory=here.memory, calls=here.calls, clock=here.clock, slots=slots_from()
    )


def tried(here: World, gateway: CrmGateway, delivery: Delivery) -> bool:
    with contextlib.suppress(VendorError):
        gateway.send(delivery)
        return True
    return False


def until_sent(here: World, delivery: Delivery) -> None:
    """Send as the outbox does: again, later, until the CRM takes it."""
    for _ in range(4):
        if tried(here, here.gateway, delivery):
            return
        here.clock.sleep(LEASE_IS_OVER)
    here.gateway.send(delivery)


def requests_of(name: str) -> int:
    with world(name) as here:
        here.gateway.send(a_delivery(name))
        return len(here.crm.received)


def assert_right(here: World, delivery: Delivery) -> None:
    assert len(here.crm.notes_on(here.deal)) == 1
    wanted = field_values(delivery.note)
    assert {f.name: here.crm.shown(here.deal, f.name) for f in CRM_FIELDS} == wanted


@pytest.mark.parametrize("after", [False, True], ids=["before it is sent", "after its answer"])
@pytest.mark.parametrize("name", VENDORS)
def test_a_lease_that_runs_out_at_any_request_makes_one_note(name: str, after: bool) -> None:
    for number in range(requests_of(name)):
        with world(name) as here:
            delivery = a_delivery(name)

            def second(here: World = here, delivery: Delivery = delivery) -> None:
                here.clock.sleep(LEASE_IS_OVER)
                tried(here, here.gateway, delivery)

            first = first_worker(here, Interrupted(number, after, second))
            tried(here, first, delivery)
            assert len(here.crm.notes_on(here.deal)) == 1, number
            until_sent(here, delivery)
            assert_right(here, delivery)


@pytest.mark.parametrize("after", [False, True], ids=["before it is sent", "after its answer"])
@pytest.mark.parametrize("name", VENDORS)
def test_a_worker_killed_at_any_request_makes_one_note(name: str, after: bool) -> None:
    def die() -> None:
        raise Killed

    for number in range(requests_of(name)):
        with world(name) as here:
            delivery = a_delivery(name)
            with pytest.raises(Killed):
                first_worker(here, Interrupted(number, after, die)).send(delivery)
            here.clock.sleep(LEASE_IS_OVER)
            here.gateway.send(delivery)
            assert_right(here, delivery)


@pytest.mark.parametrize("name", VENDORS)
def test_a_newer_score_of_the_second_worker_is_not_taken_for_a_persons_edit(name: str) -> None:
    """The first writes its older values late; the next reading goes over them."""
    newer = a_delivery(name, points=71, scored_at=SCORED_AT + timedelta(days=1))
    for number in range(requests_of(name)):
        with world(name) as here:

            def second(here: World = here) -> None:
                here.clock.sleep(LEASE_IS_OVER)
                tried(here, here.gateway, newer)

            tried(here, first_worker(here, Interrupted(number, False, second)), a_delivery(name))
            until_sent(here, newer)
            newest = a_delivery(name, points=80, scored_at=SCORED_AT + timedelta(days=2))
            receipt = here.gateway.send(newest)
            assert receipt.conflicts == (), number
            assert here.crm.shown(here.deal, "score") == "80"
            assert len(here.crm.notes_on(here.deal)) == 1


@pytest.mark.parametrize("name", VENDORS)
def test_from_its_first_write_to_its_note_a_deal_is_one_workers(name: str) -> None:
    """No lease runs out: whoever comes in between writes nothing, and comes again."""
    for number in range(requests_of(name)):
        with world(name) as here:
            here.linked_call("c-2")
            other = a_delivery(name, call_id=CallId("c-2"), points=20)
            begun: list[tuple[bool, bool]] = []

            def second(
                here: World = here,
                other: Delivery = other,
                begun: list[tuple[bool, bool]] = begun,
            ) -> None:
                before = here.crm.writes
                tried(here, here.gateway, other)
                begun.append((before > 0, here.crm.writes > before))

            tried(here, first_worker(here, Interrupted(number, True, second)), a_delivery(name))
            assert begun in ([(False, True)], [(False, False)], [(True, False)]), number
            until_sent(here, a_delivery(name))
            until_sent(here, other)
            assert len(here.crm.notes_on(here.deal)) == 2


@pytest.mark.parametrize("name", VENDORS)
def test_a_reading_that_comes_while_another_is_taken_back_stays(name: str) -> None:
    """An erasure has the deal for itself, as a delivery has."""
    with world(name) as here:
        here.gateway.send(a_delivery(name))
        before = len(here.crm.received)
        here.gateway.clear(_erasure(name))
        requests = len(here.crm.received) - before
    for number in range(requests):
        with world(name) as here:
            here.gateway.send(a_delivery(name))
            later = CALLED_AT + timedelta(days=1)
            here.linked_call("c-2", started_at=later)
            other = a_delivery(name, call_id=CallId("c-2"), points=71, called_at=later)

            def second(here: World = here, other: Delivery = other) -> None:
                tried(here, here.gateway, other)

            with contextlib.suppress(VendorError):
                first_worker(here, Interrupted(number, False, second)).clear(_erasure(name))
            until_sent(here, other)
            here.gateway.clear(_erasure(name))
            assert_right(here, other)


def _erasure(name: str) -> Delivery:
    delivery = a_delivery(name)
    key = erasure_key(name, delivery.call_id)
    return delivery.model_copy(update={"key": key, "kind": DeliveryKind.ERASURE})


MARK = note_marker("c-1")


@pytest.mark.parametrize(
    ("there", "mine", "kept", "dropped"),
    [
        pytest.param([], "", "", [], id="none yet"),
        pytest.param([], "n9", "n9", [], id="ours, not to be seen yet"),
        pytest.param([("n1", MARK, "1")], "n1", "n1", [], id="ours alone"),
        pytest.param([("n1", "by a person", "1")], "", "", [], id="a person's"),
        pytest.param([("n2", MARK, "2"), ("n1", MARK, "1")], "", "n1", ["n2"], id="made twice"),
        pytest.param(
            [("n1", MARK, "1"), ("n2", f"{MARK} newer", "2")], "n2", "n1", ["n2"],
            id="ours came second",
        ),
        pytest.param(
            [("n1", MARK, "1"), ("n2", f"See {MARK}!", "2")], "n1", "n1", [],
            id="a person quotes ours",
        ),
    ],
)  # fmt: skip
def test_the_oldest_note_stays(
    there: list[tuple[str, str, str]], mine: str, kept: str, dropped: list[str]
) -> None:
    gone: list[str] = []
    notes = [NoteThere(*note) for note in there]
    assert the_one_note("c-1", notes, gone.append, mine=mine) == kept
    assert gone == dropped
    assert MARK not in repr(notes)
