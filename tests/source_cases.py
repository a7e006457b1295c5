"""What every source of calls has to stand, whoever the vendor is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bantam.domain.calls import Call, CallId, CallWindow
from bantam.ports import CallSource
from tests.faults import HALF_DONE, PASSING, Fault
from tests.servers import Server

WINDOW = CallWindow(
    since=datetime(2026, 11, 23, tzinfo=UTC), until=datetime(2026, 11, 24, tzinfo=UTC)
)
EARLIER = CallWindow(
    since=WINDOW.since - timedelta(days=30), until=WINDOW.since - timedelta(days=29)
)

READ_FAULTS = [pytest.param(fault, id=fault.name) for fault in PASSING + HALF_DONE]
"""A read stands every fault: whatever happened, asking again does no harm."""


def read_everything(source: CallSource, window: CallWindow = WINDOW) -> list[Call]:
    """List a window and fetch each call."""
    return [source.fetch(call_id) for call_id in source.call_ids(window)]


def assert_each_step_stands(
    fault: Fault, server: Server, source: Callable[[Fault | None], CallSource]
) -> None:
    """Read everything again and again, with the fault at the first request, the second, ..."""
    expected = read_everything(source(None))
    steps = len(server.stand_in.received)
    assert expected
    assert steps >= 2
    for step in range(steps):
        server.faults.at(step, fault)
        assert read_everything(source(fault)) == expected, f"{fault.name} at request {step}"
        assert not server.faults.unused


def ids(*natives: str) -> list[CallId]:
    return [CallId(native) for native in natives]
