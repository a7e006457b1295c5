"""What the flows around the main path work with: one value, put together by `wiring.py`."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field

from bantam.ledger.leases import Terms
from bantam.ledger.store import Ledger
from bantam.ports import CallSource, Clock, DealEndings, Gateway, Watchful
from flows.score_calls import Pipeline

LEASE_SECONDS = 900.0
"""Longer than fetching and reading a batch of calls takes, with all retries."""


def worker_name() -> str:
    """Return who works here, for leases and activities."""
    return f"{platform.node()}:{os.getpid()}"


@dataclass(frozen=True)
class Watched:
    """A CRM whose webhooks are acted on."""

    endings: DealEndings
    edits: Watchful | None = None
    """None when scores are not delivered there."""


@dataclass(frozen=True)
class Worker:
    """One worker and everything that it may touch."""

    ledger: Ledger
    pipeline: Pipeline
    """Its ledger is the same one."""
    sources: Mapping[str, CallSource] = field(default_factory=dict)
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    watched: Mapping[str, Watched] = field(default_factory=dict)
    """By sender of webhooks."""
    name: str = "bantam"
    """For people, in leases and activities."""

    @property
    def clock(self) -> Clock:
        """Tells what is due."""
        return self.pipeline.clock

    def terms(self, limit: int) -> Terms:
        """Return the terms on which it takes up to `limit` rows now."""
        return Terms(limit=limit, now=self.clock(), lease_seconds=LEASE_SECONDS, worker=self.name)
