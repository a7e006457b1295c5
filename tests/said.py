"""The one date, or the one amount, that some words name."""

from __future__ import annotations

from datetime import date

from extractors.dates import DateMention, find_dates
from extractors.money import MoneyMention, find_money

CALL = date(2025, 2, 12)
"""When it is said: a Wednesday."""


def one_date(text: str, language: str = "en", *, on: date = CALL, fiscal: int = 1) -> DateMention:
    found = find_dates(text, said_on=on, fiscal_year_start_month=fiscal, language=language)
    assert len(found) == 1, [(text[m.start : m.end], m) for m in found]
    return found[0]


def one_amount(text: str, language: str = "en", home: str | None = None) -> MoneyMention:
    found = find_money(text, language, home_currency=home)
    assert len(found) == 1, [text[m.start : m.end] for m in found]
    return found[0]
