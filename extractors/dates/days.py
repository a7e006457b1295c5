"""Days, months, weekdays, seasons and holidays: "the fifteenth of May", "next Friday"."""

from __future__ import annotations

from datetime import date, timedelta

from extractors.dates.parts import next_day, recent_month, upcoming_month
from extractors.dates.periods import (
    Interval,
    calendar_year,
    day,
    holiday,
    month_index,
    months,
    one_day,
    part_of,
    season,
    shift,
)
from extractors.dates.roles import Role
from extractors.dates.scene import Core, Kind, Lead, Scene
from extractors.dates.years import RELATIVE, Year, is_past, year_at

MONTHS = frozenset({Role.MONTH, Role.DOUBTFUL_MONTH})


def read_figures(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read a date in figures: "2026-06-30", "30.6.", "by 5/6"."""
    numbers = scene.numbers(at)
    if not numbers[0] and "/" in scene.words(at) and not (lead.mods or lead.part):
        return None  # "24/7", "5/6 of the team"
    readings = (
        [
            found
            for year, month, number in (numbers[:3], numbers[3:])
            if (found := _explicit_one(scene, year, month, number)) is not None
        ]
        if len(numbers) > 3
        else [_explicit_one(scene, *numbers[:3])]
    )
    known = sorted((r for r in readings if r is not None), key=lambda r: r.first)
    if not known:
        return Core(None, "exact", at + 1)
    kind: Kind = "exact" if numbers[2] else "month"
    return Core(Interval(known[0].first, known[-1].last), kind, at + 1, year_said=numbers[0] > 0)


def _explicit_one(scene: Scene, year: int, month: int, number: int) -> Interval | None:
    if not 1 <= month <= 12:
        return None
    if not number:
        return months(year * 12 + month - 1)
    return day(year, month, number) if year else next_day(scene.said_on, month, number)


def read_day_and_month(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read "30 June", "the fifteenth of May", "15. März 2026"."""
    number = scene.number(at)
    if scene.role(at + 1) not in MONTHS or not 1 <= number <= 31:
        return None
    doubtful = scene.role(at + 1) is Role.DOUBTFUL_MONTH and scene.role(at) is Role.NUMBER
    if doubtful and not (scene.items[at + 1].firm or scene.language != "en"):
        return None
    return _dated(scene, scene.number(at + 1), number, at + 2, lead)


def _dated(scene: Scene, month: int, number: int, at: int, lead: Lead) -> Core:
    """Return a day of a month, in the year said behind it, else the next or (past) the last."""
    at_year = at + (scene.words(at) == "," and scene.role(at + 1) is Role.YEAR)
    year = year_at(scene, at_year)
    if year is not None and year.calendar:
        found = day(year.number, month, number)
        return Core(found, "exact", year.next, past=is_past(scene, found), year_said=True)
    found = next_day(scene.said_on, month, number)
    if lead.past and found is not None and found.first > scene.said_on:
        found = day(found.first.year - 1, month, number)
    return Core(found, "exact", at, past=lead.past or is_past(scene, found))


def read_month(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read "March", "March 15", "March of next year"."""
    month, behind = scene.number(at), at + 1
    year = year_at(scene, behind)
    if scene.role(at) is Role.DOUBTFUL_MONTH and not _is_month(scene, at, lead, year):
        return None
    if is_day_number(scene, behind):
        return _dated(scene, month, scene.number(behind), behind + 1, lead)
    if year is not None and year.calendar:
        found = months(year.number * 12 + month - 1)
        return Core(found, "month", year.next, past=is_past(scene, found), year_said=True)
    if lead.past:
        return Core(recent_month(scene.said_on, month), "month", behind, past=True)
    return Core(upcoming_month(scene.said_on, month), "month", behind)


def is_day_number(scene: Scene, at: int) -> bool:
    """True for the day in "March 15"; "in March 40 people" has none."""
    if scene.role(at) is Role.ORDINAL:
        return not scene.is_unit(at + 1, "quarter", "week", "month", "half")
    if scene.role(at) is not Role.NUMBER or not 1 <= scene.number(at) <= 31:
        return False
    return scene.role(at + 1) not in {Role.WORD, Role.UNIT, Role.TO, Role.MONTH}


def _is_month(scene: Scene, at: int, lead: Lead, year: Year | None) -> bool:
    """Tell the month from the verb, the walk and the name: "may", "march", "Jan"."""
    name = scene.words(at)
    ranged = scene.role(at + 1) is Role.TO and scene.role(at + 2) in MONTHS
    dated = year is not None and not (year.relative and name == "may")
    if lead.points or dated or (ranged and name != "may"):
        return True
    if scene.role(at + 1) is Role.ORDINAL:
        return True
    firm = scene.items[at].firm and (name in {"may", "march"} or len(name) > 3)
    return scene.items[at].firm and (is_day_number(scene, at + 1) or firm)


def relative_month(scene: Scene, at: int, offset: int) -> Core | None:
    """Read the month behind "next", "this" or "last"."""
    month, said_on = scene.number(at), scene.said_on
    if offset < 0:
        return Core(recent_month(said_on, month), "month", at + 1, past=True)
    if is_day_number(scene, at + 1):
        return _dated(scene, month, scene.number(at + 1), at + 2, Lead(at))
    if offset == 0:
        found = months(said_on.year * 12 + month - 1)
        return Core(found, "month", at + 1, past=is_past(scene, found))
    year = said_on.year + (month <= said_on.month)
    return Core(months(year * 12 + month - 1), "month", at + 1)


def week_of_month(scene: Scene, number: int, at: int) -> Core | None:
    """Read the month of "the first week of April"."""
    month = read_month(scene, at, Lead(at, frozenset({Role.IN})))
    if month is None or month.interval is None or not 1 <= number <= 4:
        return month
    first = month.interval.first + timedelta(days=7 * (number - 1))
    return Core(Interval(first, first + timedelta(days=6)), "relative", month.next)


def upcoming_day(said_on: date, number: int) -> Interval | None:
    """Return the next day with this number in its month, on or after the day of the call."""
    for ahead in range(3):
        index = month_index(said_on) + ahead
        found = day(index // 12, index % 12 + 1, number)
        if found is not None and found.first >= said_on:
            return found
    return None


def read_weekday(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read "Friday", "vendredi prochain", "Monday, March 3"."""
    behind = at + 1
    dated = behind + (scene.words(behind) == ",")
    if scene.role(dated) in MONTHS:
        found = read_month(scene, dated, lead)
    elif scene.role(dated) is Role.DATE:
        found = read_figures(scene, dated, lead)
    elif scene.role(dated) in {Role.ORDINAL, Role.NUMBER}:
        found = read_day_and_month(scene, dated, lead)
    else:
        found = None
    if found is not None and found.kind == "exact":
        return found
    if scene.role(behind) in RELATIVE:
        return named_weekday(scene, at, scene.number(behind), behind + 1)
    if lead.past:
        since = (scene.said_on.weekday() - scene.number(at) - 1) % 7 + 1
        return Core(one_day(shift(scene.said_on, days=-since)), "exact", behind, past=True)
    ahead = (scene.number(at) - scene.said_on.weekday() - 1) % 7 + 1
    return Core(one_day(shift(scene.said_on, days=ahead)), "exact", behind)


def named_weekday(scene: Scene, at: int, offset: int, behind: int) -> Core:
    """Return "next Friday" (of the coming week), "this Friday" or "last Friday"."""
    said_on = scene.said_on
    ahead = (scene.number(at) - said_on.weekday()) % 7
    if offset > 0:
        ahead = scene.number(at) - said_on.weekday() + 7
    elif offset < 0:
        ahead = ahead - 7
    then = shift(said_on, days=ahead)
    return Core(one_day(then), "exact", behind, past=offset < 0)


def read_season(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read a season or a holiday."""
    if scene.role(at) is Role.SEASON and not (lead.points or lead.word == "for"):
        return None
    year = year_at(scene, at + 1)
    behind = year.next if year is not None else at + 1
    number = year.number if year is not None and year.calendar else None
    if scene.role(at) is Role.SEASON:
        found = season(scene.said_on, scene.number(at), number)
        if lead.past and number is None and found is not None:
            found = season(scene.said_on, scene.number(at), found.first.year - 1)
        return Core(found, "season", behind, past=lead.past, year_said=number is not None)
    return _holiday(scene, at, lead, number, behind)


def _holiday(scene: Scene, at: int, lead: Lead, year: int | None, behind: int) -> Core:
    name, said_on = scene.name(at), scene.said_on
    if name == "back to school":
        return Core(upcoming_month(said_on, 9), "event", behind)
    if name == "new year" and lead.word in {"in", "en", "im"}:
        begins = calendar_year(said_on.year + 1)  # "in the new year" is its first months
        return Core(begins and part_of(begins, "start"), "year", behind)
    found = holiday(name, year if year is not None else said_on.year)
    if year is None and found is not None and found.last < said_on:
        found = holiday(name, said_on.year + 1)
    return Core(found, "event", behind, year_said=year is not None)
