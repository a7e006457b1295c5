"""Delivers to any CRM: finds the deal, merges with what people typed, writes once, remembers.

Order matters for a crash at any point: what we are about to write is remembered before it is
sent, so that our own interrupted write is never taken for a person's edit; a note is looked for
before it is written and after; a deal is one worker's until its fields and notes are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bantam.domain.calls import DealId
from bantam.domain.crm_fields import field_values
from bantam.domain.crm_records import DealFound, Edited, RecordMemory
from bantam.domain.delivery import Delivery, Receipt, ScoreNote
from bantam.domain.merge import MergeAction, Merged, Policy, Present, fingerprint, merge
from bantam.errors import UnresolvedDealError, VendorBusyError, VendorError
from bantam.ports import CallLookup, Clock, CrmMemory
from integrations.crm.erasing import Eraser
from integrations.crm.finding import call_record, deal_record, find_deal
from integrations.crm.records import SENDING_SECONDS, DealRecords, NoteItem, Slot, Update

ONE_REQUEST_SECONDS = 120
"""How long one request takes at most; with less than that left nothing more is sent."""

_TRIES = 3
_OLDER = "a newer reading of this deal stands there"


@dataclass
class _Sending:
    """One delivery on its way."""

    place: int
    """Where its answer goes."""
    delivery: Delivery
    found: DealFound


@dataclass
class _Deal:
    """One deal with everything that is owed to it in this round."""

    id: str
    sendings: list[_Sending]
    memory: RecordMemory = field(default_factory=RecordMemory)
    merged: tuple[Merged, ...] = ()
    is_older: bool = False
    is_held: bool = False
    """Whether this worker has it, for all that it knows."""
    error: VendorError | None = None

    @property
    def newest(self) -> Delivery:
        """The delivery whose note the deal's fields will show."""
        return max((s.delivery for s in self.sendings), key=_recency)

    @property
    def update(self) -> Update | None:
        """What is to be written, if anything is."""
        values = {m.field: m.after for m in self.merged if m.action is MergeAction.WRITE}
        return Update(self.id, values) if values else None


