"""From a filled-in form to a free time, and from a recording back to the form. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, field_validator

from bantam.domain.booking import Busy, FormResponse
from bantam.domain.calls import Call, Side
from bantam.domain.scheduled import Booking, CallRequest, Lead
from bantam.domain.value import Value

AROUND = timedelta(hours=1)
"""How much earlier than booked, or later than its end, a call may have started."""


class Questions(Value):
    """Titles of a form's questions, as people wrote them. Only the e-mail address is needed."""

    email: str = "Email"
    """Not asked for when the form collects addresses itself."""
    name: str = "Name"
    company: str = "Company"
    wanted_at: str = "Preferred time"
    """Answered with an ISO 8601 time, or else not counted."""


class OfficeHours(Value):
    """When calls may be booked."""

    time_zone: str = "UTC"
    """IANA name."""
    opens: int = Field(default=9, ge=0, le=23)
    """Hour of the day, in the time zone."""
    closes: int = Field(default=17, ge=1, le=24)
    """A call ends by then."""
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Monday is 0."""
    minutes: int = Field(default=30, ge=5, le=480)
    """Length of a call; calls start at multiples of it after opening."""
    notice_hours: float = Field(default=4.0, ge=0)
    """Nobody is booked sooner than this."""
    days_ahead: int = Field(default=14, ge=1, le=90)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Berlin") from None
        return name


class Standing(Value):
    """A meeting as it stands in a calendar, people's changes included."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    cancelled: bool = False
    link: str | None = None


def as_request(response: FormResponse, questions: Questions) -> CallRequest | None:
    """Return what a form's response asks for, or None when it names no e-mail address."""
    email = (response.email or _answer(response, questions.email)).strip().lower()
    if "@" not in email.strip("@"):
        return None
    return CallRequest(
        form_id=response.form_id,
        response_id=response.response_id,
        submitted_at=response.submitted_at,
        lead=Lead(
            email=email,
            name=_answer(response, questions.name),
            company=_answer(response, questions.company),
        ),
        wanted_at=_time(_answer(response, questions.wanted_at)),
    )


def _answer(response: FormResponse, title: str) -> str:
    return next(iter(response.answers.get(title, ())), "").strip()


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def first_free(
    hours: OfficeHours, busy: Sequence[Busy], *, wanted: datetime | None, now: datetime
) -> Busy | None:
    """Return the first time for a call that is in office hours and free, or None.

    Args:
        hours: when calls may be booked, and how long they are.
        busy: stretches that are taken.
        wanted: not before this, if it lies ahead.
        now: aware UTC time.
    """
    earliest = now + timedelta(hours=hours.notice_hours)
    start = max(earliest, wanted) if wanted is not None else earliest
    zone = ZoneInfo(hours.time_zone)
    last_day = (now + timedelta(days=hours.days_ahead)).astimezone(zone).date()
    day = start.astimezone(zone).date()
    while day <= last_day:
        if day.weekday() in hours.weekdays:
            opening = datetime.combine(day, time(hours.opens), zone).astimezone(UTC)
            found = _free_within(hours, opening, busy, earliest=start)
            if found is not None:
                return found
        day += timedelta(days=1)
    return None


def _free_within(
    hours: OfficeHours, opening: datetime, busy: Sequence[Busy], *, earliest: datetime
) -> Busy | None:
    """Return the first free time of a day, or None."""
    length = timedelta(minutes=hours.minutes)
    closing = opening + timedelta(hours=hours.closes - hours.opens)
    start = opening
    while start + length <= closing:
        taken = any(b.start < start + length and start < b.end for b in busy)
        if start >= earliest and not taken:
            return Busy(start=start, end=start + length)
        start += length
    return None


def is_of(booking: Booking, call: Call) -> bool:
    """Tell whether a call is the one that was booked: at its time, with the lead in it.

    Where the recorder knows no addresses, the lead's name must be among the participants.
    """
    if booking.starts_at is None or booking.ends_at is None:
        return False
    if not booking.starts_at - AROUND <= call.started_at <= booking.ends_at + AROUND:
        return False
    addresses = _addresses(call)
    if addresses:
        return booking.lead.email in addresses
    name = booking.lead.name.casefold()
    return bool(name) and any(p.name.casefold() == name for p in call.participants)


def is_of_others(booking: Booking, call: Call) -> bool:
    """Tell whether a call that was taken for the booked one shows other people."""
    return bool(_addresses(call)) and not is_of(booking, call)


def _addresses(call: Call) -> set[str]:
    """Return the addresses of everybody who is not the seller."""
    return {p.email.lower() for p in call.participants if p.email and p.side is not Side.SELLER}
