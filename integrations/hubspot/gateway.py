"""HubSpot deals for `CrmGateway`: properties by record id in batches, one note per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from bantam.domain.crm_fields import canonical
from bantam.domain.crm_records import Check, DealCandidate, SetupStep
from bantam.domain.merge import Present
from bantam.errors import (
    VendorConflictError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from integrations.crm import NoteItem, Slot, Update
from integrations.crm.note_text import html_note
from integrations.crm.one_note import NoteThere, the_one_note
from integrations.crm.records import Hold, one_by_one
from integrations.crm.setting_up import field_step, fields_check, tried
from integrations.hubspot import wire
from integrations.hubspot.client import MOST_WITH_HISTORY, HubSpotClient
from integrations.hubspot.mapping import GROUP, OBJECT, VENDOR, key_of, presents, properties_of

_NOTE_TO_DEAL = 214
_NOTE_TO_CONTACT = 202
"""HubSpot's own association types."""


class HubSpotDeals:
    """Implements `DealRecords`. Thread-safe."""

    vendor = VENDOR
    batch_size = MOST_WITH_HISTORY

    def __init__(self, client: HubSpotClient) -> None:
        """Take the client; nothing is sent."""
        self._client = client

    def exists(self, deal_id: str) -> bool:
        """Say whether there is such a deal; HubSpot's ids are digits."""
        if not deal_id.isdecimal():
            return False
        try:
            self._client.one(OBJECT, deal_id)
        except VendorNotFoundError:
            return False
        return True

    def open_deals_of(self, emails: Sequence[str]) -> Sequence[DealCandidate]:
        """Return the open deals of the contacts with these addresses."""
        filters = [{"propertyName": "email", "operator": "IN", "values": list(emails)}]
        contacts = [r.id for r in self._client.search("contacts", filters, ["email"], "email")]
        if not contacts:
            return ()
        linked = self._client.associated("contacts", contacts, OBJECT)
        deals = list(dict.fromkeys(d for ids in linked.values() for d in ids))
        if not deals:
            return ()
        read = self._client.batch_read(OBJECT, deals, ["hs_is_closed"])
        is_open = {r.id for r in read if r.properties.get("hs_is_closed") != "true"}
        return [
            DealCandidate(deal_id=deal, contact_id=contact)
            for contact, ids in linked.items()
            for deal in ids
            if deal in is_open
        ]

    def read(
        self, deal_ids: Sequence[str], slots: Sequence[Slot]
    ) -> Mapping[str, Mapping[str, Present]]:
        """Return what stands in the slots, with its history, by deal."""
        if not deal_ids:
            return {}
        keys = [key_of(slot) for slot in slots]
        records = self._client.batch_read(OBJECT, deal_ids, keys, history=True)
        source = self._client.account.source_id
        return {r.id: presents(r, slots, source) for r in records}

    def write(
        self, updates: Sequence[Update], slots: Sequence[Slot]
    ) -> Sequence[Mapping[str, str] | VendorError]:
        """Write in one batch; one bad input is found by halving, and spoils nobody else's."""
        answers: dict[str, wire.Record | VendorError] = {}
        self._write(updates, answers)
        return [_stored(answers[u.deal_id], slots) for u in updates]

    def write_notes(self, items: Sequence[NoteItem], hold: Hold) -> Sequence[str | VendorError]:
        """Return each call's note; write it where it is neither known nor found on the deal."""
        new = [item for item in items if not item.known_id]
        try:
            found = self._found(new, {})
        except VendorError as error:
            return [item.known_id or error for item in items]
        missing = [item for item in new if not found[item.note.call_id]]
        written = one_by_one(missing, partial(self._note, hold))
        mine: dict[str, str] = {
            item.note.call_id: note
            for item, note in zip(missing, written, strict=True)
            if isinstance(note, str)
        }
        answers: dict[str, str | VendorError] = {
            **found,
            **{item.note.call_id: note for item, note in zip(missing, written, strict=True)},
        }
        checked = [item for item in missing if item.note.call_id in mine]
        try:
            answers |= self._found(checked, mine)
        except VendorError as error:
            answers |= dict.fromkeys(mine, error)
        return [item.known_id or answers[item.note.call_id] for item in items]

    def delete_note(self, deal_id: str, call_id: str, known_id: str) -> None:
        """Delete the note about a call, looked for by its marker where its id is not known."""
        note_id = known_id
        if not note_id and deal_id.isdecimal():
            there = self._notes_on([deal_id]).get(deal_id, [])
            note_id = the_one_note(call_id, there, self._drop_note)
        if note_id:
            with suppress(VendorNotFoundError):
                self._drop_note(note_id)

    def setup(self, *, dry_run: bool) -> Sequence[SetupStep]:
        """Create the property group and our properties on deals where they are missing."""
        client = self._client
        there: dict[str, str | None] = {f"group {g}": None for g in client.groups(OBJECT)}
        there.update(client.properties(OBJECT))
        make_group = partial(client.create_group, OBJECT, GROUP, "BANT")
        steps = [field_step(f"group {GROUP}", "", there, make_group, dry_run=dry_run)]
        for name, body in properties_of().items():
            make = partial(client.create_property, OBJECT, body)
            steps.append(field_step(name, body["type"], there, make, dry_run=dry_run))
        return steps

    def check(self) -> Sequence[Check]:
        """Try reading and (with no input) writing, so that each missing scope is named."""
        client = self._client
        return [
            tried("read deals", partial(_none, client, OBJECT)),
            tried("read contacts", partial(_none, client, "contacts")),
            tried("write deals", partial(client.batch_update, OBJECT, [])),
            tried("write contacts", partial(client.batch_update, "contacts", [])),
            fields_check(VENDOR, properties_of(), partial(client.properties, OBJECT)),
        ]

    def _write(
        self, updates: Sequence[Update], answers: dict[str, wire.Record | VendorError]
    ) -> None:
        inputs = [(u.deal_id, {key_of(n): v for n, v in u.values.items()}) for u in updates]
        try:
            answer = self._client.batch_update(OBJECT, inputs)
        except (VendorConflictError, VendorRejectedError) as error:
            # One conflict or bad value refuses the whole batch without saying whose it is.
            if len(updates) == 1:
                answers[updates[0].deal_id] = error
                return
            middle = len(updates) // 2
            self._write(updates[:middle], answers)
            self._write(updates[middle:], answers)
            return
        except VendorError as error:
            answers.update({u.deal_id: error for u in updates})
            return
        answers.update({r.id: r for r in answer.results})
        for item in answer.errors:
            for deal_id in item.context.get("ids", []):
                answers.setdefault(deal_id, _item_error(deal_id, item))
        unsaid = [u for u in updates if u.deal_id not in answers]
        if unsaid and len(updates) > 1:
            for update in unsaid:
                self._write([update], answers)
        elif unsaid:
            first = answer.errors[0] if answer.errors else wire.ItemError()
            answers[unsaid[0].deal_id] = _item_error(unsaid[0].deal_id, first)

    def _drop_note(self, note_id: str) -> None:
        self._client.archive("notes", note_id)

    def _found(self, items: Sequence[NoteItem], mine: Mapping[str, str]) -> dict[str, str]:
        """Return {call id: id of its one note, "" when it has none}."""
        there = self._notes_on([item.deal_id for item in items])
        return {
            (call := item.note.call_id): the_one_note(
                call, there.get(item.deal_id, []), self._drop_note, mine=mine.get(call, "")
            )
            for item in items
        }

    def _notes_on(self, deal_ids: Sequence[str]) -> dict[str, list[NoteThere]]:
        """Return the notes by deal; ids of newer ones are greater."""
        if not deal_ids:
            return {}
        linked = self._client.associated(OBJECT, list(dict.fromkeys(deal_ids)), "notes")
        ids = list(dict.fromkeys(n for notes in linked.values() for n in notes))
        read = self._client.batch_read("notes", ids, ["hs_note_body"]) if ids else []
        there = {
            r.id: NoteThere(r.id, r.properties.get("hs_note_body") or "", r.id.zfill(20))
            for r in read
        }
        return {deal: [there[n] for n in notes if n in there] for deal, notes in linked.items()}

    def _note(self, hold: Hold, item: NoteItem) -> str:
        targets = [(item.deal_id, _NOTE_TO_DEAL)]
        targets += [(item.contact_id, _NOTE_TO_CONTACT)] if item.contact_id else []
        # Created with its associations in one request: a note on its own would never be found.
        body = {
            "properties": {
                "hs_timestamp": item.note.called_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "hs_note_body": html_note(item.note),
            },
            "associations": [
                {
                    "to": {"id": record},
                    "types": [
                        {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}
                    ],
                }
                for record, kind in targets
            ],
        }
        hold(item.deal_id)
        return self._client.add_note(body)


def _stored(
    answer: wire.Record | VendorError, slots: Sequence[Slot]
) -> Mapping[str, str] | VendorError:
    if isinstance(answer, VendorError):
        return answer
    return {
        slot.name: canonical(slot.kind, answer.properties[key_of(slot)])
        for slot in slots
        if key_of(slot) in answer.properties
    }


_BY_CATEGORY: Mapping[str, type[VendorError]] = {
    "OBJECT_NOT_FOUND": VendorNotFoundError,
    "CONFLICT": VendorConflictError,
}


def _item_error(deal_id: str, item: wire.ItemError) -> VendorError:
    code = next((d.code for d in item.errors if d.code), item.category)
    kind = _BY_CATEGORY.get(item.category or "", VendorRejectedError)
    return kind(VENDOR, f"deal {deal_id}: {code or 'refused'} in a batch", status=207, code=code)


def _none(client: HubSpotClient, kind: str) -> list[wire.Record]:
    """Search for what cannot be found."""
    nobody = [{"propertyName": "hs_object_id", "operator": "EQ", "value": "0"}]
    return list(client.search(kind, nobody, ["hs_object_id"], "hs_object_id"))
