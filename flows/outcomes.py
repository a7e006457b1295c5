"""Read how deals ended from a CRM into the ledger: what evals hold the scores against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.deals import Outcome
from bantam.domain.value import Value, digest
from bantam.ledger.store import Ledger
from bantam.ports import AeViews, Clock, OutcomeSource

BATCH = 500
OVERLAP = timedelta(days=2)
"""Closing dates are days in some CRMs, and people set them after the fact."""
LOOK_BACK = timedelta(days=730)
"""How far the first reading goes back."""


class OutcomesRead(Value):
    """What was read."""

    deals: int
    judged: int
    """Of these, deals of which an AE wrote what he thinks."""

    def __str__(self) -> str:
        by_ae = f", {self.judged} with an AE's own word" if self.judged else ""
        return f"{self.deals} closed deals read{by_ae}"


def read_outcomes(
    ledger: Ledger,
    source: OutcomeSource,
    name: str,
    *,
    clock: Clock,
    since: datetime | None = None,
) -> OutcomesRead:
    """Store how deals ended, and what their AEs wrote of them, over what was known before.

    A run that dies loses nothing: the next one starts where the last whole one ended.

    Args:
        ledger: keeps them.
        source: a CRM.
        name: of the CRM; the position is remembered under it.
        clock: tells where the next run starts.
        since: aware; None goes on where the last run ended, or two years back.

    Raises:
        VendorError: the CRM cannot be asked.
    """
    started = clock()
    position = f"outcomes:{name}"
    before = ledger.cursor(position)
    if since is None:
        since = datetime.fromisoformat(before) if before else started - LOOK_BACK
    read, judged = 0, 0
    for batch in _batches(source.closed_deals(since)):
        ids = [outcome.deal_id for outcome in batch]
        views = source.ae_views(ids) if isinstance(source, AeViews) else ()
        ledger.record_outcomes(batch, [told_closed(outcome, name) for outcome in batch], views)
        read += len(batch)
        judged += len(views)
    ledger.move_cursor(position, (started - OVERLAP).isoformat(), now=clock())
    return OutcomesRead(deals=read, judged=judged)


def told_closed(outcome: Outcome, name: str) -> Activity:
    """Return the activity that says how a deal ended, as a CRM of this name tells it."""
    facts = (outcome.deal_id, str(outcome.won), outcome.closed_at.isoformat())
    return Activity(
        id=digest(ActivityKind.DEAL_CLOSED, *facts),
        at=outcome.closed_at,
        customer=outcome.deal_id,
        kind=ActivityKind.DEAL_CLOSED,
        actor=name,
        features={"won": outcome.won, "amount": outcome.amount, "currency": outcome.currency},
        revenue_impact=outcome.amount if outcome.won else None,
    )


def _batches(outcomes: Iterator[Outcome]) -> Iterator[Sequence[Outcome]]:
    while batch := list(islice(outcomes, BATCH)):
        yield batch
