"""How far evidence carries a level: a number from 0 to 1 that shrinks weak readings to unknown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bantam.domain.bant import Flag
from bantam.domain.calls import Side
from bantam.domain.evidence import Evidence, Match

_ONE_QUOTE = 0.8
_MORE_QUOTES = 0.9
_UNKNOWN_SIDE_AT_MOST = 0.5
_DOUBTS = {
    Flag.HYPOTHETICAL: 0.8,
    Flag.ADDED_NEGATION: 0.7,
    Flag.ADDED_NUMBER: 0.9,
    Flag.VALUE_DIFFERS: 0.8,
    Flag.CONTRADICTED: 0.8,
    Flag.NO_DATE: 0.7,
}


def confidence_of(evidence: Sequence[Evidence], flags: Collection[Flag], certainty: float) -> float:
    """Return the confidence of a reading, 0 to 1, rounded to three places.

    Until it can be calibrated on reviews: 0.8 for one quote, 0.9 for more, times a factor per
    doubt, times the extractor's own certainty; at most one half on words of an unknown side.

    Args:
        evidence: what passed the gates.
        flags: what the gates found doubtful.
        certainty: the extractor's own, 0 to 1.
    """
    if not evidence:
        return 0.0
    value = _MORE_QUOTES if len(evidence) > 1 else _ONE_QUOTE
    if all(item.match is Match.ELSEWHERE for item in evidence):
        value *= 0.9
    for flag in flags:
        value *= _DOUBTS.get(flag, 1.0)
    if all(item.side is Side.UNKNOWN for item in evidence):
        value = min(value, _UNKNOWN_SIDE_AT_MOST)
    return round(value * certainty, 3)
