"""Takes back what was written to a CRM because of a call whose words were erased on request.

What people typed stays, and so do the fields of another call's reading. Doing it again changes
nothing; it may start again at any point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bantam.domain.crm_records import RecordMemory
from bantam.domain.delivery import Delivery
from bantam.domain.merge import Present, fingerprint
from bantam.errors import VendorBusyError, VendorError
from bantam.ports import Clock, CrmMemory
from integrations.crm.finding import call_record, deal_record
from integrations.crm.records import SENDING_SECONDS, DealRecords, Slot, Update

_SOON = timedelta(seconds=30)
_FREE = {"sender": "", "sender_until": None}


@dataclass(frozen=True)
class Eraser:
    """Empties fields and deletes notes of one CRM. Thread-safe."""

    records: DealRecords
    memory: CrmMemory
    slots: Sequence[Slot]
    clock: Clock

    def erase(self, delivery: Delivery) -> int:
        """Take back what stands on every deal that a call was written to; return how many.

        Raises:
            VendorBusyError: somebody is writing one of the deals right now.
            VendorError: the CRM cannot be asked, or refuses.
        """
        target, record = self.records.vendor, call_record(delivery.call_id)
        of_call = self.memory.recall(target, record)
        places = {of_call.deal_id: of_call.note_id}
        for place in of_call.left:
            deal_id, _, note_id = place.partition("/")
            places.setdefault(deal_id, note_id)
        places.pop("", None)
        for deal_id, note_id in places.items():
            self._empty(deal_id, delivery)
            self.records.delete_note(deal_id, delivery.call_id, note_id)
        done = of_call.model_copy(update={"note_id": "", "note_key": "", "left": ()})
        if done != of_call and not self.memory.remember(target, record, done):
            raise self._busy(f"call {delivery.call_id}")
        return len(places)

    def _empty(self, deal_id: str, delivery: Delivery) -> None:
        """Empty the fields that hold what we wrote, where the call's reading may stand there."""
        target, record = self.records.vendor, deal_record(deal_id)
        memory = self.memory.recall(target, record)
        shown = delivery.note.called_at == memory.called_at
        if not shown and memory.call_id != delivery.call_id:
            return
        now = self.clock()
        if memory.sender_until is not None and memory.sender_until > now:
            raise self._busy(f"deal {deal_id}")
        # Held as a delivery holds it: what somebody else writes meanwhile must not be emptied.
        hold = {"sender": delivery.key, "sender_until": now + timedelta(seconds=SENDING_SECONDS)}
        self._store(deal_id, memory.model_copy(update=hold))
        held = memory.model_copy(update={"version": memory.version + 1, **_FREE})
        try:
            ours = self._emptied(deal_id, held)
        except VendorError:
            self.memory.remember(target, record, held)
            raise
        # Another call's reading is no longer older than what stands there.
        emptied = {**held.written, **dict.fromkeys(ours, (fingerprint(""),))}
        changes = {"written": emptied, "called_at": None, "scored_at": None, "call_id": ""}
        self._store(deal_id, held.model_copy(update=changes))

    def _emptied(self, deal_id: str, memory: RecordMemory) -> Sequence[str]:
        """Empty the fields of a deal that hold what we wrote; return which."""
        there = self.records.read([deal_id], self.slots).get(deal_id, {})
        ours = {
            slot.name: ""
            for slot in self.slots
            if (value := there.get(slot.name, Present()).value)
            and fingerprint(value) in memory.written.get(slot.name, ())
        }
        for answer in self.records.write([Update(deal_id, ours)], self.slots) if ours else ():
            if isinstance(answer, VendorError):
                raise answer
        return list(ours)

    def _store(self, deal_id: str, memory: RecordMemory) -> None:
        if not self.memory.remember(self.records.vendor, deal_record(deal_id), memory):
            raise self._busy(f"deal {deal_id}")

    def _busy(self, what: str) -> VendorBusyError:
        message = f"{what}: another worker is writing it"
        return VendorBusyError(self.records.vendor, message, retry_at=self.clock() + _SOON)
