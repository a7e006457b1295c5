"""Pipedrive as the place that leads come into.

Pipedrive has no upsert and takes no key: a person is looked for by address and a deal among the
person's deals before either is made, and again where an answer was lost. What remains possible:
the search index lags, so that a person whose answer was lost may be missed by the next try, 30 s
or more later; and a request that somebody repeats on the way makes two of what it makes.
"""

from __future__ import annotations

from collections.abc import Sequence

from bantam.domain.scheduled import Lead
from integrations.crm.leads import REQUEST_LABEL, LeadContact, LeadDeal, deal_name
from integrations.crm.named_fields import FieldCodes
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.mapping import VENDOR, listed_fields


class PipedriveLeads:
    """Implements `LeadRecords`. Thread-safe."""

    def __init__(
        self, client: PipedriveClient, *, pipeline: int | None = None, stage: int | None = None
    ) -> None:
        """Take the client, and where new deals stand (None: Pipedrive decides)."""
        self._client = client
        self._codes = FieldCodes(VENDOR, lambda: listed_fields(client.deal_fields()))
        place = {"pipeline_id": pipeline, "stage_id": stage}
        self._place = {name: value for name, value in place.items() if value is not None}

    def contact_of(self, email: str) -> LeadContact | None:
        """Return the oldest person with this address."""
        found = self._client.persons_of(email)
        return LeadContact(str(min(found))) if found else None

    def add_contact(self, lead: Lead) -> LeadContact:
        """Make a person; doing it twice makes two."""
        return LeadContact(str(self._client.add_person(lead.name or lead.email, lead.email)))

    def deals_of(self, contact: LeadContact) -> Sequence[LeadDeal]:
        """Return a person's deals; ids of newer ones are greater."""
        code = self._codes.code(REQUEST_LABEL)
        deals = sorted(
            self._client.deals(person_id=int(contact.id)), key=lambda d: d.id, reverse=True
        )
        return [
            LeadDeal(
                str(deal.id),
                is_open=deal.status == "open",
                request=str((deal.custom_fields or {}).get(code) or ""),
            )
            for deal in deals
        ]

    def add_deal(self, lead: Lead, contact: LeadContact, key: str) -> str:
        """Make a deal of a person; doing it twice makes two."""
        body = {
            "title": deal_name(lead),
            "person_id": int(contact.id),
            "custom_fields": {self._codes.code(REQUEST_LABEL): key},
            **self._place,
        }
        return str(self._client.add_deal(body).id)
