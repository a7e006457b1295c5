"""Dates as said, resolved by code against the day of the call: "end of Q1", "in three weeks"."""

from extractors.dates.fiscal import find_fiscal_year_start
from extractors.dates.mentions import DateMention, find_dates, may_hold_date
from extractors.dates.parts import DateParts, PartsKind, resolve_parts
from extractors.dates.periods import Interval
from extractors.dates.scene import Kind

__all__ = [
    "DateMention",
    "DateParts",
    "Interval",
    "Kind",
    "PartsKind",
    "find_dates",
    "find_fiscal_year_start",
    "may_hold_date",
    "resolve_parts",
]
