"""Quarters, halves and fiscal years: "Q3", "FY27 Q1", "the second half of next year"."""

from __future__ import annotations

from typing import NamedTuple

from extractors.dates.periods import (
    calendar_year,
    current_fiscal_part,
    fiscal_part,
    fiscal_year_of,
    month_index,
    months,
    part_of,
    upcoming_fiscal_part,
    week,
)
from extractors.dates.roles import Role
from extractors.dates.scene import Core, Kind, Lead, Scene
from extractors.dates.years import is_past, year_at

LENGTHS = {"quarter": 3, "half": 6, "fiscal year": 12}
"""Months of what a fiscal year is divided into."""
_KINDS: dict[str, Kind] = {
    "quarter": "quarter",
    "half": "half",
    "fiscal year": "fiscal",
    "year": "year",
    "month": "month",
}


class PartSaid(NamedTuple):
    """A quarter or half as said: "Q3", "1H26"."""

    name: str
    number: int
    year: int | None = None
    """A fiscal year that is part of the code."""


def read_code(scene: Scene, at: int, _lead: Lead) -> Core | None:
    """Read "Q3", "H1 2026", "Q1 of FY27", "Q2 next year"."""
    return _code(scene, at, scene.start_month)


def _code(scene: Scene, at: int, start_month: int) -> Core | None:
    name = "quarter" if scene.role(at) is Role.QUARTER else "half"
    return fiscal_period(scene, PartSaid(name, *scene.numbers(at)), at + 1, start_month)


def read_ordinal_part(scene: Scene, at: int, _lead: Lead) -> Core | None:
    """Read "the third quarter", "second half of next year"."""
    return _ordinal_part(scene, at, scene.start_month)


def _ordinal_part(scene: Scene, at: int, start_month: int) -> Core | None:
    name = "quarter" if scene.is_unit(at + 1, "quarter") else "half"
    return fiscal_period(scene, PartSaid(name, scene.number(at)), at + 2, start_month)


def fiscal_period(scene: Scene, said: PartSaid, at: int, start_month: int) -> Core | None:
    """Return a quarter or half of the year said behind it, else the next to end.

    Args:
        scene: the text.
        said: what was said so far.
        at: index of the item behind it.
        start_month: 1 for what is called "calendar".
    """
    length, kind = LENGTHS[said.name], _KINDS[said.name]
    if not 1 <= said.number <= 12 // length:
        return None
    if said.year is not None:
        found = fiscal_part(said.year, start_month, length, said.number)
        return Core(found, kind, at, past=is_past(scene, found), year_said=True)
    year = year_at(scene, at)
    if year is None:
        return Core(upcoming_fiscal_part(scene.said_on, start_month, length, said.number), kind, at)
    # "the second half of next year" means the calendar's unless the year is called fiscal
    if said.name == "half" and year.calendar:
        start_month = 1
    label = year.number
    if year.calendar and year.relative and start_month != 1:
        label += fiscal_year_of(scene.said_on, start_month) - scene.said_on.year
    found = fiscal_part(label, start_month, length, said.number)
    return Core(found, kind, year.next, past=is_past(scene, found), year_said=True)


def read_fiscal_code(scene: Scene, at: int, _lead: Lead) -> Core | None:
    """Read "FY27", "FY27 Q1"."""
    year, start_month = scene.number(at), scene.start_month
    behind = scene.role(at + 1)
    if behind in {Role.QUARTER, Role.HALF}:
        name = "quarter" if behind is Role.QUARTER else "half"
        said = PartSaid(name, scene.numbers(at + 1)[0], year)
        return fiscal_period(scene, said, at + 2, start_month)
    found = fiscal_part(year, start_month, 12, 1)
    return Core(found, "fiscal", at + 1, past=is_past(scene, found), year_said=True)


def read_fiscal(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read what is called fiscal, or calendar: "fiscal Q1", "fiscal year", "calendar Q1"."""
    calendar = scene.number(at) == 1
    start_month = 1 if calendar else scene.start_month
    behind = scene.role(at + 1)
    core: Core | None = None
    if behind in {Role.QUARTER, Role.HALF}:
        core = _code(scene, at + 1, start_month)
    elif behind is Role.YEAR:
        found = fiscal_part(scene.number(at + 1), start_month, 12, 1)
        core = Core(found, "fiscal", at + 2, past=is_past(scene, found), year_said=True)
    elif behind is Role.ORDINAL and scene.role(at + 2) in {Role.UNIT, Role.HALF_OF}:
        core = _ordinal_part(scene, at + 1, start_month)
    elif scene.is_unit(at + 1, "year", "fiscal year"):
        core = this_or_next(scene, "fiscal year", at + 2, lead)
    elif behind is not Role.UNIT and not calendar and (lead.part or lead.mods):
        core = this_or_next(scene, "fiscal year", at + 1, lead)
    return core


def whole_unit(scene: Scene, unit: str, offset: int, behind: int) -> Core | None:
    """Return the week, month, quarter, half, year so many after the present one."""
    said_on = scene.said_on
    if unit == "week":
        return Core(week(said_on, offset), "relative", behind, past=offset < 0)
    if unit == "month":
        found = months(month_index(said_on) + offset)
    elif unit == "year":
        found = calendar_year(said_on.year + offset)
    elif unit in LENGTHS:
        found = current_fiscal_part(said_on, scene.start_month, LENGTHS[unit], offset)
    else:
        return None
    return Core(found, _KINDS[unit], behind, past=offset < 0)


def this_or_next(scene: Scene, unit: str, behind: int, lead: Lead) -> Core | None:
    """Return the present unit, or the next when the part meant of it has passed."""
    core = whole_unit(scene, unit, 0, behind)
    if core is None or core.interval is None or not lead.part:
        return core
    if part_of(core.interval, lead.part).last < scene.said_on:
        return whole_unit(scene, unit, 1, behind)
    return core
