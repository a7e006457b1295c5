"""Calls from files, folders, globs and standard input: one by one, errors in their place."""

from __future__ import annotations

import io
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.files.encoding import decoded, encoding_of
from integrations.files.formats import LINES, TEXTS, calls_in, read_document
from integrations.files.jsontext import loads
from integrations.files.origin import Origin, utc_now
from integrations.files.paths import files_of, unreadable
from integrations.files.sides import SideRules
from integrations.files.tally import Tally

STDIN = "-"
MAX_FILE_BYTES = 50 * 1024 * 1024
"""JSON larger than this is refused before it is read; JSON lines may be any size."""
MAX_TEXT_BYTES = 10 * 1024 * 1024
"""The same for captions and plain text: ten hours of them have two."""
MAX_LINE_BYTES = 50 * 1024 * 1024

Item = Call | CallFileError


@dataclass(frozen=True, slots=True)
class _Reading:
    """What stays the same while calls are read."""

    rules: SideRules
    tally: Tally
    clock: Callable[[], datetime]


def iter_calls(
    paths: Sequence[str],
    *,
    sides: SideRules | None = None,
    stdin: BinaryIO | None = None,
    tally: Tally | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Item]:
    """Yield calls and, in the place of what cannot be read, errors; never raises for one file.

    Thousands of files stream: one is open at a time. The same call twice with the same content is
    yielded once and counted; the same id with other content is an error that names both places.

    Args:
        paths: files, folders (walked in order of names), globs, or "-" for standard input
            (JSON lines, or one whole document).
        sides: which participants are sellers.
        stdin: stands in for standard input.
        tally: is told what was left out.
        clock: dates calls of standard input that state no date.
    """
    reading = _Reading(sides or SideRules(), tally or Tally(), clock)
    seen: dict[str, tuple[int, str]] = {}
    for path in paths:
        for place, item in _from_path(path, reading, stdin):
            if isinstance(item, CallFileError):
                yield item
                continue
            content = _content(item)
            if item.id not in seen:
                seen[item.id] = (content, place)
                reading.tally.undated += item.started_at_is_guess
                yield item
            elif seen[item.id][0] == content:
                reading.tally.repeated += 1
            else:
                other = seen[item.id][1]
                expected = f"call {item.id!r} is in {other} with other content; give one another id"
                yield CallFileError(place, "id", expected)


def _content(call: Call) -> int:
    """Return what readings of one call have in common, wherever its file lies."""
    dated = None if call.started_at_is_guess else call.started_at
    about = (call.title, call.language, call.deal_id, call.url, call.crm_ids, dated)
    return hash((about, call.participants, call.turns))


def _from_path(path: str, reading: _Reading, stdin: BinaryIO | None) -> Iterator[tuple[str, Item]]:
    if path == STDIN:
        origin = Origin(Path("<stdin>"), clock=reading.clock)
        for item in _safely(_from_stream(stdin or sys.stdin.buffer, origin, reading), origin):
            yield "<stdin>", item
        return
    for found in files_of(path, reading.tally):
        if isinstance(found, CallFileError):
            yield found.path, found
            continue
        origin = Origin(found, clock=reading.clock)
        place = str(found)
        for item in _safely(_from_file(origin, reading), origin):
            yield place, item


def _safely(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    """Yield items, and the error that ends them as the last one."""
    try:
        yield from items
    except CallFileError as error:
        yield error
    except OSError as error:
        yield unreadable(origin.file, error)


def _from_file(origin: Origin, reading: _Reading) -> Iterator[Item]:
    info = origin.file.stat()
    with origin.file.open("rb") as stream:
        if not stat.S_ISREG(info.st_mode):  # a pipe, as shells make them for <(command)
            yield from _from_stream(stream, origin, reading)
            return
        if origin.file.suffix.lower() in LINES and encoding_of(stream.peek(4)[:4])[1] == "utf-8":
            yield from _lines(stream, origin, reading)
            return
        most = MAX_TEXT_BYTES if origin.file.suffix.lower() in TEXTS else MAX_FILE_BYTES
        if info.st_size > most:
            raise CallFileError(origin.file, f"{info.st_size // 1024**2} MB", _too_long(most))
        yield from _document(stream.read(info.st_size), origin, reading)


def _from_stream(stream: BinaryIO, origin: Origin, reading: _Reading) -> Iterator[Item]:
    """Read JSON lines, or one document of any format when the first line is no JSON object."""
    first = stream.readline(MAX_LINE_BYTES)
    while first and not first.strip():
        first = stream.readline(MAX_LINE_BYTES)
    if _is_object(first):
        yield from _lines(_Chained(first, stream), origin, reading)
        return
    rest = stream.read(MAX_FILE_BYTES + 1)
    if len(first) + len(rest) > MAX_FILE_BYTES:
        raise CallFileError(origin.file, "stream", _too_long(MAX_FILE_BYTES))
    yield from _document(first + rest, origin, reading)


def _document(data: bytes, origin: Origin, reading: _Reading) -> Iterator[Item]:
    suffix = origin.file.suffix.lower()
    if encoding_of(data)[1] != "utf-8":
        data = decoded(data, str(origin.file)).encode()
    if suffix in LINES or (not suffix and _is_object(data.partition(b"\n")[0])):
        yield from _lines(io.BytesIO(data), origin, reading)
    else:
        yield from read_document(data, origin, reading.rules)


class _Chained:
    """A line that was read already, then the rest of its stream."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first = first
        self._rest = rest

    def readline(self, limit: int) -> bytes:
        if self._first:
            line, self._first = self._first, b""
            return line
        return self._rest.readline(limit)


def _lines(stream: BinaryIO | _Chained, origin: Origin, reading: _Reading) -> Iterator[Item]:
    number, empty = 0, True
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        here = origin.at(f"line {number}", number)
        if len(line) > MAX_LINE_BYTES:
            most = MAX_LINE_BYTES // 1024**2
            yield CallFileError(origin.file, here.place, f"expected at most {most} MB")
            _skip_line(stream)
            continue
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not text:
            continue
        empty = False
        try:
            yield from calls_in(loads(text, str(origin.file), here.place), here, reading.rules)
        except CallFileError as error:
            yield error
    if empty:
        yield CallFileError(origin.file, "file", "is empty; expected one call a line")


def _skip_line(stream: BinaryIO | _Chained) -> None:
    while (part := stream.readline(MAX_LINE_BYTES)) and not part.endswith(b"\n"):
        pass


def _is_object(line: bytes) -> bool:
    """Return whether a line is a whole JSON object."""
    bare = line.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        return bare.startswith(b"{") and isinstance(loads(bare, "", "line 1"), dict)
    except CallFileError:
        return False


def _too_long(most: int) -> str:
    return f"expected at most {most // 1024**2} MB; a call a line (*.jsonl) may be any size"
