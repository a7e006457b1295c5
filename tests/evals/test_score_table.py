from __future__ import annotations

import pytest

from bantam.errors import EvalError
from evals.score_table import read_scores

HEADER = "call_id,deal_id,started_at,points\n"


def test_scores_are_read_and_an_empty_score_is_unscored() -> None:
    found = read_scores(HEADER + "c-1,D-1,2026-01-05T10:00:00Z,80\nc-2,D-1,2026-01-06T10:00:00Z,\n")
    assert [(c.call_id, c.points) for c in found.calls] == [("c-1", 80), ("c-2", None)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param("c-2,D-1,2026-01-05T10:00:00Z,101", "line 3, points", id="off the scale"),
        pytest.param("c-2,D-1,2026-01-05T10:00:00,50", "line 3, started_at", id="no offset"),
        pytest.param("c-2,,2026-01-05T10:00:00Z,50", "line 3, deal_id", id="no deal"),
        pytest.param("c-1,D-1,2026-01-05T10:00:00Z,50", "line 3, call_id", id="twice"),
    ],
)
def test_a_bad_row_is_named_by_line_and_the_others_are_kept(row: str, expected: str) -> None:
    found = read_scores(f"{HEADER}c-1,D-1,2026-01-05T10:00:00Z,80\n{row}\n")
    assert len(found.calls) == 1
    assert str(found.bad_rows[0]).startswith(expected)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(EvalError, match="there is no column 'points'"):
        read_scores("call_id,deal_id,started_at\n")
