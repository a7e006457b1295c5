"""Reading one period: "the third quarter", "March", "next year", "the end of our fiscal year"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from extractors.dates.days import (
    MONTHS,
    is_day_number,
    named_weekday,
    read_day_and_month,
    read_figures,
    read_month,
    read_season,
    read_weekday,
    relative_month,
    upcoming_day,
    week_of_month,
)
from extractors.dates.durations import read_coming
from extractors.dates.periods import (
    Interval,
    calendar_year,
    fiscal_part,
    fiscal_year_of,
    months,
    part_of,
    season,
    shift,
)
from extractors.dates.quarters import (
    LENGTHS,
    PartSaid,
    fiscal_period,
    read_code,
    read_fiscal,
    read_fiscal_code,
    read_ordinal_part,
    this_or_next,
    whole_unit,
)
from extractors.dates.roles import Role
from extractors.dates.scene import Core, Kind, Lead, Scene
from extractors.dates.years import RELATIVE, is_past, year_at


def _ordinal(scene: Scene, at: int, lead: Lead) -> Core | None:
    number, behind = scene.number(at), at + 1
    if scene.role(behind) is Role.HALF_OF or scene.is_unit(behind, "quarter", "half"):
        return read_ordinal_part(scene, at, lead)
    if scene.is_unit(behind, "week") and scene.role(behind + 1) in MONTHS:
        return week_of_month(scene, number, behind + 1)
    if scene.role(behind) is Role.UNIT:
        return None
    found = read_day_and_month(scene, at, lead)
    if found is not None:
        return found
    firm = scene.items[at].firm
    if firm or (lead.points and number >= 4 and scene.role(behind) is not Role.WORD):
        return Core(upcoming_day(scene.said_on, number), "exact", behind)
    return None


def _relative(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read what follows "next", "this" or "last"."""
    offset, target = scene.number(at), at + 1
    role = scene.role(target)
    core: Core | None = None
    if role is Role.UNIT:
        core = _relative_unit(scene, target, offset)
    elif role is Role.FISCAL:
        core = _relative_fiscal(scene, target, offset, lead)
    elif role in {Role.NUMBER, Role.SOME, Role.A} and offset:
        core = read_coming(scene, target, 1 if offset > 0 else -1)
    elif role in MONTHS:
        core = relative_month(scene, target, offset)
    elif role is Role.WEEKDAY:
        core = named_weekday(scene, target, offset, target + 1)
    elif role in {Role.SEASON, Role.HOLIDAY, Role.QUARTER, Role.HALF, Role.ORDINAL}:
        inner = Lead(target, frozenset({Role.IN}), past=offset < 0)
        core = _shifted(scene, read_core(scene, target, inner), offset)
    return core


def _relative_fiscal(scene: Scene, at: int, offset: int, lead: Lead) -> Core | None:
    if scene.number(at) == 0 and scene.is_unit(at + 1, "year", "fiscal year"):
        return whole_unit(scene, "fiscal year", offset, at + 2)
    return read_core(scene, at, lead) if scene.role(at + 1) is Role.QUARTER else None


def _shifted(scene: Scene, core: Core | None, offset: int) -> Core | None:
    """Take a quarter or holiday of "last" one back when it lies ahead."""
    if core is None or core.interval is None or offset >= 0 or core.year_said:
        return core
    first, last = core.interval.first, core.interval.last
    if last < scene.said_on:
        return Core(core.interval, core.kind, core.next, past=True)
    back, ended = shift(first, months=-12), shift(last, months=-12)
    if back is None or ended is None:
        return None
    return Core(Interval(back, ended), core.kind, core.next, past=True)


