"""The ways in which vendors say "later". All return an aware UTC time, or None.

Waits are measured on the vendor's own clock where it tells it (the Date header), so that a
machine whose clock is wrong neither hammers nor sleeps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

LONGEST_WAIT = timedelta(hours=25)
"""Nobody says later than a day; a longer wait is seconds taken for milliseconds."""

_RESET = re.compile(r"\breset\s*=\s*(\d+(?:\.\d+)?)")


def after_seconds(value: str | float | None, now: datetime) -> datetime | None:
    """Return `now` plus a number of seconds, whole or decimal; None when it is no such number."""
    try:
        seconds = float(value) if value is not None else math.nan
    except ValueError:
        return None
    if not math.isfinite(seconds):
        return None
    wait = timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT.total_seconds()))
    return now + wait


def at_epoch_milliseconds(
    value: float | None, headers: Mapping[str, str], now: datetime
) -> datetime | None:
    """Return the time that epoch milliseconds name, moved from the vendor's clock to ours."""
    if value is None or not math.isfinite(value):
        return None
    wait = value / 1000 - _their_now(headers, now).timestamp()
    return after_seconds(wait, now)


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read Retry-After: seconds, an HTTP date, or (Zoom's daily limits) an ISO date."""
    text = headers.get("retry-after")
    if text is None:
        return None
    in_seconds = after_seconds(text, now)
    if in_seconds is not None:
        return in_seconds
    date = _http_date(text)
    return after_seconds((date - _their_now(headers, now)).total_seconds(), now) if date else None


def ratelimit_reset(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read `RateLimit: limit=100, remaining=0, reset=4.2` (decimal seconds)."""
    found = _RESET.search(headers.get("ratelimit", ""))
    return after_seconds(found[1], now) if found else None


def next_midnight(now: datetime, zone: str = "UTC") -> datetime:
    """Return the next midnight of a time zone: when daily budgets start again."""
    local = now.astimezone(ZoneInfo(zone))
    tomorrow = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow.astimezone(UTC)


def _their_now(headers: Mapping[str, str], now: datetime) -> datetime:
    return _http_date(headers.get("date", "")) or now


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return _iso_date(text)
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _iso_date(text: str) -> datetime | None:
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
