"""Cuts a transcript that does not fit a model's window, and merges what its parts say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Flag, Reading
from extractors.prompts import estimated_tokens

_OVERLAP = 0.1
"""Share of a part that is repeated from the part before, so that answers keep their question."""
_VAGUE = 1
"""A level that later, vague words do not bring an earlier reading down to."""
_QUOTES_KEPT = 6


def split_lines(lines: Sequence[str], most_tokens: int) -> list[list[str]]:
    """Cut a transcript's lines into parts of about `most_tokens`, between turns.

    A turn that is longer than that alone is cut by words: its pieces keep its tag.
    """
    if estimated_tokens("".join(lines)) + 2 * len(lines) <= most_tokens:
        return [list(lines)]
    pieces = [piece for line in lines for piece in _pieces(line, most_tokens)]
    sizes = [estimated_tokens(piece) + 1 for piece in pieces]
    if sum(sizes) <= most_tokens:
        return [pieces]
    parts: list[list[str]] = []
    start = 0
    while start < len(pieces):
        end, filled = start, 0
        while end < len(pieces) and (end == start or filled + sizes[end] <= most_tokens):
            filled += sizes[end]
            end += 1
        parts.append(pieces[start:end])
        if end == len(pieces):
            break
        start = _overlapped(sizes, start, end, most_tokens)
    return parts


def _overlapped(sizes: Sequence[int], start: int, end: int, most_tokens: int) -> int:
    repeated = 0
    first = end
    while first - 1 > start and repeated + sizes[first - 1] <= most_tokens * _OVERLAP:
        first -= 1
        repeated += sizes[first]
    return first


def _pieces(line: str, most_tokens: int) -> list[str]:
    if estimated_tokens(line) < most_tokens:
        return [line]
    tag, _, text = line.partition("] ")
    words = text.split(" ")
    ends = list(accumulate(estimated_tokens(word) + 1 for word in words))
    room = max(1, most_tokens - estimated_tokens(tag) - 2)
    cut: dict[int, list[str]] = {}
    for word, end in zip(words, ends, strict=True):
        cut.setdefault(end // room, []).append(word)
    return [f"{tag}] {' '.join(piece)}" for piece in cut.values()]


def merge_readings(parts: Sequence[Mapping[Criterion, Reading]]) -> dict[Criterion, Reading]:
    """Return one reading per criterion from the readings of a call's parts, in order.

    Authority and need: the highest level reached. Budget and timeframe: the last clear words
    win; vague words (level 1) do not take back what was said before.
    """
    return {c: _merged(c, [readings[c] for readings in parts]) for c in Criterion}


def _merged(criterion: Criterion, readings: Sequence[Reading]) -> Reading:
    rejected = tuple(item for reading in readings for item in reading.rejected)
    said = [reading for reading in readings if reading.level != NOT_DISCUSSED]
    if not said:
        fallen = next((r for r in readings if Flag.UNGROUNDED in r.flags), readings[-1])
        return fallen.model_copy(update={"rejected": rejected})
    if criterion in {Criterion.AUTHORITY, Criterion.NEED}:
        chosen = max(said, key=_height)
    else:
        clear = [reading for reading in said if reading.level != _VAGUE]
        chosen = (clear or said)[-1]
    agreeing = [r for r in said if r is not chosen and r.level == chosen.level]
    spans = {item.span: item for r in (chosen, *agreeing) for item in r.evidence}
    flags = list(chosen.flags)
    if any(reading.level != chosen.level for reading in said):
        flags.append(Flag.CONTRADICTED)
    return chosen.model_copy(
        update={
            "evidence": tuple(spans.values())[:_QUOTES_KEPT],
            "rejected": rejected,
            "flags": tuple(dict.fromkeys(flags)),
        }
    )


def _height(reading: Reading) -> int:
    assert reading.level != NOT_DISCUSSED
    return reading.level
