"""Fireflies' GraphQL API. Its HTTP status says little: errors come as 200, and auth as 500."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bantam.domain.calls import CallWindow
from bantam.domain.limits import RequestLimit
from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from integrations.fireflies.wire import Dated, ManyAnswer, OneAnswer, Transcript
from integrations.http import (
    Answer,
    Ask,
    Fixed,
    Page,
    Problem,
    Surroundings,
    Vendor,
    VendorClient,
    paginate,
)
from integrations.http.later import at_epoch_milliseconds, next_midnight, retry_after
from integrations.http.problems import kind_of_status

NAME = "fireflies"
BASE_URL = "https://api.fireflies.ai"
PAGE_SIZE = 50
"""The most that Fireflies gives."""

ONE = """
query One($id: String!) {
  transcript(id: $id) {
    id title date transcript_url organizer_email participants
    meeting_attendees { displayName email name }
    speakers { id name }
    sentences { index speaker_id speaker_name text raw_text start_time end_time }
  }
}
"""
MANY = """
query Many($limit: Int, $skip: Int, $from: DateTime, $to: DateTime) {
  transcripts(limit: $limit, skip: $skip, fromDate: $from, toDate: $to) { id date }
}
"""

_BY_CODE: Mapping[str, type[VendorError]] = {
    "object_not_found": VendorNotFoundError,
    "not_found": VendorNotFoundError,
    "forbidden": VendorAuthError,
    "auth_failed": VendorAuthError,
    "paid_required": VendorRejectedError,
    "too_many_requests": VendorBusyError,
}
_FIX = {
    "auth_failed": "check fireflies.api_key",
    "forbidden": "the key's owner may not see this meeting; use a team admin's key",
    "paid_required": "the workspace's plan does not include this",
}


class FirefliesClient:
    """Reads the transcripts that one API key can see."""

    def __init__(
        self,
        api_key: str,
        around: Surroundings,
        *,
        base_url: str = BASE_URL,
        tenant: str = "default",
        per_minute: float = 60.0,
    ) -> None:
        """Take what a request needs; nothing is sent.

        Args:
            api_key: from Settings > Developer Settings.
            around: the world around.
            base_url: without /graphql.
            tenant: whose allowance the requests count against.
            per_minute: requests; 60 with Business and more. Smaller plans have a daily budget,
                whose end Fireflies tells itself.
        """
        limit = RequestLimit(vendor=NAME, tenant=tenant, per_second=per_minute / 60, burst=5)
        vendor = Vendor(NAME, base_url, limit=limit, read_problem=read_problem)
        self._http = VendorClient(vendor, Fixed({"Authorization": f"Bearer {api_key}"}), around)

    def transcripts(self, window: CallWindow) -> Iterator[Dated]:
        """Yield the transcripts of meetings in a window, newest first, page by page.

        Raises:
            VendorError: Fireflies cannot be asked.
        """
        dates = {"from": _iso(window.since), "to": _iso(window.until)}

        def page(cursor: str | None) -> Page[Dated]:
            skip = int(cursor or 0)
            asked = {"limit": PAGE_SIZE, "skip": skip, **dates}
            got = self._http.read(_query(MANY, "Many", asked), ManyAnswer).data.transcripts
            # There is no total: a short page is the last one.
            after = str(skip + PAGE_SIZE) if len(got) >= PAGE_SIZE else None
            return Page([t for t in got if t], after)

        return paginate(NAME, page)

    def transcript(self, fireflies_id: str) -> Transcript | None:
        """Return one meeting with its words; None when there is no such meeting."""
        asked = _query(ONE, "One", {"id": fireflies_id})
        try:
            return self._http.read(asked, OneAnswer).data.transcript
        except VendorNotFoundError:
            return None


def _query(query: str, name: str, variables: Mapping[str, Any]) -> Ask:
    body = {"query": query, "operationName": name, "variables": variables}
    return Ask("POST", "/graphql", json=body, repeatable=True)


def read_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read `errors[]`; an answer that holds data in spite of an error is a success."""
    body = answer.fields()
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return None
    extensions = first.get("extensions")
    extensions = extensions if isinstance(extensions, dict) else {}
    code = str(first.get("code") or extensions.get("code") or "")
    kind = _BY_CODE.get(code)
    if kind is None:
        data = body.get("data")
        if isinstance(data, dict) and any(value is not None for value in data.values()):
            return None
        status = extensions.get("status")
        worst = status if isinstance(status, int) else answer.status
        kind = kind_of_status(worst) or VendorRejectedError
    later = _later(extensions, answer, now) if kind is VendorBusyError else None
    return Problem(kind, code or None, later, fix=_FIX.get(code, ""))


def _later(extensions: Mapping[str, Any], answer: Answer, now: datetime) -> datetime:
    metadata = extensions.get("metadata")
    stamp = metadata.get("retryAfter") if isinstance(metadata, dict) else None
    named = at_epoch_milliseconds(
        stamp if isinstance(stamp, int | float) else None, answer.headers, now
    )
    # Without a time it is a daily budget: parked until the day is over.
    return named or retry_after(answer.headers, now) or next_midnight(now)


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
