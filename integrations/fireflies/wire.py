"""Fireflies' JSON, as far as we read it: tolerant, since single sentences come malformed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import Field, field_validator

from integrations.http import Wire


def moment(value: Any) -> datetime | None:
    """Return an aware UTC time from epoch milliseconds (number or text) or an ISO string."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _iso(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None


def _iso(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


class Dated(Wire):
    """A transcript's id and date."""

    id: str
    date: datetime | None = None

    @field_validator("date", mode="before")
    @classmethod
    def _any_form(cls, value: Any) -> datetime | None:
        return moment(value)


class Attendee(Wire):
    """Somebody on the calendar event."""

    display_name: str | None = Field(default=None, alias="displayName")
    email: str | None = None
    name: str | None = None


class Speaker(Wire):
    """A diarisation label; no e-mail."""

    id: str | int | None = None
    name: str | None = None


class Sentence(Wire):
    """What was said. Times are seconds, as text or as numbers."""

    speaker_id: str | int | None = None
    speaker_name: str | None = None
    text: str | None = None
    raw_text: str | None = None
    start_time: Any = None
    end_time: Any = None


class Transcript(Dated):
    """A meeting with its words."""

    title: str | None = None
    transcript_url: str | None = None
    organizer_email: str | None = None
    participants: list[str | None] | None = None
    meeting_attendees: list[Attendee | None] | None = None
    speakers: list[Speaker | None] | None = None
    sentences: list[Any] | None = None
    """Read one by one: one bad sentence must not cost the call."""


class OneData(Wire):
    """`transcript(id:)`."""

    transcript: Transcript | None = None


class OneAnswer(Wire):
    """The envelope around one."""

    data: OneData


class ManyData(Wire):
    """`transcripts(...)`."""

    transcripts: list[Dated | None]


class ManyAnswer(Wire):
    """The envelope around many."""

    data: ManyData
