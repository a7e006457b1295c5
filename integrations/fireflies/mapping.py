"""Fireflies' words to ours."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from pydantic import ValidationError

from bantam.domain.calls import Call, CallId, Participant
from integrations.fireflies.wire import Attendee, Sentence, Transcript
from integrations.speech import NOBODY, Said, seconds_of, turns_of, with_unknown_voices

_log = logging.getLogger(__name__)
_PREFIX = "fireflies:"


def call_id(fireflies_id: str) -> CallId:
    """Return our id of a Fireflies meeting."""
    return CallId(_PREFIX + fireflies_id)


def fireflies_id(call_id: CallId) -> str:
    """Return Fireflies' id of one of its meetings."""
    return call_id.removeprefix(_PREFIX)


def to_call(transcript: Transcript, started_at: datetime) -> Call:
    """Return the call. Sides stay unknown: Fireflies does not say who sells.

    Speakers are labels without e-mail; one whose name is that of exactly one attendee is taken
    to be that attendee, as the best guess that there is.
    """
    sentences = _readable(transcript)
    turns = turns_of(_said(sentences))
    voices = dict(_voices(transcript, sentences))
    attendees = [a for a in transcript.meeting_attendees or () if a]
    people = tuple(_people(voices, attendees, transcript.participants or ()))
    return Call(
        id=call_id(transcript.id),
        title=transcript.title or "",
        started_at=started_at,
        participants=with_unknown_voices(people, turns),
        turns=turns,
        source="fireflies",
        url=transcript.transcript_url,
    )


def _readable(transcript: Transcript) -> list[Sentence]:
    """Return the sentences that can be read; the others are counted in the log."""
    found, lost = [], 0
    for raw in transcript.sentences or ():
        try:
            found.append(Sentence.model_validate(raw))
        except ValidationError:
            lost += 1
    if lost:
        _log.warning("fireflies: transcript %s: %d unreadable sentences", transcript.id, lost)
    return found


def _voice(sentence: Sentence) -> str:
    if sentence.speaker_id is not None:
        return str(sentence.speaker_id)
    return sentence.speaker_name or NOBODY


def _said(sentences: Sequence[Sentence]) -> Iterator[Said]:
    for s in sentences:
        text = s.text or s.raw_text or ""
        yield Said(_voice(s), text, seconds_of(s.start_time), seconds_of(s.end_time))


def _voices(
    transcript: Transcript, sentences: Sequence[Sentence]
) -> Iterator[tuple[str, str | None]]:
    """Yield voices and their names; what the sentences say counts before the speaker list."""
    for speaker in transcript.speakers or ():
        if speaker and speaker.id is not None:
            yield str(speaker.id), speaker.name
    for sentence in sentences:
        if sentence.speaker_name:
            yield _voice(sentence), sentence.speaker_name


def _people(
    voices: dict[str, str | None], attendees: Sequence[Attendee], invited: Sequence[str | None]
) -> Iterator[Participant]:
    emails: set[str] = set()
    for voice, name in voices.items():
        if not name:
            continue
        email = _email_of(name, attendees)
        emails.add((email or "").lower())
        yield Participant(id=voice, name=name, email=email)
    others = [(a.email, a.name or a.display_name) for a in attendees if a.email]
    others += [(email, None) for email in invited if email]
    for email, name in others:
        if email and email.lower() not in emails:
            emails.add(email.lower())
            yield Participant(id=f"attendee-{email.lower()}", name=name or email, email=email)


def _email_of(name: str, attendees: Sequence[Attendee]) -> str | None:
    wanted = _plain(name)
    fits = {
        a.email for a in attendees if a.email and wanted in {_plain(a.name), _plain(a.display_name)}
    }
    return fits.pop() if len(fits) == 1 else None


def _plain(name: str | None) -> str:
    return " ".join((name or "").casefold().split())
