"""When to look for calls again, and when to ask again for a transcript that is not there yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from bantam.domain.calls import CallWindow

GIVE_UP_AFTER = timedelta(hours=48)
"""Recorders need minutes to hours; after two days none will come."""
_FIRST_WAIT = timedelta(minutes=2)
_LONGEST_WAIT = timedelta(hours=4)


def next_attempt(first_seen: datetime, attempts: int, now: datetime) -> datetime | None:
    """Return when to ask again for a transcript that was not ready, or None to give up.

    Waits 2 minutes after the first attempt and doubles up to 4 hours; the last attempt is made
    when 48 hours have passed.

    Args:
        first_seen: aware UTC time when the call was first found.
        attempts: how often it was asked for so far; 1 or more.
        now: aware UTC time of the attempt that just failed.
    """
    last = first_seen + GIVE_UP_AFTER
    if now >= last:
        return None
    # 2 min * 2 ** 7 is beyond the longest wait; larger powers would overflow a timedelta.
    doublings = min(max(attempts, 1) - 1, 7)
    wait = min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)
    return min(now + wait, last)


def window_to_read(
    covered_until: datetime | None, now: datetime, *, overlap: timedelta, first_look: timedelta
) -> CallWindow:
    """Return the stretch to list next: from before what is covered, up to now.

    Calls appear at a recorder after processing, so one that started earlier can surface later;
    a cursor that followed the start times would lose it for ever. Hence the overlap; calls that
    are known already are dropped by their ids.

    Args:
        covered_until: end of the last window that was read whole; None on the first run.
        now: aware UTC time.
        overlap: how far to look back behind `covered_until`.
        first_look: how far to look back on the first run; more than nothing.
    """
    since = now - first_look if covered_until is None else min(covered_until, now) - overlap
    return CallWindow(since=min(since, now - timedelta(seconds=1)), until=now)
