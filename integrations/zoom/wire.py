"""Zoom's JSON (API v2), as far as we read it."""

from __future__ import annotations

from pydantic import AwareDatetime

from integrations.http import Wire


class TokenAnswer(Wire):
    """POST /oauth/token."""

    access_token: str
    expires_in: float = 3600
    """Seconds."""


class Recording(Wire):
    """One occurrence of a meeting that was recorded."""

    uuid: str
    """One occurrence; `id` is shared by all of a series."""
    id: int
    topic: str | None = None
    host_id: str | None = None
    start_time: AwareDatetime | None = None


class RecordingPage(Wire):
    """GET /users/{id}/recordings."""

    meetings: list[Recording]
    next_page_token: str | None = None


class TranscriptState(Wire):
    """GET /meetings/{id}/transcript."""

    can_download: bool
    download_url: str | None = None
    download_restriction_reason: str | None = None
    """NOT_READY may pass; DELETED_OR_TRASHED, UNSUPPORTED, NO_TRANSCRIPT_DATA are for good."""


class Attendee(Wire):
    """Somebody who was there."""

    id: str | None = None
    """Zoom's user id; empty for guests."""
    name: str | None = None
    user_email: str | None = None


class AttendeePage(Wire):
    """GET /past_meetings/{id}/participants."""

    participants: list[Attendee]
    next_page_token: str | None = None
