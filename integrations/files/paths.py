"""From what a user names to files: folders, globs, links, and what is not there."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bantam.errors import CallFileError
from integrations.files.formats import LINES, READERS
from integrations.files.tally import Tally

SUFFIXES = frozenset(READERS) | LINES
"""What a folder is searched for."""

Found = Path | CallFileError


def files_of(path: str, tally: Tally) -> Iterator[Found]:
    """Yield the files that a path means, in order of names, and errors for what cannot be listed.

    Args:
        path: a file, a folder or a glob. A name that exists is never taken for a glob.
        tally: counts the files of a folder that are left out.
    """
    if not path or "\x00" in path:
        yield CallFileError(repr(path), "path", "expected the name of a file or folder")
        return
    given = Path(path)
    try:
        is_folder = stat.S_ISDIR(given.stat().st_mode)
    except FileNotFoundError:
        yield from _missing(given, path, tally)
    except OSError as error:
        yield unreadable(given, error)
    else:
        yield from _folder(given, tally) if is_folder else [given]


def unreadable(file: Path, error: OSError) -> CallFileError:
    """Return what the operating system says of a file or folder."""
    return CallFileError(file, "file", f"cannot be read: {error.strerror or type(error).__name__}")


def _missing(given: Path, path: str, tally: Tally) -> Iterator[Found]:
    if given.is_symlink():
        yield CallFileError(given, "file", "cannot be read: the link leads to nothing")
        return
    if not glob.has_magic(path):
        yield CallFileError(given, "path", "no such file or folder")
        return
    names = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - takes absolute globs too
    if not names:
        yield CallFileError(given, "path", "no file matches")
    for name in names:
        yield from _folder(Path(name), tally) if Path(name).is_dir() else [Path(name)]


def _folder(folder: Path, tally: Tally) -> Iterator[Found]:
    nothing = True
    for found in _walk(folder, tally):
        nothing = False
        yield found
    if nothing:
        known = ", ".join(sorted(SUFFIXES))
        yield CallFileError(folder, "path", f"no call files in this folder; expected {known}")


def _walk(folder: Path, tally: Tally) -> Iterator[Found]:
    """Walk a folder in order of names; each real folder once, so that a loop of links ends."""
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            info = here.stat()
            if (is_folder := stat.S_ISDIR(info.st_mode)) and (info.st_dev, info.st_ino) in seen:
                continue
            if stat.S_ISREG(info.st_mode):
                yield here
                continue
            if not is_folder:  # a pipe or device would wait for somebody to write
                tally.left_out += 1
                continue
            seen.add((info.st_dev, info.st_ino))
            waiting.extend(_entries(here, tally))
        except OSError as error:
            yield unreadable(here, error)


def _entries(folder: Path, tally: Tally) -> list[Path]:
    """Return what a folder holds for us, last name first; what it holds besides is counted."""
    kept = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_folder(entry) or Path(entry.name).suffix.lower() in SUFFIXES:
                kept.append(entry.name)
            else:
                tally.left_out += 1
    return [folder / name for name in sorted(kept, reverse=True)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
