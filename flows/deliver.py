"""Drain the outbox: claim what is due, send it, keep the receipt or the reason.

A delivery is claimed under a lease, which runs on while its worker lives. A worker that dies leaves
a claimed delivery behind; when the lease runs out another worker sends it again, which is harmless
because gateways are idempotent on the delivery's key. A target that is down or busy delays its
deliveries and no others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from bantam.domain.delivery import Delivery, DeliveryKind, DeliveryState, Receipt
from bantam.domain.merge import MergeAction, Merged
from bantam.domain.value import Value
from bantam.errors import (
    LeaseLostError,
    UnresolvedDealError,
    VendorBusyError,
    VendorDownError,
    VendorError,
    VendorRejectedError,
)
from bantam.ledger.rows import Claim
from bantam.ledger.store import Ledger
from bantam.ports import BatchGateway, Clock, Erasable, Gateway, PreviewGateway
from flows.heartbeat import Heartbeat

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
    kind: DeliveryKind | None = None,
) -> DeliveryCounts:
    """Send everything that is due now, and take back what is to be taken back.

    Args:
        ledger: holds the outbox.
        gateways: by target name; deliveries for other targets are left alone.
        clock: tells what is due.
        worker: who claims, for the activity stream and for leases.
        limit: at most so many deliveries; None for all that are due.
        kind: only of this kind; None for all.

    Returns:
        Counts of what was claimed in this run.
    """
    counts: Counter[str] = Counter()
    with Heartbeat(ledger, clock, lease_seconds=LEASE_SECONDS) as heart:
        # Without gateways nothing can be sent; asking for no target would claim those of all.
        while gateways and (limit is None or counts["claimed"] < limit):
            most = 25 if limit is None else min(25, limit - counts["claimed"])
            batch = ledger.claim_deliveries(
                most,
                targets=tuple(gateways),
                now=clock(),
                lease_seconds=LEASE_SECONDS,
                worker=worker,
                kind=kind,
            )
            if not batch:
                break
            counts["claimed"] += len(batch)
            heart.take(batch)
            for target in dict.fromkeys(claim.delivery.target for claim in batch):
                claims = [claim for claim in batch if claim.delivery.target == target]
                answers = _answers(gateways[target], claims, heart)
                for claim, answer in zip(claims, answers, strict=True):
                    heart.drop(claim)
                    counts.update(_settle(ledger, claim, answer, clock))
    return DeliveryCounts(**counts)


_Answer = Receipt | VendorError | None
"""What became of a delivery; None when another worker has it by now and nothing was sent."""


def _answers(gateway: Gateway, claims: Sequence[Claim], heart: Heartbeat) -> Iterator[_Answer]:
    """Yield what became of each delivery to one target, in order."""
    sent = _sent(gateway, [c for c in claims if c.delivery.kind is DeliveryKind.SCORE], heart)
    for claim in claims:
        if claim.delivery.kind is DeliveryKind.SCORE:
            yield next(sent)
        else:
            yield _cleared(gateway, claim.delivery) if heart.has(claim) else None


def _cleared(gateway: Gateway, delivery: Delivery) -> Receipt | VendorError:
    if not isinstance(gateway, Erasable):
        where = f"call {delivery.call_id}: cannot be taken back; remove it by hand"
        return VendorRejectedError(gateway.name, where)
    try:
        return gateway.clear(delivery)
    except VendorError as error:
        return error


def _sent(gateway: Gateway, claims: Sequence[Claim], heart: Heartbeat) -> Iterator[_Answer]:
    """Send scores in one go where the target can."""
    if isinstance(gateway, BatchGateway):
        mine = [claim for claim in claims if heart.has(claim)]
        answers = iter(gateway.send_all([claim.delivery for claim in mine]) if mine else ())
        for claim in claims:
            yield next(answers) if claim in mine else None
        return
    for claim in claims:
        if not heart.has(claim):
            yield None
            continue
        try:
            yield gateway.send(claim.delivery)
        except VendorError as error:
            yield error


def _settle(ledger: Ledger, claim: Claim, answer: _Answer, clock: Clock) -> dict[str, int]:
    """Write down how sending one delivery ended."""
    now = clock()
    if answer is None:
        return {"lost": 1}
    try:
        return _settled(ledger, claim, answer, now)
    except LeaseLostError:
        return {"lost": 1}


def _settled(
    ledger: Ledger, claim: Claim, answer: Receipt | VendorError, now: datetime
) -> dict[str, int]:
    if isinstance(answer, Receipt):
        ledger.mark_sent(claim, answer, now=now)
        return {"sent": 1, "conflicts": len(answer.conflicts)}
    if isinstance(answer, VendorBusyError | VendorDownError):
        due_at = next_try(claim.delivery.attempts, answer, now)
        ledger.delay(claim, str(answer), due_at=due_at, now=now)
        return {"delayed": 1}
    if isinstance(answer, UnresolvedDealError):
        ledger.hold(claim, str(answer), now=now)
        return {"held": 1}
    ledger.mark_failed(claim, str(answer), now=now)
    return {"failed": 1}


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


@dataclass(frozen=True)
class Previewed:
    """What sending one delivery would do."""

    delivery: Delivery
    changes: tuple[Merged, ...] = ()
    """By field, for targets that are merged with."""
    said: str = ""
    """One line: where it would go, or why it cannot."""


def preview(
    ledger: Ledger, gateways: Mapping[str, Gateway], *, limit: int | None = None
) -> Iterator[Previewed]:
    """Yield what sending what is owed would change; nothing is written or claimed.

    Args:
        ledger: holds the outbox.
        gateways: by target name; deliveries for other targets are left out.
        limit: at most so many deliveries; None for all.
    """
    owed = (d for d in ledger.deliveries(states=[DeliveryState.PENDING]) if d.target in gateways)
    for delivery in islice(owed, limit):
        gateway = gateways[delivery.target]
        if delivery.kind is DeliveryKind.ERASURE:
            yield Previewed(delivery, said="would be taken back")
            continue
        if not isinstance(gateway, PreviewGateway):
            yield Previewed(delivery, said="would be sent")
            continue
        try:
            where, merged = gateway.preview(delivery)
        except VendorError as error:
            yield Previewed(delivery, said=str(error))
            continue
        changes = tuple(m for m in merged if m.action is not MergeAction.NOTHING)
        yield Previewed(delivery, changes, where)
