"""One count of requests for all workers on a ledger."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bantam.domain.limits import RequestLimit
from bantam.ledger.request_buckets import RequestBuckets
from bantam.ports import Clock

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class _Held:
    """What this process knows of one bucket."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    times: deque[datetime] = field(default_factory=deque)
    """Of requests that only this process may send."""
    not_before: datetime = _LONG_AGO
    """Asking the ledger earlier is no use."""
    seen_at: datetime = _LONG_AGO

    def look(self, now: datetime) -> None:
        """Forget what is over, and everything when the clock was set back."""
        if now < self.seen_at:
            self.times.clear()
            self.not_before = _LONG_AGO
        self.seen_at = now
        while self.times and self.times[0] < now:
            self.times.popleft()

    def take(self, limit: RequestLimit, now: datetime) -> timedelta | None:
        """Take a request, or return how long to wait; None when only the ledger knows."""
        if self.times:
            opens = self.times[0] - limit.lead
            if opens <= now:
                self.times.popleft()
        elif self.not_before > now:
            opens = self.not_before
        else:
            return None
        return max(opens - now, timedelta())


class SharedLimiter:
    """Implements `RateLimiter` for every process on one ledger. Thread-safe.

    The threads of a process should share one. A worker that has been alone for a second takes
    about a second's worth of requests in one transaction; where two ask, each takes one at a time.
    """

    def __init__(self, ledger: RequestBuckets, worker: str, clock: Clock) -> None:
        """Take the ledger, a name that other processes do not have, and the clock."""
        self._ledger = ledger
        self._worker = worker
        self._clock = clock
        self._held: dict[tuple[str, str, str], _Held] = {}
        self._lock = threading.Lock()

    def acquire(self, limit: RequestLimit, now: datetime) -> float:
        """Take one request (0.0), or return the seconds after which to ask again.

        Raises:
            LedgerError: the ledger refused, or is gone.
        """
        held = self._of(limit)
        with held.lock:
            # The lock may have taken a while.
            now = max(now, self._clock())
            held.look(now)
            wait = held.take(limit, now)
            if wait is None:
                wait = self._asked(limit, held)
            return wait.total_seconds()

    def pause(self, limit: RequestLimit, until: datetime) -> None:
        """Let nobody through before `until`; workers that hold requests send those first.

        Raises:
            LedgerError: the ledger refused, or is gone.
        """
        held = self._of(limit)
        with held.lock:
            held.times.clear()
            held.not_before = max(held.not_before, until)
            self._ledger.close_requests(limit, until=until, now=self._clock())

    def _asked(self, limit: RequestLimit, held: _Held) -> timedelta:
        taken = self._ledger.take_requests(limit, worker=self._worker, clock=self._clock)
        held.times.extend(taken.times)
        held.not_before = taken.not_before
        wait = held.take(limit, taken.now)
        assert wait is not None
        return wait

    def _of(self, limit: RequestLimit) -> _Held:
        with self._lock:
            return self._held.setdefault((limit.vendor, limit.tenant, limit.group), _Held())
