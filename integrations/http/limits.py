"""Request limits kept in this process."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from bantam.domain.limits import RequestLimit


@dataclass
class _Bucket:
    tokens: float
    filled_at: datetime
    closed_until: datetime | None = None


class TokenBuckets:
    """Implements `RateLimiter` for the threads of one process."""

    def __init__(self) -> None:
        self._buckets: dict[Hashable, _Bucket] = {}
        self._lock = threading.Lock()

    def acquire(self, limit: RequestLimit, now: datetime) -> float:
        """Take one request (0.0), or return the seconds after which to ask again."""
        with self._lock:
            bucket = self._bucket(limit, now)
            if bucket.closed_until and bucket.closed_until > now:
                return (bucket.closed_until - now).total_seconds()
            # A clock set back adds nothing and must not freeze the bucket either.
            passed = max((now - bucket.filled_at).total_seconds(), 0.0)
            bucket.tokens = min(limit.burst, bucket.tokens + passed * limit.per_second)
            bucket.filled_at = now
            if bucket.tokens >= 1 - 1e-9:
                bucket.tokens -= 1
                return 0.0
            return (1 - bucket.tokens) / limit.per_second

    def pause(self, limit: RequestLimit, until: datetime) -> None:
        """Let nobody through before `until`."""
        with self._lock:
            bucket = self._bucket(limit, until)
            if bucket.closed_until is None or until > bucket.closed_until:
                bucket.closed_until = until

    def _bucket(self, limit: RequestLimit, now: datetime) -> _Bucket:
        name = (limit.vendor, limit.tenant, limit.group)
        return self._buckets.setdefault(name, _Bucket(tokens=limit.burst, filled_at=now))
