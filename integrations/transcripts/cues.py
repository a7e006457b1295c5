"""WebVTT and SRT: blocks of a time line and words.

Own parser, because the ones that exist drop what they cannot read: a cue with a misspelt time, the
words after an empty line in a cue, the cue in which a file was cut. Here each of these is an error
that names its line, or its words are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from integrations.transcripts.lines import Line, MalformedTranscript, Spoken, rows_of, spoken
from integrations.transcripts.markup import without_markup

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2}(?:[.,]\d{1,6})?)"
_TIMING = re.compile(rf"\s{{0,20}}{_TIME}\s{{0,20}}-->\s{{0,20}}{_TIME}(?=\s|\Z)", re.ASCII)
_LOOKS_TIMED = re.compile(r"\s{0,20}\d{1,4}:\S{0,20}\s{0,20}-->|\s{0,20}-->")
_ONLY_FIGURES = re.compile(r"[\d:.,>\s-]{1,60}", re.ASCII)
_NOT_SPEECH = re.compile(r"NOTE(?:\s|\Z)|(?:STYLE|REGION)\s*\Z")
_VOICE = re.compile(r"(<v(?:\.[^\s<>]*)?(?:\s+[^<>]*)?>|</v>)", re.IGNORECASE)
_DASH = re.compile(r"\s*[-–]\s*(?=\S)")
_EXPECTED_TIME = "expected a time such as 00:01:02.500 --> 00:01:04.000"


@dataclass(slots=True)
class _Cue:
    start: float
    end: float
    payload: list[str] = field(default_factory=list)


def read_captions(text: str) -> list[Spoken]:
    """Return what is said in a WebVTT or SRT document, in the order of the file.

    Args:
        text: decoded. The WEBVTT line and the numbers of cues may be missing.

    Raises:
        MalformedTranscript: a time cannot be read, words stand before the first time, or there
            are far too many lines.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    rows = rows_of(text)
    if _TIMING.match(rows[-1]) and not text.endswith("\n"):
        raise MalformedTranscript(len(rows), "expected words after this time; the file seems cut")
    lines = [line for cue in _cues(rows) for line in _lines(cue)]
    return spoken(lines, beginnings=sum(line.opens for line in lines))


def _cues(rows: list[str]) -> Iterator[_Cue]:
    cue: _Cue | None = None
    at = _after_header(rows)
    opens = True  # a block begins here
    while at < len(rows):
        row = rows[at]
        if "-->" in row and (timing := _TIMING.match(row)):
            if cue:
                yield cue
            cue = _Cue(_seconds(timing, 1), _seconds(timing, 4))
        elif not row.strip():
            opens, at = True, at + 1
            continue
        elif opens and _NOT_SPEECH.match(row) and not _has_time(rows, at + 1):
            at = _after_block(rows, at)
            continue
        elif not ((opens or row.strip().isdecimal()) and _has_time(rows, at + 1)):
            # else it is the name or number of the next cue
            _take(cue, rows, at, opens=opens)
        opens, at = False, at + 1
    if cue:
        yield cue


def _take(cue: _Cue | None, rows: list[str], at: int, *, opens: bool) -> None:
    """Add a row to the words of its cue, unless it is what is left of a time."""
    row = rows[at]
    broken = _LOOKS_TIMED.match(row) or ("-->" in row and cue is None)
    figures = opens and _ONLY_FIGURES.fullmatch(row)
    if broken or (figures and (row.count(":") > 1 or at == len(rows) - 1)):
        raise MalformedTranscript(at + 1, _EXPECTED_TIME)
    if cue is None:
        raise MalformedTranscript(at + 1, f"{_EXPECTED_TIME} before the first words")
    cue.payload.append(row)


def _has_time(rows: list[str], at: int) -> bool:
    return at < len(rows) and _LOOKS_TIMED.match(rows[at]) is not None


def _after_header(rows: list[str]) -> int:
    first = next((i for i, row in enumerate(rows) if row.strip()), len(rows))
    if first == len(rows) or not re.match(r"\s*WEBVTT(?:\s|\Z)", rows[first]):
        return first
    at = first + 1
    while at < len(rows) and rows[at].strip() and "-->" not in rows[at]:
        if _has_time(rows, at + 1):
            break
        at += 1
    return at


def _after_block(rows: list[str], at: int) -> int:
    while at < len(rows) and rows[at].strip():
        at += 1
    return at


def _seconds(timing: re.Match[str], at: int) -> float:
    hours, minutes, seconds = timing.group(at, at + 1, at + 2)
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))


def _lines(cue: _Cue) -> Iterator[Line]:
    """Yield a cue's lines: a voice tag, a name or a dash begins another stretch."""
    voice: str | None = None
    payload = [row for row in cue.payload if row.strip()]
    dashed = len(payload) > 1 and all(_DASH.match(row) for row in payload)
    if dashed:
        payload = [_DASH.sub("", row, count=1) for row in payload]
    opens = True
    for row in payload:
        for piece in _VOICE.split(row) if "<" in row else (row,):
            if _VOICE.fullmatch(piece):
                voice, opens = _name_in(piece), True
                continue
            text = " ".join(without_markup(piece).split())
            if text:
                yield Line(text, cue.start, cue.end, voice, opens or dashed, dashed)
                opens = False


def _name_in(tag: str) -> str | None:
    name = re.sub(r"\A<v(?:\.[^\s<>]*)?", "", tag, flags=re.IGNORECASE).strip("<>/ \t")
    return " ".join(without_markup(name).split()) or None if not tag.startswith("</") else None
