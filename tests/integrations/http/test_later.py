from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.http.later import (
    LONGEST_WAIT,
    after_seconds,
    at_epoch_milliseconds,
    next_midnight,
    ratelimit_reset,
    retry_after,
)
from tests.surroundings import NOW


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "7"}, 7, id="seconds"),
        pytest.param({"retry-after": "1.5"}, 1.5, id="decimal"),
        pytest.param({"retry-after": "-3"}, 0, id="negative"),
        pytest.param({"retry-after": "Tue, 24 Nov 2026 09:01:00 GMT"}, 60, id="date"),
        pytest.param(
            {
                "retry-after": "Tue, 24 Nov 2026 12:01:00 GMT",
                "date": "Tue, 24 Nov 2026 12:00:00 GMT",
            },
            60,
            id="date, their clock three hours ahead",
        ),
        pytest.param({"retry-after": "Tue, 24 Nov 2026 08:00:00 GMT"}, 0, id="date in the past"),
        pytest.param({"retry-after": "2026-11-24T09:02:00Z"}, 120, id="iso date"),
        pytest.param({"retry-after": "soon"}, None, id="no time"),
        pytest.param({"retry-after": "nan"}, None, id="not a number"),
        pytest.param({"retry-after": "99999999"}, LONGEST_WAIT.total_seconds(), id="absurd"),
        pytest.param({}, None, id="absent"),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    at = retry_after(headers, NOW)
    assert at == (None if seconds is None else NOW + timedelta(seconds=seconds))


def test_epoch_milliseconds_are_measured_on_the_vendors_clock() -> None:
    in_a_minute = (NOW + timedelta(minutes=1)).timestamp() * 1000
    assert at_epoch_milliseconds(in_a_minute, {}, NOW) == NOW + timedelta(minutes=1)
    ahead = {"date": "Tue, 24 Nov 2026 09:00:30 GMT"}
    assert at_epoch_milliseconds(in_a_minute, ahead, NOW) == NOW + timedelta(seconds=30)


def test_ratelimit_reset_is_a_decimal() -> None:
    headers = {"ratelimit": "limit=100, remaining=0, reset=4.25"}
    assert ratelimit_reset(headers, NOW) == NOW + timedelta(seconds=4.25)
    assert ratelimit_reset({"ratelimit": "limit=100"}, NOW) is None


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        pytest.param("UTC", datetime(2026, 11, 25, tzinfo=UTC), id="utc"),
        pytest.param(
            "America/New_York",
            datetime(2026, 11, 24, 5, tzinfo=UTC) + timedelta(days=1),
            id="account zone",
        ),
    ],
)
def test_daily_budgets_start_again_at_midnight(zone: str, expected: datetime) -> None:
    assert next_midnight(NOW, zone) == expected


@given(st.text() | st.floats() | st.integers())
def test_no_wait_is_negative_or_endless(value: str | float) -> None:
    at = after_seconds(value, NOW)
    assert at is None or NOW <= at <= NOW + LONGEST_WAIT
