"""Fathom's words to ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bantam.domain.calls import Call, CallId, Participant, Side
from integrations.fathom.wire import Meeting, Speaker, Utterance
from integrations.speech import Said, language_tag, seconds_of, turns_of, with_unknown_voices

_PREFIX = "fathom:"


def call_id(recording_id: int) -> CallId:
    """Return our id of a Fathom recording."""
    return CallId(f"{_PREFIX}{recording_id}")


def recording_id(call_id: CallId) -> int | None:
    """Return Fathom's id of one of its recordings; None when it is none of them."""
    digits = call_id.removeprefix(_PREFIX)
    return int(digits) if digits.isascii() and digits.isdigit() else None


def to_call(meeting: Meeting, transcript: Sequence[Utterance]) -> Call:
    """Return the call; who is external is the buyer, who is internal or records is the seller."""
    people, voices = _people(meeting, [u.speaker for u in transcript])
    said = (Said(voices[_key(u.speaker)], u.text, seconds_of(u.timestamp)) for u in transcript)
    turns = turns_of(said)
    return Call(
        id=call_id(meeting.recording_id),
        title=meeting.title or "",
        started_at=meeting.started_at,
        language=language_tag(meeting.transcript_language),
        participants=with_unknown_voices(people, turns),
        turns=turns,
        source="fathom",
        url=meeting.url,
    )


def _key(speaker: Speaker) -> str:
    return (speaker.matched_calendar_invitee_email or speaker.display_name).lower()


def _people(
    meeting: Meeting, speakers: Sequence[Speaker]
) -> tuple[tuple[Participant, ...], dict[str, str]]:
    """Return who was there or invited, and which of them each speaker key is."""
    people = {p.id: p for p in _invited(meeting)}
    by_shown_name = {
        (i.matched_speaker_display_name or "").lower(): _invitee_id(i.email, i.name)
        for i in meeting.calendar_invitees
        if i.matched_speaker_display_name
    }
    voices: dict[str, str] = {}
    for speaker in speakers:
        key = _key(speaker)
        email = (speaker.matched_calendar_invitee_email or "").lower()
        own_id = email if email in people else by_shown_name.get(speaker.display_name.lower(), key)
        voices[key] = own_id
        if own_id not in people and speaker.display_name.strip():
            people[own_id] = Participant(
                id=own_id,
                name=speaker.display_name,
                email=speaker.matched_calendar_invitee_email,
                side=_side_of_stranger(speaker, meeting),
            )
    return tuple(people.values()), voices


def _invited(meeting: Meeting) -> Iterator[Participant]:
    taken: set[str] = set()
    for invitee in meeting.calendar_invitees:
        own_id = _invitee_id(invitee.email, invitee.name)
        if own_id and own_id not in taken:
            taken.add(own_id)
            yield Participant(
                id=own_id,
                name=invitee.name or invitee.email or own_id,
                email=invitee.email,
                side=Side.BUYER if invitee.is_external else Side.SELLER,
            )


def _invitee_id(email: str | None, name: str | None) -> str:
    return (email or name or "").lower()


def _side_of_stranger(speaker: Speaker, meeting: Meeting) -> Side:
    recorder = meeting.recorded_by
    is_recorder = recorder and recorder.name and recorder.name == speaker.display_name
    return Side.SELLER if is_recorder else Side.UNKNOWN
