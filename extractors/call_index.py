"""A call prepared for looking up words: tokens and sentences per turn, made on first use."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from bantam.domain.calls import Call, Side
from extractors.injection import injection_turns
from extractors.phrases import LANGUAGES

_INVISIBLE = (
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e01ef"
)
_MARKS = f"\u0300-\u036f'’ʼ`´{_INVISIBLE}"
# Scripts without spaces are cut into characters; else a quote that starts in the middle of
# a run of them could never be found. A currency sign is a word: $50 is not €50.
_TOKEN = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    rf"|[^\W_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff](?:[^\W_]|[{_MARKS}])*"
    r"|[$€£¥₹%]"
)
_STRIP = re.compile(f"[{_MARKS}]")
_INVISIBLE_RUN = re.compile(f"[{_INVISIBLE}]+")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*\s+(?![a-zà-ÿ])|[。！？]+|\n+")

_FILLERS = frozenset(
    ("uh", "uhm", "uhh", "umm", "erm", "ehm", "hm", "hmm", "mm", "mmm", "mhm", "äh", "ähm", "euh")
)
_ENGLISH_FILLERS = _FILLERS | {"um", "er", "eh", "ah"}
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text: normalised, with its half-open place in code points."""

    word: str
    start: int
    end: int


def fold(text: str) -> str:
    """Return `text` in the form words are compared in: NFKC, lower case, nothing invisible."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _INVISIBLE_RUN.sub("", plain)


def fillers_of(language: str) -> frozenset[str]:
    """Return the sounds that carry no meaning; "um" and "er" are words outside English."""
    return _ENGLISH_FILLERS if language == "en" else _FILLERS


def tokenise(text: str, fillers: frozenset[str] = frozenset()) -> list[Token]:
    """Cut `text` into normalised words, leaving out `fillers`."""
    tokens = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        if not word.isalnum() or not word.isascii():
            word = _STRIP.sub("", fold(word)) or word
        else:
            word = word.lower()
        if word not in fillers:
            tokens.append(Token(word, match.start(), match.end()))
    return tokens


class TokenRun:
    """The words of one text in order, searchable as exact runs."""

    __slots__ = ("_joined", "tokens")

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self._joined = _SEPARATOR + "".join(t.word + _SEPARATOR for t in tokens)

    def find(self, words: list[str], start: int = 0) -> int | None:
        """Return the index of the first token of an exact run of `words` at or after `start`."""
        offset = sum(len(t.word) + 1 for t in self.tokens[:start])
        at = self._joined.find(_SEPARATOR + _SEPARATOR.join(words) + _SEPARATOR, offset)
        return None if at < 0 else self._joined.count(_SEPARATOR, 0, at + 1) - 1


class CallIndex:
    """Tokens, sentences and sides of one call. Make one per call; not shared between threads."""

    def __init__(self, call: Call, *, fiscal_year_start_month: int = 1) -> None:
        self.call = call
        self.fiscal_year_start_month = fiscal_year_start_month
        self.fillers = fillers_of(call.language)
        self.knows_language = call.language in LANGUAGES
        self._runs: dict[int, TokenRun] = {}
        self._sides = [p.side for p in map(call.speaker_of, range(len(call.turns)))]

    def __len__(self) -> int:
        return len(self._sides)

    def side(self, turn: int) -> Side:
        """Return the side of turn number `turn`; from metadata, never from words."""
        return self._sides[turn]

    def run(self, turn: int) -> TokenRun:
        """Return the words of turn number `turn`."""
        found = self._runs.get(turn)
        if found is None:
            found = TokenRun(tokenise(self.call.turns[turn].text, self.fillers))
            self._runs[turn] = found
        return found

    @cached_property
    def folded(self) -> list[str]:
        """The text of every turn, folded."""
        return [fold(turn.text) for turn in self.call.turns]

    @cached_property
    def searchable(self) -> list[str]:
        """The folded texts without apostrophes and accents apart, as words are compared."""
        return [_STRIP.sub("", text) for text in self.folded]

    @cached_property
    def injected(self) -> frozenset[int]:
        """Turns that address the reader of the transcript; never evidence."""
        return injection_turns(self.folded, self._sides)

    def sentence(self, turn: int, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of the sentences of `turn` that hold the stretch [start, end).

        An unpunctuated turn is one sentence; of a very long one, sixty words each side.
        """
        text = self.call.turns[turn].text
        first, last = 0, len(text)
        for match in _SENTENCE_END.finditer(text):
            if match.end() <= start:
                first = match.end()
            elif match.start() >= end:
                last = match.end()
                break
        return self._within_reach(turn, (first, last), (start, end))

    def _within_reach(
        self, turn: int, sentence: tuple[int, int], quote: tuple[int, int]
    ) -> tuple[int, int]:
        first, last = sentence
        if last - first > _LONG_SENTENCE:
            tokens = self.run(turn).tokens
            before = [t.start for t in tokens if first <= t.start <= quote[0]]
            after = [t.end for t in tokens if quote[1] <= t.end <= last]
            first = before[-_REACH] if len(before) > _REACH else first
            last = after[_REACH - 1] if len(after) > _REACH else last
        text = self.call.turns[turn].text
        while first < last and text[first].isspace():
            first += 1
        while last > first and text[last - 1].isspace():
            last -= 1
        return first, last


_LONG_SENTENCE = 600
"""Code points; below this a sentence cannot hold two reaches of words."""
_REACH = 60
"""Words kept on each side of a quote in an unpunctuated turn."""
