"""From a recorder's sentences to turns, and from its many ways of naming a language to ours."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bantam.domain.calls import Participant, Side, Turn

LONGEST_PAUSE_SECONDS = 20.0
LONGEST_TURN_CHARS = 800
"""A stretch is cut here, at a sentence, so that a quote's time stays near its words."""

NOBODY = "unknown"
"""The voice of words that the recorder lays to nobody."""

_TAGS = {
    "chi": "zh", "zho": "zh", "cze": "cs", "ces": "cs", "dan": "da", "dut": "nl", "nld": "nl",
    "eng": "en", "fin": "fi", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "heb": "he",
    "hin": "hi", "ita": "it", "jpn": "ja", "kor": "ko", "nor": "no", "pol": "pl", "por": "pt",
    "rus": "ru", "spa": "es", "swe": "sv", "tur": "tr", "ukr": "uk",
}  # fmt: skip


_NAMES = {
    "chinese": "zh", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en",
    "finnish": "fi", "french": "fr", "german": "de", "hebrew": "he", "hindi": "hi",
    "italian": "it", "japanese": "ja", "korean": "ko", "norwegian": "no", "polish": "pl",
    "portuguese": "pt", "russian": "ru", "spanish": "es", "swedish": "sv", "turkish": "tr",
    "ukrainian": "uk",
}  # fmt: skip
"""Whisper servers write languages out."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Said:
    """One sentence of a recorder's transcript. Its repr shows no words."""

    voice: str
    """Whatever the recorder tells its speakers apart by."""
    text: str = field(repr=False)
    start: float | None = None
    """Seconds from the start of the call."""
    end: float | None = None


def turns_of(sentences: Iterable[Said]) -> tuple[Turn, ...]:
    """Join consecutive sentences of one voice into turns; blank ones are left out."""
    turns: list[Turn] = []
    for said in sentences:
        text = " ".join(without_controls(said.text).split())
        if not text:
            continue
        start, end = _in_order(said)
        last = turns[-1] if turns else None
        if last and last.speaker == said.voice and _goes_on(last, text, start):
            ends_at = end if end is not None else last.end
            joined = {"text": f"{last.text} {text}", "end": ends_at}
            turns[-1] = last.model_copy(update=joined)
        else:
            turns.append(Turn(speaker=said.voice, text=text, start=start, end=end))
    return tuple(turns)


def _in_order(said: Said) -> tuple[float | None, float | None]:
    if said.start is not None and said.end is not None and said.end < said.start:
        return said.start, said.start
    return said.start, said.end


def _goes_on(last: Turn, text: str, start: float | None) -> bool:
    if len(last.text) + len(text) > LONGEST_TURN_CHARS:
        return False
    since = last.end if last.end is not None else last.start
    return since is None or start is None or start - since <= LONGEST_PAUSE_SECONDS


def with_unknown_voices(
    people: Iterable[Participant], turns: Iterable[Turn]
) -> tuple[Participant, ...]:
    """Return the people, and an unnamed participant for each voice that is none of them."""
    known = list(people)
    ids = {p.id for p in known}
    strangers: dict[str, Participant] = {}
    for turn in turns:
        if turn.speaker not in ids and turn.speaker not in strangers:
            name = f"Unknown speaker {len(strangers) + 1}"
            strangers[turn.speaker] = Participant(id=turn.speaker, name=name, side=Side.UNKNOWN)
    return (*known, *strangers.values())


def without_controls(text: str) -> str:
    """Return the text without control characters: databases and terminals trip over them.

    Those that stand between words (form feeds, separators) become spaces.
    """
    return _CONTROL.sub(lambda found: " " if found[0].isspace() else "", text)


def seconds_of(value: object) -> float | None:
    """Return seconds from a number, a numeric string or [hh:]mm:ss; None for anything else."""
    try:
        if isinstance(value, str) and ":" in value:
            parts = [float(part) for part in value.split(":")]
            seconds = sum(part * 60.0**place for place, part in enumerate(reversed(parts)))
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            seconds = float(value)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def language_tag(language: str | None) -> str:
    """Return the two-letter primary tag: "eng", "en-US", "English" and None are "en"."""
    primary = (language or "").strip().lower().replace("_", "-").partition("-")[0]
    if known := _TAGS.get(primary) or _NAMES.get(primary):
        return known
    return primary if len(primary) == 2 and primary.isalpha() else "en"
