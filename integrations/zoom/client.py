"""Zoom's API v2 with server-to-server OAuth."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from bantam.domain.calls import CallWindow
from bantam.domain.limits import RequestLimit
from bantam.errors import VendorNotFoundError
from integrations.http import (
    Answer,
    Ask,
    Fixed,
    Page,
    Problem,
    Renewable,
    Surroundings,
    Token,
    Vendor,
    VendorClient,
    oauth_problem,
    paginate,
    standard_problem,
)
from integrations.speech import NOBODY, Said
from integrations.transcripts.cues import read_captions
from integrations.transcripts.lines import MalformedTranscript
from integrations.zoom.wire import (
    Attendee,
    AttendeePage,
    Recording,
    RecordingPage,
    TokenAnswer,
    TranscriptState,
)

T = TypeVar("T")

NAME = "zoom"
BASE_URL = "https://api.zoom.us/v2"
AUTH_URL = "https://zoom.us"
_PAGE_SIZE = 300
_LONGEST_RANGE = timedelta(days=29)
"""Zoom lists at most a month at a time."""
_PER_SECOND = 10
"""Of the tightest category that we use; larger plans allow more."""


@dataclass(frozen=True)
class ZoomApp:
    """A server-to-server OAuth app."""

    account_id: str
    client_id: str
    client_secret: str = field(repr=False)


class ZoomClient:
    """Reads the cloud recordings of one account."""

    def __init__(
        self,
        app: ZoomApp,
        around: Surroundings,
        *,
        base_url: str = BASE_URL,
        auth_url: str = AUTH_URL,
        tenant: str = "default",
    ) -> None:
        """Take what a request needs; nothing is sent, not even for a token."""
        pair = base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
        issuer = VendorClient(
            Vendor(NAME, auth_url, read_problem=oauth_problem),
            Fixed({"Authorization": f"Basic {pair}"}),
            around,
        )
        limit = RequestLimit(vendor=NAME, tenant=tenant, per_second=_PER_SECOND, burst=_PER_SECOND)
        vendor = Vendor(
            NAME,
            base_url,
            limit=limit,
            read_problem=read_problem,
            trusted_hosts=("zoom.us", ".zoom.us"),
        )
        fetch = _token_of(issuer, app.account_id, around.clock)
        self._http = VendorClient(vendor, Renewable(fetch, around.clock), around)

    def recordings(self, user: str, window: CallWindow) -> Iterator[Recording]:
        """Yield a host's recordings of the days that a window touches, month by month.

        Raises:
            VendorError: Zoom cannot be asked.
        """
        path = f"/users/{quote(user, safe='')}/recordings"
        for first, last in _months(window):
            days = {"from": first.isoformat(), "to": last.isoformat()}

            def page(cursor: str | None, days: dict[str, str] = days) -> Page[Recording]:
                params = _page_params(cursor) | days
                got = self._http.read(Ask("GET", path, params=params), RecordingPage)
                return Page(got.meetings, got.next_page_token)

            yield from paginate(NAME, page)

    def recording(self, uuid: str) -> Recording | None:
        """Return one occurrence; None when it has no recording."""
        return self._or_none(Ask("GET", f"/meetings/{in_path(uuid)}/recordings"), Recording)

    def transcript_state(self, uuid: str) -> TranscriptState | None:
        """Return whether a transcript can be had; None when Zoom knows of none."""
        return self._or_none(Ask("GET", f"/meetings/{in_path(uuid)}/transcript"), TranscriptState)

    def attendees(self, uuid: str) -> Sequence[Attendee]:
        """Return who was there.

        Raises:
            VendorError: Zoom cannot be asked, or the app lacks the scope.
        """
        path = f"/past_meetings/{in_path(uuid)}/participants"

        def page(cursor: str | None) -> Page[Attendee]:
            got = self._http.read(Ask("GET", path, params=_page_params(cursor)), AttendeePage)
            return Page(got.participants, got.next_page_token)

        return tuple(paginate(NAME, page))

    def download(self, url: str) -> list[Said]:
        """Return the cues of a transcript; another host than Zoom's never sees the token.

        Raises:
            VendorError: it cannot be downloaded or is not WebVTT.
        """
        ask = Ask("GET", url, headers={"Accept": "text/vtt, */*;q=0.5"})
        return self._http.read_with(ask, read_cues)

    def _or_none(self, ask: Ask, shape: type[T]) -> T | None:
        try:
            return self._http.read(ask, shape)
        except VendorNotFoundError:
            return None


def read_cues(answer: Answer) -> list[Said]:
    """Return what a WebVTT answer says; nothing while it has no cue.

    Raises:
        ValueError: it is not WebVTT.
    """
    text = answer.content.decode("utf-8-sig", errors="replace")
    if not text.startswith("WEBVTT"):
        raise ValueError("body: not WebVTT")
    try:
        said = read_captions(text)
    except MalformedTranscript as error:
        raise ValueError(f"line {error.line}: not WebVTT") from None
    return [Said(s.name or NOBODY, s.text, s.start, s.end) for s in said]


def in_path(uuid: str) -> str:
    """Return a uuid as a path segment: twice encoded when slashes would mislead Zoom."""
    once = quote(uuid, safe="")
    return quote(once, safe="") if uuid.startswith("/") or "//" in uuid else once


def read_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read Zoom's errors: `code` is a number."""
    problem = standard_problem(answer, now)
    code = answer.fields().get("code")
    if problem is None or not isinstance(code, int):
        return problem
    return Problem(problem.kind, str(code), problem.retry_at)


def _page_params(cursor: str | None) -> dict[str, str | int]:
    return {"page_size": _PAGE_SIZE} | ({"next_page_token": cursor} if cursor else {})


def _token_of(
    issuer: VendorClient, account_id: str, clock: Callable[[], datetime]
) -> Callable[[], Token]:
    params = {"grant_type": "account_credentials", "account_id": account_id}

    def fetch() -> Token:
        asked_at = clock()
        ask = Ask("POST", "/oauth/token", params=params, repeatable=True)
        got = issuer.read(ask, TokenAnswer)
        return Token(got.access_token, asked_at + timedelta(seconds=got.expires_in))

    return fetch


def _months(window: CallWindow) -> Iterator[tuple[date, date]]:
    first, last = window.since.astimezone(UTC).date(), window.until.astimezone(UTC).date()
    while first <= last:
        end = min(first + _LONGEST_RANGE, last)
        yield first, end
        first = end + timedelta(days=1)
