"""What holds for any words and any amount."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from extractors.money import find_money, may_hold_money
from tests.said import one_amount

K = 1_000


@given(st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    for language in ("en", "de", "fr", "es"):
        for mention in find_money(text, language):
            assert 0 <= mention.start < mention.end <= len(text)
            assert 0 <= mention.amount_min <= mention.amount_max


MONEY_WORDS = """a an and to - , . k K M million thousand hundred half of quarter fifty forty one two point
    40 50.000 1,2 3.4.5 $ € EUR US grand per year month seat low five figures mid-six-figure
    between or bis und zwischen fünfzig tausend zweihunderttausend halbe Million et demi mille cent
    quatre vingt dix euros medio millón y mil cien 99999999 ' % percent 401k few couple"""


@given(
    st.lists(st.sampled_from(MONEY_WORDS.split()), max_size=14),
    st.sampled_from(["en", "de", "fr", "es"]),
)
def test_no_order_of_money_words_makes_it_fail(words: list[str], language: str) -> None:
    text = " ".join(words)
    found = find_money(text, language)
    assert all(m.amount_min <= m.amount_max for m in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert may_hold_money(text) or not found


@given(
    st.integers(min_value=1, max_value=999_999),
    st.sampled_from(["{:,} dollars", "${:,}", "USD {:,}"]),
)
def test_amounts_in_english_figures_round_trip(amount: int, form: str) -> None:
    found = one_amount(form.format(amount))
    assert (found.amount_min, found.amount_max, found.currency) == (amount, amount, "USD")


@given(st.integers(min_value=1, max_value=999_999))
def test_amounts_in_german_figures_round_trip(amount: int) -> None:
    figures = f"{amount:,}".replace(",", ".")
    assert one_amount(f"{figures} Euro", "de").amount_max == amount


@given(
    st.integers(min_value=1, max_value=999),
    st.sampled_from(["k", " k", "K", " thousand", " grand"]),
)
def test_thousands_round_trip(count: int, scale: str) -> None:
    assume(count != 401)  # a retirement plan
    assert one_amount(f"we have {count}{scale} for it").amount_max == count * K


@given(st.integers(min_value=1, max_value=500), st.integers(min_value=1, max_value=499))
def test_generated_ranges_keep_both_ends(low: int, more: int) -> None:
    found = one_amount(f"{low} to {low + more}k euros")
    assert (found.amount_min, found.amount_max) == (low * K, (low + more) * K)


@pytest.mark.parametrize("mark", re.findall(r"\S+", ". ! ? , ;"))
def test_marks_behind_an_amount_do_not_hide_it(mark: str) -> None:
    assert one_amount(f"fifty k{mark}").amount_max == 50 * K
