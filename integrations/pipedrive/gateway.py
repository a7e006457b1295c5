"""Pipedrive deals for `CrmGateway`: custom fields under their codes, one note per call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from bantam.domain.crm_records import Check, DealCandidate
from bantam.domain.delivery import ScoreNote
from integrations.crm.coded_deals import CodedDeals
from integrations.crm.named_fields import NamedField
from integrations.crm.note_text import html_note
from integrations.crm.one_note import NoteThere
from integrations.crm.setting_up import tried
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.mapping import VENDOR, fields_of, listed_fields


class PipedriveDeals(CodedDeals):
    """Implements `DealRecords`. Thread-safe."""

    vendor = VENDOR
    type_key = "field_type"

    def __init__(self, client: PipedriveClient) -> None:
        """Take the client; nothing is sent."""
        super().__init__(fields_of())
        self._client = client

    def exists(self, deal_id: str) -> bool:
        """Say whether there is such a deal; Pipedrive's ids are digits."""
        return self.values_of(deal_id) is not None

    def open_deals_of(self, emails: Sequence[str]) -> Sequence[DealCandidate]:
        """Return the open deals of the persons with these addresses."""
        persons = dict.fromkeys(p for email in emails for p in self._client.persons_of(email))
        return [
            DealCandidate(deal_id=str(deal.id), contact_id=str(person))
            for person in persons
            for deal in self._client.deals(person_id=person, status="open")
        ]

    def check(self) -> Sequence[Check]:
        """Try the token and reading."""
        return [
            tried("log in", self._client.me),
            tried("read deals", lambda: next(self._client.deals(status="open"), None)),
            tried("find people", partial(self._client.persons_of, "nobody@example.invalid")),
            tried("read notes", lambda: next(self._client.notes("1"), None)),
            self.fields_check(),
        ]

    def values_of(self, deal_id: str) -> Mapping[str, Any] | None:
        """Return the custom fields of a deal; one by one, which costs fewest tokens."""
        deal = self._client.deal(deal_id) if deal_id.isdecimal() else None
        return None if deal is None else deal.custom_fields or {}

    def set_values(self, deal_id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Set custom fields of a deal."""
        return self._client.update_deal(deal_id, values).custom_fields or {}

    def notes_place(self, deal_id: str) -> str | None:
        """Notes stand on the deal itself; of one that is gone none is listed."""
        return deal_id

    def notes_at(self, place: str) -> Iterable[NoteThere]:
        """Return the notes of a deal; ids of newer ones are greater."""
        return (
            NoteThere(str(note.id), note.content or "", f"{note.id:020}")
            for note in self._client.notes(place)
        )

    def add_note(self, place: str, note: ScoreNote) -> str:
        """Write a note on a deal."""
        return str(self._client.add_note(place, html_note(note)))

    def drop_note(self, note_id: str) -> None:
        """Delete a note."""
        self._client.delete_note(note_id)

    def create_field(self, body: Mapping[str, str]) -> None:
        """Create a deal field."""
        self._client.create_deal_field(body)

    def listed(self) -> Sequence[NamedField]:
        """Return the deal fields."""
        return listed_fields(self._client.deal_fields())
