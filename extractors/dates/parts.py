"""Dates that a language model took apart: checked, and put together by code."""

from __future__ import annotations

from datetime import date
from typing import Literal

from bantam.domain.value import Value
from extractors.dates.periods import (
    Interval,
    calendar_year,
    day,
    fiscal_part,
    month_index,
    months,
    one_day,
    shift,
    upcoming_fiscal_part,
)

PartsKind = Literal["exact", "month", "quarter", "half", "year", "relative", "event", "none"]


class DateParts(Value):
    """The parts of a date as a model reports them. Nothing is promised of the numbers."""

    kind: PartsKind
    year: int | None = None
    """For "quarter" and "half" the fiscal year, named by the year in which it ends."""
    quarter: int | None = None
    """1 to 4; for "half" 1 or 2, the number of the half."""
    month: int | None = None
    day: int | None = None
    offset_days: int | None = None
    """Days after the call, for "relative"."""


def resolve_parts(
    parts: DateParts, said_on: date, fiscal_year_start_month: int = 1
) -> Interval | None:
    """Return the days that a model's parts mean, or None when they mean none.

    Without a year the next such period that has not ended is meant. Parts that contradict the
    calendar (30 February, month 13, quarter 5) resolve to nothing; so do dates out of range.

    Args:
        parts: as reported.
        said_on: the day of the call.
        fiscal_year_start_month: 1 to 12.
    """
    found: Interval | None = None
    match parts.kind:
        case "exact":
            found = _exact(parts, said_on)
        case "month":
            found = _month(parts.year, parts.month, said_on)
        case "quarter":
            found = _fiscal(parts.year, parts.quarter, 3, said_on, fiscal_year_start_month)
        case "half":
            found = _half(parts, said_on, fiscal_year_start_month)
        case "year":
            found = None if parts.year is None else calendar_year(parts.year)
        case "relative":
            found = _relative(parts.offset_days, said_on)
        case "event":
            found = _event(parts, said_on, fiscal_year_start_month)
        case "none":
            pass
    return found


def _exact(parts: DateParts, said_on: date) -> Interval | None:
    if parts.day is None:
        return _month(parts.year, parts.month, said_on)
    if parts.month is None or not 1 <= parts.month <= 12:
        return None
    if parts.year is not None:
        return day(parts.year, parts.month, parts.day)
    return next_day(said_on, parts.month, parts.day)


def next_day(said_on: date, month: int, number: int) -> Interval | None:
    """Return a day without a year: this year's, unless its month has passed.

    29 February is the next that exists.
    """
    begins = said_on.year + (month < said_on.month)
    for year in range(begins, begins + (8 if (month, number) == (2, 29) else 1)):
        found = day(year, month, number)
        if found is not None:
            return found
    return None


def _month(year: int | None, month: int | None, said_on: date) -> Interval | None:
    if month is None or not 1 <= month <= 12:
        return None
    if year is None:
        year = said_on.year + (month < said_on.month)
    return months(year * 12 + month - 1)


def _fiscal(
    year: int | None, number: int | None, length: int, said_on: date, start_month: int
) -> Interval | None:
    if number is None:
        return None
    if year is None:
        return upcoming_fiscal_part(said_on, start_month, length, number)
    return fiscal_part(year, start_month, length, number)


def _half(parts: DateParts, said_on: date, start_month: int) -> Interval | None:
    number = parts.quarter
    if number is None and parts.month is not None and 1 <= parts.month <= 12:
        number = 1 + ((parts.month - start_month) % 12) // 6
    return _fiscal(parts.year, number, 6, said_on, start_month)


def _relative(offset_days: int | None, said_on: date) -> Interval | None:
    return None if offset_days is None else one_day(shift(said_on, days=offset_days))


def _event(parts: DateParts, said_on: date, start_month: int) -> Interval | None:
    """An event has whatever parts of its date were said; the finest decides."""
    if parts.month is not None:
        return _exact(parts, said_on)
    if parts.quarter is not None:
        return _fiscal(parts.year, parts.quarter, 3, said_on, start_month)
    if parts.year is not None:
        return calendar_year(parts.year)
    return _relative(parts.offset_days, said_on)


def upcoming_month(said_on: date, month: int) -> Interval | None:
    """Return the next such month, on or after the month of the call."""
    return _month(None, month, said_on)


def recent_month(said_on: date, month: int) -> Interval | None:
    """Return the last such month that began before the day of the call."""
    index = said_on.year * 12 + month - 1
    return months(index if index < month_index(said_on) else index - 12)
