"""Close as the place that leads come into: a lead (the company), its contact, an opportunity.

Close has no upsert and takes no key: a contact is looked for by address and an opportunity among
the lead's before either is made, and again where an answer was lost. What remains possible: the
search index lags, so that a contact whose answer was lost may be missed by the next try, 30 s or
more later; and a request that somebody repeats on the way makes two of what it makes.
"""

from __future__ import annotations

from collections.abc import Sequence

from bantam.domain.scheduled import Lead
from bantam.errors import VendorDownError
from integrations.close.client import CloseClient
from integrations.close.mapping import VENDOR, key_of, listed_fields
from integrations.crm.leads import REQUEST_LABEL, LeadContact, LeadDeal, deal_name
from integrations.crm.named_fields import FieldCodes


class CloseLeads:
    """Implements `LeadRecords`. Thread-safe."""

    def __init__(self, client: CloseClient, *, status: str | None = None) -> None:
        """Take the client, and the status id of new opportunities (None: Close decides)."""
        self._client = client
        self._codes = FieldCodes(VENDOR, lambda: listed_fields(client.opportunity_fields()))
        self._status = {"status_id": status} if status else {}

    def contact_of(self, email: str) -> LeadContact | None:
        """Return a contact with this address that belongs to a lead."""
        found = [c for c in self._client.contacts_of([email]) if c.lead_id]
        return LeadContact(found[0].id, found[0].lead_id or "") if found else None

    def add_contact(self, lead: Lead) -> LeadContact:
        """Make a lead with its contact in one request; doing it twice makes two."""
        made = self._client.add_lead(deal_name(lead), lead.name, lead.email)
        if not made.contacts:
            raise VendorDownError(VENDOR, "a new lead came back without its contact")
        return LeadContact(made.contacts[0].id, made.id)

    def deals_of(self, contact: LeadContact) -> Sequence[LeadDeal]:
        """Return the opportunities of the contact's lead."""
        code = key_of(self._codes.code(REQUEST_LABEL))
        found = sorted(
            self._client.opportunities(lead_id=contact.account),
            key=lambda o: o.date_created or "",
            reverse=True,
        )
        return [
            LeadDeal(o.id, is_open=o.status_type == "active", request=str(o.custom.get(code) or ""))
            for o in found
        ]

    def add_deal(self, lead: Lead, contact: LeadContact, key: str) -> str:  # noqa: ARG002 - an opportunity has no name
        """Make an opportunity of a lead; doing it twice makes two."""
        body = {
            "lead_id": contact.account,
            "contact_id": contact.id,
            key_of(self._codes.code(REQUEST_LABEL)): key,
            **self._status,
        }
        return self._client.add_opportunity(body).id
