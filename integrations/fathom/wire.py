"""Fathom's JSON, as far as we read it."""

from __future__ import annotations

from pydantic import AwareDatetime

from integrations.http import Wire


class Invitee(Wire):
    """Somebody on the calendar event."""

    name: str | None = None
    email: str | None = None
    is_external: bool
    matched_speaker_display_name: str | None = None


class Recorder(Wire):
    """Whose Fathom recorded the meeting."""

    name: str | None = None
    email: str | None = None


class Speaker(Wire):
    """Who speaks, and the invitee that Fathom takes him for."""

    display_name: str
    matched_calendar_invitee_email: str | None = None


class Utterance(Wire):
    """What was said; `timestamp` is HH:MM:SS from the start, and there is no end."""

    speaker: Speaker
    text: str
    timestamp: str | None = None


class Meeting(Wire):
    """A recorded meeting without its words."""

    recording_id: int
    title: str | None = None
    url: str | None = None
    created_at: AwareDatetime
    recording_start_time: AwareDatetime | None = None
    scheduled_start_time: AwareDatetime | None = None
    transcript_language: str | None = None
    calendar_invitees: tuple[Invitee, ...] = ()
    recorded_by: Recorder | None = None

    @property
    def started_at(self) -> AwareDatetime:
        """When it started, as well as Fathom knows."""
        return self.recording_start_time or self.scheduled_start_time or self.created_at


class MeetingPage(Wire):
    """GET /meetings."""

    items: list[Meeting]
    next_cursor: str | None = None


class TranscriptAnswer(Wire):
    """GET /recordings/{id}/transcript."""

    transcript: list[Utterance]
