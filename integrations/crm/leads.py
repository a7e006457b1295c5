"""Finds or makes the contact and the deal of a lead; alike for all CRMs.

    e-mail address -> contact -> its deal of this request, else its newest open deal, else a new one

Every deal that is made carries the key of its request in a field of ours, and stands under its
contact from the first moment, so that a request which is repeated, or whose worker died, finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bantam.domain.calls import DealId
from bantam.domain.scheduled import Lead
from bantam.errors import VendorConflictError, VendorDownError, VendorError

T = TypeVar("T")

REQUEST_LABEL = "BANT request"
"""Of the field that holds the key of the request which a deal was made for."""
REQUEST_MEANING = "The request for a call that Bantam made this deal for; do not change it"


@dataclass(frozen=True)
class LeadContact:
    """A contact in the CRM."""

    id: str
    account: str = ""
    """The company that it belongs to, where the CRM has them apart; "" when it has none."""


@dataclass(frozen=True)
class LeadDeal:
    """A deal of a contact."""

    id: str
    is_open: bool
    request: str = ""
    """Key of the request that it was made for; "" when a person made it."""


class LeadRecords(Protocol):
    """What a CRM has to know how to do with leads. Thread-safe."""

    def contact_of(self, email: str) -> LeadContact | None:
        """Return the contact with exactly this address, or None.

        Raises:
            VendorError: the CRM cannot be asked.
        """
        ...

    def add_contact(self, lead: Lead) -> LeadContact:
        """Make a contact.

        Raises:
            VendorConflictError: there is one with this address.
            VendorError: the CRM refuses, or cannot be asked.
        """
        ...

    def deals_of(self, contact: LeadContact) -> Sequence[LeadDeal]:
        """Return a contact's deals, closed ones included, the newest first.

        Raises:
            VendorError: the CRM cannot be asked.
        """
        ...

    def add_deal(self, lead: Lead, contact: LeadContact, key: str) -> str:
        """Make a deal for a request, under its contact, and return its id.

        Raises:
            VendorError: the CRM refuses, or cannot be asked.
        """
        ...


class CrmLeads:
    """Implements `LeadDesk` with the contacts and deals of a CRM. Thread-safe."""

    def __init__(self, records: LeadRecords) -> None:
        """Take the CRM's records; nothing is sent."""
        self._records = records

    def ensure_deal(self, lead: Lead, key: str) -> DealId:
        """Return the lead's open deal; make contact and deal where they are missing.

        A deal that was made for this request before is the answer even when it is closed by now.

        Raises:
            VendorError: the CRM refuses, or cannot be asked.
        """
        contact = self._records.contact_of(lead.email) or self._new_contact(lead)
        deals = self._records.deals_of(contact)
        found = _made_for(key, deals) or next((d.id for d in deals if d.is_open), None)
        return DealId(found or self._new_deal(lead, contact, key))

    def _new_contact(self, lead: Lead) -> LeadContact:
        return _made(
            lambda: self._records.add_contact(lead), lambda: self._records.contact_of(lead.email)
        )

    def _new_deal(self, lead: Lead, contact: LeadContact, key: str) -> str:
        return _made(
            lambda: self._records.add_deal(lead, contact, key),
            lambda: _made_for(key, self._records.deals_of(contact)),
        )


def deal_name(lead: Lead) -> str:
    """Return what a new deal is called."""
    return lead.company or lead.name or lead.email


def names_of(lead: Lead) -> tuple[str, str]:
    """Return first and last name; what stands before the last blank is the first name."""
    first, _, last = lead.name.strip().rpartition(" ")
    return first.strip(), last


def _made_for(key: str, deals: Sequence[LeadDeal]) -> str | None:
    return next((d.id for d in deals if d.request == key), None)


def _made(make: Callable[[], T], look: Callable[[], T | None]) -> T:
    """Make something once: where the answer was lost, or somebody was faster, look for it."""
    try:
        return make()
    except (VendorConflictError, VendorDownError) as error:
        if isinstance(error, VendorDownError) and not error.may_have_arrived:
            raise
        found = _looked(look)
        if found is None:
            raise
        return found


def _looked(look: Callable[[], T | None]) -> T | None:
    try:
        return look()
    except VendorError:
        # The first error says what went wrong; the next try looks again.
        return None
