"""What all CRMs promise to intake: a lead's contact and deal, found or made once, whatever fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bantam.domain.deals import DealId
from bantam.domain.scheduled import Lead
from bantam.errors import VendorError
from integrations.crm.leads import CrmLeads, names_of
from integrations.http import Patience
from tests.crm_worlds import KINDS
from tests.faults import (
    HALF_DONE,
    LOST_ANSWER,
    PASSING,
    REFUSED_CONNECTION,
    TWICE,
    Fault,
    expired_token,
    too_many,
)
from tests.servers import Server, serve
from tests.surroundings import StillClock, surroundings

LEAD = Lead(email="bo@buyer.example", name="Bo van Dam", company="Acme")
KEY = "k1abcdef"


@dataclass
class Desk:
    """One CRM as intake sees it."""

    name: str
    server: Server
    leads: CrmLeads
    clock: StillClock

    @property
    def crm(self) -> Any:
        return self.server.stand_in

    def until_done(self, key: str = KEY) -> DealId:
        """Ask as the sweep does: again, later, until it works."""
        for _ in range(10):
            with contextlib.suppress(VendorError):
                return self.leads.ensure_deal(LEAD, key)
            self.clock.sleep(60)
        raise AssertionError("never done")


@contextlib.contextmanager
def desk_of(name: str, *, prepared: bool = True, patient: bool = True) -> Iterator[Desk]:
    clock, crm = StillClock(), KINDS[name].stand_in()
    crm.now = clock
    if prepared:
        crm.prepare()
    patience = Patience(connect_timeout=5, read_timeout=5 if patient else 0.4, deadline=20)
    with serve(crm) as server:
        around = surroundings(clock, patience=patience)
        yield Desk(name, server, CrmLeads(KINDS[name].leads(server.url, around)), clock)


@pytest.fixture(params=list(KINDS))
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with desk_of(request.param) as made:
        yield made


def test_a_new_lead_gets_a_contact_and_a_deal(desk: Desk) -> None:
    deal = desk.leads.ensure_deal(LEAD, KEY)
    assert desk.crm.people() == [LEAD.email]
    assert desk.crm.deals_of(LEAD.email) == [deal]


def test_the_same_request_again_makes_nothing(desk: Desk) -> None:
    deal = desk.leads.ensure_deal(LEAD, KEY)
    assert desk.leads.ensure_deal(LEAD, KEY) == deal
    assert desk.crm.deals_of(LEAD.email) == [deal]
    assert desk.crm.people() == [LEAD.email]


def test_the_same_request_is_answered_with_its_deal_after_that_was_closed(desk: Desk) -> None:
    deal = desk.leads.ensure_deal(LEAD, KEY)
    desk.crm.close_deal(deal)
    assert desk.leads.ensure_deal(LEAD, KEY) == deal
    another = desk.leads.ensure_deal(LEAD, "k2")
    assert another != deal
    assert desk.crm.deals_of(LEAD.email) == [deal, another]


def test_the_open_deal_of_a_known_contact_is_taken(desk: Desk) -> None:
    kind = KINDS[desk.name]
    desk.crm.add_deal(kind.deal, email=LEAD.email)
    before = dict(vars(desk.crm).get("persons", {}))
    assert desk.leads.ensure_deal(LEAD, KEY) == kind.deal
    assert desk.crm.people() == [LEAD.email]
    assert desk.crm.deals_of(LEAD.email) == [kind.deal]
    assert vars(desk.crm).get("persons", {}) == before


def test_closed_deals_and_other_peoples_deals_are_left_alone(desk: Desk) -> None:
    kind = KINDS[desk.name]
    desk.crm.add_deal(kind.deal, email=LEAD.email, closed=True)
    desk.crm.add_deal(kind.other_deal, email="rob@buyer.example")
    deal = desk.leads.ensure_deal(LEAD, KEY)
    assert deal not in {kind.deal, kind.other_deal}
    assert desk.crm.deals_of("rob@buyer.example") == [kind.other_deal]


def test_without_our_fields_it_says_what_to_run_and_makes_no_deal() -> None:
    for name in KINDS:
        with desk_of(name, prepared=False) as desk:
            desk.crm.add_deal(KINDS[name].deal, email="cy@buyer.example")
            with pytest.raises(VendorError) as caught:
                desk.leads.ensure_deal(LEAD, KEY)
            assert f"{name}:" in str(caught.value)
            assert desk.crm.deals_of(LEAD.email) == []


_MET: dict[str, list[str]] = {}


def _operations(name: str) -> list[str]:
    """What a new lead takes when all is well."""
    if name not in _MET:
        with desk_of(name) as honest:
            honest.leads.ensure_deal(LEAD, KEY)
            _MET[name] = list(dict.fromkeys(r.operation for r in honest.crm.received))
    return _MET[name]


@pytest.mark.parametrize(
    "fault",
    [pytest.param(f, id=f.name) for f in (*PASSING, *HALF_DONE, expired_token()) if f is not TWICE],
)
@pytest.mark.parametrize("name", KINDS)
def test_each_fault_at_each_request_ends_with_one_contact_and_one_deal(
    name: str, fault: Fault
) -> None:
    met = _operations(name)
    with desk_of(name, patient=not fault.hold) as desk:
        for operation in met:
            desk.server.faults.next(fault, operation=operation)
        deal = desk.until_done()
        assert desk.server.faults.unused == []
        assert desk.crm.people() == [LEAD.email]
        assert desk.crm.deals_of(LEAD.email) == [deal]
        assert desk.until_done() == deal


@pytest.mark.parametrize("name", ["hubspot", "salesforce"])
def test_where_the_vendor_has_keys_a_request_repeated_on_the_way_makes_one(name: str) -> None:
    with desk_of(name) as desk:
        for operation in _operations(name):
            desk.server.faults.next(TWICE, operation=operation)
        deal = desk.until_done()
        assert desk.crm.people() == [LEAD.email]
        assert desk.crm.deals_of(LEAD.email) == [deal]


@pytest.mark.parametrize("name", KINDS)
def test_a_worker_that_dies_after_any_request_leaves_nothing_to_make_twice(name: str) -> None:
    """Its connection is cut after the n-th request arrived, and another worker takes over."""
    with desk_of(name) as honest:
        honest.leads.ensure_deal(LEAD, KEY)
        requests = len(honest.crm.received)
    for number in range(requests):
        with desk_of(name) as desk:
            desk.server.faults.at(number, LOST_ANSWER)
            for later in range(number + 1, number + 12):
                desk.server.faults.at(later, REFUSED_CONNECTION)
            with contextlib.suppress(VendorError):
                desk.leads.ensure_deal(LEAD, KEY)
            desk.server.faults.clear()
            deal = desk.leads.ensure_deal(LEAD, KEY)
            assert desk.crm.people() == [LEAD.email]
            assert desk.crm.deals_of(LEAD.email) == [deal]


def test_a_busy_crm_is_waited_for(desk: Desk) -> None:
    desk.server.faults.next(too_many(retry_after="2"))
    desk.leads.ensure_deal(LEAD, KEY)
    assert desk.clock.slept == [2.0]


def test_no_error_or_log_line_names_the_lead(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    desk.leads.ensure_deal(LEAD, KEY)
    for later in range(40):
        desk.server.faults.at(later, REFUSED_CONNECTION)
    with pytest.raises(VendorError) as caught:
        desk.leads.ensure_deal(LEAD, "k2")
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("integrations", "httpx"))]
    assert ours
    shown = " ".join([*ours, str(caught.value), repr(caught.value)])
    for hidden in ("bo@", "buyer.example", "van Dam", "Acme"):
        assert hidden not in shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Bo van Dam", ("Bo van", "Dam"), id="the last word is the last name"),
        pytest.param("Bo", ("", "Bo"), id="one word"),
        pytest.param("  ", ("", ""), id="blanks"),
        pytest.param("", ("", ""), id="nothing"),
    ],
)
def test_names(name: str, expected: tuple[str, str]) -> None:
    assert names_of(Lead(email="a@b.c", name=name)) == expected
