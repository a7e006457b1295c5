"""What is owed to a CRM or to Slack because of a score. Planned purely, sent elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime, Field

from bantam.domain.bant import Criterion, Level
from bantam.domain.calls import CallId, DealId
from bantam.domain.value import Value, digest


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    CLAIMED = "claimed"
    """A worker is sending it; goes back to pending when its lease runs out."""
    SENT = "sent"
    HELD = "held"
    """Waits for a person: mostly ungrounded, or an ambiguous deal."""
    FAILED = "failed"
    """The target refused it for good; visible, with the reason and the way to retry."""
    SUPERSEDED = "superseded"
    """A newer score of the same call is owed to the same target."""


class DeliveryKind(StrEnum):
    """What is owed."""

    SCORE = "score"
    ERASURE = "erasure"
    """What was written there because of a call is to be taken back."""


class QuotedReason(Value):
    """One criterion as the CRM shows it: the level and the buyer's own words."""

    criterion: Criterion
    level: Level
    summary: str = ""
    quote: str = ""
    speaker: str = ""
    at_seconds: float | None = None


class ScoreNote(Value):
    """What every target receives; vendors' mapping.py turns it into properties or blocks."""

    call_id: CallId
    call_title: str = ""
    call_url: str | None = None
    called_at: AwareDatetime
    deal_id: DealId | None = None
    points: int | None = Field(default=None, ge=1, le=100)
    unscored_reason: str | None = None
    band: str | None = None
    action: str = ""
    grade: str | None = None
    coverage: float = 0.0
    reasons: tuple[QuotedReason, ...] = ()
    # Left out where there is none: what was owed before there was fit keeps its key.
    fit: str = Field(default="", exclude_if=lambda told: told == "")
    """How the buyer fits, in words; empty when the score model does not ask."""
    next_question: str = ""
    """What to ask next: about the criterion that would teach most."""
    extractor: str = ""
    model: str = ""
    prompt_digest: str = ""
    score_model: str = ""
    score_model_version: str = ""
    review_url: str | None = None
    scored_at: AwareDatetime


class Delivery(Value):
    """Something owed to one target. Sending it twice is harmless."""

    key: str
    """Digest of target, call, score content: the idempotency key."""
    target: str
    """Name of a gateway: "embedded", "hubspot", "salesforce", "slack", ..."""
    call_id: CallId
    deal_id: DealId | None = None
    note: ScoreNote
    kind: DeliveryKind = DeliveryKind.SCORE
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = Field(default=0, ge=0)
    """How often it was taken since it was owed, or since a person asked for it again."""
    lease: int = Field(default=0, ge=0)
    """How often a worker ever took it, and the number of the last taking."""
    due_at: AwareDatetime
    """Not before this."""
    last_error: str = ""
    receipt: Mapping[str, str] = {}
    """What the target answered: record ids, message timestamps."""


class Receipt(Value):
    """A target's answer to a delivery that arrived."""

    record_id: str
    """The target's own id of what was written."""
    details: Mapping[str, str] = {}
    conflicts: tuple[str, ...] = ()
    """Fields where a person's edit stayed and Bantam's value went to the review queue."""


def erasure_key(target: str, call_id: CallId) -> str:
    """Return the idempotency key of taking back what a target holds of a call."""
    return digest(DeliveryKind.ERASURE, target, call_id)


def delivery_key(target: str, note: ScoreNote) -> str:
    """Return the idempotency key: the same score of the same call for the same target.

    `scored_at` is left out: scoring again with the same result owes nothing new.
    """
    return digest(target, note.model_dump(mode="json", exclude={"scored_at"}))
