"""Keeps requests within a number at once, a number of tokens a minute, and a server's pauses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_MINUTE = 60.0


class Pacing:
    """Shared by all threads that ask one server."""

    def __init__(
        self,
        concurrency: int,
        tokens_per_minute: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start with a full minute's tokens.

        Args:
            concurrency: requests at once, at least 1.
            tokens_per_minute: input and output together; None sets no limit.
            clock: monotonic seconds.
            sleep: waits for seconds.
        """
        self._slots = threading.BoundedSemaphore(concurrency)
        self._rate = None if tokens_per_minute is None else tokens_per_minute / _MINUTE
        self._burst = float(tokens_per_minute or 0)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = self._burst
        self._counted_at = clock()
        self._paused_until = 0.0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the places for requests at once; waits for a free one."""
        with self._slots:
            yield

    def wait_for(self, tokens: int, deadline: float) -> bool:
        """Wait until `tokens` may be spent and no pause holds; False when the deadline is sooner.

        Args:
            tokens: estimate of input and output. More than a minute's worth waits for all of it.
            deadline: on the clock given to the constructor.
        """
        with self._lock:
            now = self._clock()
            start = max(now, self._paused_until)
            if self._rate is not None:
                self._refill(now)
                asked = min(float(tokens), self._burst)
                start = max(start, now + max(0.0, asked - self._tokens) / self._rate)
                if start < deadline:
                    # Reserved at once, into debt, so that the next thread waits behind this one.
                    self._tokens -= asked
        if start >= deadline:
            return False
        if start > now:
            self._sleep(start - now)
        return True

    def settle(self, estimated: int, used: int) -> None:
        """Correct an estimate by what the server counted."""
        if self._rate is None:
            return
        with self._lock:
            self._refill(self._clock())
            given_back = min(float(estimated), self._burst) - used
            self._tokens = min(self._burst, self._tokens + given_back)

    def pause(self, seconds: float) -> None:
        """Let nobody start before `seconds` have passed: the server asked for it."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _refill(self, now: float) -> None:
        assert self._rate is not None
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now
