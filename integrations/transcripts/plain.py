"""Plain transcripts: `Name: text`, `[time] Name: text`, or a name and a time above the words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from integrations.speech import seconds_of
from integrations.transcripts.labels import is_capitalised, label_of
from integrations.transcripts.lines import Line, MalformedTranscript, Spoken, rows_of, spoken

_CLOCK = r"[0-9]{1,3}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,3})?"
_BRACKETED = re.compile(rf"\s{{0,20}}[\[(]\s?({_CLOCK})\s?[\])]\s{{0,5}}(?:[-–]\s)?")
_BARE = re.compile(rf"\s{{0,20}}({_CLOCK})\s{{1,5}}(?:[-–]\s)?")
_TIMED_NAME = re.compile(rf"(.{{1,80}}?) [(\[]\s?({_CLOCK})\s?[)\]]")
_HEADING = re.compile(
    rf"\s{{0,20}}(?:\[(?P<boxed>[^\[\]\n]{{1,60}})\]|(?P<name>[^\W\d_][^:\n\[\]()]{{0,59}}?))"
    rf"\s{{1,20}}[\[(]?(?P<clock>{_CLOCK})[\])]?\s{{0,20}}\Z"
)
_TITLES = frozenset({"call", "meeting", "meeting title", "subject", "title", "topic"})
_DATES = frozenset({"date", "recorded", "start", "start time", "started", "started at", "time"})
_ABOUT = _TITLES | _DATES | {"attendees", "duration", "language", "location", "participants"}


@dataclass(frozen=True, slots=True)
class PlainTranscript:
    """A plain transcript, and what the lines above it say of the call."""

    said: list[Spoken]
    title: str | None = None
    started_at: datetime | None = None


def read_plain(text: str) -> PlainTranscript:
    """Return what is said, in the order of the lines; a line without a name goes on.

    Raises:
        MalformedTranscript: neither names nor times tell that this is a transcript, or there are
            far too many lines.
    """
    rows = [row for row in rows_of(text) if row.strip()]
    about = _about(rows)
    rows = rows[len(about) :]
    headed = list(_under_headings(rows))
    said = headed or [_with_times(s) for s in spoken(list(_lines(rows)), beginnings=len(rows))]
    timed = sum(_BRACKETED.match(row) is not None for row in rows)
    if all(s.name is None for s in said) and timed * 2 <= len(rows):
        raise MalformedTranscript(1, "expected lines such as `Ana: text` or `[00:12] Ana: text`")
    title = next((value for key, value in about if key in _TITLES), None)
    dates = (_moment(value) for key, value in about if key in _DATES)
    return PlainTranscript(said, title, next((d for d in dates if d), None))


def _about(rows: Sequence[str]) -> list[tuple[str, str]]:
    """Return the lines above the transcript that tell of the call: `Title: ...`, `Date: ...`."""
    about = []
    for row in rows:
        label = label_of(row)
        if label is None or label.key not in _ABOUT:
            break
        about.append((label.key, row[label.words_at :].strip()))
    return about


def _moment(text: str) -> datetime | None:
    """Return an aware time; a day alone is its noon, and UTC when no offset is given."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= len("2026-03-02"):
        moment = moment.replace(hour=12)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _lines(rows: Sequence[str]) -> Iterator[Line]:
    for row in rows:
        bracketed = _BRACKETED.match(row)
        # Without brackets it is a time only before a name: people say "10:30 works for me".
        bare = _BARE.match(row)
        timed = bracketed or (bare if bare and label_of(row[bare.end() :]) else None)
        start = _seconds(timed[1]) if timed else None
        words = row[timed.end() :] if timed else row
        yield Line(" ".join(words.split()), start, opens=start is not None)


def _with_times(stretch: Spoken) -> Spoken:
    """Take a time that stands in brackets after the name: `Ana (00:12): text`."""
    timed = _TIMED_NAME.fullmatch(stretch.name or "")
    if not timed:
        return stretch
    start = _seconds(timed[2]) if stretch.start is None else stretch.start
    return replace(stretch, name=timed[1], start=start)


def _under_headings(rows: Sequence[str]) -> Iterator[Spoken]:
    """Yield the stretches of a transcript whose names stand above the words, with their times.

    Nothing when it is not of this kind: at least two such headings, and more than other names.
    """
    headings = [_heading(row) for row in rows]
    count = sum(h is not None for h in headings)
    if count < 2 or count <= sum(label_of(row) is not None for row in rows):
        return
    # Zoom's saved captions give the time of day in this form, not the time into the call.
    boxed = [_seconds(h["clock"]) for h in headings if h and h["boxed"]]
    began = boxed[0] or 0.0 if boxed else 0.0
    name, start = None, None
    for row, heading in zip(rows, headings, strict=True):
        if heading is None:
            yield Spoken(name, " ".join(row.split()), start)
            continue
        name = " ".join((heading["boxed"] or heading["name"]).split())
        since = _seconds(heading["clock"])
        start = since - began if since is not None and since >= began else None


def _heading(row: str) -> re.Match[str] | None:
    found = _HEADING.match(row)
    if not found:
        return None
    name = found["boxed"] or found["name"]
    return found if len(name.split()) <= 5 and is_capitalised(name) else None


def _seconds(clock: str) -> float | None:
    return seconds_of(clock.replace(",", "."))
