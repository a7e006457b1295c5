"""Writing and locking the rows of calls, which every writer does first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, select

from bantam.domain.calls import Call, CallId
from bantam.errors import NotInLedgerError
from bantam.ledger.database import insert_into
from bantam.ledger.tables import CallRow


def upsert_calls(connection: Connection, calls: Sequence[Call]) -> None:
    """Write calls; one that was forgotten stays as it is. Locks their rows."""
    if not calls:
        return
    rows = [_row(c) for c in sorted(calls, key=lambda c: c.id)]
    connection.execute(_upsert(connection.dialect.name), rows)


def lock_calls(connection: Connection, ids: Sequence[CallId]) -> set[CallId]:
    """Lock the rows of calls until the transaction ends, and return those that were forgotten.

    What concerns one call then happens one after the other on both databases (in SQLite
    every write does), and two writers with calls in common never wait in a circle.

    Args:
        connection: inside a write transaction that holds no other lock yet.
        ids: of calls.

    Raises:
        NotInLedgerError: one of them is not there.
    """
    query = select(CallRow.id, CallRow.forgotten_at).where(CallRow.id.in_(ids))
    found = connection.execute(query.order_by(CallRow.id).with_for_update()).all()
    missing = set(ids) - {row.id for row in found}
    if missing:
        raise NotInLedgerError(f"ledger: call {min(missing)!r} is not in it; score it first")
    return {CallId(row.id) for row in found if row.forgotten_at is not None}


@cache
def _upsert(dialect: str) -> Insert:
    new = insert_into(dialect, CallRow)
    taken = ("started_at", "deal_id", "source", "title", "digest", "body")
    return new.on_conflict_do_update(
        index_elements=[CallRow.id],
        set_={name: new.excluded[name] for name in taken},
        where=CallRow.forgotten_at.is_(None),
    )


def _row(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "started_at": call.started_at,
        "deal_id": call.deal_id,
        "source": call.source,
        "title": call.title,
        "digest": call.transcript_digest,
        "body": call.model_dump_json(),
    }
