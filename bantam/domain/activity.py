"""The append-only stream of what happened, in the activity-schema form that analysts know.

Source of the form: ActivitySchema 2.0 (activity_id, ts, customer, activity, feature_json,
revenue_impact, link, activity_occurrence, activity_repeated_at).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime

from bantam.domain.bant import Extraction
from bantam.domain.calls import Call
from bantam.domain.score import Score
from bantam.domain.value import Value, digest

Feature = str | int | float | bool | None


class ActivityKind(StrEnum):
    """What can happen. Past tense; a new kind is a new line, never a new meaning."""

    CALL_READ = "call_read"
    CALL_LINKED = "call_linked"
    """Its deal was found at delivery, or a person named it."""
    CALL_EXTRACTED = "call_extracted"
    CALL_UNSCORED = "call_unscored"
    CALL_SCORED = "call_scored"
    CALL_RESCORED = "call_rescored"
    DELIVERY_QUEUED = "delivery_queued"
    DELIVERY_HELD = "delivery_held"
    DELIVERY_SENT = "delivery_sent"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_DELAYED = "delivery_delayed"
    SCORE_REVIEWED = "score_reviewed"
    DEAL_CLOSED = "deal_closed"
    DEAL_REOPENED = "deal_reopened"
    FIELD_EDITED = "field_edited"
    """A person changed one of Bantam's own fields in the CRM."""
    CALL_REQUESTED = "call_requested"
    CALL_BOOKED = "call_booked"
    CALL_RESCHEDULED = "call_rescheduled"
    CALL_CANCELLED = "call_cancelled"
    CALL_HELD = "call_held"
    CALL_NO_SHOW = "call_no_show"
    CALL_MISTAKEN = "call_mistaken"
    """A recording was taken for a booked call and turned out to be another meeting's."""
    BOOKING_SCORED = "booking_scored"
    BOOKING_DELIVERED = "booking_delivered"
    BOOKING_FORGOTTEN = "booking_forgotten"
    """Its call was erased before the score was delivered."""
    TRANSCRIPT_AWAITED = "transcript_awaited"
    TRANSCRIPT_NEVER_CAME = "transcript_never_came"
    WEBHOOK_RECEIVED = "webhook_received"
    WEBHOOK_ACTED_ON = "webhook_acted_on"
    DATA_FORGOTTEN = "data_forgotten"
    DATA_CLEARED = "data_cleared"
    """What a target held of a forgotten call was taken back."""


class Activity(Value):
    """One thing that happened to one customer (deal)."""

    id: str
    """Digest that makes writing it twice harmless."""
    at: AwareDatetime
    customer: str
    """Deal id, or "call:<id>" when the call has no deal."""
    kind: ActivityKind
    actor: str
    """Who did it: "bantam", a worker's name, or a person's e-mail."""
    features: Mapping[str, Feature] = {}
    """Ids, versions and numbers. Never transcript text."""
    revenue_impact: float | None = None
    """Money that moved, in the deal's currency; only for closed deals."""
    link: str | None = None


def customer_of(call: Call) -> str:
    """Return whom a call's activities belong to: its deal, else the call itself."""
    return call.deal_id or f"call:{call.id}"


def scored_activities(
    call: Call,
    extraction: Extraction,
    score: Score,
    *,
    rescored: bool = False,
) -> tuple[Activity, ...]:
    """Return what happened when a call was scored: extracted, then scored or not.

    Args:
        call: whose customer the activities belong to.
        extraction: lends the versions of the reader.
        score: lends the versions of the score model and the time.
        rescored: True when the readings are old and only the score is new.
    """
    versions: dict[str, Feature] = {
        "call_id": call.id,
        "extraction_id": extraction.id,
        "extractor": extraction.run.extractor,
        "model": extraction.run.model,
        "prompt": extraction.run.prompt_digest,
    }
    outcome: dict[str, Feature] = {
        **versions,
        "score": score.points,
        "unscored_reason": score.unscored_reason,
        "band": score.band,
        "score_model": score.model,
        "score_model_version": score.model_version,
    }
    read = {**versions, "outcome": extraction.outcome}
    scored = digest(extraction.id, score.model, score.model_version)
    if rescored:
        happened = [(ActivityKind.CALL_RESCORED, scored, outcome)]
    else:
        kind = ActivityKind.CALL_UNSCORED if score.points is None else ActivityKind.CALL_SCORED
        happened = [(ActivityKind.CALL_EXTRACTED, extraction.id, read), (kind, scored, outcome)]
    return tuple(
        Activity(
            id=digest(what, key),
            at=score.scored_at,
            customer=customer_of(call),
            kind=what,
            actor="bantam",
            features=features,
        )
        for what, key, features in happened
    )
