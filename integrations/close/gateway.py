"""Close opportunities for `CrmGateway`: custom fields under their codes, one note per call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from bantam.domain.crm_records import Check, DealCandidate
from bantam.domain.delivery import ScoreNote
from integrations.close.client import CloseClient
from integrations.close.mapping import VENDOR, fields_of, key_of, listed_fields
from integrations.crm.coded_deals import CodedDeals
from integrations.crm.named_fields import NamedField
from integrations.crm.note_text import plain_note
from integrations.crm.one_note import NoteThere
from integrations.crm.setting_up import tried

_PREFIX = "oppo_"


class CloseDeals(CodedDeals):
    """Implements `DealRecords`. Thread-safe."""

    vendor = VENDOR
    type_key = "type"

    def __init__(self, client: CloseClient) -> None:
        """Take the client; nothing is sent."""
        super().__init__(fields_of())
        self._client = client

    def exists(self, deal_id: str) -> bool:
        """Say whether there is such an opportunity; their ids start with oppo_."""
        return self.values_of(deal_id) is not None

    def open_deals_of(self, emails: Sequence[str]) -> Sequence[DealCandidate]:
        """Return the active opportunities of the leads of these contacts."""
        leads: dict[str, str] = {}
        for contact in self._client.contacts_of(emails):
            if contact.lead_id:
                leads.setdefault(contact.lead_id, contact.id)
        return [
            DealCandidate(deal_id=found.id, contact_id=contact)
            for lead, contact in leads.items()
            for found in self._client.opportunities(lead_id=lead, status_type="active")
        ]

    def check(self) -> Sequence[Check]:
        """Try the key and reading."""
        return [
            tried("log in", self._client.me),
            tried("read opportunities", lambda: next(self._client.opportunities(), None)),
            tried("search contacts", partial(self._client.contacts_of, ["nobody@example.invalid"])),
            self.fields_check(),
        ]

    def values_of(self, deal_id: str) -> Mapping[str, Any] | None:
        """Return the custom fields that have a value; Close leaves the others out."""
        found = self._client.opportunity(deal_id) if deal_id.startswith(_PREFIX) else None
        return None if found is None else found.custom

    def set_values(self, deal_id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Set custom fields of an opportunity."""
        return self._client.update_opportunity(deal_id, values).custom

    def notes_place(self, deal_id: str) -> str | None:
        """Notes stand on the lead, not on the opportunity."""
        found = self._client.opportunity(deal_id)
        return None if found is None else found.lead_id

    def notes_at(self, place: str) -> Iterable[NoteThere]:
        """Return the notes of a lead."""
        return (
            NoteThere(note.id, note.note or "", note.date_created or "")
            for note in self._client.notes(place)
        )

    def add_note(self, place: str, note: ScoreNote) -> str:
        """Write a note on a lead."""
        return self._client.add_note(place, plain_note(note))

    def drop_note(self, note_id: str) -> None:
        """Delete a note."""
        self._client.delete_note(note_id)

    def create_field(self, body: Mapping[str, str]) -> None:
        """Create a custom field of opportunities."""
        self._client.create_field(body)

    def listed(self) -> Sequence[NamedField]:
        """Return the custom fields of opportunities."""
        return listed_fields(self._client.opportunity_fields())

    def key_of(self, code: str) -> str:
        """Custom fields stand beside the others under a prefix."""
        return key_of(code)
