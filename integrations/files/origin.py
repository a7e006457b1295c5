"""What a transcript without a header says of itself through its file: id, title, when."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from bantam.domain.calls import CallId

_ZOOM = re.compile(r"GMT(\d{8})-(\d{6})")
_DAY = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?:[T_ -]?([0-2]\d)[:h-]?([0-5]\d))?(?!\d)")


def call_id_of(file: Path) -> CallId:
    """Return the call's id: the file's name without its ending."""
    return CallId(file.stem)


def title_of(file: Path) -> str:
    """Return the file's name as a title."""
    return " ".join(re.split(r"[_\s]+", file.stem)).strip()


def started_at_of(file: Path) -> datetime:
    """Return when the call started, as well as the file says; aware UTC.

    From the name (Zoom's `GMT20260302-150000`, or a day such as `2026-03-02`, noon UTC unless a
    time follows), else the time the file was last changed, else (standard input) now.
    """
    if zoom := _ZOOM.search(file.stem):
        found = _parsed("".join(zoom.groups()), "%Y%m%d%H%M%S")
        if found is not None:
            return found
    if day := _DAY.search(file.stem):
        year, month, date, hour, minute = day.groups()
        found = _parsed(f"{year}{month}{date}{hour or '12'}{minute or '00'}", "%Y%m%d%H%M")
        if found is not None:
            return found
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return datetime.now(UTC)


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
