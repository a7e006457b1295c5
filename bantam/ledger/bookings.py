"""Bookings: calls that leads asked for, each as one value that only `follow` may change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, func, literal, select, text, update

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.booking import Busy
from bantam.domain.calls import CallId, DealId
from bantam.domain.scheduled import (
    Booking,
    BookingState,
    CallRequest,
    Happened,
    Happening,
    Lead,
    follow,
    requested,
    told,
)
from bantam.domain.value import digest
from bantam.errors import NotInLedgerError
from bantam.ledger.activities import append_activities
from bantam.ledger.database import Database, insert_into
from bantam.ledger.leases import Lease, Terms, settle, take
from bantam.ledger.rows import parsed
from bantam.ledger.tables import BookingRow, LeadRow

_CALENDAR_LOCK = 0x62616E63616C
"""PostgreSQL advisory lock held while a time is chosen ("bancal" in ASCII)."""

_NOBODY = Lead(email="erased")

_TAKES_TIME = (BookingState.REQUESTED, BookingState.BOOKED, BookingState.RESCHEDULED)


@dataclass(frozen=True, slots=True)
class BookingClaim:
    """A booking that one worker may look after until its lease ends."""

    booking: Booking
    lease: Lease
    attempts: int
    """How often it was taken since it came into its state."""


class Bookings:
    """The part of the ledger that holds bookings."""

    _database: Database

    def request_bookings(self, requests: Sequence[CallRequest], *, now: datetime) -> int:
        """Note that forms were filled in; return how many are new or edited.

        An edit counts until a time is agreed.
        """
        with self._database.write() as connection:
            return sum(request_booking(connection, r, now=now) for r in requests)

    def claim_bookings(self, terms: Terms, *, states: Sequence[BookingState]) -> list[BookingClaim]:
        """Take bookings in some states that are due; nobody else gets them."""
        with self._database.write() as connection:
            rows = take(connection, BookingRow, BookingRow.state.in_(states), terms)
        return [
            BookingClaim(
                _booking(r), Lease(r.id, r.lease, r.worker, r.leased_until), attempts=r.attempts
            )
            for r in rows
        ]

    def free_booking(
        self, claim: BookingClaim, *, seen: Booking, due_at: datetime, reason: str = ""
    ) -> None:
        """Let go of a booking until `due_at`.

        Args:
            claim: as given by `claim_bookings`.
            seen: the booking as last seen; when it came into another state since, it stays due.
            due_at: aware; not before this.
            reason: what was in the way, one line.

        Raises:
            LeaseLostError: the lease ran out and somebody else has it.
        """
        still = BookingRow.state == seen.state.value
        when = case((still, literal(due_at, BookingRow.due_at.type)), else_=BookingRow.due_at)
        with self._database.write() as connection:
            settle(connection, BookingRow, claim.lease, {"due_at": when, "last_error": reason})

    def move_booking(self, booking_id: str, happened: Happened) -> Booking | None:
        """Follow what happened to a booking, and tell of it, in one transaction.

        Needs no lease: the booking is read and written under its row's lock.

        Returns:
            The booking as it stands now, or None when nothing changed.

        Raises:
            NotInLedgerError: there is no such booking.
        """
        with self._database.write() as connection:
            before = _locked(connection, booking_id)
            if happened.what is Happening.RECORDING_FOUND and _taken(connection, happened.call_id):
                return None
            after = follow(before, happened)
            if after is None:
                return None
            # Due at once: whoever looks after it next sees what follows from its new state.
            _write(connection, after, attempts=0, due_at=happened.at)
            append_activities(connection, [told(before, after)])
        return after

    def know_deal(self, booking_id: str, deal_id: DealId) -> None:
        """Note which deal a booking belongs to.

        Raises:
            NotInLedgerError: there is no such booking.
        """
        with self._database.write() as connection:
            known = _locked(connection, booking_id).model_copy(update={"deal_id": deal_id})
            _write(connection, known)

    def reserve_time(
        self, booking_id: str, choose: Callable[[Sequence[Busy]], Busy | None], *, now: datetime
    ) -> Booking | None:
        """Choose a time for a requested booking; nobody else chooses meanwhile.

        A time that was chosen before and lies ahead stays, so that a killed worker's next run
        books the same one.

        Args:
            booking_id: of the booking.
            choose: given when other bookings are, returns a free time or None.
            now: aware UTC time.

        Returns:
            The booking with its time, or None when no time is free.

        Raises:
            NotInLedgerError: there is no such booking.
        """
        with self._database.write() as connection:
            if not self._database.is_sqlite:
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CALENDAR_LOCK}
                )
            booking = _locked(connection, booking_id)
            if booking.starts_at is not None and booking.starts_at > now:
                return booking
            chosen = choose(_times(connection, booking_id, now))
            if chosen is None:
                return None
            times = {"starts_at": chosen.start, "ends_at": chosen.end}
            reserved = booking.model_copy(update=times)
            _write(connection, reserved)
        return reserved

    def booking(self, booking_id: str) -> Booking:
        """Return one booking.

        Raises:
            NotInLedgerError: there is no such booking.
        """
        with self._database.read() as connection:
            found = select(BookingRow.id, BookingRow.body).where(BookingRow.id == booking_id)
            row = connection.execute(found).one_or_none()
        if row is None:
            raise NotInLedgerError(f"booking {booking_id}: not in the ledger")
        return _booking(row)

    def bookings_around(self, moment: datetime, *, hours: float) -> list[Booking]:
        """Return the bookings that start within some hours of a moment, the nearest first."""
        reach = timedelta(hours=hours)
        query = select(BookingRow.id, BookingRow.body, BookingRow.starts_at)
        query = query.where(BookingRow.starts_at.between(moment - reach, moment + reach))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(BookingRow.starts_at, BookingRow.id)).all()
        return sorted(map(_booking, rows), key=lambda b: abs((b.starts_at or moment) - moment))

    def booking_of_call(self, call_id: CallId) -> Booking | None:
        """Return the booking whose recording a call is."""
        query = select(BookingRow.id, BookingRow.body).where(BookingRow.call_id == call_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _booking(row)

    def booking_counts(self) -> dict[BookingState, int]:
        """Return how many bookings stand in each state."""
        query = select(BookingRow.state, func.count()).group_by(BookingRow.state)
        with self._database.read() as connection:
            return {BookingState(state): n for state, n in connection.execute(query)}


def request_booking(connection: Connection, request: CallRequest, *, now: datetime) -> bool:
    """Note that a call was asked for, within the caller's transaction; False when known."""
    booking = requested(request, now=now)
    known = select(BookingRow.id, BookingRow.body).where(BookingRow.id == booking.id)
    row = connection.execute(known.with_for_update()).one_or_none()
    if row is None:
        new = insert_into(connection.dialect.name, BookingRow).on_conflict_do_nothing()
        fresh = {"due_at": now, "attempts": 0, "lease": 0, "leased_until": None}
        values = {**_columns(booking), **fresh, "id": booking.id, "worker": "", "last_error": ""}
        if connection.execute(new.returning(BookingRow.id), values).first() is None:
            return False
        append_activities(connection, [_requested(booking, now)])
        return True
    stands = _booking(row)
    edited = stands.requested_at < booking.requested_at
    if stands.state is not BookingState.REQUESTED or not edited:
        return False
    taken = ("lead", "wanted_at", "requested_at")
    changes = {name: getattr(booking, name) for name in taken}
    _write(connection, stands.model_copy(update=changes), due_at=now)
    return True


