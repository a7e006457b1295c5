"""Finds turns that address the reader of the transcript instead of the people on the call.

No list of phrases is complete. It is one gate of several: the reply has no field for a score,
the side comes from metadata, and a quote must stand in the transcript.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bantam.domain.calls import Side
from extractors.injection_phrases import (
    ADDRESSED,
    AI_WORDS,
    FIELD_WORDS,
    MACHINERY,
    OVERRIDES,
    RATINGS,
    READER_WORDS,
    RULE_WORDS,
    SHOUTED_SCORES,
    TOP_WORDS,
    WHOEVER_READS,
)

_REACH = 240
"""Code points to read before and after a trigger word."""
_WORD = re.compile(r"\w+")
_MARKS = re.compile(r"[<>\[\]{}|=`#*]|--|\b(?:system|assistant|developer)\s*:|transcri|[\"']\s*:")
_SPACED = re.compile(r"(?<!\w)(?:\w[ .\-_*]){4,}\w(?!\w)")
_LEET = re.compile(r"[a-z][0134][a-z]")
_LOOKALIKES = str.maketrans("аеорсухіѕԁɡ0134", "aeopcyxisdgoiea")
_CLOSING = " .!?…"


@dataclass(frozen=True, slots=True)
class _Family:
    """A kind of attack: the words without which it cannot be one, and what it looks like."""

    triggers: frozenset[str]
    also: frozenset[str] | None
    pattern: re.Pattern[str]

    def possible(self, words: frozenset[str]) -> bool:
        """Return whether a call that holds `words` can hold such an attack."""
        return not self.triggers.isdisjoint(words) and (
            self.also is None or not self.also.isdisjoint(words)
        )


_FAMILIES = (
    _Family(RULE_WORDS, None, OVERRIDES),
    _Family(AI_WORDS, None, ADDRESSED),
    _Family(READER_WORDS, None, WHOEVER_READS),
    _Family(FIELD_WORDS, TOP_WORDS, RATINGS),
    _Family(TOP_WORDS, None, SHOUTED_SCORES),
)


def injection_turns(folded: Sequence[str], sides: Sequence[Side]) -> frozenset[int]:
    """Return the turns whose words address the reader of the transcript.

    Turns are read joined with their neighbours in the conversation and with those of their own
    side, because an attack may be cut over several turns.

    Args:
        folded: the text of every turn, folded.
        sides: the side of every turn.
    """
    found = {t for t, text in enumerate(folded) if _MARKS.search(text) and MACHINERY.search(text)}
    readings = [folded]
    plain = [_undisguised(text) for text in folded]
    if plain != list(folded):
        readings.append(plain)
    for texts in readings:
        present = frozenset(_WORD.findall(" ".join(texts)))
        families = [family for family in _FAMILIES if family.possible(present)]
        for lane in _lanes(sides) if families else ():
            joined = _Lane.of(lane, texts)
            for family in families:
                found.update(joined.attacks(family.pattern, family.triggers & present))
    return frozenset(found)


def _lanes(sides: Sequence[Side]) -> list[list[int]]:
    lanes = [list(range(len(sides)))]
    return lanes + [[t for t in lanes[0] if sides[t] is side] for side in set(sides)]


@dataclass(frozen=True, slots=True)
class _Lane:
    """Turns joined into one text, a line each, to be searched around trigger words."""

    turns: Sequence[int]
    ends: Sequence[int]
    text: str

    @classmethod
    def of(cls, turns: Sequence[int], texts: Sequence[str]) -> _Lane:
        # A full stop at the end of a turn would hide an attack that goes on in the next.
        lines = [texts[turn].rstrip(_CLOSING) + "\n" for turn in turns]
        return cls(turns, list(accumulate(map(len, lines))), "".join(lines))

    def attacks(self, pattern: re.Pattern[str], triggers: frozenset[str]) -> Iterator[int]:
        """Yield the turns that a match of `pattern` near one of `triggers` stretches over."""
        for start, end in self._surroundings(triggers):
            for match in pattern.finditer(self.text, start, end):
                first = bisect_right(self.ends, match.start())
                last = bisect_right(self.ends, match.end() - 1)
                yield from self.turns[first : last + 1]

    def _surroundings(self, triggers: frozenset[str]) -> Iterator[tuple[int, int]]:
        """Yield stretches of text around the triggers, in order, overlapping ones joined."""
        current: tuple[int, int] | None = None
        for at in sorted(at for word in triggers for at in self._places(word)):
            if current is not None and at - _REACH <= current[1]:
                current = current[0], at + _REACH
                continue
            if current is not None:
                yield current
            current = max(0, at - _REACH), at + _REACH
        if current is not None:
            yield current

    def _places(self, word: str) -> Iterator[int]:
        at = self.text.find(word)
        while at >= 0:
            before = self.text[at - 1 : at] if at else ""
            if not before.isalnum() and not self.text[at + len(word)].isalnum():
                yield at
            at = self.text.find(word, at + 1)


def _undisguised(text: str) -> str:
    """Return `text` with look-alike letters, digits for letters and spaced-out words undone."""
    if not text.isascii() or _LEET.search(text):
        text = text.translate(_LOOKALIKES)
    return _SPACED.sub(lambda m: re.sub(r"[ .\-_*]", "", m.group()), text)
