"""Webhooks as they came in, and the calls to fetch because of them or of a poll."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

from bantam.domain.activity import Activity
from bantam.domain.calls import CallId
from bantam.domain.pickup import Notice, Pickup, PickupState
from bantam.ledger.activities import append_activities
from bantam.ledger.bookings import request_booking
from bantam.ledger.database import Database, insert_into
from bantam.ledger.inbox import enter, received
from bantam.ledger.leases import Lease, Terms, settle, take
from bantam.ledger.tables import CallRow, PickupRow

_BATCH = 500


@dataclass(frozen=True, slots=True)
class PickupClaim:
    """A call that one worker may fetch until its lease ends."""

    pickup: Pickup
    lease: Lease


class Pickups:
    """The part of the ledger that takes messages in and holds the calls to fetch."""

    _database: Database

    def receive(self, notices: Sequence[Notice], *, now: datetime) -> int:
        """Write webhooks and what follows from them: all of it or nothing.

        Returns:
            How many were new; what came before changes nothing.
        """
        with self._database.write() as connection:
            new = [n for n in notices if enter(connection, n, now)]
            for notice in new:
                if notice.call_id is not None:
                    source = notice.call_source or notice.source
                    _announce(connection, notice.call_id, source, now)
                if notice.request is not None:
                    request_booking(connection, notice.request, now=now)
            append_activities(connection, [received(n, now) for n in new])
        return len(new)

    def add_pickups(self, ids: Iterable[CallId], *, source: str, now: datetime) -> int:
        """Note calls that a poll found; return how many are new.

        A call that was scored, or is waiting or settled already, is left alone.
        """
        wanted, added = list(dict.fromkeys(ids)), 0
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            with self._database.write() as connection:
                known = select(CallRow.id).where(CallRow.id.in_(batch))
                there = set(connection.execute(known).scalars())
                rows = [_row(call_id, source, now) for call_id in sorted(set(batch) - there)]
                if rows:
                    new = insert_into(connection.dialect.name, PickupRow)
                    statement = new.on_conflict_do_nothing().returning(PickupRow.call_id)
                    added += len(connection.execute(statement, rows).all())
        return added

    def claim_pickups(self, terms: Terms, *, sources: Sequence[str]) -> list[PickupClaim]:
        """Take calls that are due to be fetched from some sources; nobody else gets them."""
        which = PickupRow.state == PickupState.WAITING.value
        with self._database.write() as connection:
            rows = take(connection, PickupRow, which & PickupRow.source.in_(sources), terms)
        return [
            PickupClaim(_pickup(r), Lease(r.call_id, r.lease, r.worker, r.leased_until))
            for r in rows
        ]

    def delay_pickup(self, claim: PickupClaim, reason: str, *, due_at: datetime) -> None:
        """Put a pickup back until `due_at`.

        Raises:
            LeaseLostError: the lease ran out and somebody else has it.
        """
        values = {"due_at": _unless_again(claim, PickupRow.due_at, due_at), "last_error": reason}
        with self._database.write() as connection:
            settle(connection, PickupRow, claim.lease, values)

    def end_pickup(
        self,
        claim: PickupClaim,
        state: PickupState,
        *,
        now: datetime,
        reason: str = "",
        activities: Sequence[Activity] = (),
    ) -> None:
        """Note that a pickup is over, and what is to be told of it.

        One that was announced again meanwhile goes on waiting: its words may have changed.

        Raises:
            LeaseLostError: the lease ran out and somebody else has it.
        """
        ended = _unless_again(claim, PickupRow.state, state.value)
        values = {"state": ended, "last_error": reason, "ended_at": now}
        with self._database.write() as connection:
            settle(connection, PickupRow, claim.lease, values)
            append_activities(connection, activities)

    def pickup(self, call_id: CallId) -> Pickup | None:
        """Return one pickup, None when the call was never announced."""
        query = select(*PickupRow.__table__.columns).where(PickupRow.call_id == call_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _pickup(row)

    def pickup_counts(self) -> dict[str, dict[PickupState, int]]:
        """Return how many pickups of each source stand where."""
        query = select(PickupRow.source, PickupRow.state, func.count())
        counts: dict[str, dict[PickupState, int]] = {}
        with self._database.read() as connection:
            for source, state, n in connection.execute(
                query.group_by(PickupRow.source, PickupRow.state)
            ):
                counts.setdefault(source, {})[PickupState(state)] = n
        return counts


def _unless_again(claim: PickupClaim, as_it_is: Any, value: object) -> ColumnElement[Any]:
    """Return a value to write, or what stands there when the call was announced again."""
    return case(
        (PickupRow.found_at > claim.pickup.found_at, as_it_is), else_=literal(value, as_it_is.type)
    )


def _announce(connection: Connection, call_id: CallId, source: str, now: datetime) -> None:
    """Make a call due now. A webhook about one that is over means that it changed."""
    new = insert_into(connection.dialect.name, PickupRow)
    again = new.on_conflict_do_update(
        index_elements=[PickupRow.call_id],
        set_={
            "due_at": now,
            "found_at": now,
            "attempts": 0,
            "state": PickupState.WAITING.value,
            "ended_at": None,
        },
    )
    connection.execute(again, _row(call_id, source, now))


def _row(call_id: CallId, source: str, now: datetime) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "source": source,
        "state": PickupState.WAITING.value,
        "found_at": now,
        "due_at": now,
        "ended_at": None,
        "attempts": 0,
        "lease": 0,
        "leased_until": None,
        "worker": "",
        "last_error": "",
    }


def _pickup(row: Any) -> Pickup:
    return Pickup(
        call_id=row.call_id,
        source=row.source,
        state=PickupState(row.state),
        found_at=row.found_at,
        attempts=row.attempts,
        due_at=row.due_at,
        last_error=row.last_error,
    )
