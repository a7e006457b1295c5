"""Calls that were announced: fetch by id, score, settle. What is not ready comes back later.

    claim -> fetch -> whose booking? -> the main path -> settle

A worker that dies leaves its claims behind; when their lease ends another worker takes them.
Fetching twice is harmless, and what was scored already is skipped.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.bant import ExtractionOutcome
from bantam.domain.calls import Call, CallId
from bantam.domain.pickup import PickupState
from bantam.domain.polling import next_attempt
from bantam.domain.value import Value, digest
from bantam.errors import (
    BantamError,
    ExtractionError,
    LeaseLostError,
    VendorAuthError,
    VendorBusyError,
    VendorDownError,
    VendorNotFoundError,
)
from bantam.ledger.pickups import PickupClaim
from bantam.ports import TranscriptNotReady
from flows import linking
from flows.deliver import next_try
from flows.score_calls import CallResult, score_calls
from flows.worker import Worker

_log = logging.getLogger(__name__)

AFTER_REFUSAL = timedelta(minutes=15)
"""When to ask again after credentials were refused or the reader could not run: a person acts."""


class PickupCounts(Value):
    """What became of the calls that were taken. `taken` is the sum of the others."""

    taken: int = 0
    done: int = 0
    delayed: int = 0
    never_came: int = 0
    failed: int = 0
    lost: int = 0
    """The lease ran out meanwhile; whoever has it now settles the call."""


def pick_up(worker: Worker, *, limit: int | None = None) -> PickupCounts:
    """Take calls that are due, one batch, and see them through to their recorded score.

    Args:
        worker: its sources say which calls it can fetch.
        limit: at most so many; None for as many as are read at once.
    """
    if not worker.sources:
        return PickupCounts()
    most = limit or worker.pipeline.concurrency
    claims = worker.ledger.claim_pickups(worker.terms(most), sources=tuple(worker.sources))
    if not claims:
        return PickupCounts()
    counts: Counter[str] = Counter(taken=len(claims))
    with ThreadPoolExecutor(len(claims), thread_name_prefix="fetch-call") as pool:
        fetched = list(pool.map(lambda claim: _fetch(claim, worker), claims))
    ready: dict[CallId, tuple[PickupClaim, Call]] = {}
    for claim, found in zip(claims, fetched, strict=True):
        if isinstance(found, Call):
            call = linking.link(worker.ledger, found, now=worker.clock())
            ready[call.id] = claim, call
        else:
            counts[_settled(worker, claim, found)] += 1
    counts.update(_score(worker, ready))
    return PickupCounts(**counts)


def _fetch(claim: PickupClaim, worker: Worker) -> Call | BantamError | TranscriptNotReady:
    source = worker.sources[claim.pickup.source]
    try:
        return source.fetch(claim.pickup.call_id)
    except (BantamError, TranscriptNotReady) as error:
        return error


def _score(worker: Worker, ready: dict[CallId, tuple[PickupClaim, Call]]) -> Counter[str]:
    counts: Counter[str] = Counter()

    def on_result(result: CallResult) -> None:
        if result.call_id is not None:
            claim, _ = ready.pop(result.call_id)
            counts[_recorded(worker, claim, result)] += 1

    try:
        score_calls([call for _, call in ready.values()], worker.pipeline, on_result)
    except ExtractionError as error:
        for claim, _ in ready.values():
            counts[_settled(worker, claim, error)] += 1
    return counts


def _recorded(worker: Worker, claim: PickupClaim, result: CallResult) -> str:
    """Settle a call that went down the main path."""
    if result.error is not None:
        return _settled(worker, claim, result.error)
    run = result.extraction
    if run is not None and run.outcome is ExtractionOutcome.TRANSPORT_ERROR:
        return _later(worker, claim, "the model server could not be reached")
    linking.scored(worker.ledger, claim.pickup.call_id, now=worker.clock())
    return _end(worker, claim, PickupState.DONE)


def _settled(worker: Worker, claim: PickupClaim, error: BantamError | TranscriptNotReady) -> str:
    """Settle a call that could not be fetched or read, by the reason."""
    now = worker.clock()
    if isinstance(error, TranscriptNotReady):
        if error.final:
            return _end(worker, claim, PickupState.NEVER_CAME, str(error))
        return _later(worker, claim, str(error))
    if isinstance(error, VendorBusyError | VendorDownError):
        due = next_try(claim.pickup.attempts, error, now)
        return _delay(worker, claim, str(error), due)
    if isinstance(error, VendorAuthError | ExtractionError):
        worker.ledger.add_failure(claim.pickup.call_id, stage="fetch", reason=str(error), now=now)
        return _delay(worker, claim, str(error), now + AFTER_REFUSAL)
    if isinstance(error, VendorNotFoundError):
        # A webhook can be faster than the vendor's own reads.
        return _later(worker, claim, str(error))
    worker.ledger.add_failure(claim.pickup.call_id, stage="fetch", reason=str(error), now=now)
    return _end(worker, claim, PickupState.FAILED, str(error))


def _later(worker: Worker, claim: PickupClaim, reason: str) -> str:
    """Ask again with growing pauses; after 48 hours nothing will come any more."""
    pickup, now = claim.pickup, worker.clock()
    due_at = next_attempt(pickup.found_at, pickup.attempts, now)
    if due_at is None:
        return _end(worker, claim, PickupState.NEVER_CAME, reason)
    return _delay(worker, claim, reason, due_at)


def _delay(worker: Worker, claim: PickupClaim, reason: str, due_at: datetime) -> str:
    try:
        worker.ledger.delay_pickup(claim, reason, due_at=due_at)
    except LeaseLostError as error:
        _log.warning("%s", error)
        return "lost"
    return "delayed"


def _end(worker: Worker, claim: PickupClaim, state: PickupState, reason: str = "") -> str:
    unheard = state is PickupState.NEVER_CAME
    # A booking tells of it itself, when the sweep comes by.
    if unheard and worker.ledger.booking_of_call(claim.pickup.call_id) is not None:
        unheard = False
    activities = _told(claim, worker.clock()) if unheard else ()
    try:
        worker.ledger.end_pickup(
            claim, state, now=worker.clock(), reason=reason, activities=activities
        )
    except LeaseLostError as error:
        _log.warning("%s", error)
        return "lost"
    return state.value


def _told(claim: PickupClaim, now: datetime) -> Sequence[Activity]:
    call_id = claim.pickup.call_id
    kind = ActivityKind.TRANSCRIPT_NEVER_CAME
    return (
        Activity(
            id=digest(kind, call_id, claim.pickup.found_at.isoformat()),
            at=now,
            customer=f"call:{call_id}",
            kind=kind,
            actor="bantam",
            features={"call_id": call_id, "attempts": claim.pickup.attempts},
        ),
    )