def _relative_unit(scene: Scene, at: int, offset: int) -> Core | None:
    unit = scene.name(at)
    if unit == "fortnight" and offset:
        return read_coming(scene, at, offset)
    last_of = year_at(scene, at + 1) if offset < 0 else None
    if last_of is not None and unit in {"quarter", "half"}:
        # "the last quarter of the year" is its fourth, not the previous one
        return fiscal_period(scene, PartSaid(unit, 12 // LENGTHS[unit]), at + 1, scene.start_month)
    if offset < 0 and unit == "week" and scene.role(at + 1) in MONTHS:
        month = read_month(scene, at + 1, Lead(at, frozenset({Role.IN})))
        if month is None or month.interval is None:
            return month
        last = month.interval.last
        return Core(Interval(last - timedelta(days=6), last), "relative", month.next)
    core = whole_unit(scene, unit, offset, at + 1)
    if core is not None and unit == "year":
        return _inside_year(scene, core, scene.said_on.year + offset)
    return core


def _inside_year(scene: Scene, core: Core, year: int) -> Core:
    """Read the period named behind a year: "next year in March", "2027, Q1"."""
    at = core.next + (scene.words(core.next) == ",")
    at += scene.role(at) is Role.IN
    part = scene.name(at) if scene.role(at) is Role.PART else ""
    at += bool(part)
    if at == core.next:
        return core
    role = scene.role(at)
    found: Interval | None = None
    kind: Kind = "month"
    if role in MONTHS and not is_day_number(scene, at + 1):
        found = months(year * 12 + scene.number(at) - 1)
    elif role is Role.QUARTER and len(scene.numbers(at)) == 1:
        label = year + fiscal_year_of(scene.said_on, scene.start_month) - scene.said_on.year
        found, kind = fiscal_part(label, scene.start_month, 3, scene.numbers(at)[0]), "quarter"
    elif role is Role.SEASON:
        found, kind = season(scene.said_on, scene.number(at), year), "season"
    if found is None:
        return core
    return Core(part_of(found, part) if part else found, kind, at + 1, year_said=True)


def _unit(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read "(end of) the quarter", "(within) the year", "trimestre prochain"."""
    unit, behind = scene.name(at), at + 1
    if scene.role(behind) in RELATIVE:
        return _inside_unit_behind(scene, at)
    if scene.role(behind) is Role.AFTER and scene.role(behind + 1) is Role.NEXT:
        return whole_unit(scene, unit, 2, behind + 2)
    if lead.part or (Role.WITHIN in lead.mods and lead.word != "over"):
        return this_or_next(scene, unit, behind, lead)
    return this_or_next(scene, unit, behind, lead) if unit == "fiscal year" and lead.mods else None


def _inside_unit_behind(scene: Scene, at: int) -> Core | None:
    core = _relative_unit(scene, at, scene.number(at + 1))
    if core is None:
        return None
    return Core(core.interval, core.kind, max(core.next, at + 2), past=core.past)


def _year(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read a year in figures, which only words in front of it make a date."""
    year = scene.number(at)
    if not (lead.part or lead.mods) or scene.is_unit(at + 1, "day", "week", "month", "year"):
        return None
    found = calendar_year(year)
    core = Core(found, "year", at + 1, past=is_past(scene, found), year_said=True)
    return _inside_year(scene, core, year)


Reader = Callable[[Scene, int, Lead], Core | None]
_READERS: Mapping[Role, Reader] = {
    Role.DATE: read_figures,
    Role.QUARTER: read_code,
    Role.HALF: read_code,
    Role.FISCAL_YEAR: read_fiscal_code,
    Role.FISCAL: read_fiscal,
    Role.ORDINAL: _ordinal,
    Role.NUMBER: read_day_and_month,
    Role.MONTH: read_month,
    Role.DOUBTFUL_MONTH: read_month,
    Role.WEEKDAY: read_weekday,
    Role.SEASON: read_season,
    Role.HOLIDAY: read_season,
    Role.NEXT: _relative,
    Role.THIS: _relative,
    Role.LAST: _relative,
    Role.UNIT: _unit,
    Role.YEAR: _year,
}


def read_core(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read the period at an item, or return None.

    Args:
        scene: the text.
        at: index of the first item behind the lead.
        lead: the words in front, which tell "by May" from "we may".
    """
    reader = _READERS.get(scene.role(at))
    return None if reader is None else reader(scene, at, lead)
