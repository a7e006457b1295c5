"""Taking rows under a lease, and settling them with its number.

A taken row keeps its state, so nothing can stay "running": when the lease ends, the row is
free again. The number grows with every taking; who holds an older one may not settle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select, update

from bantam.errors import LeaseLostError
from bantam.ledger.database import AnyRow
from bantam.ledger.tables import BookingRow, PickupRow

LeasedRow = type[PickupRow] | type[BookingRow]


@dataclass(frozen=True, slots=True)
class Lease:
    """Who has a row until when. `number` tells this taking from later ones."""

    key: str
    number: int
    worker: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a worker takes rows."""

    limit: int
    """At most so many."""
    now: datetime
    lease_seconds: float
    worker: str
    """For people; the lease's number is what counts."""


def take(
    connection: Connection, row: LeasedRow, which: ColumnElement[bool], terms: Terms
) -> Sequence[AnyRow]:
    """Take rows that are due and free, within the caller's write transaction.

    Args:
        connection: inside a write transaction.
        row: of the table.
        which: narrows them down, by state for instance.
        terms: how many, for how long, for whom.
    """
    (key,) = row.__table__.primary_key
    free = or_(row.leased_until.is_(None), row.leased_until <= terms.now)
    due = select(key).where(which, row.due_at <= terms.now, free)
    due = due.order_by(row.due_at, key).limit(terms.limit).with_for_update(skip_locked=True)
    keys = connection.execute(due).scalars().all()
    if not keys:
        return []
    taken = update(row).where(key.in_(keys))
    taken = taken.values(
        lease=row.lease + 1,
        attempts=row.attempts + 1,
        leased_until=terms.now + timedelta(seconds=terms.lease_seconds),
        worker=terms.worker,
    )
    rows = connection.execute(taken.returning(*row.__table__.columns)).all()
    return sorted(rows, key=lambda r: r.due_at)


def settle(connection: Connection, row: LeasedRow, lease: Lease, values: Mapping[str, Any]) -> None:
    """Write what became of a taken row, and free it, within the caller's transaction.

    Raises:
        LeaseLostError: the lease ran out and somebody else took the row.
    """
    (key,) = row.__table__.primary_key
    mine = update(row).where(key == lease.key, row.lease == lease.number)
    changed = connection.execute(mine.values(leased_until=None, **values))
    if changed.rowcount != 1:
        raise LeaseLostError(
            f"{row.__tablename__} {lease.key}: {lease.worker} has it no more, its lease ran until"
            f" {lease.until.isoformat()}; ask for longer leases, or take fewer"
        )
