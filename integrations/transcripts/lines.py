"""From lines of a transcript to who says what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from integrations.transcripts.labels import Label, label_of, speakers_among

MAX_ROWS = 400_000
"""A document of more rows is no call: ten hours of captions have 50,000."""
_UNLABELLED = 0.2
"""Share of stretches without a name from which on names may mark changes of speaker only."""


class MalformedTranscript(ValueError):  # noqa: N818 - a state of a document; callers raise their own
    """A document is not a transcript of its format.

    Attributes:
        line: where, counted from 1.
        expected: what was expected there.
    """

    def __init__(self, line: int, expected: str) -> None:
        super().__init__(f"line {line}: {expected}")
        self.line = line
        self.expected = expected


def rows_of(text: str) -> list[str]:
    """Return the rows of a document, without the empty ones at its end.

    Raises:
        MalformedTranscript: there are more than `MAX_ROWS`.
    """
    rows = text.rstrip(" \t\n").split("\n")
    _no_more_than_a_call(len(rows))
    return rows


def _no_more_than_a_call(rows: int) -> None:
    if rows > MAX_ROWS:
        raise MalformedTranscript(1, f"expected one call; this has {rows} lines")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands in the source. Its repr shows no words."""

    text: str = field(repr=False)
    start: float | None = None
    """Seconds from the start of the call."""
    end: float | None = None
    voice: str | None = None
    """The speaker when the format names one beside the text."""
    opens: bool = True
    """False for a line that goes on with the stretch of the line before."""
    changes: bool = False
    """True where a dash says that somebody else begins."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A stretch of speech. Its repr shows no words."""

    name: str | None
    """As written; None when nothing says who speaks."""
    text: str = field(repr=False)
    start: float | None = None
    end: float | None = None
    mail: str | None = None


def spoken(lines: Sequence[Line], beginnings: int) -> list[Spoken]:
    """Return who says what; no words are left out, and none without a name get one by guess.

    A stretch without a name belongs to nobody, except where names plainly mark changes of speaker
    only: no name ever follows itself, and many stretches have none. Then it goes on with the one
    before.

    Args:
        lines: in order.
        beginnings: how many lines would begin with a name if every stretch of speech did.

    Raises:
        MalformedTranscript: there are more than `MAX_ROWS` lines.
    """
    _no_more_than_a_call(len(lines))
    labels = [label_of(line.text) if line.voice is None else None for line in lines]
    speakers = speakers_among((label for label in labels if label), beginnings)
    named = [_named(line, label, speakers) for line, label in zip(lines, labels, strict=True)]
    goes_on = _marks_changes_only(named, lines)
    told: list[Spoken] = []
    for stretch, line in zip(named, lines, strict=True):
        before = told[-1] if told else None
        if stretch.name is None and before is not None and (goes_on or not line.opens):
            ends = stretch.end if stretch.end is not None else before.end
            told.append(Spoken(before.name, stretch.text, stretch.start, ends, before.mail))
        else:
            told.append(stretch)
    return told


def _named(line: Line, label: Label | None, speakers: frozenset[str]) -> Spoken:
    if line.voice is not None:
        return Spoken(line.voice, line.text, line.start, line.end)
    if label is None or label.key not in speakers:
        return Spoken(None, line.text, line.start, line.end)
    words = line.text[label.words_at :].strip()
    return Spoken(label.written, words, line.start, line.end, label.mail)


def _marks_changes_only(stretches: Sequence[Spoken], lines: Sequence[Line]) -> bool:
    if any(line.voice is not None or line.changes for line in lines):
        return False
    names = [s.name for s, line in zip(stretches, lines, strict=True) if line.opens]
    without = names.count(None)
    repeats = any(a is not None and a == b for a, b in pairwise(names))
    return not repeats and without < len(names) and without >= _UNLABELLED * len(names)
