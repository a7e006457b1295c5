"""Look after bookings that are due: what became of the meeting, the transcript, the score.

Nothing waits in a process. A booking says when it is to be looked at next; the sweep takes what
is due, learns what happened since, follows it, and says when to look again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from bantam.domain.calls import CallId, CallWindow
from bantam.domain.delivery import DeliveryKind, DeliveryState
from bantam.domain.intake import AROUND, is_of
from bantam.domain.pickup import PickupState
from bantam.domain.scheduled import Booking, BookingState, Happened, Happening
from bantam.errors import (
    BantamError,
    LeaseLostError,
    NotInLedgerError,
    VendorBusyError,
    VendorDownError,
)
from bantam.ledger.bookings import BookingClaim
from flows import linking
from flows.deliver import next_try
from flows.intake import Intake
from flows.worker import Worker

_log = logging.getLogger(__name__)

AT_ONCE = 50
GRACE = timedelta(minutes=10)
"""After the end of a meeting nobody looks for its recording sooner."""
NO_SHOW_AFTER = timedelta(hours=4)
"""After the end, without any recording, nobody came. One that surfaces later still counts."""
REOPENS_WITHIN = timedelta(days=14)
"""So long a cancelled or missed meeting may be moved to another time."""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_LOOKED_AFTER = (
    BookingState.BOOKED,
    BookingState.RESCHEDULED,
    BookingState.CANCELLED,
    BookingState.NO_SHOW,
    BookingState.HELD,
    BookingState.TRANSCRIPT_AWAITED,
    BookingState.SCORED,
)


def sweep(worker: Worker, intake: Intake) -> int:
    """Look after the bookings that are due; return how many were taken up."""
    claims = worker.ledger.claim_bookings(worker.terms(AT_ONCE), states=_LOOKED_AFTER)
    for claim in claims:
        try:
            seen, due_at, reason = _look_after(worker, intake, claim)
            worker.ledger.free_booking(claim, seen=seen, due_at=due_at, reason=reason)
        except LeaseLostError as error:
            _log.warning("%s", error)
    return len(claims)


def _look_after(
    worker: Worker, intake: Intake, claim: BookingClaim
) -> tuple[Booking, datetime, str]:
    """Follow one booking as far as it goes.

    Returns:
        The booking then, when to look again, and what was in the way.
    """
    booking = claim.booking
    try:
        while (happened := _learn(worker, intake, booking)) is not None:
            moved = worker.ledger.move_booking(booking.id, happened)
            if moved is None:
                break
            booking = moved
    except (VendorBusyError, VendorDownError) as error:
        return booking, next_try(claim.attempts, error, worker.clock()), str(error)
    except LeaseLostError:
        raise
    except BantamError as error:
        now = worker.clock()
        worker.ledger.add_failure(booking.id, stage="sweep", reason=str(error), now=now)
        return booking, now + timedelta(minutes=15), str(error)
    return booking, next_look(booking, worker.clock()), ""


def next_look(booking: Booking, now: datetime) -> datetime:
    """Return when to look at a booking again."""
    if booking.state in {BookingState.BOOKED, BookingState.RESCHEDULED}:
        assert booking.ends_at is not None
        over = booking.ends_at + GRACE
        return min(now + timedelta(hours=1), over) if now < over else now + GRACE
    if booking.state in {BookingState.CANCELLED, BookingState.NO_SHOW}:
        ends = booking.entered_at + REOPENS_WITHIN
        return now + timedelta(hours=6) if now < ends else NEVER
    if booking.state in {BookingState.NEVER_CAME, BookingState.DELIVERED, BookingState.FORGOTTEN}:
        return NEVER
    if booking.state is BookingState.SCORED:
        # What is not delivered at once waits for a target that is down, or for a person.
        waited = (now - booking.entered_at) / 10
        return now + min(max(waited, timedelta(minutes=1)), timedelta(days=1))
    return now + timedelta(minutes=1)


Learn = Callable[[Worker, Intake, Booking], Happened | None]


def _learn(worker: Worker, intake: Intake, booking: Booking) -> Happened | None:
    """Return what happened to a booking since it came into its state, or None."""
    learn = _BY_STATE.get(booking.state)
    return None if learn is None else learn(worker, intake, booking)


def _of_the_meeting(worker: Worker, intake: Intake, booking: Booking) -> Happened | None:
    return _in_the_calendar(worker, intake, booking) or _afterwards(worker, booking)


def _in_the_calendar(worker: Worker, intake: Intake, booking: Booking) -> Happened | None:
    """Return what people did to the meeting in the calendar."""
    standing = intake.calendar.standing(booking.id)
    if standing is None:
        return None
    ahead = booking.state in {BookingState.BOOKED, BookingState.RESCHEDULED}
    if standing.cancelled:
        what = Happening.MEETING_CANCELLED
        return Happened(what=what, at=worker.clock()) if ahead else None
    times = (standing.starts_at, standing.ends_at)
    again = booking.state is BookingState.CANCELLED
    if times == (booking.starts_at, booking.ends_at) and not again:
        return None
    return Happened(
        what=Happening.MEETING_MOVED,
        at=worker.clock(),
        starts_at=standing.starts_at,
        ends_at=standing.ends_at,
        link=standing.link,
    )


def _afterwards(worker: Worker, booking: Booking) -> Happened | None:
    """Return whether the meeting was held, once it is over."""
    now = worker.clock()
    if booking.state is BookingState.CANCELLED or booking.ends_at is None:
        return None
    if now < booking.ends_at + GRACE:
        return None
    found = _recording(worker, booking)
    if found is not None:
        return Happened(what=Happening.RECORDING_FOUND, at=now, call_id=found)
    late = now >= booking.ends_at + NO_SHOW_AFTER
    if late and booking.state is not BookingState.NO_SHOW:
        return Happened(what=Happening.NOBODY_CAME, at=now)
    return None


def _recording(worker: Worker, booking: Booking) -> CallId | None:
    """Return the recording of a meeting: the one whose words show the lead.

    Before any words are there it is the only recording of that time which nobody else has.
    """
    assert booking.starts_at is not None
    assert booking.ends_at is not None
    window = CallWindow(since=booking.starts_at - AROUND, until=booking.ends_at + AROUND)
    unready: list[CallId] = []
    for source in worker.sources.values():
        ids = list(source.call_ids(window))
        worker.ledger.add_pickups(ids, source=source.name, now=worker.clock())
        for call_id in ids:
            if worker.ledger.booking_of_call(call_id) is not None:
                continue
            try:
                if is_of(booking, worker.ledger.call(call_id)):
                    return call_id
            except NotInLedgerError:
                pickup = worker.ledger.pickup(call_id)
                if pickup and pickup.state is PickupState.WAITING and pickup.attempts:
                    unready.append(call_id)
    return unready[0] if len(unready) == 1 else None


def _of_the_transcript(worker: Worker, _: Intake, booking: Booking) -> Happened | None:
    """Return whether the recording was scored, is waited for, or never will be."""
    assert booking.call_id is not None
    now = worker.clock()
    if _is_scored(worker, booking.call_id):
        if booking.deal_id is not None:
            linking.belongs(worker.pipeline, worker.ledger, booking.call_id, booking.deal_id)
        return Happened(what=Happening.CALL_SCORED, at=now)
    if worker.ledger.is_forgotten(booking.call_id):
        return Happened(what=Happening.CALL_FORGOTTEN, at=now)
    pickup = worker.ledger.pickup(booking.call_id)
    if pickup is None or pickup.state in {PickupState.NEVER_CAME, PickupState.FAILED}:
        return Happened(what=Happening.TRANSCRIPT_GIVEN_UP, at=now)
    waits = pickup.state is PickupState.WAITING and pickup.attempts > 0
    if waits and booking.state is BookingState.HELD:
        return Happened(what=Happening.TRANSCRIPT_LATE, at=now)
    return None


def _of_the_score(worker: Worker, _: Intake, booking: Booking) -> Happened | None:
    """Return whether everything that is owed because of the score has arrived."""
    assert booking.call_id is not None
    owed = worker.ledger.deliveries(call_id=booking.call_id)
    states = {d.state for d in owed if d.kind is DeliveryKind.SCORE}
    settled = states <= {DeliveryState.SENT, DeliveryState.SUPERSEDED}
    if DeliveryState.SENT in states and settled:
        return Happened(what=Happening.SCORE_DELIVERED, at=worker.clock())
    if worker.ledger.is_forgotten(booking.call_id):
        return Happened(what=Happening.CALL_FORGOTTEN, at=worker.clock())
    return None


def _is_scored(worker: Worker, call_id: CallId) -> bool:
    """Say whether a call was read for good; one that will be read again is still waited for."""
    try:
        score = worker.ledger.latest_result(call_id).score
    except NotInLedgerError:
        return False
    if score is not None and score.points is None:
        pickup = worker.ledger.pickup(call_id)
        return pickup is None or pickup.state is not PickupState.WAITING
    return score is not None


_BY_STATE: Mapping[BookingState, Learn] = {
    BookingState.BOOKED: _of_the_meeting,
    BookingState.RESCHEDULED: _of_the_meeting,
    BookingState.CANCELLED: _of_the_meeting,
    BookingState.NO_SHOW: _of_the_meeting,
    BookingState.HELD: _of_the_transcript,
    BookingState.TRANSCRIPT_AWAITED: _of_the_transcript,
    BookingState.SCORED: _of_the_score,
}
