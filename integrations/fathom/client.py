"""Fathom's external API. A key sees its owner's meetings and those shared with him."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bantam.domain.limits import RequestLimit
from bantam.errors import VendorNotFoundError
from integrations.fathom.wire import Meeting, MeetingPage, TranscriptAnswer, Utterance
from integrations.http import Ask, Fixed, Page, Surroundings, Vendor, VendorClient, paginate

NAME = "fathom"
BASE_URL = "https://api.fathom.ai/external/v1"
PER_MINUTE = 60


class FathomClient:
    """Reads the meetings that one API key can see."""

    def __init__(
        self,
        api_key: str,
        around: Surroundings,
        *,
        base_url: str = BASE_URL,
        tenant: str = "default",
    ) -> None:
        """Take what a request needs; nothing is sent."""
        limit = RequestLimit(vendor=NAME, tenant=tenant, per_second=PER_MINUTE / 60, burst=5)
        vendor = Vendor(NAME, base_url, limit=limit)
        self._http = VendorClient(vendor, Fixed({"X-Api-Key": api_key}), around)

    def meetings(self, since: datetime, until: datetime) -> Iterator[Meeting]:
        """Yield meetings created in [since, until), page by page.

        Raises:
            VendorError: Fathom cannot be asked.
        """
        dates = {"created_after": _zulu(since), "created_before": _zulu(until)}

        def page(cursor: str | None) -> Page[Meeting]:
            params = dates if cursor is None else {**dates, "cursor": cursor}
            got = self._http.read(Ask("GET", "/meetings", params=params), MeetingPage)
            return Page(got.items, got.next_cursor)

        return paginate(NAME, page)

    def transcript(self, recording_id: int) -> list[Utterance]:
        """Return a recording's words; none while there are none."""
        path = f"/recordings/{recording_id}/transcript"
        try:
            return self._http.read(Ask("GET", path), TranscriptAnswer).transcript
        except VendorNotFoundError:
            return []


def _zulu(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
