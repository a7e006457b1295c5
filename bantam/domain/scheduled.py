"""A call that a lead asked for, from the form to the delivered score: a pure state machine.

    requested -> booked -> held -> [transcript_awaited ->] scored -> delivered
                 booked -> rescheduled | cancelled | no_show
                           held, transcript_awaited -> never_came
                           whatever was held and not delivered -> forgotten

Nothing here waits. A flow looks at what is due, learns what happened, and follows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, Field, model_validator

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.booking import event_id
from bantam.domain.calls import CallId, DealId
from bantam.domain.value import Value, digest


class BookingState(StrEnum):
    """Where a booking stands."""

    REQUESTED = "requested"
    """A form was filled in; no time is agreed yet."""
    BOOKED = "booked"
    RESCHEDULED = "rescheduled"
    """Booked at another time than before."""
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    """The time passed and no recording turned up; one that surfaces later still counts."""
    HELD = "held"
    TRANSCRIPT_AWAITED = "transcript_awaited"
    NEVER_CAME = "never_came"
    SCORED = "scored"
    DELIVERED = "delivered"
    FORGOTTEN = "forgotten"
    """The call's words were erased before its score was delivered: nothing more will come."""


class Happening(StrEnum):
    """What can happen to a booking."""

    MEETING_BOOKED = "meeting_booked"
    MEETING_MOVED = "meeting_moved"
    MEETING_CANCELLED = "meeting_cancelled"
    NOBODY_CAME = "nobody_came"
    RECORDING_FOUND = "recording_found"
    RECORDING_OF_OTHERS = "recording_of_others"
    """The transcript shows that the recording is of another meeting."""
    TRANSCRIPT_LATE = "transcript_late"
    TRANSCRIPT_GIVEN_UP = "transcript_given_up"
    CALL_SCORED = "call_scored"
    SCORE_DELIVERED = "score_delivered"
    CALL_FORGOTTEN = "call_forgotten"


_AHEAD = (BookingState.BOOKED, BookingState.RESCHEDULED)
_NOT_HELD = (*_AHEAD, BookingState.NO_SHOW, BookingState.CANCELLED)
_RECORDED = (BookingState.HELD, BookingState.TRANSCRIPT_AWAITED)

TRANSITIONS: Mapping[tuple[BookingState, Happening], BookingState] = {
    (BookingState.REQUESTED, Happening.MEETING_BOOKED): BookingState.BOOKED,
    (BookingState.REQUESTED, Happening.MEETING_CANCELLED): BookingState.CANCELLED,
    **{(s, Happening.MEETING_MOVED): BookingState.RESCHEDULED for s in _NOT_HELD},
    **{(s, Happening.MEETING_CANCELLED): BookingState.CANCELLED for s in _AHEAD},
    **{(s, Happening.NOBODY_CAME): BookingState.NO_SHOW for s in _AHEAD},
    **{(s, Happening.RECORDING_FOUND): BookingState.HELD for s in (*_AHEAD, BookingState.NO_SHOW)},
    **{(s, Happening.RECORDING_OF_OTHERS): BookingState.BOOKED for s in _RECORDED},
    (BookingState.HELD, Happening.TRANSCRIPT_LATE): BookingState.TRANSCRIPT_AWAITED,
    **{(s, Happening.TRANSCRIPT_GIVEN_UP): BookingState.NEVER_CAME for s in _RECORDED},
    **{
        (s, Happening.CALL_SCORED): BookingState.SCORED
        for s in (*_RECORDED, BookingState.NEVER_CAME)
    },
    (BookingState.SCORED, Happening.SCORE_DELIVERED): BookingState.DELIVERED,
    **{
        (s, Happening.CALL_FORGOTTEN): BookingState.FORGOTTEN
        for s in (*_RECORDED, BookingState.NEVER_CAME, BookingState.SCORED)
    },
}
"""What is not here does not change anything."""

WITH_CALL = frozenset(
    {
        *_RECORDED,
        BookingState.NEVER_CAME,
        BookingState.SCORED,
        BookingState.DELIVERED,
        BookingState.FORGOTTEN,
    }
)
"""States in which the recording is known."""

_TOLD_AS: Mapping[BookingState, ActivityKind] = {
    BookingState.BOOKED: ActivityKind.CALL_BOOKED,
    BookingState.RESCHEDULED: ActivityKind.CALL_RESCHEDULED,
    BookingState.CANCELLED: ActivityKind.CALL_CANCELLED,
    BookingState.NO_SHOW: ActivityKind.CALL_NO_SHOW,
    BookingState.HELD: ActivityKind.CALL_HELD,
    BookingState.TRANSCRIPT_AWAITED: ActivityKind.TRANSCRIPT_AWAITED,
    BookingState.NEVER_CAME: ActivityKind.TRANSCRIPT_NEVER_CAME,
    BookingState.SCORED: ActivityKind.BOOKING_SCORED,
    BookingState.DELIVERED: ActivityKind.BOOKING_DELIVERED,
    BookingState.FORGOTTEN: ActivityKind.BOOKING_FORGOTTEN,
}


