"""Gong's JSON (API V2), as far as we read it."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from integrations.http import Wire


class Records(Wire):
    """Where a page stands."""

    cursor: str | None = None
    """Absent on the last page."""


class CallMeta(Wire):
    """A call without its words. Ids are strings of up to 20 digits and overflow floats."""

    id: str
    title: str | None = None
    started: AwareDatetime
    url: str | None = None
    language: str | None = None
    is_private: bool = Field(default=False, alias="isPrivate")


class CallPage(Wire):
    """GET /v2/calls."""

    records: Records = Records()
    calls: list[CallMeta]


class Party(Wire):
    """Somebody on a call; anything may be absent."""

    id: str | None = None
    email: str | None = Field(default=None, alias="emailAddress")
    name: str | None = None
    title: str | None = None
    speaker_id: str | None = Field(default=None, alias="speakerId")
    """What transcripts refer to: neither `id` nor `userId`."""
    affiliation: str | None = None
    """Internal, External or Unknown."""
    methods: tuple[str, ...] = ()
    """Invitee, Attendee."""


class CrmObject(Wire):
    """A record that Gong links to the call."""

    type: str | None = Field(default=None, alias="objectType")
    id: str | None = Field(default=None, alias="objectId")


class CrmContext(Wire):
    """The records of one CRM."""

    system: str | None = None
    objects: tuple[CrmObject, ...] = ()


class ExtensiveCall(Wire):
    """A call with its people and CRM links."""

    meta: CallMeta = Field(alias="metaData")
    parties: list[Party] | None = None
    context: list[CrmContext] | None = None


class ExtensivePage(Wire):
    """POST /v2/calls/extensive."""

    records: Records = Records()
    calls: list[ExtensiveCall]


class Sentence(Wire):
    """Times are milliseconds from the start of the call."""

    start: int | None = None
    end: int | None = None
    text: str | None = None


class Monologue(Wire):
    """One speaker's stretch on one topic."""

    speaker_id: str | None = Field(default=None, alias="speakerId")
    sentences: list[Sentence] | None = None


class CallTranscript(Wire):
    """The words of one call."""

    call_id: str = Field(alias="callId")
    transcript: list[Monologue] | None = None


class TranscriptPage(Wire):
    """POST /v2/calls/transcript."""

    records: Records = Records()
    transcripts: list[CallTranscript] = Field(alias="callTranscripts")
