"""Zoom's words to ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bantam.domain.calls import Call, CallId, Participant, Side
from integrations.speech import NOBODY, Said, turns_of, with_unknown_voices
from integrations.zoom.wire import Attendee, Recording

_PREFIX = "zoom:"
_TO_URL = str.maketrans("+/", "-_")
_FROM_URL = str.maketrans("-_", "+/")


def call_id(uuid: str) -> CallId:
    """Return our id of one occurrence: the uuid without characters that break addresses."""
    return CallId(_PREFIX + uuid.translate(_TO_URL))


def uuid_of(call_id: CallId) -> str:
    """Return Zoom's uuid of one of its calls."""
    return call_id.removeprefix(_PREFIX).translate(_FROM_URL)


def to_call(
    recording: Recording, started_at: datetime, cues: Sequence[Said], attendees: Sequence[Attendee]
) -> Call:
    """Return the call. The host is the seller; of the others Zoom does not say who they are.

    Cues carry names only; one that exactly one attendee has gets that attendee's address.
    """
    people = tuple(_people(attendees, recording.host_id))
    ids: dict[str, str] = {}
    for person in people:
        # Two people of one name: the words belong to neither of them for sure.
        name = _plain(person.name)
        ids[name] = "" if name in ids else person.id
    turns = turns_of(_said(cues, ids))
    named = tuple(_named_voices(cues, ids))
    return Call(
        id=call_id(recording.uuid),
        title=recording.topic or "",
        started_at=started_at,
        participants=with_unknown_voices((*people, *named), turns),
        turns=turns,
        source="zoom",
    )


def _plain(name: str | None) -> str:
    return " ".join((name or "").casefold().split())


def _voice(name: str, ids: dict[str, str]) -> str:
    return ids.get(_plain(name)) or f"voice-{_plain(name)}"


def _said(cues: Sequence[Said], ids: dict[str, str]) -> Iterator[Said]:
    last = NOBODY
    for cue in cues:
        # A cue without a name goes on with who spoke before.
        last = _voice(cue.voice, ids) if cue.voice != NOBODY else last
        yield Said(last, cue.text, cue.start, cue.end)


def _named_voices(cues: Sequence[Said], ids: dict[str, str]) -> Iterator[Participant]:
    names = {_voice(cue.voice, ids): cue.voice for cue in cues if cue.voice != NOBODY}
    for voice, name in names.items():
        if voice.startswith("voice-"):
            yield Participant(id=voice, name=name)


def _people(attendees: Sequence[Attendee], host_id: str | None) -> Iterator[Participant]:
    """Yield who was there, each once: somebody who rejoins is listed again."""
    seen: set[tuple[str, str]] = set()
    for attendee in attendees:
        key = (attendee.user_email or "", _plain(attendee.name))
        if not any(key) or key in seen:
            continue
        seen.add(key)
        is_host = host_id is not None and attendee.id == host_id
        yield Participant(
            id=f"person-{len(seen)}",
            name=attendee.name or attendee.user_email or "",
            email=attendee.user_email or None,
            side=Side.SELLER if is_host else Side.UNKNOWN,
        )
