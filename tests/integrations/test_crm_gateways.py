"""What every CRM gateway promises, held against each vendor's stand-in."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from bantam.domain.calls import CallId, DealId
from bantam.domain.crm_fields import CRM_FIELDS, field_values
from bantam.domain.crm_records import RecordMemory
from bantam.domain.delivery import Delivery, Receipt
from bantam.domain.merge import MergeAction, Policy
from bantam.errors import UnresolvedDealError, VendorBusyError, VendorDownError, VendorError
from bantam.ledger.store import Ledger
from integrations.crm import CrmGateway, slots_from
from integrations.crm.records import note_marker
from tests.crm_cases import QUOTE, a_delivery, a_note
from tests.crm_worlds import EMAIL, KINDS, World, world
from tests.factories import CALLED_AT, SCORED_AT, a_call
from tests.faults import HALF_DONE, PASSING, Fault

VENDORS = sorted(KINDS)


@pytest.fixture(params=VENDORS)
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(request.param) as made:
        yield made


def deliver(here: World, tries: int = 4, **changes: object) -> Receipt:
    """Send until the CRM takes it, as the outbox does."""
    delivery = a_delivery(here.kind.name, **changes)
    for _ in range(tries):
        with contextlib.suppress(VendorBusyError, VendorDownError):
            return here.gateway.send(delivery)
        here.clock.sleep(3600)
    return here.gateway.send(delivery)


def assert_shows(here: World, delivery: Delivery, *, but: tuple[str, ...] = ()) -> None:
    wanted = field_values(delivery.note)
    shown = {f.name: here.crm.shown(here.deal, f.name) for f in CRM_FIELDS if f.name not in but}
    assert shown == {name: wanted[name] for name in shown}


def test_a_delivery_writes_every_field_and_one_note(here: World) -> None:
    receipt = here.gateway.send(a_delivery(here.kind.name))
    assert_shows(here, a_delivery(here.kind.name))
    (note,) = here.crm.notes_on(here.deal)
    assert note_marker("c-1") in note
    assert "https://bantam.example/calls/c-1" in note
    assert (receipt.record_id, receipt.conflicts) == (here.deal, ())
    assert receipt.details["deal_reason"] == "the recorder links this deal to the call"
    assert receipt.details["note_id"]


def test_what_people_said_cannot_become_markup_in_a_note(here: World) -> None:
    here.gateway.send(a_delivery(here.kind.name))
    (note,) = here.crm.notes_on(here.deal)
    is_html = here.kind.name in {"hubspot", "pipedrive"}
    assert ("<p>" in note, QUOTE in note) == (is_html, not is_html)
    assert ("&lt;a year&gt; &amp; more" in note) == is_html


def test_sending_again_writes_nothing(here: World) -> None:
    first = here.gateway.send(a_delivery(here.kind.name))
    writes = here.crm.writes
    again = here.gateway.send(a_delivery(here.kind.name))
    assert here.crm.writes == writes
    assert again.record_id == first.record_id
    assert len(here.crm.notes_on(here.deal)) == 1


def test_a_rescore_updates_the_fields_and_keeps_the_one_note(here: World) -> None:
    here.gateway.send(a_delivery(here.kind.name))
    later = SCORED_AT + timedelta(days=1)
    here.gateway.send(a_delivery(here.kind.name, points=71, scored_at=later))
    assert here.crm.shown(here.deal, "score") == "71"
    assert len(here.crm.notes_on(here.deal)) == 1


@pytest.mark.parametrize("edited", ["score", "summary", "scored_at"])
def test_a_persons_edit_stays_and_is_a_conflict(here: World, edited: str) -> None:
    here.gateway.send(a_delivery(here.kind.name))
    typed = {"score": "55", "summary": "I know better", "scored_at": "2026-01-01T00:00:00Z"}[edited]
    here.crm.edit(here.deal, edited, typed)
    changed = a_delivery(
        here.kind.name, points=71, reasons=(), scored_at=SCORED_AT + timedelta(days=1)
    )
    receipt = here.gateway.send(changed)
    assert here.crm.shown(here.deal, edited) == typed
    assert receipt.conflicts == (edited,)
    assert "after our last write" in receipt.details[f"kept.{edited}"]
    assert_shows(here, changed, but=(edited,))


def test_a_field_that_a_person_cleared_stays_empty(here: World) -> None:
    here.gateway.send(a_delivery(here.kind.name))
    here.crm.edit(here.deal, "next_question", "")
    receipt = here.gateway.send(a_delivery(here.kind.name, next_question="Who signs?"))
    assert here.crm.shown(here.deal, "next_question") == ""
    assert receipt.conflicts == ("next_question",)


def test_a_lost_memory_goes_on_where_the_values_are_equal(here: World) -> None:
    here.gateway.send(a_delivery(here.kind.name))
    here.memory.records.clear()
    here.gateway.send(a_delivery(here.kind.name))
    assert len(here.crm.notes_on(here.deal)) == 1
    here.gateway.send(
        a_delivery(here.kind.name, points=80, scored_at=SCORED_AT + timedelta(days=1))
    )
    assert here.crm.shown(here.deal, "score") == "80"


def test_an_older_call_adds_its_note_and_leaves_the_fields(here: World) -> None:
    here.gateway.send(a_delivery(here.kind.name))
    here.linked_call("c-0", started_at=CALLED_AT - timedelta(days=9))
    older = a_delivery(
        here.kind.name, call_id=CallId("c-0"), called_at=CALLED_AT - timedelta(days=9), points=20
    )
    receipt = here.gateway.send(older)
    assert here.crm.shown(here.deal, "score") == "62"
    assert len(here.crm.notes_on(here.deal)) == 2
    assert receipt.details["fields"] == "a newer reading of this deal stands there"


def test_many_at_once_are_answered_each_on_its_own(here: World) -> None:
    other = here.kind.other_deal
    here.crm.add_deal(other)
    here.linked_call("c-2", other)
    here.linked_call("c-3", started_at=CALLED_AT + timedelta(days=1))
    here.calls.by_id[CallId("c-4")] = a_call(id="c-4", participants=(), turns=())
    deliveries = [
        a_delivery(here.kind.name),
        a_delivery(here.kind.name, call_id=CallId("c-2"), points=30),
        a_delivery(here.kind.name, call_id=CallId("c-3"), points=90, called_at=CALLED_AT + timedelta(days=1)),
        a_delivery(here.kind.name, call_id=CallId("c-4")),
    ]  # fmt: skip
    answers = here.gateway.send_all(deliveries)
    assert [type(a) for a in answers] == [Receipt, Receipt, Receipt, UnresolvedDealError]
    assert here.crm.shown(here.deal, "score") == "90"
    assert here.crm.shown(other, "score") == "30"
    assert len(here.crm.notes_on(here.deal)) == 2
    assert len(here.crm.notes_on(other)) == 1


def test_one_gone_deal_spoils_nobody_elses_delivery(here: World) -> None:
    here.linked_call("c-2", here.kind.other_deal)
    answers = here.gateway.send_all([
        a_delivery(here.kind.name),
        a_delivery(here.kind.name, call_id=CallId("c-2")),
    ])  # fmt: skip
    assert isinstance(answers[0], Receipt)
    assert isinstance(answers[1], UnresolvedDealError)
    assert "is gone or hidden" in str(answers[1])


def test_the_deal_is_found_by_the_calls_own_deal_id(here: World) -> None:
    here.calls.by_id[CallId("c-1")] = a_call(participants=(), turns=())
    receipt = here.gateway.send(a_delivery(here.kind.name, deal_id=DealId(here.deal)))
    assert receipt.details["deal_reason"] == "the call's deal id"


@pytest.mark.parametrize("deal_id", ["D-7", "gone"])
def test_the_deal_is_found_by_an_attendees_email(here: World, deal_id: str) -> None:
    here.crm.add_deal(here.kind.other_deal, email=EMAIL, closed=True)
    here.calls.by_id[CallId("c-1")] = a_call()
    named = here.kind.deal.replace("1", "9") if deal_id == "gone" else deal_id
    receipt = here.gateway.send(a_delivery(here.kind.name, deal_id=DealId(named)))
    assert receipt.record_id == here.deal
    assert "matched by an attendee's e-mail" in receipt.details["deal_reason"]
    assert EMAIL not in str(receipt)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        pytest.param("two open deals", "have several open deals", id="several"),
        pytest.param("only closed deals", "have no open deal", id="none open"),
        pytest.param("nobody known", "have no open deal", id="nobody known"),
        pytest.param("two links", "links several deals", id="recorder links two"),
        pytest.param("no e-mail", "no attendee's e-mail", id="no e-mail"),
    ],
)
def test_a_call_without_one_deal_waits_for_a_person(here: World, how: str, said: str) -> None:
    call = a_call()
    if how == "two open deals":
        here.crm.add_deal(here.kind.other_deal, email=EMAIL)
    elif how == "only closed deals":
        here.crm.remove(here.deal)
        here.crm.add_deal(here.kind.other_deal, email=EMAIL, closed=True)
    elif how == "nobody known":
        here.crm.remove(here.deal)
    elif how == "two links":
        prefix = f"{here.kind.name}:{here.kind.link}"
        call = a_call(crm_ids=(f"{prefix}:{here.deal}", f"{prefix}:{here.kind.other_deal}"))
    else:
        call = a_call(participants=(), turns=())
    here.calls.by_id[CallId("c-1")] = call
    writes = here.crm.writes
    with pytest.raises(UnresolvedDealError) as caught:
        here.gateway.send(a_delivery(here.kind.name))
    assert said in str(caught.value)
    assert f"bantam crm link {here.kind.name} c-1 DEAL" in str(caught.value)
    assert EMAIL not in str(caught.value)
    assert here.crm.writes == writes
    assert len(caught.value.candidates) == (2 if how.startswith("two") else 0)


def test_what_a_person_named_comes_first(here: World) -> None:
    here.crm.add_deal(here.kind.other_deal)
    here.memory.remember(here.kind.name, "call:c-1", RecordMemory(deal_id=here.kind.other_deal))
    receipt = here.gateway.send(a_delivery(here.kind.name))
    assert receipt.record_id == here.kind.other_deal
    assert here.crm.shown(here.deal, "score") == ""


def test_a_deal_that_another_worker_writes_is_left_for_later(here: World) -> None:
    until = here.clock() + timedelta(seconds=60)
    busy = RecordMemory(sender="someone", sender_until=until)
    here.memory.remember(here.kind.name, f"deal:{here.deal}", busy)
    with pytest.raises(VendorBusyError) as caught:
        here.gateway.send(a_delivery(here.kind.name))
    assert caught.value.retry_at == until
    here.clock.sleep(61)
    assert here.gateway.send(a_delivery(here.kind.name)).record_id == here.deal


def test_a_preview_says_what_would_change_and_changes_nothing(here: World) -> None:
    here.gateway.send(a_delivery(here.kind.name))
    here.crm.edit(here.deal, "band", "mine")
    writes, remembered = here.crm.writes, dict(here.memory.records)
    where, merged = here.gateway.preview(a_delivery(here.kind.name, points=71, band="hot"))
    by_action = {m.field: m for m in merged if m.action is not MergeAction.NOTHING}
    assert where == f"deal {here.deal}: found before, or named by a person"
    assert set(by_action) == {"score", "band"}
    assert (by_action["score"].before, by_action["score"].after) == ("62", "71")
    assert by_action["band"].action is MergeAction.KEEP
    assert (here.crm.writes, here.memory.records) == (writes, remembered)


def requests_of_one_delivery(name: str) -> int:
    with world(name) as here:
        here.calls.by_id[CallId("c-1")] = a_call()
        before = len(here.crm.received)
        here.gateway.send(a_delivery(name))
        return len(here.crm.received) - before


CASES = [
    pytest.param(name, fault, id=f"{name}-{fault.name}")
    for name in VENDORS
    for fault in (*PASSING, *HALF_DONE)
]


@pytest.mark.parametrize(("name", "fault"), CASES)
def test_a_fault_at_any_request_ends_in_the_right_state_once(name: str, fault: Fault) -> None:
    """By e-mail, so that finding the deal is hit too; the edit comes after our first delivery."""
    for number in range(requests_of_one_delivery(name)):
        with world(name, patient=not fault.hold) as here:
            here.calls.by_id[CallId("c-1")] = a_call()
            here.server.faults.at(number, fault)
            deliver(here)
            assert_shows(here, a_delivery(name))
            hit = here.crm.received[number].operation
            assert len(here.crm.notes_on(here.deal)) == 1, hit
            assert here.server.faults.unused == []
            here.crm.edit(here.deal, "score", "55")
            if not fault.hold:  # each costs a wait, and the first delivery has shown it
                here.server.faults.at(min(number, 2), fault)
            receipt = deliver(here, points=71, scored_at=SCORED_AT + timedelta(days=1))
            assert here.crm.shown(here.deal, "score") == "55"
            assert receipt.conflicts == ("score",)
            assert len(here.crm.notes_on(here.deal)) == 1


@pytest.mark.parametrize("name", VENDORS)
def test_a_write_whose_answer_was_lost_is_not_taken_for_a_persons(name: str) -> None:
    """The worker dies after the CRM acted; by then the score has changed again."""
    with world(name) as here:
        real = here.memory.remember
        here.memory.remember = lambda target, record, memory: (  # type: ignore[method-assign]
            real(target, record, memory) if memory.sender or record.startswith("call") else False
        )
        with contextlib.suppress(VendorError):
            here.gateway.send(a_delivery(name))
        assert here.crm.shown(here.deal, "score") == "62"
        here.memory.remember = real  # type: ignore[method-assign]
        here.clock.sleep(3600)
        receipt = here.gateway.send(
            a_delivery(name, points=71, scored_at=SCORED_AT + timedelta(days=1))
        )
        assert here.crm.shown(here.deal, "score") == "71"
        assert receipt.conflicts == ()


@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [
        pytest.param(Policy.WRITE_IF_EMPTY, "", "written", id="if empty: empty"),
        pytest.param(Policy.WRITE_IF_EMPTY, "typed", "typed", id="if empty: taken"),
        pytest.param(Policy.OVERWRITE, "typed", "written", id="overwrite"),
        pytest.param(Policy.CONFIRM, "", "", id="confirm"),
        pytest.param(Policy.OWN, "typed", "typed", id="own"),
    ],
)
def test_policies_hold_on_the_first_write(
    here: World, policy: Policy, before: str, after: str
) -> None:
    slots = slots_from({"next_question": policy})
    here.gateway = type(here.gateway)(
        here.gateway.records, memory=here.memory, calls=here.calls, clock=here.clock, slots=slots
    )
    if before:
        here.crm.edit(here.deal, "next_question", before)
    receipt = here.gateway.send(a_delivery(here.kind.name, next_question="written"))
    assert here.crm.shown(here.deal, "next_question") == after
    expects_conflict = policy is Policy.CONFIRM or (policy is Policy.OWN and before)
    assert receipt.conflicts == (("next_question",) if expects_conflict else ())


@pytest.mark.parametrize(
    ("before", "edited", "after"),
    [
        pytest.param("", None, "Who signs?", id="empty: filled"),
        pytest.param("call Bo", None, "call Bo", id="taken: left alone"),
        pytest.param("", "ask legal", "ask legal", id="filled, then edited: the edit stays"),
        pytest.param("", "", "", id="filled, then cleared: stays empty"),
    ],
)
def test_a_field_that_people_use_is_filled_once_when_asked(
    here: World, before: str, edited: str | None, after: str
) -> None:
    key = here.crm.their_field()
    here.gateway = CrmGateway(
        here.gateway.records, memory=here.memory, calls=here.calls, clock=here.clock,
        slots=slots_from(extra={key: ("next_question", Policy.WRITE_IF_EMPTY)}),
    )  # fmt: skip
    if before:
        here.crm.typed(here.deal, key, before)
    here.gateway.send(a_delivery(here.kind.name, next_question="Who signs?"))
    assert here.crm.typed(here.deal, key) == (before or "Who signs?")
    if edited is not None:
        here.crm.typed(here.deal, key, edited)
    later = SCORED_AT + timedelta(days=1)
    receipt = here.gateway.send(
        a_delivery(here.kind.name, next_question="By when?", scored_at=later)
    )
    assert here.crm.typed(here.deal, key) == after
    assert here.crm.shown(here.deal, "next_question") == "By when?"
    assert receipt.conflicts == ((key,) if edited is not None else ())


def test_two_workers_at_one_deal_end_with_the_newer_call_and_both_notes(
    here: World, tmp_path: Path
) -> None:
    newer = CALLED_AT + timedelta(days=1)
    here.linked_call("c-2", started_at=newer)
    owed = [
        a_delivery(here.kind.name),
        a_delivery(here.kind.name, call_id=CallId("c-2"), called_at=newer, points=90),
    ]
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as ledger:
        gateway = CrmGateway(
            here.gateway.records,
            memory=ledger,
            calls=here.calls,
            clock=here.clock,
            slots=slots_from(),
        )

        def work(delivery: Delivery) -> None:
            # The outbox never gives one delivery to two workers at once.
            sent, ends_at = 0, time.monotonic() + 60
            while sent < 3:
                assert time.monotonic() < ends_at, "never got its turn"
                with contextlib.suppress(VendorBusyError):
                    gateway.send(delivery)
                    sent += 1

        with ThreadPoolExecutor(2) as workers:
            list(workers.map(work, owed))
    assert here.crm.shown(here.deal, "score") == "90"
    assert here.crm.shown(here.deal, "last_call_id") == "c-2"
    assert len(here.crm.notes_on(here.deal)) == 2


@pytest.mark.parametrize("name", VENDORS)
def test_setup_makes_what_is_missing_once(name: str) -> None:
    with world(name, prepared=False) as here:
        records = here.gateway.records
        planned = records.setup(dry_run=True)
        assert all(step.state == "would create" for step in planned)
        assert here.crm.writes == 0
        assert len(planned) >= len(CRM_FIELDS)
        made = records.setup(dry_run=False)
        assert [s.name for s in made] == [s.name for s in planned]
        writes = here.crm.writes
        assert {step.state for step in records.setup(dry_run=False)} == {"exists"}
        assert here.crm.writes == writes
        assert here.gateway.send(a_delivery(name)).conflicts == ()
        assert_shows(here, a_delivery(name))


@pytest.mark.parametrize("name", VENDORS)
def test_before_setup_a_delivery_says_what_to_run(name: str) -> None:
    with world(name, prepared=False) as here:
        with pytest.raises(VendorError) as caught:
            here.gateway.send(a_delivery(name))
        assert f"bantam crm setup {name}" in str(caught.value)
        (fields,) = [c for c in here.gateway.records.check() if c.name == "fields"]
        assert not fields.ok
        assert f"bantam crm setup {name}" in fields.detail


def test_connect_finds_all_well(here: World) -> None:
    checks = here.gateway.records.check()
    assert [c for c in checks if not c.ok] == []
    assert len(checks) >= 3
    assert here.crm.writes == 0


def test_no_error_or_log_line_holds_the_buyers_words(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    here.gateway.send(a_delivery(here.kind.name))
    assert "Forty thousand" not in caplog.text
    assert EMAIL not in caplog.text
    assert "Forty thousand" not in repr(a_note().points)
