"""Forgetting: found by call, deal or person, cleared elsewhere, and what is left is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bantam.domain.activity import ActivityKind
from bantam.domain.bant import Usage
from bantam.domain.calls import Call, CallId, DealId, Participant, Side
from bantam.domain.delivery import Delivery, Receipt
from bantam.errors import NotInLedgerError, VendorDownError, VendorRejectedError
from bantam.ledger.rows import Answer
from bantam.ledger.store import Ledger
from flows.deliver import deliver, preview
from flows.forget import ForgetReport, Request, Subject, forget, sweep_old
from tests.factories import a_call
from tests.fakes import RecordingGateway, SetClock
from tests.ledgers import NOW, scored

SECRET = "zebra crossing moonlight"


class Clearing(RecordingGateway):
    """Takes back what it was sent, or raises."""

    def __init__(self, name: str, trouble: Exception | None = None) -> None:
        super().__init__(name)
        self.cleared: list[CallId] = []
        self.trouble = trouble

    def clear(self, delivery: Delivery) -> Receipt:
        if self.trouble:
            raise self.trouble
        assert SECRET not in delivery.note.model_dump_json()
        self.cleared.append(delivery.call_id)
        return Receipt(record_id="gone")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as opened:
        yield opened


def with_buyer(call_id: str, name: str, email: str | None = None, **changes: object) -> Call:
    people = (
        Participant(id="s", name="Ana", side=Side.SELLER),
        Participant(id="b", name=name, email=email, side=Side.BUYER),
    )
    said = (("b", f"{SECRET} {call_id}."),)
    return a_call(*said, id=CallId(call_id), participants=people, **changes)


def sent_to(ledger: Ledger, gateway: RecordingGateway, *calls: Call) -> None:
    ledger.record_many([scored(c, targets=(gateway.name,)) for c in calls])
    deliver(ledger, {gateway.name: gateway}, clock=SetClock(NOW))


def request(name: str, subject: Subject | None = None) -> Request:
    return Request(name, "dpo@seller.example", subject)


def words_left(ledger: Ledger) -> set[str]:
    return {c.id for c in ledger.calls() if c.turns}


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        pytest.param("c-1", {"c-1"}, id="a call"),
        pytest.param("D-2", {"c-2", "c-3"}, id="a deal"),
        pytest.param("bo@buyer.example", {"c-1", "c-3"}, id="a person by e-mail"),
        pytest.param(" BO@Buyer.Example ", {"c-1", "c-3"}, id="written otherwise"),
        pytest.param("jörg MÜLLER", {"c-2"}, id="a person by name, with umlauts"),
        pytest.param("田中", {"c-4"}, id="a name without a Latin letter"),
    ],
)
def test_it_finds_a_call_a_deal_or_a_person(ledger: Ledger, name: str, gone: set[str]) -> None:
    calls = [
        with_buyer("c-1", "Bo", "bo@buyer.example"),
        with_buyer("c-2", "Jörg Müller", deal_id=DealId("D-2")),
        with_buyer("c-3", "Bo", "Bo@buyer.example", deal_id=DealId("D-2")),
        with_buyer("c-4", "田中"),
        with_buyer("c-5", "Jörg Müllers Freund", "xbo@buyer.example"),
    ]
    ledger.record_many([scored(c) for c in calls])
    report = forget(request(name), ledger, {}, SetClock(NOW))
    assert set(report.calls) == gone
    assert words_left(ledger) == {c.id for c in calls} - gone
    told = ledger.activities(kinds=[ActivityKind.DATA_FORGOTTEN])
    assert {(a.features["call_id"], a.actor) for a in told} == {
        (c, "dpo@seller.example") for c in gone
    }


def test_kept_answers_go_and_what_was_sent_is_cleared(ledger: Ledger) -> None:
    gateway = Clearing("hubspot")
    sent_to(ledger, gateway, with_buyer("c-1", "Bo"), with_buyer("c-2", "Cy"))
    ledger.keep_answer("k", Answer(f'"{SECRET}"', Usage()), call_id=CallId("c-1"), now=NOW)
    report = forget(request("c-1"), ledger, {"hubspot": gateway}, SetClock(NOW))
    assert report == ForgetReport(calls=("c-1",), answers=1, deliveries=1, cleared=1)
    assert gateway.cleared == ["c-1"]
    assert ledger.answer("k") is None


@pytest.mark.parametrize(
    ("gateway", "left"),
    [
        pytest.param(
            Clearing("hubspot", VendorRejectedError("hubspot", "the key lacks a scope")),
            "hubspot: the key lacks a scope; then `bantam deliver --retry`",
            id="refused",
        ),
        pytest.param(
            RecordingGateway("hubspot"),
            "hubspot: call c-1: cannot be taken back; remove it by hand; then"
            " `bantam deliver --retry`",
            id="not able",
        ),
    ],
)
def test_what_could_not_be_taken_back_is_told_with_what_to_do(
    ledger: Ledger, gateway: RecordingGateway, left: str
) -> None:
    sent_to(ledger, gateway, with_buyer("c-1", "Bo"))
    for _ in range(2):
        report = forget(request("c-1"), ledger, {"hubspot": gateway}, SetClock(NOW))
        assert (report.left, report.cleared) == ((left,), 0)
    assert words_left(ledger) == set()


def test_a_target_that_is_away_delays_and_loses_nothing(ledger: Ledger) -> None:
    gateway, clock = Clearing("hubspot"), SetClock(NOW)
    sent_to(ledger, gateway, with_buyer("c-1", "Bo"))
    gateway.trouble = VendorDownError("hubspot", "no answer")
    report = forget(request("c-1"), ledger, {"hubspot": gateway}, clock)
    assert report.left == ("hubspot: no answer; owed, tried again from 2026-03-02 17:00 UTC",)
    for _ in range(12):
        clock.forward(timedelta(hours=1))
        deliver(ledger, {"hubspot": gateway}, clock=clock)
    assert gateway.cleared == []
    gateway.trouble = None
    clock.forward(timedelta(hours=1))
    assert deliver(ledger, {"hubspot": gateway}, clock=clock).sent == 1
    assert gateway.cleared == ["c-1"]
    (told,) = ledger.activities(kinds=[ActivityKind.DATA_CLEARED])
    assert told.features["call_id"] == "c-1"


def test_a_target_that_is_not_configured_here_stays_owed(ledger: Ledger) -> None:
    gateway = Clearing("hubspot")
    sent_to(ledger, gateway, with_buyer("c-1", "Bo"))
    report = forget(request("c-1"), ledger, {}, SetClock(NOW))
    assert report.left == ("hubspot: is not configured here; owed for call c-1",)
    assert deliver(ledger, {"hubspot": gateway}, clock=SetClock(NOW)).sent == 1
    assert gateway.cleared == ["c-1"]


def test_forgetting_sends_nothing_else_that_is_owed(ledger: Ledger) -> None:
    gateway = Clearing("hubspot")
    sent_to(ledger, gateway, with_buyer("c-1", "Bo"))
    ledger.record_many([scored(with_buyer("c-2", "Cy"), targets=("hubspot",))])
    forget(request("c-1"), ledger, {"hubspot": gateway}, SetClock(NOW))
    assert [d.call_id for d in gateway.sent] == ["c-1"]
    assert [p.said for p in preview(ledger, {"hubspot": gateway})] == ["would be sent"]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: request("nobody@x.example"), id="a stranger"),
        pytest.param(lambda: request("Bo", Subject.DEAL), id="a person named as a deal"),
        pytest.param(lambda: request("%"), id="a wildcard"),
    ],
)
def test_an_unknown_name_erases_nothing_and_is_not_repeated(
    ledger: Ledger, make: Callable[[], Request]
) -> None:
    ledger.record_many([scored(with_buyer("c-1", "Bo"))])
    asked = make()
    with pytest.raises(NotInLedgerError, match="nothing was erased") as caught:
        forget(asked, ledger, {}, SetClock(NOW))
    assert asked.name not in str(caught.value)
    assert words_left(ledger) == {"c-1"}


def test_words_go_at_their_age_and_numbers_stay(ledger: Ledger) -> None:
    clock = SetClock(NOW)
    ages = {"c-new": 29, "c-old": 31, "c-older": 400}
    ledger.record_many(
        [scored(with_buyer(n, "Bo", started_at=NOW - timedelta(days=d))) for n, d in ages.items()]
    )
    assert sweep_old(ledger, days=30, clock=clock) == 2
    assert sweep_old(ledger, days=30, clock=clock) == 0
    assert words_left(ledger) == {"c-new"}
    assert ledger.latest_result(CallId("c-older")).score is not None
