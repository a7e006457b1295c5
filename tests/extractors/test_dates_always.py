"""Parts of dates, and what holds for any words and any day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.dates import (
    DateParts,
    find_dates,
    may_hold_date,
    resolve_parts,
)
from tests.said import CALL, one_date

PARTS = [
    pytest.param(DateParts(kind="exact", year=2025, month=6, day=30), 1, "2025-06-30", id="exact"),
    pytest.param(DateParts(kind="exact", month=1, day=5), 1, "2026-01-05", id="exact without year"),
    pytest.param(DateParts(kind="exact", month=2, day=29), 1, "2028-02-29", id="leap day"),
    pytest.param(DateParts(kind="exact", month=6), 1, "2025-06-30", id="exact without day"),
    pytest.param(DateParts(kind="exact", year=2025, month=2, day=30), 1, None, id="30 February"),
    pytest.param(DateParts(kind="month", month=3), 1, "2025-03-31", id="month"),
    pytest.param(
        DateParts(kind="month", year=2027, month=3), 1, "2027-03-31", id="month of a year"
    ),
    pytest.param(DateParts(kind="month", month=13), 1, None, id="month 13"),
    pytest.param(DateParts(kind="month"), 1, None, id="no month"),
    pytest.param(DateParts(kind="quarter", quarter=1), 1, "2025-03-31", id="quarter"),
    pytest.param(DateParts(kind="quarter", quarter=1), 7, "2025-09-30", id="fiscal quarter"),
    pytest.param(DateParts(kind="quarter", quarter=1, year=2027), 7, "2026-09-30", id="FY27 Q1"),
    pytest.param(DateParts(kind="quarter", quarter=5), 1, None, id="quarter 5"),
    pytest.param(DateParts(kind="half", quarter=2), 1, "2025-12-31", id="half"),
    pytest.param(DateParts(kind="half", month=9), 1, "2025-12-31", id="half by month"),
    pytest.param(DateParts(kind="half", quarter=3), 1, None, id="half 3"),
    pytest.param(DateParts(kind="year", year=2026), 1, "2026-12-31", id="year"),
    pytest.param(DateParts(kind="year", year=99_999), 1, None, id="year out of range"),
    pytest.param(DateParts(kind="year", year=-1), 1, None, id="negative year"),
    pytest.param(DateParts(kind="relative", offset_days=90), 1, "2025-05-13", id="relative"),
    pytest.param(DateParts(kind="relative", offset_days=10**15), 1, None, id="overflow"),
    pytest.param(DateParts(kind="relative"), 1, None, id="relative to nothing"),
    pytest.param(DateParts(kind="event", month=3), 1, "2025-03-31", id="event in a month"),
    pytest.param(DateParts(kind="event", quarter=2), 1, "2025-06-30", id="event in a quarter"),
    pytest.param(DateParts(kind="event", year=2026), 1, "2026-12-31", id="event in a year"),
    pytest.param(DateParts(kind="event", offset_days=1), 1, "2025-02-13", id="event in days"),
    pytest.param(DateParts(kind="event"), 1, None, id="event of no date"),
    pytest.param(DateParts(kind="none", year=2026), 1, None, id="none"),
]


@pytest.mark.parametrize(("parts", "start_month", "last"), PARTS)
def test_parts_resolve_or_mean_nothing(
    parts: DateParts, start_month: int, last: str | None
) -> None:
    found = resolve_parts(parts, CALL, start_month)
    assert (found and found.last) == (last and date.fromisoformat(last))


ANY_DAY = st.dates(min_value=date(1970, 1, 1), max_value=date(2199, 12, 31))
ANY_INT = st.none() | st.integers() | st.integers(min_value=-1, max_value=40)


@given(
    st.builds(
        DateParts,
        kind=st.sampled_from(["exact", "month", "quarter", "half", "year", "relative", "event"]),
        year=ANY_INT | st.integers(2000, 2100),
        quarter=ANY_INT,
        month=ANY_INT,
        day=ANY_INT,
        offset_days=ANY_INT,
    ),
    ANY_DAY,
    st.integers(1, 12),
)
def test_no_parts_make_it_fail(parts: DateParts, said_on: date, start_month: int) -> None:
    found = resolve_parts(parts, said_on, start_month)
    assert found is None or found.first <= found.last


@given(st.text(), ANY_DAY)
def test_no_text_makes_it_fail(text: str, said_on: date) -> None:
    for language in ("en", "de", "fr", "es"):
        for found in find_dates(text, said_on=said_on, language=language):
            assert 0 <= found.start < found.end <= len(text)


DATE_WORDS = """by before after in the end of early mid next last this Q1 Q4 H2 FY27 first half second
    quarter year month weeks March may May summer Christmas new 2026 15th 15 three a couple and to or
    between 5/6 31.12. 2025-13-45 30/2/2025 , . Friday ago from now ASAP someday not was fiscal renewal
    Ende nächsten Jahres bis zum Halbjahr vor drei Monaten d'ici fin juin mi trimestre prochain
    dentro de finales marzo próximo año que viene 99999 0/0 twenty twenty-six 1Q26 '26 week half"""


@given(
    st.lists(st.sampled_from(DATE_WORDS.split()), max_size=12),
    ANY_DAY,
    st.integers(1, 12),
    st.sampled_from(["en", "de", "fr", "es"]),
)
def test_no_order_of_date_words_makes_it_fail(
    words: list[str], said_on: date, start_month: int, language: str
) -> None:
    text = " ".join(words)
    found = find_dates(
        text, said_on=said_on, fiscal_year_start_month=start_month, language=language
    )
    for mention in found:
        assert (mention.first is None) == (mention.last is None) == (mention.target is None)
        assert mention.first is None or mention.last is None or mention.first <= mention.last
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert may_hold_date(text, language) or not found


@given(st.integers(1, 3000), st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)))
def test_days_ahead_are_exact(count: int, said_on: date) -> None:
    found = one_date(f"in {count} days", on=said_on)
    assert found.target == said_on + timedelta(days=count)


@given(st.integers(1, 200), st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)))
def test_months_ahead_keep_the_day_or_the_months_last(count: int, said_on: date) -> None:
    target = one_date(f"in {count} months", on=said_on).target
    assert target is not None
    ahead = (target.year - said_on.year) * 12 + target.month - said_on.month
    assert ahead == count
    assert target.day == said_on.day or (target + timedelta(days=1)).day == 1


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)), st.integers(1, 12))
def test_a_quarter_without_a_year_has_not_ended(said_on: date, start_month: int) -> None:
    for number in range(1, 5):
        found = one_date(f"in Q{number}", on=said_on, fiscal=start_month)
        assert found.first is not None
        assert found.last is not None
        assert said_on <= found.last < said_on + timedelta(days=366 + 92)
        assert (found.first.month - start_month) % 12 == 3 * (number - 1)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31)))
def test_explicit_days_round_trip(on: date) -> None:
    assert one_date(on.isoformat()).target == on
    assert one_date(f"{on:%d.%m.%Y}", "de").target == on
    assert one_date(f"on {on.day} {on:%B} {on.year}").target == on
