from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.errors import EvalError
from evals.deal_table import read_deals

HEADER = "deal_id,account_id,won,closed_at,amount,ae_score,ae_qualified,scored_at\n"


def test_a_row_becomes_a_deal() -> None:
    table = read_deals(HEADER + 'D-1,A-1,true,2026-05-01,"48,000.50",70,yes,2026-03-03T09:00:00Z\n')
    (deal,) = table.deals
    assert deal.won is True
    assert deal.amount == 48000.5
    assert deal.ae_score == 70
    assert deal.ae_qualified is True
    assert deal.scored_at == datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert table.bad_rows == ()


def test_a_date_without_a_time_counts_against_us() -> None:
    (deal,) = read_deals(HEADER + "D-1,,no,2026-05-01,,,,2026-03-03\n").deals
    assert deal.closed_at == datetime(2026, 5, 1, tzinfo=UTC)
    assert deal.scored_at.isoformat().startswith("2026-03-03T23:59:59")


def test_no_ending_and_no_close_is_an_open_deal() -> None:
    (deal,) = read_deals(HEADER + "D-1,,,,,,,\n").deals
    assert deal.won is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(",,yes,2026-05-01,,,,", "line 3, deal_id: is empty", id="no id"),
        pytest.param("D-2,,maybe,2026-05-01,,,,", "line 3, won: 'maybe' is neither", id="won"),
        pytest.param("D-2,,yes,05/01/2026,,,,", "line 3, closed_at: '05/01/2026'", id="date"),
        pytest.param("D-2,,yes,2026-05-01,4k,,,", "line 3, amount: '4k' is not a", id="amount"),
        pytest.param("D-2,,yes,2026-05-01,-5,,,", "line 3, amount: ", id="negative amount"),
        pytest.param("D-2,,yes,2026-05-01,nan,,,", "line 3, amount: ", id="not a number"),
        pytest.param("D-2,,yes,2026-05-01,,101,,", "line 3, ae_score: ", id="score too high"),
        pytest.param("D-2,,yes,,,,,", "line 3: won and closed_at: ", id="won without a close"),
        pytest.param("D-2,,,2026-05-01,,,,", "line 3: won and closed_at: ", id="close, no ending"),
        pytest.param("D-2,,yes", "line 3: has 3 cells, the header 8", id="short row"),
        pytest.param("D-1,,no,2026-05-01,,,,", "line 3, deal_id: 'D-1' stands on", id="twice"),
    ],
)
def test_a_bad_row_is_named_by_line_and_the_others_are_kept(row: str, expected: str) -> None:
    text = f"{HEADER}D-1,,yes,2026-05-01,,,,\n{row}\nD-3,,no,2026-05-02,,,,\n"
    table = read_deals(text)
    assert [d.deal_id for d in table.deals] == ["D-1", "D-3"]
    (bad,) = table.bad_rows
    assert str(bad).startswith(expected)


def test_lines_are_counted_as_an_editor_does_even_when_a_cell_spans_two() -> None:
    text = 'deal_id,won,closed_at,segment\nD-1,yes,2026-05-01,"two\nlines"\nD-2,what,2026-05-01,\n'
    assert read_deals(text).bad_rows[0].line == 4


@pytest.mark.parametrize("mark", [pytest.param(";", id="semicolon"), pytest.param("\t", id="tab")])
def test_other_delimiters_and_a_byte_order_mark_are_read(mark: str) -> None:
    text = "\ufeff" + "Deal_ID,Won,Closed_At,Region\r\nD-1,won,2026-05-01,north\r\n".replace(
        ",", mark
    )
    table = read_deals(text)
    assert table.deals[0].won is True
    assert table.ignored_columns == ("region",)


def test_a_table_without_a_required_column_is_refused_by_name() -> None:
    with pytest.raises(EvalError, match=r"deals\.csv: line 1: there is no column 'closed_at'"):
        read_deals("deal_id,won\nD-1,yes\n", "deals.csv")


@given(st.lists(st.text(st.characters(blacklist_characters=',\n\r";\t'), max_size=8), max_size=20))
def test_every_row_is_either_a_deal_or_a_bad_row(ids: list[str]) -> None:
    rows = [f"{deal_id},yes,2026-05-01" for deal_id in ids]
    table = read_deals("\n".join(["deal_id,won,closed_at", *rows]))
    assert len(table.deals) + len(table.bad_rows) == len(ids)
