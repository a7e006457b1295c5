"""The ledger as the place where answers that were paid for are kept."""

from __future__ import annotations

from bantam.domain.bant import Usage
from bantam.domain.calls import CallId
from bantam.ledger.rows import Answer
from bantam.ledger.store import Ledger
from bantam.ports import Clock


class LedgerAnswers:
    """An `AnswerCache` on a ledger."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        """Keep answers in `ledger`, stamped by `clock`."""
        self._ledger = ledger
        self._clock = clock

    def get(self, key: str) -> str | None:
        """Return the answer kept under `key` as JSON, or None."""
        kept = self._ledger.answer(key)
        return None if kept is None else kept.body

    def put(self, key: str, answer: str, usage: Usage, call_id: CallId) -> None:
        """Keep an answer; putting it twice is harmless."""
        now = self._clock()
        self._ledger.keep_answer(key, Answer(answer, usage), call_id=call_id, now=now)
