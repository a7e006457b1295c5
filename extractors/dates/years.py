"""The year said next to a period: "of 2026", "next year", "FY27"."""

from __future__ import annotations

from typing import NamedTuple

from extractors.dates.periods import Interval, fiscal_year_of
from extractors.dates.roles import Role
from extractors.dates.scene import Scene

RELATIVE = frozenset({Role.NEXT, Role.THIS, Role.LAST})


class Year(NamedTuple):
    """A year said next to a period."""

    number: int
    calendar: bool
    """False when it is a fiscal year, named by the year in which it ends."""
    relative: bool
    next: int


def year_at(scene: Scene, at: int) -> Year | None:
    """Read the year behind a period: "2026", "of next year", "FY27", "of the year"."""
    at += scene.role(at) is Role.IN
    role = scene.role(at)
    if role is Role.YEAR:
        return Year(scene.number(at), calendar=True, relative=False, next=at + 1)
    if role is Role.FISCAL_YEAR:
        return Year(scene.number(at), calendar=False, relative=False, next=at + 1)
    offset = 0
    if role in RELATIVE:
        offset, at = scene.number(at), at + 1
    fiscal = scene.role(at) is Role.FISCAL and scene.number(at) == 0
    at += scene.role(at) is Role.FISCAL
    if not scene.is_unit(at, "year", "fiscal year"):
        return None
    fiscal = fiscal or scene.name(at) == "fiscal year"
    if role not in RELATIVE and scene.role(at + 1) in RELATIVE:
        offset, at = scene.number(at + 1), at + 1
    now = fiscal_year_of(scene.said_on, scene.start_month) if fiscal else scene.said_on.year
    return Year(now + offset, calendar=not fiscal, relative=True, next=at + 1)


def is_past(scene: Scene, found: Interval | None) -> bool:
    """True for a period that ended before the day of the call."""
    return found is not None and found.last < scene.said_on
