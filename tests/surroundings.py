"""A clock that only moves when somebody waits, and the surroundings of a vendor client on it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from integrations.http import Patience, Surroundings
from tests.faults import Fault

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class StillClock:
    """Tells a fixed time; `sleep` moves it and notes how long."""

    now: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@functools.cache
def network() -> httpx.HTTPTransport:
    """One for all: making a TLS context takes longer than most tests."""
    return httpx.HTTPTransport()


def surroundings(
    clock: StillClock | None = None, *, fault: Fault | None = None, **changes: Any
) -> Surroundings:
    """Return surroundings whose waits take no time.

    Args:
        clock: moves when the client waits.
        fault: of a vendor that falls silent, who is then given up soon; others get all the time
            that a busy machine may need.
        changes: other fields of Surroundings.
    """
    clock = clock or StillClock()
    patience = Patience(
        connect_timeout=10, read_timeout=0.8 if fault and fault.hold else 20, deadline=60
    )
    fields: dict[str, Any] = {
        "clock": clock,
        "sleep": clock.sleep,
        "chance": lambda: 0.5,
        "patience": patience,
        "transport": network(),
    }
    return Surroundings(**{**fields, **changes})
