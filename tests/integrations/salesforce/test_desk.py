"""Salesforce's own traps when a lead comes in; what all CRMs promise stands in test_lead_desks.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bantam.domain.scheduled import Lead
from bantam.errors import VendorRejectedError
from integrations.crm.leads import CrmLeads
from integrations.salesforce.client import SalesforceAccount, SalesforceClient
from integrations.salesforce.desk import SalesforceLeads
from integrations.salesforce.mapping import REQUEST
from tests.servers import Server, serve
from tests.standins.salesforce import CLIENT_ID, SECRET, Salesforce
from tests.surroundings import StillClock, surroundings


@pytest.fixture
def server() -> Iterator[Server]:
    salesforce = Salesforce()
    salesforce.prepare()
    with serve(salesforce) as serving:
        yield serving


def leads_of(server: Server) -> CrmLeads:
    account = SalesforceAccount(base_url=server.url, client_id=CLIENT_ID, client_secret=SECRET)
    around = surroundings(StillClock())
    client = SalesforceClient(account, around)
    closes = timedelta(days=90)
    return CrmLeads(SalesforceLeads(client, around.clock, stage="Prospecting", closes_after=closes))


LEAD = Lead(email="o'neill\\@buyer.example", name="Pat O'Neill", company="Acme")


def test_a_new_opportunity_has_what_salesforce_wants_and_nothing_a_lead_wrote_ends_a_query(
    server: Server,
) -> None:
    deal = leads_of(server).ensure_deal(LEAD, "k1")
    made = server.stand_in.opportunities[deal]
    shown = {name: made[name] for name in ("Name", "StageName", "CloseDate", REQUEST)}
    assert shown == {
        "Name": "Acme", "StageName": "Prospecting", "CloseDate": "2027-02-22", REQUEST: "k1",
    }  # fmt: skip
    (contact,) = [c for c in server.stand_in.contacts.values() if c["Email"] == LEAD.email]
    assert (contact["FirstName"], contact["LastName"]) == ("Pat", "O'Neill")
    assert leads_of(server).ensure_deal(LEAD, "k1") == deal


@pytest.mark.parametrize(("others", "taken"), [(1, True), (2, False)])
def test_the_one_open_deal_of_the_contacts_account_is_taken_and_of_several_none(
    server: Server, others: int, taken: bool
) -> None:
    salesforce = server.stand_in
    salesforce.contact(LEAD.email, AccountId="001A")
    there = [f"00600000000010{n}AAA" for n in range(others)]
    for deal in there:
        salesforce.add_deal(deal, AccountId="001A")
    made = leads_of(server).ensure_deal(LEAD, "k1")
    assert (made in there) is taken
    assert salesforce.opportunities[made]["AccountId"] == "001A"


def test_a_rule_of_the_org_that_refuses_a_new_contact_is_said(server: Server) -> None:
    salesforce = server.stand_in
    salesforce.refused_objects["Contact"] = "DUPLICATES_DETECTED"
    with pytest.raises(VendorRejectedError, match="a rule of the org refuses it"):
        leads_of(server).ensure_deal(LEAD, "k1")
    assert salesforce.deals_of(LEAD.email) == []
