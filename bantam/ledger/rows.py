"""What goes into the ledger and comes out, where the domain has no word for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bantam.domain.activity import Activity
from bantam.domain.bant import Extraction, Usage
from bantam.domain.calls import Call, CallId
from bantam.domain.delivery import Delivery, Receipt, ScoreNote
from bantam.domain.fit import KnownBuyer
from bantam.domain.review import Review
from bantam.domain.score import Score
from bantam.errors import LedgerError

ValueT = TypeVar("ValueT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Entry:
    """A score, what it was made from, and what is owed because of it: one transaction.

    Attributes:
        score: of the call.
        call: None when the ledger has it already (a re-score, a review).
        extraction: None when the ledger has it already.
        deliveries: owed because of this score.
        activities: what happened; the ledger itself adds that deliveries were queued or held.
        review: that led to this score.
        buyer: who was asked about because of this score; None leaves what is known.
    """

    score: Score
    call: Call | None = None
    extraction: Extraction | None = None
    deliveries: tuple[Delivery, ...] = ()
    activities: tuple[Activity, ...] = ()
    review: Review | None = None
    buyer: KnownBuyer | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a recording changed.

    Attributes:
        scored: scores appended.
        unchanged: scores that the ledger already had as the newest.
        queued: deliveries that are owed since now, held ones included.
        superseded: older deliveries that will not be sent any more.
        forgotten: calls that were erased on request and therefore left out.
    """

    scored: int = 0
    unchanged: int = 0
    queued: int = 0
    superseded: int = 0
    forgotten: tuple[CallId, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A call as it stands.

    Attributes:
        call: with its transcript, unless it was forgotten.
        extraction: the one that the newest score rests on.
        score: the newest, or the newest under the score model asked for (None: not yet any).
        reviews: of this extraction, oldest first.
        buyer: who the buyer is; None when nobody was asked.
    """

    call: Call
    extraction: Extraction
    score: Score | None
    reviews: tuple[Review, ...] = ()
    buyer: KnownBuyer | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that one worker may send until its lease ends."""

    delivery: Delivery
    lease: int
    worker: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery that arrived."""

    delivery: Delivery
    receipt: Receipt
    at: datetime


@dataclass(frozen=True, slots=True)
class StreamedActivity:
    """An activity with its place among the same customer's activities of the same kind.

    Attributes:
        activity: what happened.
        occurrence: from 1: the how-manieth.
        repeated_at: when the next one happened, None for the last.
    """

    activity: Activity
    occurrence: int
    repeated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A paid model answer: its JSON text as the server gave it, and what it cost then."""

    body: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class CrmScore:
    """What the embedded CRM holds about a call."""

    note: ScoreNote
    delivery_key: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """A call or file that could not be processed at a stage."""

    subject: str
    stage: str
    reason: str
    times: int
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a flow; `finished_at` is None while it runs, or when it was killed."""

    id: str
    flow: str
    started_at: datetime
    finished_at: datetime | None
    parameters: Mapping[str, object]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased.

    Attributes:
        calls: whose words are gone.
        answers: cached model answers deleted.
        deliveries: scrubbed; those that were not sent yet never will be.
        bookings: and leads, whose names and addresses are gone.
        owed: keys of deliveries that take back what targets hold.
    """

    calls: tuple[CallId, ...] = ()
    answers: int = 0
    deliveries: int = 0
    bookings: int = 0
    owed: tuple[str, ...] = ()


def parsed(kind: type[ValueT], body: str | bytes, subject: str) -> ValueT:
    """Return the value that a row holds.

    Args:
        kind: of value.
        body: JSON as stored.
        subject: names the row in the error.

    Raises:
        LedgerError: another version of Bantam wrote something this one cannot read.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "(whole)"
        raise LedgerError(
            f"ledger: {subject}: {place}: this version cannot read what is stored"
            f" ({first['type']}); open it with the version that wrote it"
        ) from None
