"""Deals of a CRM that keys custom fields by codes of its own and knows no batches.

`CodedDeals` is the frame of `DealRecords` for such a vendor, which says only how one deal, one
note and one field are read and written there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from bantam.domain.crm_fields import FieldKind, canonical
from bantam.domain.crm_records import Check, DealCandidate, SetupStep
from bantam.domain.delivery import ScoreNote
from bantam.domain.merge import Present
from bantam.errors import VendorError, VendorNotFoundError
from integrations.crm.named_fields import FieldCodes, NamedField
from integrations.crm.one_note import NoteThere, the_one_note
from integrations.crm.records import Hold, NoteItem, Slot, Update, as_number, one_by_one
from integrations.crm.setting_up import field_step, fields_check


class CodedDeals(ABC):
    """Implements `DealRecords` over what a vendor fills in. Thread-safe."""

    vendor: str
    batch_size = 5
    """Nothing is gained by more, and each deal is held until those before it are written."""
    type_key: str
    """What the CRM calls the type in the body that creates a field."""

    def __init__(self, bodies: Mapping[str, Mapping[str, str]]) -> None:
        """Take the bodies that create our fields, by label; nothing is sent."""
        self._bodies = bodies
        self._codes = FieldCodes(self.vendor, self.listed)

    @abstractmethod
    def exists(self, deal_id: str) -> bool:
        """See `DealRecords.exists`."""

    @abstractmethod
    def open_deals_of(self, emails: Sequence[str]) -> Sequence[DealCandidate]:
        """See `DealRecords.open_deals_of`."""

    @abstractmethod
    def check(self) -> Sequence[Check]:
        """See `DealRecords.check`; `fields_check` is one of its lines."""

    @abstractmethod
    def values_of(self, deal_id: str) -> Mapping[str, Any] | None:
        """Return what a deal's fields hold, by key; None when it is gone or the id is no id.

        Raises:
            VendorError: the CRM cannot be asked.
        """

    @abstractmethod
    def set_values(self, deal_id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Set fields by key (None clears) and return what the CRM says it stored.

        Raises:
            VendorError: the CRM does not take it.
        """

    @abstractmethod
    def notes_place(self, deal_id: str) -> str | None:
        """Return the id of what a deal's notes stand on; None when the deal is gone.

        Raises:
            VendorError: the CRM cannot be asked.
        """

    @abstractmethod
    def notes_at(self, place: str) -> Iterable[NoteThere]:
        """Yield the notes that stand there.

        Raises:
            VendorError: the CRM cannot be asked.
        """

    @abstractmethod
    def add_note(self, place: str, note: ScoreNote) -> str:
        """Write a note there and return its id. Doing it twice makes two.

        Raises:
            VendorError: the CRM does not take it.
        """

    @abstractmethod
    def drop_note(self, note_id: str) -> None:
        """Delete a note.

        Raises:
            VendorNotFoundError: it is gone.
            VendorError: the CRM cannot be asked, or refuses.
        """

    @abstractmethod
    def create_field(self, body: Mapping[str, str]) -> None:
        """Create a custom field.

        Raises:
            VendorError: the CRM refuses.
        """

    @abstractmethod
    def listed(self) -> Sequence[NamedField]:
        """Return the custom fields of deals, oldest first.

        Raises:
            VendorError: the CRM cannot be asked.
        """

    def key_of(self, code: str) -> str:
        """Return the key in a deal of the field with a code."""
        return code

    def read(
        self, deal_ids: Sequence[str], slots: Sequence[Slot]
    ) -> Mapping[str, Mapping[str, Present]]:
        """Return what stands in the slots; a field without a value may be left out there."""
        keys = self._keys(slots)
        held = {deal_id: self.values_of(deal_id) for deal_id in deal_ids}
        return {
            deal_id: {
                slot.name: Present(value=canonical(slot.kind, values.get(keys[slot.name])))
                for slot in slots
            }
            for deal_id, values in held.items()
            if values is not None
        }

    def write(
        self, updates: Sequence[Update], slots: Sequence[Slot]
    ) -> Sequence[Mapping[str, str] | VendorError]:
        """Set the fields of each deal."""
        return one_by_one(updates, partial(self._write, slots))

    def write_notes(self, items: Sequence[NoteItem], hold: Hold) -> Sequence[str | VendorError]:
        """Return each call's note; write it where it is neither known nor found."""
        return one_by_one(items, partial(self._noted, hold))

    def delete_note(self, deal_id: str, call_id: str, known_id: str) -> None:
        """Delete the note about a call, looked for by its marker where its id is not known."""
        note_id = known_id
        if not note_id and (place := self.notes_place(deal_id)) is not None:
            note_id = the_one_note(call_id, self.notes_at(place), self.drop_note)
        if note_id:
            with suppress(VendorNotFoundError):
                self.drop_note(note_id)

    def setup(self, *, dry_run: bool) -> Sequence[SetupStep]:
        """Create our fields where no field has their names.

        Raises:
            VendorError: the CRM refuses.
        """
        self._codes.forget()
        there, steps = self._codes.types(), []
        for label, body in self._bodies.items():
            make = partial(self._codes.create, label, partial(self.create_field, body))
            steps.append(field_step(label, body[self.type_key], there, make, dry_run=dry_run))
        return steps

    def fields_check(self) -> Check:
        """Say whether all our fields exist."""
        return fields_check(self.vendor, self._bodies, self._codes.listed)

    def _noted(self, hold: Hold, item: NoteItem) -> str:
        if item.known_id:
            return item.known_id
        place = self.notes_place(item.deal_id)
        if place is None:
            raise VendorNotFoundError(self.vendor, f"deal {item.deal_id}: is gone")
        call_id = item.note.call_id
        found = the_one_note(call_id, self.notes_at(place), self.drop_note)
        if found:
            return found
        hold(item.deal_id)
        mine = self.add_note(place, item.note)
        return the_one_note(call_id, self.notes_at(place), self.drop_note, mine=mine)

    def _keys(self, slots: Sequence[Slot]) -> dict[str, str]:
        return {name: self.key_of(code) for name, code in self._codes.codes(slots).items()}

    def _write(self, slots: Sequence[Slot], update: Update) -> Mapping[str, str]:
        keys, kinds = self._keys(slots), {slot.name: slot.kind for slot in slots}
        values = {
            keys[name]: as_number(value) if kinds[name] is FieldKind.NUMBER else value or None
            for name, value in update.values.items()
        }
        stored = self.set_values(update.deal_id, values)
        return {
            slot.name: canonical(slot.kind, stored[keys[slot.name]])
            for slot in slots
            if keys[slot.name] in stored
        }
