"""How often a vendor lets one tenant ask.

Requests have times, one every `RequestLimit.interval`. Whoever holds a time may send one request
at it or up to `RequestLimit.lead` before it, never later. However many workers hold times, and
whatever they leave unused, any stretch of `s` seconds then sees at most
`burst + per_second * s` requests.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from pydantic import Field

from bantam.domain.value import Value

AHEAD = timedelta(seconds=1)
"""How far ahead workers take times. What they then leave unused is lost to the others."""

CLOCKS_APART = timedelta(seconds=60)
"""Clocks of workers may differ by less. What is further ahead comes from a clock set back."""


class RequestLimit(Value):
    """A vendor's allowance, shared by every worker of a tenant.

    The whole value is the name of the bucket: whoever keeps the count needs no other settings.
    """

    vendor: str
    tenant: str = "default"
    group: str = ""
    """A part of the API with an allowance of its own: "search", a Slack channel; "" is the rest."""
    per_second: float = Field(gt=0)
    """Requests that come back per second; 50 a day is 50 / 86400."""
    burst: int = Field(default=1, ge=1)
    """Requests that may go at once after a pause."""

    @property
    def interval(self) -> timedelta:
        """From one request's time to the next; rounded up, so that the rate is never exceeded."""
        return timedelta(microseconds=math.ceil(1e6 / self.per_second))

    @property
    def lead(self) -> timedelta:
        """How long before its time a request may go."""
        return (self.burst - 1) * self.interval

    @property
    def ahead(self) -> timedelta:
        """How far ahead a time may be taken: so that whoever waits has a place in the queue.

        Without a lead, a time can only be met by whoever takes it at that very moment.
        """
        return AHEAD if self.lead else timedelta()

    @property
    def batch(self) -> int:
        """How many times a worker that is alone takes at once: about a second's worth."""
        return max(1, min(self.burst, math.floor(self.per_second * AHEAD.total_seconds())))

    def unstuck(self, next_time: datetime, now: datetime) -> datetime:
        """Return `next_time`, or, when only a clock set back explains it, that of a spent burst."""
        spent = now + self.burst * self.interval
        return next_time if next_time <= spent + AHEAD + CLOCKS_APART else spent
