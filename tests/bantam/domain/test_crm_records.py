from __future__ import annotations

import pytest

from bantam.domain.calls import Participant, Side
from bantam.domain.crm_records import (
    DealCandidate,
    Firmographics,
    buyer_emails,
    linked_deals,
    the_one_deal,
)
from tests.factories import a_call


def test_only_deals_of_this_crm_are_taken_from_the_recorders_links() -> None:
    ids = (
        "hubspot:deal:1",
        "Salesforce:Opportunity:006",
        "hubspot:company:9",
        "hubspot:Deal:1",
        "x",
    )
    call = a_call(crm_ids=ids)
    assert linked_deals(call, "hubspot") == ("1",)
    assert linked_deals(call, "salesforce") == ("006",)
    assert linked_deals(call, "close") == ()


def test_everybody_but_the_seller_may_lead_to_a_deal() -> None:
    people = (
        Participant(id="s", name="Ana", email="ana@seller.example", side=Side.SELLER),
        Participant(id="b", name="Bo", email="Bo@Buyer.example ", side=Side.BUYER),
        Participant(id="c", name="Bo again", email="bo@buyer.example", side=Side.BUYER),
        Participant(id="u", name="?", email="cy@other.example", side=Side.UNKNOWN),
        Participant(id="n", name="No mail", side=Side.BUYER),
        Participant(id="m", name="Not a mail", email="n/a", side=Side.BUYER),
    )
    call = a_call(participants=people, turns=())
    assert buyer_emails(call) == ("bo@buyer.example", "cy@other.example")


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        pytest.param([], None, id="none"),
        pytest.param(["1"], "1", id="one"),
        pytest.param(["1", "1"], "1", id="one through two contacts"),
        pytest.param(["1", "2"], None, id="two are ambiguous"),
    ],
)
def test_only_one_deal_is_an_answer(ids: list[str], found: str | None) -> None:
    chosen = the_one_deal([DealCandidate(deal_id=i) for i in ids])
    assert (chosen.deal_id if chosen else None) == found


def test_gaps_are_filled_and_both_sources_are_named() -> None:
    crm = Firmographics(title="CFO", source="hubspot")
    more = Firmographics(title="Boss", employees=120, source="people-data-labs")
    both = crm.filled_from(more)
    assert (both.title, both.employees, both.source) == ("CFO", 120, "hubspot and people-data-labs")
    assert more.filled_from(Firmographics(source="x")) == more
