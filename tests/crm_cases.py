"""Notes, deliveries and a memory for tests of CRM gateways."""

from __future__ import annotations

from typing import Any

from bantam.domain.bant import Criterion
from bantam.domain.calls import Call, CallId
from bantam.domain.crm_records import RecordMemory
from bantam.domain.delivery import Delivery, QuotedReason, ScoreNote, delivery_key
from bantam.errors import NotInLedgerError
from tests.factories import CALLED_AT, SCORED_AT

QUOTE = "Forty thousand euros <a year> & more."


def a_note(**changes: Any) -> ScoreNote:
    """Return a note about call c-1 with 62 points."""
    fields: dict[str, Any] = {
        "call_id": CallId("c-1"),
        "call_title": "Acme discovery",
        "call_url": "https://calls.example/c-1",
        "called_at": CALLED_AT,
        "points": 62,
        "band": "warm",
        "action": "Close the open questions",
        "grade": "B2",
        "coverage": 0.8,
        "reasons": tuple(
            QuotedReason(
                criterion=c, level=2, summary=f"{c} in words", quote=QUOTE, speaker="Bo",
                at_seconds=61.0,
            )
            for c in Criterion
        ),
        "next_question": "Who else has to say yes before this can be signed?",
        "extractor": "model",
        "model": "gpt-x",
        "prompt_digest": "abcdef0123456789",
        "score_model": "bant",
        "score_model_version": "0123456789ab",
        "review_url": "https://bantam.example/calls/c-1",
        "scored_at": SCORED_AT,
    }  # fmt: skip
    return ScoreNote(**{**fields, **changes})


def a_delivery(target: str, **changes: Any) -> Delivery:
    """Return a delivery of `a_note(**changes)`."""
    note = a_note(**changes)
    return Delivery(
        key=delivery_key(target, note),
        target=target,
        call_id=note.call_id,
        deal_id=note.deal_id,
        note=note,
        due_at=SCORED_AT,
    )


class Calls:
    """A `CallLookup` over calls held in memory."""

    def __init__(self, *calls: Call) -> None:
        self.by_id = {call.id: call for call in calls}

    def call(self, call_id: CallId) -> Call:
        if call_id not in self.by_id:
            raise NotInLedgerError(f"ledger: call {call_id!r} is not in it; score it first")
        return self.by_id[call_id]


class Memory:
    """A `CrmMemory` held in memory."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], RecordMemory] = {}

    def recall(self, target: str, record: str) -> RecordMemory:
        return self.records.get((target, record), RecordMemory())

    def remember(self, target: str, record: str, memory: RecordMemory) -> bool:
        if self.recall(target, record).version != memory.version:
            return False
        stored = memory.model_copy(update={"version": memory.version + 1})
        self.records[target, record] = stored
        return True
