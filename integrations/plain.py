"""Plain text: `Name: text` and `[time] Name: text`, a stretch a line."""

from __future__ import annotations

import re

from bantam.errors import CallFileError
from integrations.speech import Said, seconds_of

_NAME = r"[^\W\d_][^:\n\[\]<>{}\"?!]{0,58}?"
_SPEAKER = re.compile(rf"\s*({_NAME})\s*(?:\([^()\n]{{0,40}}\))?\s*:\s+(.*)\Z", re.DOTALL)
_CLOCK = r"(\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?)"
_TIMED = re.compile(rf"\s*[\[(]?{_CLOCK}[\])]?\s*(?:-\s+)?(.*)\Z", re.DOTALL)
_MOST_NAME_WORDS = 5


def speaker_and_words(line: str) -> tuple[str | None, str]:
    """Return the speaker that a line names, None when it names none, and the words.

    A name is at most five words before a colon and a space; "So here is the thing: we ..." names
    nobody.
    """
    match = _SPEAKER.match(line)
    if not match or len(match[1].split()) > _MOST_NAME_WORDS or not _like_a_name(match[1]):
        return None, line.strip()
    return " ".join(match[1].split()), match[2].strip()


def read_plain(text: str, path: str) -> list[Said]:
    """Return the stretches of a plain transcript; lines that name nobody go on the one before.

    Raises:
        CallFileError: no line names a speaker.
    """
    said: list[Said] = []
    for raw in text.split("\n"):
        if not raw.strip():
            continue
        timed = _TIMED.match(raw)
        start = seconds_of(timed[1].replace(",", ".")) if timed else None
        name, words = speaker_and_words(timed[2] if timed else raw)
        if name is not None:
            said.append(Said(name, words, start))
        elif said:
            before = said[-1]
            said[-1] = Said(before.voice, f"{before.text} {words}", before.start)
    if not said:
        raise CallFileError(
            path, "line 1", "expected lines such as `Ana: text` or `[00:12] Ana: text`"
        )
    return said


def _like_a_name(text: str) -> bool:
    """Names have a capital, a digit ("Speaker 1") or are one word ("ana", "persuader")."""
    return (
        len(text.split()) == 1
        or any(c.isdigit() for c in text)
        or all(w[:1].isupper() or w.casefold() in _PARTICLES for w in text.split())
    )


_PARTICLES = frozenset(
    {
        "van",
        "von",
        "de",
        "der",
        "den",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "y",
        "of",
        "and",
        "&",
        "-",
        "|",
    }
)
