"""Gong's words to ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bantam.domain.calls import Call, CallId, Participant, Side
from integrations.gong.wire import CallTranscript, CrmContext, ExtensiveCall, Party
from integrations.speech import NOBODY, Said, language_tag, turns_of, with_unknown_voices

_SIDES = {"internal": Side.SELLER, "external": Side.BUYER}
_PREFIX = "gong:"


def call_id(gong_id: str) -> CallId:
    """Return our id of a Gong call."""
    return CallId(_PREFIX + gong_id)


def gong_id(call_id: CallId) -> str:
    """Return Gong's id of one of its calls."""
    return call_id.removeprefix(_PREFIX)


def to_call(call: ExtensiveCall, transcript: CallTranscript) -> Call:
    """Return the call; the transcript may be empty, unknown speakers are kept."""
    turns = turns_of(_sentences(transcript))
    people = tuple(_people(call.parties or ()))
    return Call(
        id=call_id(call.meta.id),
        title=call.meta.title or "",
        started_at=call.meta.started,
        language=language_tag(call.meta.language),
        participants=with_unknown_voices(people, turns),
        turns=turns,
        source="gong",
        url=call.meta.url,
        crm_ids=tuple(dict.fromkeys(_crm_ids(call.context or ()))),
    )


def _sentences(transcript: CallTranscript) -> Iterator[Said]:
    for monologue in transcript.transcript or ():
        for sentence in monologue.sentences or ():
            yield Said(
                monologue.speaker_id or NOBODY,
                sentence.text or "",
                _seconds(sentence.start),
                _seconds(sentence.end),
            )


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else max(milliseconds, 0) / 1000


def _people(parties: Sequence[Party]) -> Iterator[Participant]:
    """Yield who was there; those who were only invited and never spoke were not."""
    taken: set[str] = set()
    for number, party in enumerate(parties):
        if party.speaker_id is None and party.methods == ("Invitee",):
            continue
        free = party.speaker_id is not None and party.speaker_id not in taken
        own_id = party.speaker_id if free and party.speaker_id else f"party-{number}"
        taken.add(own_id)
        yield Participant(
            id=own_id,
            name=party.name or party.email or f"Unknown person {number + 1}",
            email=party.email,
            side=_SIDES.get((party.affiliation or "").lower(), Side.UNKNOWN),
            title=party.title,
        )


def _crm_ids(contexts: Sequence[CrmContext]) -> Iterator[str]:
    for context in contexts:
        for linked in context.objects:
            if context.system and linked.type and linked.id:
                yield f"{context.system.lower()}:{linked.type.lower()}:{linked.id}"
