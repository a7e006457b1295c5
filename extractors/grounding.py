"""Finds claimed quotes in the transcript: token-exact, never fuzzy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bantam.domain.calls import Side
from bantam.domain.evidence import Match, Rejection, Span
from extractors.call_index import CallIndex, tokenise
from extractors.claims import ClaimedQuote
from extractors.phrases import EMPTY_WORDS

_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:\.{2,}|…)\s*\]|\.{2,}|…)\s*")
_PART_WORDS = 3
"""Least words on each side of an ellipsis: fewer would let a splice through."""
_NEAR_TURNS = 2
_ELSEWHERE_WORDS = 3
"""Least meaningful words for a quote that stands far from the turn it cites."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where a claimed quote stands."""

    quoted: Span
    """Exactly the words that were claimed."""
    widened: Span
    """The sentence around them, which is what counts and what is stored."""
    before: tuple[str, ...]
    """Words of the sentence before the quote."""
    after: tuple[str, ...]
    """Words of the sentence that the quote left out in its middle or after it."""
    match: Match

    @property
    def turn(self) -> int:
        """Number of the turn the words stand in."""
        return self.quoted.turn


@dataclass(frozen=True, slots=True)
class _Hit:
    turn: int
    first: int
    last: int
    """Inclusive token indexes."""
    gaps: tuple[str, ...]


def meaningful(words: list[str]) -> int:
    """Return how many of `words` carry meaning of their own."""
    return sum(word not in EMPTY_WORDS for word in words)


def locate(quote: ClaimedQuote, index: CallIndex) -> Located | Rejection:
    """Find a claimed quote: in the cited turn, else within two turns, else anywhere.

    Words that a buyer and a seller both said are found where the buyer said them.
    """
    words = [t.word for t in tokenise(quote.text, index.fillers)]
    if not words:
        return Rejection.TOO_SHORT
    parts = [[t.word for t in tokenise(p, index.fillers)] for p in _ELLIPSIS.split(quote.text)]
    parts = [part for part in parts if part]
    found: tuple[_Hit, Match] | None = None
    for turn, match in _candidates(quote.turn, words, index):
        hit = _in_turn(index, turn, words, parts)
        if hit is None:
            continue
        if found is None or index.side(turn) is not Side.SELLER:
            found = hit, match
        if index.side(turn) is not Side.SELLER:
            break
    if found is None:
        return _why_missing(parts, index)
    hit, match = found
    if match is Match.CITED or meaningful(words) >= _least_words(match):
        return _widen(hit, match, index)
    return Rejection.TOO_SHORT


def _least_words(match: Match) -> int:
    return _ELSEWHERE_WORDS if match is Match.ELSEWHERE else 2


def _candidates(
    cited: int | None, words: list[str], index: CallIndex
) -> Iterator[tuple[int, Match]]:
    seen: set[int] = set()
    if cited is not None:
        for step in (0, *(s * d for d in range(1, _NEAR_TURNS + 1) for s in (1, -1))):
            turn = cited + step
            if 0 <= turn < len(index):
                seen.add(turn)
                yield turn, Match.NEAR if step else Match.CITED
    rarest = max(words, key=len)
    middle = cited if cited is not None else 0
    turns = [t for t, text in enumerate(index.searchable) if t not in seen and rarest in text]
    for turn in sorted(turns, key=lambda t: abs(t - middle)):
        yield turn, Match.ELSEWHERE


def _in_turn(index: CallIndex, turn: int, words: list[str], parts: list[list[str]]) -> _Hit | None:
    run = index.run(turn)
    at = run.find(words)
    if at is not None:
        return _Hit(turn, at, at + len(words) - 1, ())
    if len(parts) < 2 or any(len(part) < _PART_WORDS for part in parts):
        return None
    first: int | None = None
    gaps: list[str] = []
    end = 0
    for part in parts:
        at = run.find(part, end)
        if at is None:
            return None
        if first is None:
            first = at
        else:
            gaps += [t.word for t in run.tokens[end:at]]
        end = at + len(part)
    assert first is not None
    return _Hit(turn, first, end - 1, tuple(gaps))


def _why_missing(parts: list[list[str]], index: CallIndex) -> Rejection:
    """Return SPLICED when every part of an elided quote stands somewhere, else NOT_FOUND."""
    if len(parts) > 1 and all(
        any(
            index.run(turn).find(part) is not None
            for turn, text in enumerate(index.searchable)
            if max(part, key=len) in text
        )
        for part in parts
    ):
        return Rejection.SPLICED
    return Rejection.NOT_FOUND


def _widen(hit: _Hit, match: Match, index: CallIndex) -> Located:
    tokens = index.run(hit.turn).tokens
    start, end = tokens[hit.first].start, tokens[hit.last].end
    first, last = index.sentence(hit.turn, start, end)
    before = [t.word for t in tokens[: hit.first] if t.start >= first]
    after = [t.word for t in tokens[hit.last + 1 :] if t.end <= last]
    return Located(
        quoted=Span(turn=hit.turn, start=start, end=end),
        widened=Span(turn=hit.turn, start=first, end=last),
        before=tuple(before),
        after=(*hit.gaps, *after),
        match=match,
    )
