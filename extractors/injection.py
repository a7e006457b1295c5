"""Finds turns that address the reader of the transcript instead of the people on the call.

No list of phrases is complete. It is one gate of several: the reply has no field for a score,
the side comes from metadata, and a quote must stand in the transcript.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from bantam.domain.calls import Side
from extractors.injection_phrases import (
    ADDRESSED,
    AI_WORDS,
    BEFORE_MACHINE,
    FIELD_WORDS,
    GIVE_WORDS,
    MACHINE_WORDS,
    MACHINERY,
    OVERRIDES,
    RATINGS,
    READER_WORDS,
    RULE_WORDS,
    SHOUTED_SCORES,
    TOP_WORDS,
    WHOEVER_READS,
)
from extractors.injection_signs import HINTS, speaks_to_a_reader

_REACH = 180
"""Code points after a trigger word in which an attack must end."""
_LEAD = 40
"""Code points before a trigger in which what must stand before it is looked for."""
_NEAR = 3
"""Turns around a disguised one that are read with it."""
_ANY_WORD = re.compile(r"\w+")
_WORD = re.compile(r"(?<!\w)\w+")
_MARKS = (
    *("<", ">", "[", "{", "|", "=", "###", "---", "***", "```", '":', "':", "transcri", "level:"),
    *("system", "assistant", "developer", "admin", "sistema", "systeme", "système", "role", "json"),
    *("override", "new task", "new instruction", "new order", "new goal"),
    *("budget:", "authority:", "need:", "timeframe:", "score:"),
)
"""Without one of these a turn holds no fake machinery."""
_LETTERS_IN_A_ROW = "1" * 5
_SPACED = re.compile(r"(?<!\w)(?:\w[ .\-*]){4,}\w(?!\w)")
_LEET = re.compile(r"[0134](?=[a-z])")
_LOOKALIKE = re.compile(r"[\u0400-\u052f\u0261]")
_LOOKALIKES = str.maketrans("аеорсухіѕԁɡ0134", "aeopcyxisdgoiea")
_CLOSING = " .!?…"


@dataclass(frozen=True, slots=True)
class _Family:
    """A kind of attack: the words without which it cannot be one, and what it looks like."""

    triggers: frozenset[str]
    pattern: re.Pattern[str]
    begins: int
    """How many code points before the trigger it begins at most."""
    also: frozenset[str] | None = None
    """Words of which one must stand near the trigger."""
    before: re.Pattern[str] | None = None
    """What must stand just before the trigger."""

    def within(self, words: frozenset[str]) -> _Family | None:
        """Return what of the family a call that holds just `words` can hold, if anything."""
        triggers = self.triggers & words
        also = None if self.also is None else self.also & words
        if not triggers or also == frozenset():
            return None
        return replace(self, triggers=triggers, also=also)


_FAMILIES = (
    _Family(RULE_WORDS, OVERRIDES, 30),
    _Family(AI_WORDS, ADDRESSED, 60),
    _Family(MACHINE_WORDS, ADDRESSED, 60, before=BEFORE_MACHINE),
    _Family(READER_WORDS, WHOEVER_READS, 45),
    _Family(FIELD_WORDS, RATINGS, 60, also=TOP_WORDS),
    _Family(GIVE_WORDS, SHOUTED_SCORES, 0, also=TOP_WORDS),
)


def injection_turns(folded: Sequence[str], sides: Sequence[Side]) -> frozenset[int]:
    """Return the turns whose words address the reader of the transcript.

    Turns are read joined with their neighbours in the conversation and with those of their own
    side, because an attack may be cut over several turns.

    Args:
        folded: the text of every turn, folded.
        sides: the side of every turn.
    """
    whole = "\n".join(folded)
    marks = [mark for mark in _MARKS if mark in whole]
    found = {
        turn
        for turn, text in enumerate(folded)
        if any(mark in text for mark in marks) and MACHINERY.search(text)
    }
    found.update(
        t for t, text in enumerate(folded) if HINTS.search(text) and speaks_to_a_reader(text)
    )
    for texts, words in _readings(folded, whole):
        families = [family for f in _FAMILIES if (family := f.within(words))]
        for lane in _lanes(sides) if families else ():
            joined = _Lane.of(lane, texts)
            for family in families:
                found.update(joined.attacks(family))
    return frozenset(found)


def _readings(folded: Sequence[str], whole: str) -> Iterator[tuple[Sequence[str], frozenset[str]]]:
    """Yield the turns as they are, and undisguised where that reads otherwise; with their words."""
    words = _ANY_WORD.findall(whole)
    yield folded, frozenset(words)
    lengths = "".join(["1" if len(word) == 1 else "-" for word in words])
    leet = any(whole[m.start() - 1].isalpha() for m in _LEET.finditer(whole))
    if _LETTERS_IN_A_ROW in lengths or leet or _LOOKALIKE.search(whole):
        plain = [_undisguised(text) for text in folded]
        changed = [turn for turn, text in enumerate(folded) if plain[turn] != text]
        near = {turn + step for turn in changed for step in range(-_NEAR, _NEAR + 1)}
        plain = [text if turn in near else "" for turn, text in enumerate(plain)]
        yield plain, frozenset(_ANY_WORD.findall("\n".join(plain)))


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

    def attacks(self, family: _Family) -> Iterator[int]:
        """Yield the turns that an attack of the family stretches over."""
        tried: set[int] = set()
        for at in [at for word in family.triggers for at in self._places(word, family)]:
            first, end = max(0, at - family.begins), at + _REACH
            near = self.text[first:end]
            if family.also and not any(word in near for word in family.also):
                continue
            # Patterns begin with a word: trying them at words alone is several times faster.
            for word in _WORD.finditer(self.text, first, at + 1):
                start = word.start()
                if start not in tried:
                    tried.add(start)
                    match = family.pattern.match(self.text, start, end)
                    if match is not None:
                        yield from self._covered(start, match.end())

    def _covered(self, start: int, end: int) -> Sequence[int]:
        return self.turns[bisect_right(self.ends, start) : bisect_right(self.ends, end - 1) + 1]

    def _places(self, word: str, family: _Family) -> Iterator[int]:
        at = self.text.find(word)
        while at >= 0:
            before = self.text[at - 1 : at] if at else ""
            if not before.isalnum() and not self.text[at + len(word)].isalnum():
                lead = self.text[max(0, at - _LEAD) : at]
                if family.before is None or family.before.search(lead):
                    yield at
            at = self.text.find(word, at + 1)


def _undisguised(text: str) -> str:
    """Return `text` with look-alike letters, digits for letters and spaced-out words undone."""
    if not text.isascii() or _LEET.search(text):
        # Amounts such as 40k lose their digits here too; they stand in the other reading.
        text = text.translate(_LOOKALIKES)
    return _SPACED.sub(lambda m: re.sub(r"[ .\-*]", "", m.group()), text)
