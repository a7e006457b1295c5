"""Where a call was read, and what its file says of it: id, title, when."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bantam.domain.calls import EARLIEST, LATEST, CallId
from bantam.errors import CallFileError, name_of

_ZOOM = re.compile(r"GMT([0-9]{8})-([0-9]{6})")
_DAY = re.compile(
    r"(?<![0-9])(20[0-9]{2})[-_.]?([01][0-9])[-_.]?([0-3][0-9])"
    r"(?:[T_ -]{0,3}([0-2][0-9])[:h.-]?([0-5][0-9]))?(?![0-9])"
)
MAX_ID_CHARS = 200


def utc_now() -> datetime:
    """Return the time; stands where nobody passes a clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Origin:
    """A file, or a place in it, that holds one call."""

    file: Path
    place: str = ""
    """Where in the file: "line 7", "[2]"; empty when the file holds one call."""
    number: int | None = None
    """Tells the calls of one file apart when they have no id of their own."""
    clock: Callable[[], datetime] = utc_now

    def at(self, place: str, number: int) -> Origin:
        """Return the origin of one of several calls in this one."""
        return replace(self, place=self._within(place), number=number)

    def error(self, key: str, expected: str) -> CallFileError:
        """Return an error about a key of the call ("turns[3].text")."""
        return CallFileError(self.file, self._within(key) or "top level", expected)

    def _within(self, key: str) -> str:
        return f"{self.place}, {key}" if self.place and key else self.place or key

    @property
    def call_id(self) -> CallId:
        """The id of a call that states none: the file's name, and its number among several."""
        stem = name_of(" ".join(self.file.stem.split())).strip("<>")[:MAX_ID_CHARS] or "call"
        return CallId(stem if self.number is None else f"{stem}-{self.number}")

    @property
    def title(self) -> str:
        """The file's name as a title."""
        return " ".join(re.split(r"[_\s]+", self.call_id)).strip()

    @property
    def started_at(self) -> tuple[datetime, bool]:
        """When the call started, aware UTC, and whether that is a guess.

        From the file's name (Zoom's `GMT20260302-150000`, or a day such as `2026-03-02`, noon UTC
        unless a time follows); else, as a guess, when the file was last changed; else, for
        standard input, today's noon, so that reading it again the same day gives the same call.
        """
        stated = _date_in(self.file.stem)
        if stated is not None:
            return stated, False
        try:
            changed = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        except (OSError, OverflowError, ValueError):
            changed = EARLIEST
        if EARLIEST < changed < LATEST:
            return changed, True
        return self.clock().replace(hour=12, minute=0, second=0, microsecond=0), True


def _date_in(name: str) -> datetime | None:
    if zoom := _ZOOM.search(name):
        found = _parsed("".join(zoom.groups()), "%Y%m%d%H%M%S")
        if found is not None:
            return found
    for day in _DAY.finditer(name):
        year, month, date, hour, minute = day.groups()
        found = _parsed(f"{year}{month}{date}{hour or '12'}{minute or '00'}", "%Y%m%d%H%M")
        if found is not None:
            return found
    return None


def _parsed(text: str, form: str) -> datetime | None:
    try:
        found = datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if EARLIEST <= found < LATEST else None
