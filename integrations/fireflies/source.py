"""Fireflies as a source of calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bantam.domain.calls import Call, CallId, CallWindow
from bantam.errors import VendorNotFoundError
from bantam.ports import TranscriptNotReady
from integrations.fireflies.client import NAME, FirefliesClient
from integrations.fireflies.mapping import call_id, fireflies_id, to_call


class FirefliesSource:
    """Implements `CallSource`."""

    name = NAME
    overlap = timedelta(days=1)

    def __init__(self, client: FirefliesClient) -> None:
        """Take the client."""
        self._client = client

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        """Yield ids of meetings in the window, each once: offset pages shift as meetings come.

        Raises:
            VendorError: Fireflies cannot be asked.
        """
        seen: set[str] = set()
        for found in self._client.transcripts(window):
            outside = found.date is None or not window.since <= found.date < window.until
            if not outside and found.id not in seen:
                seen.add(found.id)
                yield call_id(found.id)

    def fetch(self, call_id: CallId) -> Call:
        """Return one meeting with its words.

        Raises:
            TranscriptNotReady: there are no words, or no date, yet.
            VendorNotFoundError: Fireflies does not know the meeting.
            VendorError: Fireflies cannot be asked.
        """
        found = self._client.transcript(fireflies_id(call_id))
        if found is None:
            raise VendorNotFoundError(NAME, f"call {call_id}: not there, or not visible to the key")
        call = to_call(found, found.date) if found.date else None
        if call is None or not call.turns:
            raise TranscriptNotReady(call_id)
        return call