class Lead(Value):
    """Who asked for a call."""

    email: str = Field(min_length=3)
    """Lower case."""
    name: str = ""
    company: str = ""


class CallRequest(Value):
    """A filled-in form that asks for a call."""

    form_id: str
    response_id: str
    """Stays the same when the response is edited."""
    submitted_at: AwareDatetime
    """Of the last edit."""
    lead: Lead
    wanted_at: AwareDatetime | None = None
    """The time that the lead would like best."""


class Booking(Value):
    """A call that a lead asked for."""

    id: str
    """Of the calendar event: see `booking.event_id`."""
    form_id: str
    response_id: str
    lead: Lead
    requested_at: AwareDatetime
    """When the form was filled in, or edited last."""
    wanted_at: AwareDatetime | None = None
    """The time that the lead asked for."""
    state: BookingState = BookingState.REQUESTED
    entered_at: AwareDatetime
    """When it came into its state."""
    steps: int = Field(default=0, ge=0)
    """How many transitions led here: tells an activity from one of the same kind before it."""
    starts_at: AwareDatetime | None = None
    """None until a time is chosen."""
    ends_at: AwareDatetime | None = None
    deal_id: DealId | None = None
    call_id: CallId | None = None
    """The recording."""
    link: str | None = None
    """To the calendar event."""

    @model_validator(mode="after")
    def _is_whole(self) -> Booking:
        if (self.call_id is not None) != (self.state in WITH_CALL):
            raise ValueError(f"call_id: a {self.state} booking has one exactly when it was held")
        if self.starts_at is None or self.ends_at is None:
            if self.state not in {BookingState.REQUESTED, BookingState.CANCELLED}:
                raise ValueError(f"starts_at: a {self.state} booking has a time")
        elif self.ends_at <= self.starts_at:
            raise ValueError("ends_at: must be after starts_at")
        return self

    @property
    def customer(self) -> str:
        """Whom its activities belong to: the deal, or the booking until one is known."""
        return self.deal_id or f"booking:{self.id}"


class Happened(Value):
    """Something that happened to a booking, with what is known of it."""

    what: Happening
    at: AwareDatetime
    starts_at: AwareDatetime | None = None
    """Of a meeting that was booked or moved."""
    ends_at: AwareDatetime | None = None
    call_id: CallId | None = None
    """Of a recording that was found."""
    link: str | None = None


def requested(request: CallRequest, *, now: datetime) -> Booking:
    """Return the booking that a form asks for."""
    return Booking(
        id=event_id(request.form_id, request.response_id),
        form_id=request.form_id,
        response_id=request.response_id,
        lead=request.lead,
        requested_at=request.submitted_at,
        wanted_at=request.wanted_at,
        entered_at=now,
    )


def follow(booking: Booking, happened: Happened) -> Booking | None:
    """Return the booking after something happened, or None when that changes nothing.

    Args:
        booking: as it stands.
        happened: what, when, and what is known of it. A found recording brings its `call_id`,
            a moved meeting its times.
    """
    state = TRANSITIONS.get((booking.state, happened.what))
    if state is None:
        return None
    changes: dict[str, object] = {
        "state": state,
        "entered_at": happened.at,
        "steps": booking.steps + 1,
    }
    if happened.starts_at is not None:
        changes |= {"starts_at": happened.starts_at, "ends_at": happened.ends_at}
    if happened.link is not None:
        changes["link"] = happened.link
    if happened.what is Happening.RECORDING_FOUND:
        changes["call_id"] = happened.call_id
    if happened.what is Happening.RECORDING_OF_OTHERS:
        changes["call_id"] = None
    return Booking.model_validate({**booking.model_dump(), **changes})


def told(before: Booking, after: Booking) -> Activity:
    """Return the activity that says which state a booking came into."""
    mistaken = before.state in WITH_CALL and after.state is BookingState.BOOKED
    kind = ActivityKind.CALL_MISTAKEN if mistaken else _TOLD_AS[after.state]
    return Activity(
        id=digest(kind, after.id, after.steps),
        at=after.entered_at,
        customer=after.customer,
        kind=kind,
        actor="bantam",
        features={
            "booking": after.id,
            "from": before.state,
            "call_id": after.call_id,
            "starts_at": after.starts_at.isoformat() if after.starts_at else None,
        },
        link=after.link,
    )
