"""What flows remember between runs: failures, runs, cursors; and the counts of it all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from bantam.errors import NotInLedgerError
from bantam.ledger.database import Database, insert_into
from bantam.ledger.deal_tables import OutcomeRow
from bantam.ledger.rows import Failure, Run
from bantam.ledger.tables import (
    ActivityRow,
    AnswerRow,
    CallRow,
    CrmRow,
    CursorRow,
    ExtractionRow,
    FailureRow,
    ReviewRow,
    RunRow,
    ScoreRow,
)

_BATCH = 500
_COUNTED = {
    "calls": CallRow,
    "extractions": ExtractionRow,
    "scores": ScoreRow,
    "reviews": ReviewRow,
    "outcomes": OutcomeRow,
    "answers": AnswerRow,
    "activities": ActivityRow,
    "crm_scores": CrmRow,
    "failures": FailureRow,
}


class Bookkeeping:
    """The part of the ledger that flows keep their own state in."""

    _database: Database

    def add_failure(self, subject: str, *, stage: str, reason: str, now: datetime) -> None:
        """Note that a call or file could not be processed; the same again counts up.

        Args:
            subject: call id or file.
            stage: "read", "extract", ...
            reason: one line, no transcript text.
            now: aware UTC time.
        """
        row = {"subject": subject, "stage": stage, "reason": reason, "failed_at": now}
        with self._database.write() as connection:
            new = insert_into(connection.dialect.name, FailureRow)
            statement = new.on_conflict_do_update(
                index_elements=[FailureRow.subject, FailureRow.stage],
                set_={"reason": reason, "failed_at": now, "times": FailureRow.times + 1},
            )
            connection.execute(statement, {**row, "times": 1})

    def failures(self, *, limit: int = 1000) -> list[Failure]:
        """Return the newest failures first."""
        query = select(*FailureRow.__table__.columns).limit(limit)
        query = query.order_by(FailureRow.failed_at.desc(), FailureRow.subject, FailureRow.stage)
        with self._database.read() as connection:
            return [Failure(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - public

    def clear_failures(self, subjects: Sequence[str]) -> int:
        """Remove the failures of calls or files that went through; return how many.

        Recording a call's extraction clears those under its id by itself.
        """
        cleared = 0
        with self._database.write() as connection:
            for start in range(0, len(subjects), _BATCH):
                batch = subjects[start : start + _BATCH]
                gone = delete(FailureRow).where(FailureRow.subject.in_(batch))
                cleared += connection.execute(gone).rowcount
        return cleared

    def start_run(
        self, run_id: str, *, flow: str, parameters: Mapping[str, object], now: datetime
    ) -> None:
        """Note that a run began; beginning it again (a retry) keeps the first time."""
        row = {"id": run_id, "flow": flow, "started_at": now, "finished_at": None}
        row |= {"parameters": json.dumps(dict(parameters), default=str), "counts": "{}"}
        with self._database.write() as connection:
            connection.execute(
                insert_into(connection.dialect.name, RunRow).on_conflict_do_nothing(), row
            )

    def finish_run(self, run_id: str, counts: Mapping[str, int], *, now: datetime) -> None:
        """Note that a run ended, and what came of it.

        Raises:
            NotInLedgerError: no such run began.
        """
        ended = update(RunRow).where(RunRow.id == run_id)
        ended = ended.values(finished_at=now, counts=json.dumps(dict(counts)))
        with self._database.write() as connection:
            if not connection.execute(ended).rowcount:
                raise NotInLedgerError(f"run {run_id!r}: not in the ledger; start it first")

    def runs(self, *, limit: int = 20, flow: str | None = None) -> list[Run]:
        """Return the newest runs first; of one flow, when it is named."""
        query = select(*RunRow.__table__.columns).limit(limit)
        if flow is not None:
            query = query.where(RunRow.flow == flow)
        query = query.order_by(RunRow.started_at.desc(), RunRow.id)
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query)]

    def cursor(self, name: str) -> str | None:
        """Return how far a poller has come, None when it never began."""
        query = select(CursorRow.position).where(CursorRow.name == name)
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def move_cursor(self, name: str, position: str, *, now: datetime) -> None:
        """Note how far a poller has come."""
        with self._database.write() as connection:
            new = insert_into(connection.dialect.name, CursorRow)
            statement = new.on_conflict_do_update(
                index_elements=[CursorRow.name], set_={"position": position, "moved_at": now}
            )
            connection.execute(statement, {"name": name, "position": position, "moved_at": now})

    def counts(self) -> dict[str, int]:
        """Return how many rows of each kind there are, and how many calls were forgotten.

        Deliveries are counted by `delivery_counts`.
        """
        with self._database.read() as connection:
            found = {
                name: connection.execute(select(func.count()).select_from(row)).scalar_one()
                for name, row in _COUNTED.items()
            }
            forgotten = select(func.count()).where(CallRow.forgotten_at.is_not(None))
            return {**found, "forgotten": connection.execute(forgotten).scalar_one()}


def _run(row: Any) -> Run:
    return Run(
        id=row.id,
        flow=row.flow,
        started_at=row.started_at,
        finished_at=row.finished_at,
        parameters=json.loads(row.parameters),
        counts=json.loads(row.counts),
    )
