"""Ask every source for new calls: what webhooks tell sooner, and what they drop."""

from __future__ import annotations

from datetime import datetime, timedelta

from bantam.domain.polling import window_to_read
from bantam.errors import BantamError
from bantam.ports import CallSource
from flows.worker import Worker


def poll(worker: Worker, *, first_look: timedelta) -> int:
    """Note the calls that sources have and the ledger does not; return how many are new.

    A window is read whole before the cursor moves, so that a run that dies reads it again.

    Args:
        worker: its sources are asked, one after the other.
        first_look: how far back to look in a source that was never asked.

    Raises:
        BantamError: the first source that could not be asked says so, after all were asked.
    """
    found, first_problem = 0, None
    for source in worker.sources.values():
        try:
            found += poll_source(worker, source, first_look=first_look)
        except BantamError as error:
            first_problem = first_problem or error
    if first_problem is not None:
        raise first_problem
    return found


def poll_source(worker: Worker, source: CallSource, *, first_look: timedelta) -> int:
    """Note the new calls of one source; return how many.

    Raises:
        BantamError: the source cannot be asked; its cursor stays where it was.
    """
    now = worker.clock()
    name = f"poll:{source.name}"
    stands = worker.ledger.cursor(name)
    window = window_to_read(
        datetime.fromisoformat(stands) if stands else None,
        now,
        overlap=source.overlap,
        first_look=first_look,
    )
    found = worker.ledger.add_pickups(source.call_ids(window), source=source.name, now=now)
    worker.ledger.move_cursor(name, window.until.isoformat(), now=now)
    return found
