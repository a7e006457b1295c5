"""Forgetting on request and by age: words out of the ledger, then out of the places it wrote to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bantam.domain.calls import CallId, DealId
from bantam.domain.delivery import Delivery, DeliveryKind, DeliveryState
from bantam.domain.value import Value
from bantam.errors import NotInLedgerError
from bantam.ledger.rows import Forgotten
from bantam.ledger.store import Ledger
from bantam.ports import Clock, Gateway
from flows.deliver import deliver

SWEPT_AT_ONCE = 100


class Subject(StrEnum):
    """What is to be forgotten."""

    CALL = "call"
    DEAL = "deal"
    PERSON = "person"


class ForgetReport(Value):
    """What was erased, and what a person has to do."""

    calls: tuple[CallId, ...] = ()
    answers: int = 0
    deliveries: int = 0
    bookings: int = 0
    """Bookings and leads that named somebody."""
    cleared: int = 0
    """Targets of calls that hold nothing of them any more."""
    left: tuple[str, ...] = ()
    """A line for each target that still does, and what becomes of it."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks to forget what."""

    name: str
    """A call id, a deal id, or a person's e-mail address or full name."""
    actor: str
    """Stands in the activity that stays."""
    subject: Subject | None = None
    """None: a call of this id, else a deal, else a person."""


def forget(
    request: Request, ledger: Ledger, gateways: Mapping[str, Gateway], clock: Clock
) -> ForgetReport:
    """Erase the words of calls, and take back what was written elsewhere because of them.

    What a target holds is owed to be taken back, as a delivery: a target that is away delays it.
    Asking again is safe, and tries again what a target refused.

    Args:
        request: what, and who asks.
        ledger: forgets first, so that nothing is delivered meanwhile.
        gateways: by target name; those that are `Erasable` take back.
        clock: stamps the activity.

    Raises:
        NotInLedgerError: there is no such call, deal or person.
    """
    gone = _forgotten(request, ledger, clock)
    deliver(ledger, gateways, clock=clock, worker=request.actor, kind=DeliveryKind.ERASURE)
    owed = [ledger.delivery(key) for key in gone.owed]
    left = [d for d in owed if d.state is not DeliveryState.SENT]
    return ForgetReport(
        calls=gone.calls,
        answers=gone.answers,
        deliveries=gone.deliveries,
        bookings=gone.bookings,
        cleared=len(owed) - len(left),
        left=tuple(_left(delivery, gateways) for delivery in left),
    )


def sweep_old(ledger: Ledger, *, days: int, clock: Clock) -> int:
    """Erase the words of calls older than this, some at a time; return how many.

    Scores, levels and what stands in the CRM stay.

    Args:
        ledger: forgets.
        days: of the call's age, from its start.
        clock: says how old.
    """
    before = clock() - timedelta(days=days)
    gone = ledger.forget_older(before, limit=SWEPT_AT_ONCE, now=clock(), actor="retention")
    ledger.prune_inbox(before=before)
    return len(gone.calls)


def _forgotten(request: Request, ledger: Ledger, clock: Clock) -> Forgotten:
    name, actor, now = request.name, request.actor, clock()
    tries = {
        Subject.CALL: lambda: ledger.forget_call(CallId(name), now=now, actor=actor),
        Subject.DEAL: lambda: ledger.forget_deal(DealId(name), now=now, actor=actor),
        Subject.PERSON: lambda: ledger.forget_person(name, now=now, actor=actor),
    }
    wanted = tuple(tries) if request.subject is None else (request.subject,)
    for subject in wanted:
        try:
            return tries[subject]()
        except NotInLedgerError:
            continue
    kinds = " or ".join(wanted)
    # Not the name: it may be a person's, and this line may end up in a log.
    raise NotInLedgerError(f"forget: no {kinds} of this name is in the ledger; nothing was erased")


def _left(delivery: Delivery, gateways: Mapping[str, Gateway]) -> str:
    """Return a line for what still stands somewhere, and what becomes of it."""
    if delivery.target not in gateways:
        return f"{delivery.target}: is not configured here; owed for call {delivery.call_id}"
    if delivery.state is DeliveryState.FAILED:
        return f"{delivery.last_error}; then `bantam deliver --retry`"
    why = delivery.last_error or f"{delivery.target}: a worker is still sending"
    return f"{why}; owed, tried again from {delivery.due_at:%Y-%m-%d %H:%M} UTC"
