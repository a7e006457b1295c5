"""The four CRMs as one table: a stand-in that behaves, and our gateway connected to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bantam.domain.calls import Call
from integrations.close.client import CloseAccount, CloseClient
from integrations.close.desk import CloseLeads
from integrations.close.gateway import CloseDeals
from integrations.crm import CrmGateway, DealRecords, slots_from
from integrations.crm.leads import LeadRecords
from integrations.http import Patience, Surroundings
from integrations.hubspot.client import HubSpotAccount, HubSpotClient
from integrations.hubspot.desk import HubSpotLeads
from integrations.hubspot.gateway import HubSpotDeals
from integrations.pipedrive.client import PipedriveAccount, PipedriveClient
from integrations.pipedrive.desk import PipedriveLeads
from integrations.pipedrive.gateway import PipedriveDeals
from integrations.salesforce.client import SalesforceAccount, SalesforceClient
from integrations.salesforce.desk import SalesforceLeads
from integrations.salesforce.gateway import SalesforceDeals
from tests.crm_cases import Calls, Memory
from tests.factories import a_call
from tests.servers import Server, StandIn, serve
from tests.standins import pipedrive
from tests.standins.close import KEY, Close
from tests.standins.hubspot import SOURCE, TOKEN, HubSpot
from tests.standins.salesforce import CLIENT_ID, SECRET, Salesforce
from tests.surroundings import StillClock, surroundings

EMAIL = "bo@buyer.example"


@dataclass(frozen=True)
class Kind:
    """One vendor."""

    name: str
    stand_in: Callable[[], Any]
    records: Callable[[str, Surroundings], DealRecords]
    """From the server's address."""
    leads: Callable[[str, Surroundings], LeadRecords]
    deal: str
    """An id of the vendor's shape."""
    other_deal: str
    link: str
    """How a recorder names the deal type: "deal" or "opportunity"."""


def _hubspot(url: str, around: Surroundings) -> HubSpotClient:
    account = HubSpotAccount(token=TOKEN, base_url=url, source_id=SOURCE)
    return HubSpotClient(account, around)


def _salesforce(url: str, around: Surroundings) -> SalesforceClient:
    account = SalesforceAccount(base_url=url, client_id=CLIENT_ID, client_secret=SECRET)
    return SalesforceClient(account, around)


def _pipedrive(url: str, around: Surroundings) -> PipedriveClient:
    return PipedriveClient(PipedriveAccount(pipedrive.TOKEN, url), around)


def _close(url: str, around: Surroundings) -> CloseClient:
    return CloseClient(CloseAccount(KEY, f"{url}/api/v1"), around)


def _salesforce_leads(url: str, around: Surroundings) -> LeadRecords:
    return SalesforceLeads(
        _salesforce(url, around),
        around.clock,
        stage="Prospecting",
        closes_after=timedelta(days=90),
    )


KINDS: dict[str, Kind] = {
    "hubspot": Kind(
        "hubspot", HubSpot, lambda url, around: HubSpotDeals(_hubspot(url, around)),
        lambda url, around: HubSpotLeads(
            _hubspot(url, around), pipeline="default", stage="appointmentscheduled"
        ),
        "101", "102", "deal",
    ),
    "salesforce": Kind(
        "salesforce", Salesforce,
        lambda url, around: SalesforceDeals(_salesforce(url, around), around.clock),
        _salesforce_leads, "006000000000001AAA", "006000000000002AAA", "opportunity",
    ),
    "pipedrive": Kind(
        "pipedrive", pipedrive.Pipedrive,
        lambda url, around: PipedriveDeals(_pipedrive(url, around)),
        lambda url, around: PipedriveLeads(_pipedrive(url, around)), "101", "102", "deal",
    ),
    "close": Kind(
        "close", Close, lambda url, around: CloseDeals(_close(url, around)),
        lambda url, around: CloseLeads(_close(url, around)), "oppo_1", "oppo_2", "opportunity",
    ),
}  # fmt: skip


@dataclass
class World:
    """A CRM with our fields set up, and our gateway connected to it."""

    kind: Kind
    server: Server
    clock: StillClock
    memory: Memory
    calls: Calls
    gateway: CrmGateway

    @property
    def crm(self) -> Any:
        """The stand-in."""
        return self.server.stand_in

    @property
    def deal(self) -> str:
        return self.kind.deal

    def linked_call(self, call_id: str = "c-1", deal: str | None = None, **changes: Any) -> Call:
        """Record a call that its recorder links to a deal."""
        ids = (f"{self.kind.name}:{self.kind.link}:{deal or self.deal}",)
        call = a_call(id=call_id, crm_ids=ids, **changes)
        self.calls.by_id[call.id] = call
        return call


@contextlib.contextmanager
def world(name: str, *, prepared: bool = True, patient: bool = True) -> Iterator[World]:
    """Serve one vendor's stand-in with one open deal and call c-1 linked to it.

    Args:
        name: of the vendor.
        prepared: whether our fields exist there.
        patient: False gives a silent vendor up soon; a busy machine may look like one.
    """
    kind = KINDS[name]
    clock = StillClock()
    crm: StandIn = kind.stand_in()
    crm.now = clock
    with serve(crm) as server:
        patience = Patience(connect_timeout=5, read_timeout=5 if patient else 0.4, deadline=20)
        around = surroundings(clock, patience=patience)
        memory, calls = Memory(), Calls()
        gateway = CrmGateway(
            kind.records(server.url, around),
            memory=memory, calls=calls, clock=clock, slots=slots_from(),
        )  # fmt: skip
        made = World(kind, server, clock, memory, calls, gateway)
        if prepared:
            made.crm.prepare()
        made.crm.add_deal(kind.deal, email=EMAIL)
        made.linked_call()
        yield made
