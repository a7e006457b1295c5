"""A clock that only moves when somebody waits, and the surroundings of a vendor client on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.http import Patience, Surroundings

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


def surroundings(clock: StillClock | None = None, **changes: Any) -> Surroundings:
    """Return surroundings whose waits take no time; a silent vendor is given up after 0.6 s."""
    clock = clock or StillClock()
    fields: dict[str, Any] = {
        "clock": clock,
        "sleep": clock.sleep,
        "chance": lambda: 0.5,
        "patience": Patience(connect_timeout=2, read_timeout=0.6, deadline=5),
    }
    return Surroundings(**{**fields, **changes})
