"""Which words of a cue to quote: the sentence that carries it, short enough to be read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bantam.domain.bant import Criterion
from extractors.claims import ClaimedQuote
from extractors.embedded.cues import Cue, about_of, sentences_in

_SHORT = 5
"""A sentence of fewer words is quoted with the one after it."""
_SUMMARY = 110
"""Code points of a summary."""


def quotes_of(criterion: Criterion, cues: Sequence[Cue]) -> tuple[ClaimedQuote, ...]:
    """Return the most telling sentence of each cue, as it stands in its turn."""
    return tuple(
        ClaimedQuote(turn=cue.turn, text=telling_sentence(criterion, cue.text)) for cue in cues
    )


def telling_sentence(criterion: Criterion, text: str) -> str:
    """Return the sentence of `text` that says most about a criterion; all of a short text."""
    candidates = _candidates(text)
    if len(candidates) < 2:
        return text
    scores = about_of(criterion, candidates)
    return candidates[scores.index(max(scores))]


def _candidates(text: str) -> list[str]:
    spans = sentences_in(text)
    found = []
    for number, (start, end) in enumerate(spans):
        if len(text[start:end].split()) >= _SHORT:
            found.append(text[start:end].strip())
        elif number + 1 < len(spans):
            found.append(text[start : spans[number + 1][1]].strip())
    return found


def shortened(text: str) -> str:
    """Return `text` on one line, cut after a word where it is long."""
    line = re.sub(r"\s+", " ", text).strip()
    if len(line) <= _SUMMARY:
        return line
    return line[:_SUMMARY].rsplit(" ", 1)[0].rstrip(",;:-") + " ..."
