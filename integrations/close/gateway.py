"""Close opportunities for `CrmGateway`: custom fields under their codes, one note per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from bantam.domain.crm_fields import canonical
from bantam.domain.crm_records import Check, DealCandidate, SetupStep
from bantam.domain.merge import Present
from bantam.errors import VendorError, VendorNotFoundError
from integrations.close.client import CloseClient
from integrations.close.mapping import VENDOR, fields_of, key_of, presents, raw_values
from integrations.crm import NoteItem, Slot, Update
from integrations.crm.named_fields import FieldCodes, NamedField
from integrations.crm.note_text import plain_note
from integrations.crm.records import note_marker, notes_one_by_one, one_by_one
from integrations.crm.setting_up import field_step, fields_check, tried

_PREFIX = "oppo_"


class CloseDeals:
    """Implements `DealRecords`. Thread-safe."""

    vendor = VENDOR
    batch_size = 25

    def __init__(self, client: CloseClient) -> None:
        """Take the client; nothing is sent."""
        self._client = client
        self._codes = FieldCodes(VENDOR, self._listed)

    def exists(self, deal_id: str) -> bool:
        """Say whether there is such an opportunity; their ids start with oppo_."""
        return deal_id.startswith(_PREFIX) and self._client.opportunity(deal_id) is not None

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

    def read(
        self, deal_ids: Sequence[str], slots: Sequence[Slot]
    ) -> Mapping[str, Mapping[str, Present]]:
        """Return what stands in the slots."""
        codes = self._codes.codes(slots)
        found = {d: self._client.opportunity(d) for d in deal_ids if d.startswith(_PREFIX)}
        return {d: presents(o, slots, codes) for d, o in found.items() if o is not None}

    def write(
        self, updates: Sequence[Update], slots: Sequence[Slot]
    ) -> Sequence[Mapping[str, str] | VendorError]:
        """Set the custom fields of each opportunity."""

        def write(update: Update) -> Mapping[str, str]:
            codes = self._codes.codes(slots)
            values = raw_values(update.values, slots, codes)
            stored = self._client.update_opportunity(update.deal_id, values).custom
            return {
                s.name: canonical(s.kind, stored[key_of(codes[s.name])])
                for s in slots
                if key_of(codes[s.name]) in stored
            }

        return one_by_one(updates, write)

    def write_notes(self, items: Sequence[NoteItem]) -> Sequence[str | VendorError]:
        """Return each call's note; write it where it is neither known nor found on the lead."""
        return notes_one_by_one(items, self._note)

    def setup(self, *, dry_run: bool) -> Sequence[SetupStep]:
        """Create our fields where no field has their names."""
        self._codes.forget()
        there, steps = self._codes.types(), []
        for label, body in fields_of().items():
            create = partial(self._client.create_field, body)
            make = partial(self._codes.create, label, create)
            steps.append(field_step(label, body["type"], there, make, dry_run=dry_run))
        return steps

    def check(self) -> Sequence[Check]:
        """Try the key and reading."""
        return [
            tried("log in", self._client.me),
            tried("read opportunities", lambda: next(self._client.opportunities(), None)),
            tried("search contacts", partial(self._client.contacts_of, ["nobody@example.invalid"])),
            fields_check(VENDOR, fields_of(), self._codes.listed),
        ]

    def _note(self, item: NoteItem) -> str:
        """Notes stand on the lead, not on the opportunity."""
        found = self._client.opportunity(item.deal_id)
        if found is None:
            raise VendorNotFoundError(VENDOR, f"opportunity {item.deal_id} is gone")
        marker = note_marker(item.note.call_id)
        for note in self._client.notes(found.lead_id):
            if marker in (note.note or ""):
                return note.id
        return self._client.add_note(found.lead_id, plain_note(item.note))

    def _listed(self) -> Sequence[NamedField]:
        return [NamedField(f.id, f.name, f.type) for f in self._client.opportunity_fields()]
