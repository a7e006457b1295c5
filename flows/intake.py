"""A filled-in form becomes a contact and a deal in the CRM, and a meeting in a calendar.

    form -> requested booking -> deal -> free time -> calendar event -> booked

Each step is harmless when it is done again: the deal is found before it is made, the time is
kept once it was chosen, and the event's id is ours. A worker that dies between two of them
leaves a requested booking, which the next one takes up.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from bantam.domain.booking import Busy, Meeting
from bantam.domain.intake import OfficeHours, Questions, as_request, first_free
from bantam.domain.scheduled import Booking, BookingState, Happened, Happening
from bantam.errors import (
    LeaseLostError,
    VendorAuthError,
    VendorBusyError,
    VendorDownError,
    VendorError,
)
from bantam.ledger.bookings import BookingClaim
from bantam.ports import Calendar, FormSource, LeadDesk
from flows.deliver import next_try
from flows.worker import Worker

_log = logging.getLogger(__name__)

AT_ONCE = 10
AFTER_REFUSAL = timedelta(minutes=15)
AFTER_NO_TIME = timedelta(hours=1)


@dataclass(frozen=True)
class Intake:
    """Where leads come from and where they go."""

    leads: LeadDesk
    calendar: Calendar
    forms: Sequence[FormSource] = ()
    questions: Questions = field(default_factory=Questions)
    hours: OfficeHours = field(default_factory=OfficeHours)
    first_look: timedelta = timedelta(days=7)
    """How far back to look in a form that was never asked."""


def take_in(worker: Worker, intake: Intake) -> int:
    """Collect responses and book what was asked for; return how many bookings were taken up.

    Raises:
        BantamError: a form could not be asked; what was requested before is booked nonetheless.
    """
    problem = None
    try:
        collect(worker, intake)
    except VendorError as error:
        problem = error
    taken = book_requested(worker, intake)
    if problem is not None:
        raise problem
    return taken


def collect(worker: Worker, intake: Intake) -> int:
    """Note the responses of all forms; return how many are new or edited.

    Raises:
        VendorError: a form cannot be asked; its cursor stays where it was.
    """
    found = 0
    for form in intake.forms:
        now, name = worker.clock(), f"form:{form.form_id}"
        stands = worker.ledger.cursor(name)
        since = datetime.fromisoformat(stands) if stands else now - intake.first_look
        for response in form.responses(since):
            request = as_request(response, intake.questions)
            if request is None:
                worker.ledger.add_failure(
                    f"{response.form_id}/{response.response_id}",
                    stage="intake",
                    reason=f"no answer to {intake.questions.email!r}; see intake.questions.email",
                    now=now,
                )
                continue
            found += worker.ledger.request_bookings([request], now=now)
        worker.ledger.move_cursor(name, now.isoformat(), now=now)
    return found


def book_requested(worker: Worker, intake: Intake) -> int:
    """Give requested bookings a deal, a time and a calendar event; return how many were taken."""
    claims = worker.ledger.claim_bookings(worker.terms(AT_ONCE), states=[BookingState.REQUESTED])
    for claim in claims:
        try:
            due_at, reason = _book(worker, intake, claim)
            worker.ledger.free_booking(claim, seen=claim.booking, due_at=due_at, reason=reason)
        except LeaseLostError as error:
            _log.warning("%s", error)
    return len(claims)


def _book(worker: Worker, intake: Intake, claim: BookingClaim) -> tuple[datetime, str]:
    """Book one; return when to look at it again, and why it is not booked yet."""
    now, booking = worker.clock(), claim.booking
    try:
        deal = intake.leads.ensure_deal(booking.lead, booking.id)
        worker.ledger.know_deal(booking.id, deal)
        reserved = _reserve(worker, intake, booking)
        if reserved is None:
            reason = f"no free time within {intake.hours.days_ahead} days"
            worker.ledger.add_failure(booking.id, stage="intake", reason=reason, now=now)
            return now + AFTER_NO_TIME, reason
        standing = intake.calendar.book(_meeting(reserved, intake.hours))
    except (VendorBusyError, VendorDownError) as error:
        return next_try(claim.attempts, error, now), str(error)
    except VendorError as error:
        worker.ledger.add_failure(booking.id, stage="intake", reason=str(error), now=now)
        wait = AFTER_REFUSAL if isinstance(error, VendorAuthError) else AFTER_NO_TIME
        return now + wait, str(error)
    what = Happening.MEETING_CANCELLED if standing.cancelled else Happening.MEETING_BOOKED
    worker.ledger.move_booking(
        booking.id,
        Happened(
            what=what,
            at=worker.clock(),
            starts_at=standing.starts_at,
            ends_at=standing.ends_at,
            link=standing.link,
        ),
    )
    worker.ledger.clear_failures([booking.id])
    return now, ""


def _reserve(worker: Worker, intake: Intake, booking: Booking) -> Booking | None:
    now = worker.clock()
    elsewhere = intake.calendar.busy(now, now + timedelta(days=intake.hours.days_ahead + 1))
    choose = partial(_choose, intake.hours, elsewhere, wanted=booking.wanted_at, now=now)
    return worker.ledger.reserve_time(booking.id, choose, now=now)


def _choose(
    hours: OfficeHours,
    elsewhere: Sequence[Busy],
    ours: Sequence[Busy],
    *,
    wanted: datetime | None,
    now: datetime,
) -> Busy | None:
    return first_free(hours, list(chain(elsewhere, ours)), wanted=wanted, now=now)


def _meeting(booking: Booking, hours: OfficeHours) -> Meeting:
    assert booking.starts_at is not None
    assert booking.ends_at is not None
    who = booking.lead.company or booking.lead.name or booking.lead.email
    return Meeting(
        event_id=booking.id,
        summary=f"Call with {who}",
        start=booking.starts_at,
        end=booking.ends_at,
        time_zone=hours.time_zone,
        attendees=(booking.lead.email,),
        origin=booking.response_id,
    )
