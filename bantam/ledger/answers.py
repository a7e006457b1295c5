"""Paid model answers, kept the moment they arrive: the same question is never paid twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from bantam.domain.bant import Usage
from bantam.domain.calls import CallId
from bantam.ledger.database import Database, insert_into
from bantam.ledger.rows import Answer, parsed
from bantam.ledger.tables import AnswerRow, CallRow


class Answers:
    """The part of the ledger that holds paid answers."""

    _database: Database

    def answer(self, key: str) -> Answer | None:
        """Return the answer to a question, None when it was never paid for.

        Args:
            key: digest of transcript, prompt, schema, model, parameters and sample number.
        """
        query = select(AnswerRow.body, AnswerRow.usage).where(AnswerRow.key == key)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        body = row.body.decode() if isinstance(row.body, bytes) else row.body
        return Answer(body=body, usage=parsed(Usage, row.usage, f"answer {key}"))

    def keep_answer(
        self, key: str, answer: Answer, *, call_id: CallId | None, now: datetime
    ) -> None:
        """Keep a paid answer; the first one stays. A forgotten call's is not kept.

        Args:
            key: digest of the question.
            answer: its body is the JSON text that the server sent.
            call_id: whose words the answer quotes, so that forgetting the call erases it.
            now: aware UTC time.
        """
        with self._database.write() as connection:
            gone = select(func.count()).where(
                CallRow.id == call_id, CallRow.forgotten_at.is_not(None)
            )
            if connection.execute(gone).scalar_one():
                return
            new = insert_into(connection.dialect.name, AnswerRow).on_conflict_do_nothing()
            row = {"key": key, "call_id": call_id, "answered_at": now, "body": answer.body}
            connection.execute(new, {**row, "usage": answer.usage.model_dump_json()})
