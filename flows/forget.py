"""Forgetting on request and by age: words out of the ledger, then out of the places it wrote to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bantam.domain.calls import CallId, DealId
from bantam.domain.value import Value
from bantam.errors import NotInLedgerError, VendorError
from bantam.ledger.rows import Forgotten, Sent
from bantam.ledger.store import Ledger
from bantam.ports import Clock, Erasable, Gateway

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
    cleared: int = 0
    """Deliveries whose target shows nothing of the call any more."""
    left: tuple[str, ...] = ()
    """A line for each thing that could not be cleared."""


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
    """Erase the words of calls, and clear what was written elsewhere because of them.

    Asking again is safe, and tries again to clear what could not be cleared.

    Args:
        request: what, and who asks.
        ledger: forgets first, so that nothing is delivered meanwhile.
        gateways: by target name; those that are `Erasable` clear.
        clock: stamps the activity.

    Raises:
        NotInLedgerError: there is no such call, deal or person.
    """
    gone = _forgotten(request, ledger, clock)
    cleared, left = 0, []
    for sent in _newest(gone.sent):
        rest = _clear(sent, gateways)
        cleared += not rest
        left += rest
    return ForgetReport(
        calls=gone.calls,
        answers=gone.answers,
        deliveries=gone.deliveries,
        cleared=cleared,
        left=tuple(left),
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


def _newest(sent: Sequence[Sent]) -> list[Sent]:
    """Return the last delivery of each call to each target: what stands there."""
    return list({(s.delivery.target, s.delivery.call_id): s for s in sent}.values())


def _clear(sent: Sent, gateways: Mapping[str, Gateway]) -> list[str]:
    """Clear one target; return a line for each thing that is left there."""
    delivery = sent.delivery
    gateway = gateways.get(delivery.target)
    if not isinstance(gateway, Erasable):
        why = "is not configured here" if gateway is None else "cannot clear"
        return [f"{delivery.target}: {why}; remove {sent.receipt.record_id} by hand"]
    try:
        rest = gateway.clear(delivery, sent.receipt)
    except VendorError as error:
        return [f"{error}; say `bantam forget {delivery.call_id}` again"]
    return [f"{delivery.target}: {line}" for line in rest]
