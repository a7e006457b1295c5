"""The flows around the main path, for Prefect: polls, calls to fetch, intake, bookings.

Thin `async def` wrappers, as in `engine.py`. Each run does what is due and ends; nothing waits
for days inside a run. State is in the ledger, so two runs at once share the work, a killed run
is simply run again, and `prefect.yaml` only says how often. Results are counts.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

# Prefect's client and server report to its makers unless told not to before they are imported.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")

from prefect import flow

from flows import wiring
from flows.events import act_on_events
from flows.inbox import pick_up
from flows.intake import Intake, take_in
from flows.poll import poll
from flows.sweep import sweep
from flows.worker import Worker

MOST_TURNS = 1000
"""Of one run; what is left is due at the next."""


@flow(name="poll-sources", persist_result=False)
async def poll_sources(config: str | None = None) -> int:
    """Note new calls of every source; return how many.

    Args:
        config: bantam.toml to use; None for the one of the working folder.
    """
    return await _with_parts(config, lambda p: poll(p.worker, first_look=p.first_look))


@flow(name="drain-inbox", persist_result=False)
async def drain_inbox(config: str | None = None) -> int:
    """Act on what came by webhook, then fetch, score and settle the calls that are due.

    Args:
        config: bantam.toml to use.

    Returns:
        How many messages and calls were taken.
    """

    def once(parts: _Parts) -> int:
        taken = _until_done(lambda: pick_up(parts.worker).taken)
        # A CRM that is away must not hold up calls, so they come first.
        acted = _until_done(lambda: act_on_events(parts.worker, first_look=parts.first_look))
        return taken + acted + (_until_done(lambda: pick_up(parts.worker).taken) if acted else 0)

    return await _with_parts(config, once)


@flow(name="look-after-bookings", persist_result=False)
async def look_after_bookings(config: str | None = None) -> int:
    """Take in forms, book what was asked for, follow bookings that are due; return how many.

    Args:
        config: bantam.toml to use.
    """

    def once(parts: _Parts) -> int:
        taken = _until_done(lambda: take_in(parts.worker, parts.intake))
        return taken + _until_done(lambda: sweep(parts.worker, parts.intake))

    return await _with_parts(config, once)


class _Parts(NamedTuple):
    worker: Worker
    intake: Intake
    first_look: timedelta


async def _with_parts(config: str | None, do: Callable[[_Parts], int]) -> int:
    settings = wiring.settings_from(Path(config) if config else None)
    with wiring.worker(settings) as worker:
        parts = _Parts(
            worker,
            wiring.build_intake(settings, worker.ledger),
            timedelta(seconds=settings.serve.first_look),
        )
        return await asyncio.to_thread(do, parts)


def _until_done(turn: Callable[[], int]) -> int:
    total = 0
    for _ in range(MOST_TURNS):
        done = turn()
        total += done
        if not done:
            break
    return total
