"""Fathom as a source of calls."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import timedelta

from bantam.domain.calls import Call, CallId, CallWindow
from bantam.errors import VendorNotFoundError
from bantam.ports import Clock, TranscriptNotReady
from integrations.fathom.client import NAME, FathomClient
from integrations.fathom.mapping import call_id, recording_id, to_call
from integrations.fathom.wire import Meeting

_PROCESSING = timedelta(days=2)
"""A meeting is created after it took place; listing goes by creation, windows by start."""
_KEPT = 2000


class FathomSource:
    """Implements `CallSource`.

    Fathom has no way to ask for one meeting's data by id: what was listed is remembered (no
    words, only who and when), and for anything else the recent meetings are listed again.
    """

    name = NAME
    overlap = timedelta(days=1)

    def __init__(
        self, client: FathomClient, clock: Clock, *, look_back: timedelta = timedelta(days=30)
    ) -> None:
        """Take the client, the clock and how old a meeting can be when fetched by id alone."""
        self._client = client
        self._clock = clock
        self._look_back = look_back
        self._listed: OrderedDict[int, Meeting] = OrderedDict()
        self._lock = threading.Lock()

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        """Yield ids of meetings that started in the window, each once.

        Raises:
            VendorError: Fathom cannot be asked.
        """
        seen: set[int] = set()
        for meeting in self._client.meetings(window.since, window.until + _PROCESSING):
            inside = window.since <= meeting.started_at < window.until
            if inside and meeting.recording_id not in seen:
                seen.add(meeting.recording_id)
                self._keep(meeting)
                yield call_id(meeting.recording_id)

    def fetch(self, call_id: CallId) -> Call:
        """Return one meeting with its words.

        Raises:
            TranscriptNotReady: there are no words yet.
            VendorNotFoundError: it is not among the recent meetings that the key can see.
            VendorError: Fathom cannot be asked.
        """
        wanted = recording_id(call_id)
        meeting = self._meeting(wanted) if wanted is not None else None
        if meeting is None:
            raise VendorNotFoundError(
                NAME,
                f"call {call_id}: not among the meetings of the last {self._look_back.days} days"
                " that the key can see",
            )
        call = to_call(meeting, self._client.transcript(meeting.recording_id))
        if not call.turns:
            raise TranscriptNotReady(call_id)
        return call

    def _meeting(self, wanted: int) -> Meeting | None:
        with self._lock:
            if wanted in self._listed:
                return self._listed[wanted]
        now = self._clock()
        for meeting in self._client.meetings(now - self._look_back, now + _PROCESSING):
            self._keep(meeting)
            if meeting.recording_id == wanted:
                return meeting
        return None

    def _keep(self, meeting: Meeting) -> None:
        with self._lock:
            self._listed[meeting.recording_id] = meeting
            while len(self._listed) > _KEPT:
                self._listed.popitem(last=False)
