"""From a filled-in form to a meeting in a calendar. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from pydantic import AwareDatetime, Field, model_validator

from bantam.domain.value import Value, digest


class FormResponse(Value):
    """Somebody's answers to a form, as of his last edit."""

    form_id: str
    response_id: str
    """Stays the same when the response is edited."""
    submitted_at: AwareDatetime
    """Of the last edit."""
    email: str | None = None
    """Only if the form collects it."""
    answers: Mapping[str, tuple[str, ...]] = {}
    """By the question's title."""

    @property
    def key(self) -> str:
        """Tells this version of the response from earlier ones."""
        return digest(self.form_id, self.response_id, self.submitted_at.isoformat())


class Busy(Value):
    """A stretch of time [start, end) in which somebody is busy."""

    start: AwareDatetime
    end: AwareDatetime


class Meeting(Value):
    """A meeting that is to stand in a calendar."""

    event_id: str = Field(pattern=r"^[a-v0-9]{5,1024}$")
    """Ours, see `event_id`: booking twice cannot make two."""
    summary: str
    start: AwareDatetime
    end: AwareDatetime
    time_zone: str = "UTC"
    """IANA name, for showing; the instants are those of `start` and `end`."""
    attendees: tuple[str, ...] = ()
    """E-mail addresses."""
    with_video: bool = True
    origin: str = ""
    """What led to it, such as the response's id; kept on the event."""

    @model_validator(mode="after")
    def _runs_forward(self) -> Meeting:
        if self.end <= self.start:
            raise ValueError("end: must be after start")
        return self


def event_id(form_id: str, response_id: str) -> str:
    """Return the calendar event's id for a form response: lowercase base32hex of a SHA-256."""
    hashed = hashlib.sha256(f"{form_id}|{response_id}".encode()).digest()
    return base64.b32hexencode(hashed).decode().rstrip("=").lower()
