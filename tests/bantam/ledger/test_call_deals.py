"""The deal of a call: what the call says, what delivery finds, what a person says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bantam.domain.activity import ActivityKind
from bantam.domain.calls import CallId, DealId
from bantam.domain.delivery import Receipt
from bantam.errors import NotInLedgerError
from bantam.ledger.store import Ledger
from tests.factories import a_call
from tests.ledgers import NOW, scored

C1 = CallId("c-1")


def send(ledger: Ledger, deal: str | None) -> None:
    """Deliver what is owed to a CRM that says which deal it found."""
    details = {"deal_id": deal} if deal else {}
    claims = ledger.claim_deliveries(9, now=NOW, lease_seconds=60, worker="w")
    for claim in claims:
        ledger.mark_sent(claim, Receipt(record_id="r", details=details), now=NOW)


def linked(ledger: Ledger) -> list[tuple[str, object, str]]:
    told = ledger.activities(kinds=[ActivityKind.CALL_LINKED])
    return [(a.customer, a.features["before"], a.actor) for a in told]


def test_a_deal_that_delivery_found_stands_in_the_ledger(ledger: Ledger) -> None:
    ledger.record_many([scored(targets=("hubspot", "slack"))])
    send(ledger, "D-7")
    assert ledger.call(C1).deal_id == "D-7"
    assert list(ledger.deal_ids()) == ["D-7"]
    assert [r.call.id for r in ledger.results(deal_id=DealId("D-7"))] == [C1]
    assert {d.deal_id for d in ledger.deliveries()} == {"D-7"}
    assert linked(ledger) in ([("D-7", None, "hubspot")], [("D-7", None, "slack")])


def test_a_target_that_knows_no_deal_changes_nothing(ledger: Ledger) -> None:
    ledger.record_many([scored()])
    send(ledger, None)
    assert ledger.call(C1).deal_id is None
    assert linked(ledger) == []


def test_the_calls_own_deal_is_stronger_than_what_was_found(ledger: Ledger) -> None:
    ledger.record_many([scored(a_call(deal_id=DealId("D-1")))])
    send(ledger, "D-7")
    assert ledger.call(C1).deal_id == "D-1"
    assert linked(ledger) == []


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param(None, "D-7", id="the recorder knows no deal"),
        pytest.param(DealId("D-1"), "D-1", id="the recorder names one by now"),
    ],
)
def test_a_call_that_is_read_again_keeps_what_was_found_unless_it_says(
    ledger: Ledger, own: DealId | None, expected: str
) -> None:
    ledger.record_many([scored()])
    send(ledger, "D-7")
    for again in (0, 1):
        call = a_call(("b", f"Read again {again}."), deal_id=own)
        ledger.record_many([scored(call)])
        ledger.record_calls([call])
        assert ledger.call(C1).deal_id == expected
    assert ledger.call(C1).turns[0].text == "Read again 1."


def test_a_persons_word_is_stronger_than_all_else(ledger: Ledger) -> None:
    ledger.record_many([scored(a_call(deal_id=DealId("D-1")), targets=("hubspot",))])
    ledger.name_deal(C1, DealId("D-2"), now=NOW, actor="ana")
    send(ledger, "D-7")
    ledger.record_many([scored(a_call(("b", "Again."), deal_id=DealId("D-1")))])
    assert ledger.call(C1).deal_id == "D-2"
    assert {d.deal_id for d in ledger.deliveries(target="hubspot")} == {"D-2"}
    assert linked(ledger) == [("D-2", "D-1", "ana")]
    ledger.name_deal(C1, DealId("D-3"), now=NOW + timedelta(minutes=1), actor="ana")
    assert ledger.call(C1).deal_id == "D-3"


def test_naming_the_deal_of_an_unknown_call_says_so(ledger: Ledger) -> None:
    with pytest.raises(NotInLedgerError):
        ledger.name_deal(CallId("c-9"), DealId("D-2"), now=NOW, actor="ana")
