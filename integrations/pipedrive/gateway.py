"""Pipedrive deals for `CrmGateway`: custom fields under their codes, one note per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from bantam.domain.crm_fields import canonical
from bantam.domain.crm_records import Check, DealCandidate, SetupStep
from bantam.domain.merge import Present
from bantam.errors import VendorError
from integrations.crm import NoteItem, Slot, Update
from integrations.crm.named_fields import FieldCodes, NamedField
from integrations.crm.note_text import html_note
from integrations.crm.records import note_marker, notes_one_by_one, one_by_one
from integrations.crm.setting_up import field_step, fields_check, tried
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.mapping import VENDOR, fields_of, presents, raw_values


class PipedriveDeals:
    """Implements `DealRecords`. Thread-safe."""

    vendor = VENDOR
    batch_size = 25

    def __init__(self, client: PipedriveClient) -> None:
        """Take the client; nothing is sent."""
        self._client = client
        self._codes = FieldCodes(VENDOR, self._listed)

    def exists(self, deal_id: str) -> bool:
        """Say whether there is such a deal; Pipedrive's ids are digits."""
        return deal_id.isdecimal() and self._client.deal(deal_id) is not None

    def open_deals_of(self, emails: Sequence[str]) -> Sequence[DealCandidate]:
        """Return the open deals of the persons with these addresses."""
        persons = dict.fromkeys(p for email in emails for p in self._client.persons_of(email))
        return [
            DealCandidate(deal_id=str(deal.id), contact_id=str(person))
            for person in persons
            for deal in self._client.deals(person_id=person, status="open")
        ]

    def read(
        self, deal_ids: Sequence[str], slots: Sequence[Slot]
    ) -> Mapping[str, Mapping[str, Present]]:
        """Return what stands in the slots; deals one by one, which costs fewest tokens."""
        codes = self._codes.codes(slots)
        found = {d: self._client.deal(d) for d in deal_ids if d.isdecimal()}
        return {d: presents(deal, slots, codes) for d, deal in found.items() if deal is not None}

    def write(
        self, updates: Sequence[Update], slots: Sequence[Slot]
    ) -> Sequence[Mapping[str, str] | VendorError]:
        """Set the custom fields of each deal."""

        def write(update: Update) -> Mapping[str, str]:
            codes = self._codes.codes(slots)
            deal = self._client.update_deal(update.deal_id, raw_values(update.values, slots, codes))
            stored = deal.custom_fields or {}
            return {
                s.name: canonical(s.kind, stored[codes[s.name]])
                for s in slots
                if codes[s.name] in stored
            }

        return one_by_one(updates, write)

    def write_notes(self, items: Sequence[NoteItem]) -> Sequence[str | VendorError]:
        """Return each call's note; write it where it is neither known nor found on the deal."""
        return notes_one_by_one(items, self._note)

    def setup(self, *, dry_run: bool) -> Sequence[SetupStep]:
        """Create our fields where no field has their names."""
        self._codes.forget()
        there, steps = self._codes.types(), []
        for label, body in fields_of().items():
            create = partial(self._client.create_deal_field, body)
            make = partial(self._codes.create, label, create)
            steps.append(field_step(label, body["field_type"], there, make, dry_run=dry_run))
        return steps

    def check(self) -> Sequence[Check]:
        """Try the token and reading."""
        return [
            tried("log in", self._client.me),
            tried("read deals", lambda: next(self._client.deals(status="open"), None)),
            tried("read notes", lambda: next(self._client.notes("1"), None)),
            fields_check(VENDOR, fields_of(), self._codes.listed),
        ]

    def _note(self, item: NoteItem) -> str:
        marker = note_marker(item.note.call_id)
        for note in self._client.notes(item.deal_id):
            if marker in (note.content or ""):
                return str(note.id)
        return str(self._client.add_note(item.deal_id, html_note(item.note)))

    def _listed(self) -> Sequence[NamedField]:
        return [
            NamedField(f.field_code, f.field_name, f.field_type) for f in self._client.deal_fields()
        ]
