from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.bant import Criterion
from bantam.domain.crm_fields import (
    CRM_FIELDS,
    MAX_TEXT,
    NOT_SHOWN,
    FieldKind,
    canonical,
    clock_time,
    field_values,
)
from bantam.domain.delivery import QuotedReason, ScoreNote
from tests.crm_cases import a_note


def test_every_field_of_a_note_is_shown_or_named_as_left_out() -> None:
    shown = {name for field in CRM_FIELDS for name in field.shows}
    assert shown | set(NOT_SHOWN) == set(ScoreNote.model_fields)
    assert not shown & set(NOT_SHOWN)


def test_names_and_labels_are_unique() -> None:
    assert (
        len({f.name for f in CRM_FIELDS}) == len({f.label for f in CRM_FIELDS}) == len(CRM_FIELDS)
    )


def test_the_values_of_a_note() -> None:
    reasons = (
        QuotedReason(criterion=Criterion.BUDGET, level=2, summary="40k planned", quote="Forty thousand", speaker="Bo", at_seconds=3725.4),
        QuotedReason(criterion=Criterion.NEED, level="not_discussed", summary="not discussed"),
    )  # fmt: skip
    values = field_values(a_note(reasons=reasons, coverage=0.625))
    assert values["budget"] == "2"
    assert values["need"] == values["timeframe"] == ""
    assert values["coverage"] == "62"
    assert values["summary"] == "Budget 2/4: 40k planned\nNeed not discussed: not discussed"
    assert values["evidence"] == (
        "Acme discovery, 2026-03-02\nhttps://calls.example/c-1\n"
        'Budget [1:02:05] Bo: "Forty thousand"'
    )
    assert values["scored_at"] == "2026-03-02T16:00:00Z"
    assert values["read_by"] == "model gpt-x"
    assert values["prompt_version"] == "abcdef012345"


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        pytest.param(FieldKind.NUMBER, 78, "78", id="int"),
        pytest.param(FieldKind.NUMBER, 78.0, "78", id="float"),
        pytest.param(FieldKind.NUMBER, "78.00", "78", id="text with zeros"),
        pytest.param(FieldKind.NUMBER, "7.8E1", "78", id="exponent"),
        pytest.param(FieldKind.NUMBER, "100", "100", id="zeros before the point stay"),
        pytest.param(FieldKind.NUMBER, "0.50", "0.5", id="fraction"),
        pytest.param(FieldKind.NUMBER, "about 60", "about 60", id="a person's words stay"),
        pytest.param(FieldKind.NUMBER, None, "", id="nothing"),
        pytest.param(FieldKind.NUMBER, "1e999999999", "1e999999999", id="absurd exponent"),
        pytest.param(FieldKind.DATETIME, "1772467200000", "2026-03-02T16:00:00Z", id="epoch ms"),
        pytest.param(FieldKind.DATETIME, "2026-03-02T16:00:00.000+0000", "2026-03-02T16:00:00Z", id="salesforce"),
        pytest.param(FieldKind.DATETIME, "2026-03-02T17:00:00+01:00", "2026-03-02T16:00:00Z", id="offset"),
        pytest.param(FieldKind.DATETIME, "soon", "soon", id="no time"),
        pytest.param(FieldKind.LONG_TEXT, " a \r\nb\x00\r\n", "a\nb", id="line ends and blanks"),
        pytest.param(FieldKind.TEXT, "a\nb", "a b", id="one line"),
        pytest.param(FieldKind.TEXT, "x" * 300, "x" * 254 + "…", id="cut"),
        pytest.param(FieldKind.URL, "https://x.example/" + "y" * 300, "", id="half a link leads nowhere"),
    ],
)  # fmt: skip
def test_canonical(kind: FieldKind, raw: Any, expected: str) -> None:
    assert canonical(kind, raw) == expected


@given(
    kind=st.sampled_from(list(FieldKind)), raw=st.text() | st.integers() | st.floats() | st.none()
)
def test_canonical_text_is_canonical(kind: FieldKind, raw: Any) -> None:
    once = canonical(kind, raw)
    assert canonical(kind, once) == once
    assert kind is FieldKind.LONG_TEXT or "\n" not in once or kind is not FieldKind.TEXT
    assert len(once) <= MAX_TEXT or kind not in {FieldKind.TEXT, FieldKind.URL}


@given(st.integers(0, 4_000_000_000), st.integers(-12, 12))
def test_a_time_is_the_same_in_every_zone(epoch: int, hours: int) -> None:
    here = datetime.fromtimestamp(epoch, tz=UTC)
    there = here.astimezone(timezone(timedelta(hours=hours)))
    assert canonical(FieldKind.DATETIME, here) == canonical(FieldKind.DATETIME, there.isoformat())


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        pytest.param(0.0, "0:00", id="start"),
        pytest.param(59.9, "0:59", id="never rounds up"),
        pytest.param(3600.0, "1:00:00", id="hour"),
    ],
)
def test_clock_time(seconds: float, shown: str) -> None:
    assert clock_time(seconds) == shown
