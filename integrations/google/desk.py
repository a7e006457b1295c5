"""Google's calendar and forms as intake uses them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bantam.domain.booking import Busy, FormResponse, Meeting
from bantam.domain.intake import Standing
from bantam.errors import VendorConflictError
from integrations.google.calendar import CalendarClient
from integrations.google.forms import FormsClient


class GoogleDesk:
    """Implements `Calendar` with one calendar that is booked and more that must be free."""

    def __init__(
        self, client: CalendarClient, calendar: str, also_free: Sequence[str] = ()
    ) -> None:
        """Take the client, the calendar to book into, and calendars of others who will come."""
        self._client = client
        self._calendar = calendar
        self._looked_at = tuple(dict.fromkeys((calendar, *also_free)))

    def busy(self, start: datetime, end: datetime) -> Sequence[Busy]:
        """Return when any of the calendars is busy.

        Raises:
            VendorError: Google cannot be asked, or does not show one of them.
        """
        found = self._client.busy(self._looked_at, start, end)
        return [stretch for stretches in found.values() for stretch in stretches]

    def book(self, meeting: Meeting) -> Standing:
        """Put a meeting into the calendar; return it as it stands there.

        Raises:
            VendorError: Google refuses, or cannot be asked.
        """
        try:
            booked = self._client.book(self._calendar, meeting)
        except VendorConflictError:
            standing = self.standing(meeting.event_id)
            if standing is None or not standing.cancelled:
                raise
            return standing
        if {"start", "end"} & set(booked.changed_by_people):
            standing = self.standing(meeting.event_id)
            if standing is not None:
                return standing
        return Standing(starts_at=meeting.start, ends_at=meeting.end, link=booked.link)

    def standing(self, event_id: str) -> Standing | None:
        """Return a meeting as it stands; None when it has no time of day any more.

        Raises:
            VendorError: Google cannot be asked.
        """
        return self._client.standing(self._calendar, event_id)


class GoogleForm:
    """Implements `FormSource` with one form."""

    def __init__(self, client: FormsClient, form_id: str) -> None:
        """Take the client and the form's id."""
        self.form_id = form_id
        self._client = client

    def responses(self, since: datetime) -> Iterator[FormResponse]:
        """Yield responses given or edited since a time, and a little before.

        Raises:
            VendorError: Google cannot be asked.
        """
        return self._client.responses(self.form_id, since)
