from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.polling import GIVE_UP_AFTER, next_attempt, window_to_read
from tests.surroundings import NOW


def waits() -> list[timedelta]:
    """Follow the policy from the first attempt to the end."""
    now, found, attempts = NOW, [], 1
    while (at := next_attempt(NOW, attempts, now)) is not None:
        found.append(at - now)
        now, attempts = at, attempts + 1
    return found


def test_waits_double_from_two_minutes_to_four_hours_and_end_at_48_hours() -> None:
    minutes = [wait.total_seconds() / 60 for wait in waits()]
    assert minutes[:9] == [2, 4, 8, 16, 32, 64, 128, 240, 240]
    assert sum(minutes) == 48 * 60
    assert len(minutes) == 18


@given(
    attempts=st.integers(min_value=-1, max_value=10**9),
    passed=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=90)),
)
def test_the_next_attempt_is_later_and_never_after_the_end(
    attempts: int, passed: timedelta
) -> None:
    at = next_attempt(NOW, attempts, NOW + passed)
    if passed >= GIVE_UP_AFTER:
        assert at is None
    else:
        assert NOW + passed < at <= NOW + GIVE_UP_AFTER


@pytest.mark.parametrize(
    ("covered", "since"),
    [
        pytest.param(None, NOW - timedelta(days=7), id="first run"),
        pytest.param(NOW - timedelta(hours=1), NOW - timedelta(days=1, hours=1), id="overlap"),
        pytest.param(
            NOW + timedelta(days=3), NOW - timedelta(days=1), id="covered by a wrong clock"
        ),
    ],
)
def test_windows_overlap_what_was_covered(covered: object, since: object) -> None:
    window = window_to_read(covered, NOW, overlap=timedelta(days=1), first_look=timedelta(days=7))
    assert (window.since, window.until) == (since, NOW)


def test_without_overlap_a_window_still_runs_forward() -> None:
    window = window_to_read(NOW, NOW, overlap=timedelta(0), first_look=timedelta(days=7))
    assert window.since < window.until