def _requested(booking: Booking, now: datetime) -> Activity:
    kind = ActivityKind.CALL_REQUESTED
    return Activity(
        id=digest(kind, booking.id),
        at=now,
        customer=booking.customer,
        kind=kind,
        actor="bantam",
        features={"booking": booking.id, "form": booking.form_id},
    )


def _locked(connection: Connection, booking_id: str) -> Booking:
    query = select(BookingRow.id, BookingRow.body).where(BookingRow.id == booking_id)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise NotInLedgerError(f"booking {booking_id}: not in the ledger")
    return _booking(row)


def _taken(connection: Connection, call_id: CallId | None) -> bool:
    query = select(func.count()).where(BookingRow.call_id == call_id)
    return bool(connection.execute(query).scalar_one())


def _times(connection: Connection, mine: str, now: datetime) -> list[Busy]:
    query = select(BookingRow.starts_at, BookingRow.ends_at).where(
        BookingRow.ends_at > now, BookingRow.id != mine, BookingRow.state.in_(_TAKES_TIME)
    )
    return [Busy(start=r.starts_at, end=r.ends_at) for r in connection.execute(query)]


def _write(connection: Connection, booking: Booking, **also: Any) -> None:
    changed = update(BookingRow).where(BookingRow.id == booking.id)
    connection.execute(changed.values(**_columns(booking), **also))


def _columns(booking: Booking) -> dict[str, Any]:
    return {
        "state": booking.state.value,
        "starts_at": booking.starts_at,
        "ends_at": booking.ends_at,
        "email": booking.lead.email,
        "deal_id": booking.deal_id,
        "call_id": booking.call_id,
        "body": booking.model_dump_json(),
    }


def _booking(row: Any) -> Booking:
    return parsed(Booking, row.body, f"booking {row.id}")


def erase_leads(
    connection: Connection,
    *,
    email: str = "",
    deal_id: DealId | None = None,
    by: tuple[str, datetime],
) -> int:
    """Erase who asked for calls by form; return how many rows named somebody.

    A call that has no time yet will not be booked: nobody is left to invite.

    Args:
        connection: inside a write transaction.
        email: of the lead, lower case.
        deal_id: of what they asked for; without it the address decides.
        by: who asked for the erasure, and when.
    """
    actor, now = by
    mine = BookingRow.email == email if deal_id is None else BookingRow.deal_id == deal_id
    gone = LeadRow.email == email if deal_id is None else LeadRow.deal_id == deal_id
    columns = (BookingRow.id, BookingRow.body)
    query = select(*columns).where(mine, BookingRow.email != _NOBODY.email)
    rows = connection.execute(query.order_by(BookingRow.id).with_for_update()).all()
    for row in rows:
        booking = _booking(row)
        cancelled = Happened(what=Happening.MEETING_CANCELLED, at=now)
        waits = booking.state is BookingState.REQUESTED
        kept = (follow(booking, cancelled) if waits else None) or booking
        erased = kept.model_copy(update={"lead": _NOBODY})
        _write(connection, erased)
        told_of = [told(booking, erased)] if waits else []
        append_activities(connection, [*told_of, _erased(erased, now, actor)])
    return len(rows) + connection.execute(delete(LeadRow).where(gone)).rowcount


def _erased(booking: Booking, now: datetime, actor: str) -> Activity:
    kind = ActivityKind.DATA_FORGOTTEN
    return Activity(
        id=digest(kind, "booking", booking.id),
        at=now,
        customer=booking.customer,
        kind=kind,
        actor=actor,
        features={"booking": booking.id},
    )
