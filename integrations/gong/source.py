"""Gong as a source of calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from bantam.domain.calls import Call, CallId, CallWindow
from bantam.errors import VendorNotFoundError, VendorRejectedError
from bantam.ports import TranscriptNotReady
from integrations.gong.client import NAME, GongClient
from integrations.gong.mapping import call_id, gong_id, to_call


class GongSource:
    """Implements `CallSource`."""

    name = NAME
    overlap = timedelta(days=3)
    """Calls surface after processing, and imported ones days later."""

    def __init__(self, client: GongClient, *, include_private: bool = False) -> None:
        """Take the client, and whether calls marked private are read."""
        self._client = client
        self._include_private = include_private
        self.left_out: Counter[str] = Counter()
        """Calls that listings left out, by reason."""

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        """Yield ids of calls that started in the window; private ones only if asked for.

        Raises:
            VendorError: Gong cannot be asked.
        """
        seen: set[str] = set()
        for meta in self._client.calls(window):
            inside = window.since <= meta.started < window.until
            if not inside or meta.id in seen:
                continue
            seen.add(meta.id)
            if meta.is_private and not self._include_private:
                self.left_out["private"] += 1
            else:
                yield call_id(meta.id)

    def fetch(self, call_id: CallId) -> Call:
        """Return one call with its transcript.

        Raises:
            TranscriptNotReady: there are no words yet.
            VendorNotFoundError: Gong does not know the call.
            VendorRejectedError: the call is private.
            VendorError: Gong cannot be asked.
        """
        wanted = gong_id(call_id)
        found = self._client.call(wanted)
        if found is None:
            raise VendorNotFoundError(NAME, f"call {call_id}: not there, or not visible to the key")
        if found.meta.is_private and not self._include_private:
            raise VendorRejectedError(
                NAME, f"call {call_id}: is private; set gong.include_private to read it"
            )
        transcript = self._client.transcript(wanted)
        call = to_call(found, transcript) if transcript else None
        if call is None or not call.turns:
            raise TranscriptNotReady(call_id)
        return call
