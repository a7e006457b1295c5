"""Days, months, quarters and fiscal years as intervals. No words here, only arithmetic.

A fiscal year is named by the year in which it ends: with a start in July, FY27 begins on
1 July 2026. With a start in January it is the calendar year.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_YEAR, LAST_YEAR = 1970, 2199
"""Years that a sales call can mean; outside of them nothing resolves."""
_LONGEST_OFFSET = 36_525
"""Days: a hundred years."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Days from `first` to `last`, both included; `first` <= `last`."""

    first: date
    last: date

    @property
    def months(self) -> int:
        """How many calendar months the interval touches; at least 1."""
        return month_index(self.last) - month_index(self.first) + 1


def month_index(day: date) -> int:
    """Return a number for the month of a day; neighbours differ by 1."""
    return day.year * 12 + day.month - 1


def months(index: int, count: int = 1) -> Interval | None:
    """Return `count` whole months from a month's index on, or None when out of range."""
    last_index = index + count - 1
    if index // 12 < FIRST_YEAR or last_index // 12 > LAST_YEAR:
        return None
    last_year, last_month = divmod(last_index, 12)
    return Interval(
        date(index // 12, index % 12 + 1, 1),
        date(last_year, last_month + 1, monthrange(last_year, last_month + 1)[1]),
    )


def day(year: int, month: int, number: int) -> Interval | None:
    """Return one day, or None when the calendar has no such day (30 February)."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        one = date(year, month, number)
    except ValueError:
        return None
    return Interval(one, one)


def one_day(on: date | None) -> Interval | None:
    """Return an interval of one day; None stays None."""
    return None if on is None else Interval(on, on)


def calendar_year(year: int) -> Interval | None:
    """Return the year from January to December."""
    return months(year * 12, 12)


def fiscal_index(fiscal_year: int, start_month: int) -> int:
    """Return the index of a fiscal year's first month."""
    begins = fiscal_year if start_month == 1 else fiscal_year - 1
    return begins * 12 + start_month - 1


def fiscal_year_of(on: date, start_month: int) -> int:
    """Return the fiscal year that a day lies in."""
    return on.year if start_month == 1 or on.month < start_month else on.year + 1


def fiscal_part(fiscal_year: int, start_month: int, length: int, number: int) -> Interval | None:
    """Return the `number`th stretch of `length` months of a fiscal year.

    Args:
        fiscal_year: named by the year in which it ends.
        start_month: 1 to 12.
        length: months: 3 for quarters, 6 for halves, 12 for the year.
        number: 1 for the first.
    """
    if not 1 <= number <= 12 // length:
        return None
    return months(fiscal_index(fiscal_year, start_month) + length * (number - 1), length)


def upcoming_fiscal_part(on: date, start_month: int, length: int, number: int) -> Interval | None:
    """Return the next `number`th quarter or half that has not ended on a day."""
    year = fiscal_year_of(on, start_month)
    found = fiscal_part(year, start_month, length, number)
    if found is not None and found.last < on:
        return fiscal_part(year + 1, start_month, length, number)
    return found


def current_fiscal_part(on: date, start_month: int, length: int, offset: int) -> Interval | None:
    """Return the quarter, half or fiscal year `offset` after the one a day lies in."""
    start = fiscal_index(fiscal_year_of(on, start_month), start_month)
    number = (month_index(on) - start) // length
    return months(start + length * (number + offset), length)


def week(on: date, offset: int) -> Interval | None:
    """Return the week (Monday to Sunday) `offset` weeks after the one a day lies in."""
    monday = shift(on - timedelta(days=on.weekday()), days=7 * offset)
    return None if monday is None else Interval(monday, monday + timedelta(days=6))


def shift(on: date, *, days: int = 0, months: int = 0) -> date | None:
    """Return a day so many months and days later; a day past the month's end is its last.

    Returns None when the result is out of range.
    """
    if abs(days) > _LONGEST_OFFSET or abs(months) > _LONGEST_OFFSET:
        return None
    year, month = divmod(month_index(on) + months, 12)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    moved = date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))
    moved += timedelta(days=days)
    return moved if FIRST_YEAR <= moved.year <= LAST_YEAR else None


def part_of(period: Interval, part: str) -> Interval:
    """Return the "start", "mid" or "end" of a period.

    Of a week or less: the whole. Of a month: days 1-10, 11-20, 21-last. Of longer periods thirds,
    in whole months; the middle of a year is June and July, of a half-year its two middle months.
    """
    length = period.months
    if (period.last - period.first).days < 8:
        return period
    if length == 1:
        first, last = {"start": (1, 10), "mid": (11, 20), "end": (21, 0)}[part]
        ends = period.first.replace(day=last) if last else period.last
        return Interval(period.first.replace(day=first), ends)
    third = max(1, length // 4 if length > 3 else length // 3)
    index = month_index(period.first)
    middle = index + (length - 1) // 2
    cut = {
        "start": months(index, third),
        "mid": months(middle, 1 if length % 2 else 2),
        "end": months(index + length - third, third),
    }[part]
    return cut or period


def following(period: Interval) -> Interval | None:
    """Return the stretch of the same length after a period: what "after the summer" means."""
    starts = shift(period.last, days=1)
    if starts is None:
        return None
    if starts.day == 1 and period.first.day == 1:
        return months(month_index(starts), period.months)
    ends = shift(starts, days=max((period.last - period.first).days, 30))
    return None if ends is None else Interval(starts, ends)


def season(on: date, number: int, year: int | None = None) -> Interval | None:
    """Return spring (0: March to May), summer, autumn or winter (3: December to February).

    Args:
        on: without a year, the next such season that has not ended on this day.
        number: 0 to 3.
        year: in which the season begins.
    """
    for begins in (year,) if year is not None else (on.year - 1, on.year, on.year + 1):
        found = months(begins * 12 + 2 + 3 * number, 3)
        if found is not None and (year is not None or found.last >= on):
            return found
    return None


def holiday(name: str, year: int) -> Interval | None:
    """Return a holiday that sales people plan around, or None when out of range."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    if name == "easter":
        from dateutil.easter import easter  # noqa: PLC0415  (few calls name it)

        sunday = easter(year)
        return Interval(sunday, sunday + timedelta(days=1))
    if name in {"thanksgiving", "black friday"}:
        first = date(year, 11, 1)
        fourth_thursday = first + timedelta(days=(3 - first.weekday()) % 7 + 21)
        found = fourth_thursday + timedelta(days=name == "black friday")
        return Interval(found, found)
    month, number = {
        "christmas": (12, 25),
        "new year": (1, 1),
        "new year's eve": (12, 31),
        "halloween": (10, 31),
    }[name]
    return day(year, month, number)
