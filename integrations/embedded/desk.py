"""Intake without a CRM and without a calendar: both are the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bantam.domain.booking import Busy, Meeting
from bantam.domain.calls import DealId
from bantam.domain.intake import Standing
from bantam.domain.scheduled import Lead
from bantam.ledger.store import Ledger
from bantam.ports import Clock


class EmbeddedLeads:
    """Implements `LeadDesk` with the embedded CRM."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        """Keep deals in `ledger`."""
        self._ledger = ledger
        self._clock = clock

    def ensure_deal(self, lead: Lead, key: str) -> DealId:
        """Return the lead's open deal; open one under `key` when there is none."""
        return self._ledger.ensure_lead_deal(lead, key=key, now=self._clock())


class EmbeddedCalendar:
    """Implements `Calendar` with the bookings of the ledger, which intake looks at itself."""

    def busy(self, start: datetime, end: datetime) -> Sequence[Busy]:  # noqa: ARG002 - the port's
        """Return nothing: nobody has other appointments here."""
        return ()

    def book(self, meeting: Meeting) -> Standing:
        """Return the meeting as it was asked for."""
        return Standing(starts_at=meeting.start, ends_at=meeting.end)

    def standing(self, event_id: str) -> Standing | None:  # noqa: ARG002 - the port's
        """Return None: nobody moves meetings here."""
        return None
