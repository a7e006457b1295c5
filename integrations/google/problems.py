"""Google's errors: `error.errors[].reason` says more than the status does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bantam.errors import VendorBusyError, VendorRejectedError
from integrations.http import Answer, Problem, standard_problem
from integrations.http.later import next_midnight, retry_after

_BUSY = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RESOURCE_EXHAUSTED"}
)
_DAILY = frozenset({"dailyLimitExceeded"})
_QUOTA_ZONE = "America/Los_Angeles"
"""Where Google's quota days begin."""


def read_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read an error of Forms or Calendar; a quota comes as 403 as well as 429."""
    problem = standard_problem(answer, now)
    if problem is None:
        return None
    reason = _reason(answer.fields().get("error"))
    if reason in _DAILY:
        return Problem(VendorBusyError, reason, next_midnight(now, _QUOTA_ZONE))
    if reason in _BUSY:
        return Problem(VendorBusyError, reason, retry_after(answer.headers, now))
    if reason == "timeRangeEmpty":
        return Problem(VendorRejectedError, reason, fix="the meeting must end after it starts")
    return Problem(problem.kind, reason, problem.retry_at)


def _reason(error: Any) -> str | None:
    if not isinstance(error, dict):
        return None
    details = error.get("errors")
    first = details[0] if isinstance(details, list) and details else None
    found = first.get("reason") if isinstance(first, dict) else None
    return str(found or error.get("status") or "") or None