class CrmGateway:
    """A `Gateway` over a CRM's deals. Thread-safe."""

    def __init__(
        self,
        records: DealRecords,
        *,
        memory: CrmMemory,
        calls: CallLookup,
        clock: Clock,
        slots: Sequence[Slot],
    ) -> None:
        """Take the CRM's records and what they are merged with; nothing is sent."""
        self.name = records.vendor
        self.records = records
        self._memory = memory
        self._calls = calls
        self._clock = clock
        self._slots = tuple(slots)

    def send(self, delivery: Delivery) -> Receipt:
        """Write one delivery; doing it again changes nothing.

        Raises:
            UnresolvedDealError: a person must say which deal the call is about.
            VendorError: the CRM did not take it.
        """
        answer = self.send_all([delivery])[0]
        if isinstance(answer, VendorError):
            raise answer
        return answer

    def send_all(self, deliveries: Sequence[Delivery]) -> list[Receipt | VendorError]:
        """Write many deliveries with few requests; return each one's receipt or error, in order."""
        answers: dict[int, Receipt | VendorError] = {}
        deals: dict[str, _Deal] = {}
        for place, delivery in enumerate(deliveries):
            try:
                found = find_deal(delivery, self.records, self._memory, self._calls)
            except VendorError as error:
                answers[place] = error
                continue
            deal = deals.setdefault(found.deal_id, _Deal(found.deal_id, []))
            deal.sendings.append(_Sending(place, delivery, found))
        for batch in _batches(list(deals.values()), self.records.batch_size):
            self._write_fields(batch)
            answers.update(self._write_notes(batch))
            for deal in batch:
                self._free(deal)
        return [answers[place] for place in range(len(deliveries))]

    def clear(self, delivery: Delivery) -> Receipt:
        """Take back what stands in the CRM because of a call; see `Erasable`.

        Raises:
            VendorError: the CRM cannot be asked, or does not take it.
        """
        eraser = Eraser(self.records, self._memory, self._slots, self._clock)
        return Receipt(record_id=f"{eraser.erase(delivery)} deals")

    def preview(self, delivery: Delivery) -> tuple[str, Sequence[Merged]]:
        """Return the deal, with the reason, and what `send` would do to each field of it now.

        Raises:
            VendorError: as `send`; nothing is written or remembered.
        """
        found = find_deal(delivery, self.records, self._memory, self._calls)
        deal = _Deal(found.deal_id, [_Sending(0, delivery, found)])
        self._plan([deal])
        if deal.error:
            raise deal.error
        older = f"; {_OLDER}" if deal.is_older else ""
        return f"deal {deal.id}: {found.reason}{older}", deal.merged

    def edited(self, deal_ids: Sequence[DealId]) -> list[Edited]:
        """Return what people changed on deals after our last write; see `Watchful`.

        Raises:
            VendorError: the CRM cannot be asked.
        """
        written = {d: self._memory.recall(self.name, deal_record(d)).written for d in deal_ids}
        ours = [d for d, marks in written.items() if marks]
        found = []
        for deal, there in (self.records.read(ours, self._slots) if ours else {}).items():
            for slot in self._slots:
                marks, present = written[DealId(deal)].get(slot.name), there.get(slot.name)
                if not marks or present is None or present.by_person is False:
                    continue
                mark = fingerprint(present.value)
                if mark not in marks:
                    field_ = {"field": slot.name, "mark": mark}
                    who = {"by": present.by, "at": present.at}
                    found.append(Edited.model_validate({"deal_id": deal, **field_, **who}))
        return found

    def _plan(self, deals: Sequence[_Deal]) -> None:
        """Recall, read and merge; what goes wrong stays with its deal."""
        for deal in deals:
            deal.memory = self._memory.recall(self.name, deal_record(deal.id))
            deal.error = self._held_by_another(deal)
        try:
            there = self.records.read([d.id for d in deals if d.error is None], self._slots)
        except VendorError as error:
            for deal in deals:
                deal.error = deal.error or error
            return
        for deal in deals:
            if deal.error is None and deal.id not in there:
                deal.error = self._gone(deal)
            if deal.error is None:
                deal.is_older = _is_older(deal.newest.note, deal.memory)
                deal.merged = () if deal.is_older else self._merged(deal, there[deal.id])

    def _write_fields(self, deals: Sequence[_Deal]) -> None:
        self._plan(deals)
        held = [d for d in deals if d.error is None and self._intend(d)]
        writing = [d for d in held if not d.is_older]
        for deal in deals:
            self._know_where(deal)
        updates = {d.id: d.update for d in writing}
        answers = self._stored([u for u in updates.values() if u])
        for deal in writing:
            answer = answers.get(deal.id, {})
            if isinstance(answer, VendorError):
                deal.error = answer
            else:
                self._settle(deal, answer)

    def _know_where(self, deal: _Deal) -> None:
        """Remember which calls are about to be written here: a forgotten one is looked for."""
        for sending in deal.sendings if deal.error is None else ():
            record = call_record(sending.delivery.call_id)
            memory = self._memory.recall(self.name, record)
            if not memory.deal_id:
                where = {"deal_id": deal.id, "contact_id": sending.found.contact_id or ""}
                self._memory.remember(self.name, record, memory.model_copy(update=where))

    def _stored(self, updates: Sequence[Update]) -> dict[str, Mapping[str, str] | VendorError]:
        if not updates:
            return {}
        try:
            answers = self.records.write(updates, self._slots)
        except VendorError as error:
            return {u.deal_id: error for u in updates}
        return {u.deal_id: answer for u, answer in zip(updates, answers, strict=True)}

    def _write_notes(self, deals: Sequence[_Deal]) -> dict[int, Receipt | VendorError]:
        answers: dict[int, Receipt | VendorError] = {
            s.place: d.error for d in deals if d.error for s in d.sendings
        }
        pending = [(d, s) for d in deals if d.error is None for s in d.sendings]
        memories = [
            self._memory.recall(self.name, call_record(s.delivery.call_id)) for _, s in pending
        ]
        items = [
            NoteItem(
                d.id,
                s.found.contact_id,
                s.delivery.note,
                memory.note_id,
                is_current=memory.note_key == s.delivery.key,
            )
            for (d, s), memory in zip(pending, memories, strict=True)
        ]
        by_id = {d.id: d for d, _ in pending}
        ids = self.records.write_notes(items, lambda d: self._hold(by_id[d])) if items else []
        for (deal, sending), memory, note in zip(pending, memories, ids, strict=True):
            if isinstance(note, VendorError):
                answers[sending.place] = note
                continue
            known = {"deal_id": deal.id, "note_id": note, "note_key": sending.delivery.key}
            kept = memory.model_copy(update=known)
            if kept != memory:
                self._memory.remember(self.name, call_record(sending.delivery.call_id), kept)
            answers[sending.place] = _receipt(deal, sending, note)
        return answers

    def _merged(self, deal: _Deal, there: Mapping[str, Present]) -> tuple[Merged, ...]:
        new = field_values(deal.newest.note)
        return tuple(
            merge(
                slot.name,
                slot.policy,
                ours=deal.memory.written.get(slot.name, ()),
                present=there.get(slot.name, Present()),
                new=new[slot.source],
            )
            for slot in self._slots
        )

    def _intend(self, deal: _Deal) -> bool:
        """Remember what is about to be written, and that we are writing; False when too late."""
        written = dict(deal.memory.written)
        for merged in deal.merged:
            if merged.action is MergeAction.WRITE:
                known = written.get(merged.field, (fingerprint(merged.before),))
                written[merged.field] = _distinct(*known, fingerprint(merged.after))
        changes = {"written": written, "sender": deal.newest.key, "sender_until": self._until()}
        if not deal.is_older:
            changes["call_id"] = deal.newest.call_id
        deal.is_held = self._remember(deal, changes)
        return deal.is_held

    def _settle(self, deal: _Deal, answer: Mapping[str, str]) -> None:
        """Remember what was written; after a failure that may have arrived both stay known."""
        written = dict(deal.memory.written)
        for merged in deal.merged:
            mark = fingerprint(merged.after)
            if merged.action is MergeAction.WRITE:
                stored = answer.get(merged.field, merged.after)
                written[merged.field] = _distinct(mark, fingerprint(stored))
            elif merged.action is MergeAction.NOTHING and merged.before == merged.after:
                # Equal values are ours where we wrote before, or where the field is our own and
                # our memory was lost; a person's value that came out equal stays a person's.
                never = (mark,) if merged.policy is Policy.OWN else ()
                if mark in written.get(merged.field, never):
                    written[merged.field] = (mark,)
        note = deal.newest.note
        times = {"called_at": note.called_at, "scored_at": note.scored_at}
        if not self._remember(deal, {"sender_until": self._until(), "written": written, **times}):
            self._own_up(deal, written)

    def _own_up(self, deal: _Deal, written: Mapping[str, tuple[str, ...]]) -> None:
        """Let whoever took over know what is ours of what stands there: else it is a person's."""
        for _ in range(_TRIES):
            there = self._memory.recall(self.name, deal_record(deal.id))
            names = {*written, *there.written}
            both = {n: _distinct(*there.written.get(n, ()), *written.get(n, ())) for n in names}
            known = there.model_copy(update={"written": both})
            if self._memory.remember(self.name, deal_record(deal.id), known):
                return

    def _hold(self, deal: _Deal) -> None:
        """Make sure that the deal is ours for one more request.

        Raises:
            VendorBusyError: another worker took over, or may have.
        """
        now, until = self._clock(), deal.memory.sender_until
        there = self._memory.recall(self.name, deal_record(deal.id))
        lost = until is None or until <= now or there.version != deal.memory.version
        if not lost and until is not None and until - now < timedelta(seconds=ONE_REQUEST_SECONDS):
            lost = not self._remember(deal, {"sender_until": self._until()})
        if lost:
            deal.is_held = False
            raise self._busy(deal, now)

    def _free(self, deal: _Deal) -> None:
        if deal.is_held:
            self._remember(deal, {"sender": "", "sender_until": None})

    def _remember(self, deal: _Deal, changes: Mapping[str, object]) -> bool:
        memory = deal.memory.model_copy(update=dict(changes))
        if not self._memory.remember(self.name, deal_record(deal.id), memory):
            deal.is_held = False
            deal.error = deal.error or self._busy(deal, self._clock())
            return False
        deal.memory = memory.model_copy(update={"version": memory.version + 1})
        return True

    def _until(self) -> datetime:
        return self._clock() + timedelta(seconds=SENDING_SECONDS)

    def _held_by_another(self, deal: _Deal) -> VendorError | None:
        # Also under the key of the same delivery: whoever took that over is another worker.
        until = deal.memory.sender_until
        return self._busy(deal, until) if until is not None and until > self._clock() else None

    def _busy(self, deal: _Deal, until: datetime) -> VendorBusyError:
        return VendorBusyError(
            self.name, f"deal {deal.id}: another worker is writing it", retry_at=until
        )

    def _gone(self, deal: _Deal) -> UnresolvedDealError:
        call_id = deal.newest.call_id
        return UnresolvedDealError(
            self.name,
            f"call {call_id}: deal {deal.id} is gone or hidden from these credentials; name another"
            f" with `bantam crm link {self.name} {call_id} DEAL`",
        )


def _receipt(deal: _Deal, sending: _Sending, note_id: str) -> Receipt:
    kept = {m.field: m.reason for m in deal.merged if m.action is MergeAction.KEEP}
    details = {"deal_id": deal.id, "deal_reason": sending.found.reason, "note_id": note_id}
    shows_another = sending.delivery is not deal.newest or deal.is_older
    if shows_another:
        details["fields"] = _OLDER
        kept = {}
    details.update({f"kept.{name}": reason for name, reason in kept.items()})
    return Receipt(record_id=deal.id, details=details, conflicts=tuple(kept))


def _recency(delivery: Delivery) -> tuple[datetime, datetime, str]:
    return (delivery.note.called_at, delivery.note.scored_at, delivery.key)


def _is_older(note: ScoreNote, memory: RecordMemory) -> bool:
    """Say whether what stands on the deal is newer than a note: by call, then by score."""
    if memory.called_at is None or memory.scored_at is None:
        return False
    return (note.called_at, note.scored_at) < (memory.called_at, memory.scored_at)


def _distinct(*marks: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(marks))


def _batches(deals: Sequence[_Deal], size: int) -> Iterator[Sequence[_Deal]]:
    for start in range(0, len(deals), size):
        yield deals[start : start + size]
