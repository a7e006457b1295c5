"""Google Calendar: one event per meeting, under an id of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bantam.domain.booking import Busy, Meeting
from bantam.domain.intake import Standing
from bantam.domain.limits import RequestLimit
from bantam.domain.value import Value
from bantam.errors import VendorConflictError, VendorNotFoundError
from integrations.google.auth import NAME
from integrations.google.problems import read_problem
from integrations.google.wire import Event, FreeBusy
from integrations.http import Ask, Surroundings, Vendor, VendorClient
from integrations.http.credentials import Credentials

BASE_URL = "https://www.googleapis.com/calendar/v3"
_ORIGIN = "bantamOrigin"


class Booked(Value):
    """A meeting as it stands in the calendar."""

    event_id: str
    created: bool
    """False when it stood there already."""
    link: str | None = None
    video_link: str | None = None
    changed_by_people: tuple[str, ...] = ()
    """Parts that differ from what was asked for; what people changed stays."""


class CalendarClient:
    """Books into calendars that the credentials can write to."""

    def __init__(
        self,
        credentials: Credentials,
        around: Surroundings,
        *,
        base_url: str = BASE_URL,
        tenant: str = "default",
    ) -> None:
        """Take what a request needs; nothing is sent."""
        limit = RequestLimit(vendor=NAME, tenant=tenant, group="calendar", per_second=5, burst=10)
        vendor = Vendor(NAME, base_url, limit=limit, read_problem=read_problem)
        self._http = VendorClient(vendor, credentials, around)

    def book(self, calendar: str, meeting: Meeting) -> Booked:
        """Put a meeting into a calendar and invite its attendees; again is as good as once.

        Args:
            calendar: its id, mostly an e-mail address, or "primary".
            meeting: what is to stand there, under our own event id.

        Raises:
            VendorConflictError: the id is taken by an event that was cancelled or is not ours.
            VendorError: Google refuses, or cannot be asked.
        """
        ask = Ask(
            "POST",
            _events(calendar),
            params={"sendUpdates": "all", "conferenceDataVersion": 1},
            json=_body(meeting),
            repeatable=True,
        )
        try:
            return _booked(self._http.read(ask, Event), created=True)
        except VendorConflictError:
            return self._standing(calendar, meeting)

    def busy(
        self, calendars: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, tuple[Busy, ...]]:
        """Return when calendars are busy within [start, end), by calendar id.

        Raises:
            VendorNotFoundError: one of them cannot be looked at.
            VendorError: Google cannot be asked.
        """
        body = {
            "timeMin": start.isoformat(),
            "timeMax": end.isoformat(),
            "items": [{"id": calendar} for calendar in calendars],
        }
        ask = Ask("POST", "/freeBusy", json=body, repeatable=True)
        found = self._http.read(ask, FreeBusy).calendars
        for number, calendar in enumerate(calendars):
            if calendar not in found or found[calendar].errors:
                raise VendorNotFoundError(
                    NAME, f"POST /freeBusy: calendar {number + 1} is not shared with the account"
                )
        return {
            calendar: tuple(Busy(start=p.start, end=p.end) for p in found[calendar].busy)
            for calendar in calendars
        }

    def standing(self, calendar: str, event_id: str) -> Standing | None:
        """Return an event as it stands; None when it became an all-day one.

        Raises:
            VendorNotFoundError: there is none with this id.
            VendorError: Google cannot be asked.
        """
        event = self._http.read(Ask("GET", f"{_events(calendar)}/{event_id}"), Event)
        starts = event.start.at if event.start else None
        ends = event.end.at if event.end else None
        if starts is None or ends is None:
            return None
        cancelled = event.status == "cancelled"
        return Standing(starts_at=starts, ends_at=ends, cancelled=cancelled, link=event.link)

    def _standing(self, calendar: str, meeting: Meeting) -> Booked:
        """Compare what stands under our id with what was asked for."""
        event = self._http.read(Ask("GET", f"{_events(calendar)}/{meeting.event_id}"), Event)
        origin = event.extended.private.get(_ORIGIN) if event.extended else None
        if origin != meeting.origin:
            raise VendorConflictError(
                NAME, f"event {meeting.event_id}: an event that is not ours has this id"
            )
        if event.status == "cancelled":
            raise VendorConflictError(
                NAME, f"event {meeting.event_id}: was cancelled; it is not booked again"
            )
        return _booked(event, created=False, changed=_differences(event, meeting))


def _events(calendar: str) -> str:
    return f"/calendars/{quote(calendar, safe='')}/events"


def _body(meeting: Meeting) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": meeting.event_id,
        "summary": meeting.summary,
        "start": {"dateTime": meeting.start.isoformat(), "timeZone": meeting.time_zone},
        "end": {"dateTime": meeting.end.isoformat(), "timeZone": meeting.time_zone},
        "attendees": [{"email": email} for email in meeting.attendees],
        "extendedProperties": {"private": {_ORIGIN: meeting.origin}},
    }
    if meeting.with_video:
        # The same request id makes the same video room.
        body["conferenceData"] = {"createRequest": {"requestId": meeting.event_id}}
    return body


def _booked(event: Event, *, created: bool, changed: tuple[str, ...] = ()) -> Booked:
    return Booked(
        event_id=event.id,
        created=created,
        link=event.link,
        video_link=event.video_link,
        changed_by_people=changed,
    )


def _differences(event: Event, meeting: Meeting) -> tuple[str, ...]:
    invited = {(a.email or "").lower() for a in event.attendees}
    same = {
        "summary": event.summary == meeting.summary,
        "start": event.start is not None and event.start.at == meeting.start,
        "end": event.end is not None and event.end.at == meeting.end,
        "attendees": {email.lower() for email in meeting.attendees} <= invited,
    }
    return tuple(name for name, equal in same.items() if not equal)
