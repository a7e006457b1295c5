"""Zoom as a source of calls."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from bantam.domain.calls import Call, CallId, CallWindow
from bantam.errors import VendorAuthError, VendorNotFoundError, VendorRejectedError
from bantam.ports import TranscriptNotReady
from integrations.zoom.client import NAME, ZoomClient
from integrations.zoom.mapping import call_id, to_call, uuid_of
from integrations.zoom.wire import Attendee

_log = logging.getLogger(__name__)

_NEVER = frozenset({"DELETED_OR_TRASHED", "UNSUPPORTED", "NO_TRANSCRIPT_DATA"})


class ZoomSource:
    """Implements `CallSource`."""

    name = NAME
    overlap = timedelta(days=1)

    def __init__(self, client: ZoomClient, *, hosts: Sequence[str]) -> None:
        """Take the client, and whose recordings are read: Zoom user ids or e-mail addresses."""
        self._client = client
        self._hosts = tuple(hosts)

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        """Yield ids of recorded meetings that started in the window, each once.

        Raises:
            VendorError: Zoom cannot be asked.
        """
        seen: set[str] = set()
        for host in self._hosts:
            for found in self._client.recordings(host, window):
                starts = found.start_time
                inside = starts is not None and window.since <= starts < window.until
                if inside and found.uuid not in seen:
                    seen.add(found.uuid)
                    yield call_id(found.uuid)

    def fetch(self, call_id: CallId) -> Call:
        """Return one meeting with its transcript.

        Raises:
            TranscriptNotReady: there is none yet, or (`final`) never will be.
            VendorNotFoundError: the meeting has no recording.
            VendorError: Zoom cannot be asked.
        """
        uuid = uuid_of(call_id)
        found = self._client.recording(uuid)
        if found is None:
            raise VendorNotFoundError(NAME, f"call {call_id}: no recording, or it was deleted")
        state = self._client.transcript_state(uuid)
        if state is None or not state.can_download or not state.download_url:
            reason = state.download_restriction_reason if state else None
            raise TranscriptNotReady(call_id, final=reason in _NEVER)
        cues = self._client.download(state.download_url)
        call = (
            to_call(found, found.start_time, cues, self._attendees(uuid, call_id))
            if found.start_time
            else None
        )
        if call is None or not call.turns:
            raise TranscriptNotReady(call_id)
        return call

    def _attendees(self, uuid: str, call_id: CallId) -> Sequence[Attendee]:
        """Return who was there; nobody when the app may not ask: names still come with the cues."""
        try:
            return self._client.attendees(uuid)
        except (VendorAuthError, VendorNotFoundError, VendorRejectedError) as error:
            _log.warning("call %s: read without e-mail addresses: %s", call_id, error)
            return ()
