"""Calls from files, folders, globs and standard input: one by one, errors in their place."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.files.formats import READERS, read_document
from integrations.files.native import loads, read_native
from integrations.files.sides import SideRules

STDIN = "-"
MAX_FILE_BYTES = 50 * 1024 * 1024
"""A whole-file format larger than this is refused before it is read; JSON lines may be any size."""
MAX_LINE_BYTES = 50 * 1024 * 1024

SUFFIXES = frozenset(READERS) | {".jsonl"}
"""What a folder is searched for."""

Item = Call | CallFileError


def iter_calls(
    paths: Sequence[str], *, sides: SideRules | None = None, stdin: BinaryIO | None = None
) -> Iterator[Item]:
    """Yield calls and, in the place of what cannot be read, errors; never raises for one file.

    Thousands of files stream: one is open at a time. The same call twice with the same words is
    yielded once; the same id with other words is an error that names both places.

    Args:
        paths: files, folders (walked in order of names), globs, or "-" for standard input
            (JSON lines, or one whole document).
        sides: which participants are sellers.
        stdin: stands in for standard input.
    """
    rules = sides or SideRules()
    seen: dict[str, tuple[str, str]] = {}
    for path in paths:
        for place, item in _from_path(path, rules, stdin):
            if isinstance(item, CallFileError):
                yield item
            elif item.id not in seen:
                seen[item.id] = (item.transcript_digest, place)
                yield item
            elif seen[item.id][0] != item.transcript_digest:
                expected = f"call id {item.id!r} was in {seen[item.id][1]} with other words"
                yield CallFileError(place, "id", expected)


def _from_path(path: str, rules: SideRules, stdin: BinaryIO | None) -> Iterator[tuple[str, Item]]:
    if path == STDIN:
        stream = stdin or sys.stdin.buffer
        yield from _from_stream(stream, rules)
        return
    found = False
    for file in _files(path):
        found = True
        for item in _from_file(file, rules):
            yield str(file), item
    if not found:
        yield path, CallFileError(path, "path", _why_nothing(path))


def _files(path: str) -> Iterator[Path]:
    """Yield the files that a path means, lazily, in order of names."""
    given = Path(path)
    if given.is_dir():
        yield from _walk(given)
    elif given.exists() or not glob.has_magic(path):
        if given.exists() or given.is_symlink():
            yield given
    else:
        for name in sorted(glob.iglob(path, recursive=True)):  # noqa: PTH207 - takes absolute globs too
            yield from _walk(Path(name)) if Path(name).is_dir() else [Path(name)]


def _walk(folder: Path) -> Iterator[Path]:
    """Walk a folder; links to folders are not followed, so that a loop of links ends."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                yield Path(where) / name


def _why_nothing(path: str) -> str:
    if Path(path).is_dir():
        return f"no call files in this folder; expected {', '.join(sorted(SUFFIXES))}"
    if glob.has_magic(path):
        return "no file matches"
    return "no such file or folder"


def _from_file(file: Path, rules: SideRules) -> Iterator[Item]:
    try:
        if file.suffix.lower() == ".jsonl":
            with file.open("rb") as stream:
                yield from _lines(stream, str(file), rules)
            return
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            most = MAX_FILE_BYTES // 1024**2
            raise CallFileError(
                file, f"{size // 1024**2} MB", f"expected at most {most} MB; use JSON lines"
            )
        yield from read_document(file.read_bytes(), file, rules)
    except CallFileError as error:
        yield error
    except OSError as error:
        yield CallFileError(file, "file", error.strerror or type(error).__name__)


def _from_stream(stream: BinaryIO, rules: SideRules) -> Iterator[tuple[str, Item]]:
    """Read JSON lines, or one document of any format when the first line is no JSON line."""
    name = "<stdin>"
    first = stream.readline(MAX_LINE_BYTES)
    if first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") and _is_json(first):
        yield from ((name, item) for item in _lines(_Chained(first, stream), name, rules))
        return
    try:
        rest = stream.read(MAX_FILE_BYTES + 1)
        if len(rest) > MAX_FILE_BYTES:
            most = MAX_FILE_BYTES // 1024**2
            raise CallFileError(name, "stream", f"expected at most {most} MB; use JSON lines")
        for item in read_document(first + rest, Path(name), rules):
            yield name, item
    except CallFileError as error:
        yield name, error


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


def _lines(stream: BinaryIO | _Chained, path: str, rules: SideRules) -> Iterator[Item]:
    number, empty = 0, True
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        place = f"line {number}"
        if len(line) > MAX_LINE_BYTES:
            yield CallFileError(path, place, f"expected at most {MAX_LINE_BYTES // 1024**2} MB")
            _skip_line(stream)
            continue
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not text:
            continue
        empty = False
        try:
            yield read_native(loads(text, path, place), path, place, rules)
        except CallFileError as error:
            yield error
    if empty:
        yield CallFileError(path, "file", "is empty; expected one call a line")


def _skip_line(stream: BinaryIO | _Chained) -> None:
    while (part := stream.readline(MAX_LINE_BYTES)) and not part.endswith(b"\n"):
        pass


def _is_json(line: bytes) -> bool:
    try:
        loads(line.removeprefix(b"\xef\xbb\xbf"), "", "line 1")
    except CallFileError:
        return False
    return True
