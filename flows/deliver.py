"""Drain the outbox: claim what is due, send it, keep the receipt or the reason.

A delivery is claimed under a lease. A worker that dies leaves a claimed delivery behind; when the
lease runs out another worker sends it again, which is harmless because gateways are idempotent on
the delivery's key. A target that is down or busy delays its deliveries and no others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from bantam.domain.value import Value
from bantam.errors import (
    LeaseLostError,
    UnresolvedDealError,
    VendorBusyError,
    VendorDownError,
    VendorError,
)
from bantam.ledger.rows import Claim
from bantam.ledger.store import Ledger
from bantam.ports import Clock, Gateway

LEASE_SECONDS = 120
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)


class DeliveryCounts(Value):
    """What became of the deliveries that were claimed. `claimed` is the sum of the others."""

    claimed: int = 0
    sent: int = 0
    delayed: int = 0
    held: int = 0
    """It is not certain which deal they belong to; a person decides."""
    failed: int = 0
    lost: int = 0
    """The lease ran out while sending; whoever has it now settles the delivery."""
    conflicts: int = 0
    """Of the sent: fields where a person's edit stayed."""


def deliver(
    ledger: Ledger,
    gateways: Mapping[str, Gateway],
    *,
    clock: Clock,
    worker: str = "bantam",
    limit: int | None = None,
) -> DeliveryCounts:
    """Send everything that is due now.

    Args:
        ledger: holds the outbox.
        gateways: by target name; deliveries for other targets are left alone.
        clock: tells what is due.
        worker: who claims, for the activity stream and for leases.
        limit: at most so many deliveries; None for all that are due.

    Returns:
        Counts of what was claimed in this run.
    """
    counts: Counter[str] = Counter()
    while limit is None or counts["claimed"] < limit:
        most = 25 if limit is None else min(25, limit - counts["claimed"])
        batch = ledger.claim_deliveries(
            most,
            targets=tuple(gateways),
            now=clock(),
            lease_seconds=LEASE_SECONDS,
            worker=worker,
        )
        if not batch:
            break
        for claim in batch:
            counts["claimed"] += 1
            counts.update(_send(ledger, gateways[claim.delivery.target], claim, clock))
    return DeliveryCounts(**counts)


def _send(ledger: Ledger, gateway: Gateway, claim: Claim, clock: Clock) -> dict[str, int]:
    """Send one delivery and write down how that ended."""
    try:
        receipt = gateway.send(claim.delivery)
        ledger.mark_sent(claim, receipt, now=clock())
    except (VendorBusyError, VendorDownError) as error:
        now = clock()
        due_at = next_try(claim.delivery.attempts, error, now)
        ledger.delay(claim, str(error), due_at=due_at, now=now)
        return {"delayed": 1}
    except UnresolvedDealError as error:
        ledger.hold(claim, str(error), now=clock())
        return {"held": 1}
    except VendorError as error:
        ledger.mark_failed(claim, str(error), now=clock())
        return {"failed": 1}
    except LeaseLostError:
        return {"lost": 1}
    return {"sent": 1, "conflicts": len(receipt.conflicts)}


def next_try(attempts: int, error: VendorError, now: datetime) -> datetime:
    """Return when to send again: when the vendor says, else after 30 s, doubling up to an hour.

    Args:
        attempts: how often it was claimed so far, this time included (1 or more).
        error: a busy vendor's own `retry_at` wins.
        now: aware UTC time.
    """
    if isinstance(error, VendorBusyError) and error.retry_at is not None:
        return max(error.retry_at, now)
    doublings = min(max(attempts - 1, 0), 10)
    return now + min(LONGEST_DELAY, FIRST_DELAY * int(2**doublings))
