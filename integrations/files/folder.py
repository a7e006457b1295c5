"""A folder as a source of calls: whatever is dropped there is read once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bantam.domain.calls import Call, CallId, CallWindow
from bantam.errors import CallFileError
from integrations.files.sides import SideRules
from integrations.files.source import iter_calls

_log = logging.getLogger(__name__)


class FolderSource:
    """Implements `CallSource`. Thread-safe.

    A file counts as new when it was changed, not by the time of its call: people drop old
    recordings too. Files that cannot be read are named in the log, each time they change.
    """

    name = "folder"
    overlap = timedelta(minutes=10)
    """A copy that keeps a file's older time is missed; `bantam score` reads it."""

    def __init__(self, folder: Path, sides: SideRules) -> None:
        """Take the folder, and who is a seller. Nothing is read yet."""
        self._folder = folder
        self._sides = sides
        self._where: dict[CallId, Path] = {}
        self._seen: dict[Path, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        """Yield the calls of files that were changed since the window began, each once."""
        since = window.since.timestamp()
        with self._lock:
            for file, changed in self._files():
                if changed >= since:
                    yield from (call.id for call in self._read(file))

    def fetch(self, call_id: CallId) -> Call:
        """Return one call.

        Raises:
            CallFileError: no file of the folder holds it any more, or it cannot be read.
        """
        with self._lock:
            known = self._where.get(call_id)
            for file in [known] if known else [f for f, _ in self._files()]:
                for call in self._read(file):
                    if call.id == call_id:
                        return call
        raise CallFileError(self._folder, f"call {call_id}", "no file here holds this call")

    def _files(self) -> Iterator[tuple[Path, float]]:
        for file in sorted(self._folder.rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                yield file, file.stat().st_mtime

    def _read(self, file: Path) -> Iterator[Call]:
        stat = file.stat()
        stamp = (stat.st_mtime, stat.st_size)
        for item in iter_calls([str(file)], sides=self._sides):
            if isinstance(item, Call):
                self._where[item.id] = file
                yield item
            elif self._seen.get(file) != stamp:
                _log.warning("cannot read %s", item)
        self._seen[file] = stamp
