"""HubSpot as the place that leads come into.

Nothing is made twice: HubSpot itself keeps e-mail addresses of contacts unique, and our property
`bant_request` has unique values, by which deals are upserted. What remains possible: an account in
which that property was made by hand without "require unique values" has no such guard, and two
workers with one request at one moment could make two deals.
"""

from __future__ import annotations

from collections.abc import Sequence

from bantam.domain.scheduled import Lead
from bantam.errors import VendorNotFoundError
from integrations.crm.leads import LeadContact, LeadDeal, deal_name, names_of
from integrations.hubspot.client import HubSpotClient
from integrations.hubspot.mapping import OBJECT, REQUEST

_READ = ("hs_is_closed", REQUEST)


class HubSpotLeads:
    """Implements `LeadRecords`. Thread-safe."""

    def __init__(self, client: HubSpotClient, *, pipeline: str, stage: str) -> None:
        """Take the client, and where new deals stand; nothing is sent."""
        self._client = client
        self._pipeline = pipeline
        self._stage = stage

    def contact_of(self, email: str) -> LeadContact | None:
        """Return the contact with this address; asked by key, as the search index lags."""
        try:
            return LeadContact(self._client.one("contacts", email, id_property="email").id)
        except VendorNotFoundError:
            return None

    def add_contact(self, lead: Lead) -> LeadContact:
        """Make a contact; HubSpot refuses a second one with the same address."""
        first, last = names_of(lead)
        said = {"email": lead.email, "firstname": first, "lastname": last, "company": lead.company}
        known = {name: value for name, value in said.items() if value}
        return LeadContact(self._client.create("contacts", known))

    def deals_of(self, contact: LeadContact) -> Sequence[LeadDeal]:
        """Return a contact's deals; ids of newer ones are greater."""
        ids = self._client.associated("contacts", [contact.id], OBJECT)[contact.id]
        read = self._client.batch_read(OBJECT, ids, _READ) if ids else []
        read.sort(key=lambda r: int(r.id) if r.id.isdecimal() else 0, reverse=True)
        return [
            LeadDeal(
                r.id,
                is_open=r.properties.get("hs_is_closed") != "true",
                request=r.properties.get(REQUEST) or "",
            )
            for r in read
        ]

    def add_deal(self, lead: Lead, contact: LeadContact, key: str) -> str:
        """Make a deal and associate it; one that a killed worker left alone is taken up."""
        deal = self._made_before(key)
        if deal is None:
            values = {
                "dealname": deal_name(lead),
                "pipeline": self._pipeline,
                "dealstage": self._stage,
                REQUEST: key,
            }
            deal = self._client.upsert(OBJECT, REQUEST, values)
        self._client.associate(OBJECT, deal, "contacts", contact.id)
        return deal

    def _made_before(self, key: str) -> str | None:
        # Upserting it again would put it back to its first stage.
        try:
            return self._client.one(OBJECT, key, id_property=REQUEST).id
        except VendorNotFoundError:
            return None
