"""The ledger's tables, with `deal_tables.py`. `store.py` and its parts hold every query on them.

Domain values are kept whole, as the JSON that pydantic writes, beside the few
columns that queries need. A change here needs a migration (`migrations/env.py`
says how); a test compares the two on both databases.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    column,
    event,
    table,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bantam.ledger.columns import Json, Leased, Line, Sequence, Utc


class Base(DeclarativeBase):
    """Names constraints the same way in models and migrations."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class CallRow(Base):
    """A recorded conversation."""

    __tablename__ = "calls"
    __table_args__ = (Index(None, "started_at", "id"), Index(None, "deal_id", "started_at", "id"))

    id: Mapped[str] = mapped_column(Text, primary_key=True, comment="the source's id of the call")
    started_at: Mapped[datetime] = mapped_column(Utc)
    deal_id: Mapped[str | None] = mapped_column(Text, comment="null when no deal is known")
    source: Mapped[str] = mapped_column(Text, comment="file, gong, zoom, ...")
    title: Mapped[str] = mapped_column(Line)
    digest: Mapped[str] = mapped_column(
        String(64), comment="SHA-256 of words, speakers, sides and date"
    )
    forgotten_at: Mapped[datetime | None] = mapped_column(
        Utc, comment="when its words were erased on request; it is never stored again"
    )
    # Last, because SQLite reads a row from the left: listing calls never touches transcripts.
    body: Mapped[str] = mapped_column(Json, comment="the whole call with its transcript")


class CallDealRow(Base):
    """The deal of a call that did not name one itself, or that a person named."""

    __tablename__ = "call_deals"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    deal_id: Mapped[str] = mapped_column(Text)
    by_person: Mapped[bool] = mapped_column(
        Boolean, comment="true: stronger than what the call itself says"
    )
    known_at: Mapped[datetime] = mapped_column(Utc)


class ExtractionRow(Base):
    """The four readings of a call by one reader. An answer is never replaced."""

    __tablename__ = "extractions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True, comment="Extraction.id")
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), index=True)
    transcript_digest: Mapped[str] = mapped_column(Text)
    reader: Mapped[str] = mapped_column(String(64), comment="RunRecord.version_key")
    extractor: Mapped[str] = mapped_column(Text, comment="embedded or model")
    model: Mapped[str] = mapped_column(Text, comment="empty for the embedded extractor")
    prompt_digest: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(
        Text, comment="ok, or why there are no readings; only what is not ok may be replaced"
    )
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    cached_tokens: Mapped[int] = mapped_column(BigInteger, comment="part of input_tokens")
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_usd: Mapped[float | None] = mapped_column(Float, comment="null when no price is known")
    finished_at: Mapped[datetime] = mapped_column(Utc)
    body: Mapped[str] = mapped_column(Json, comment="the whole extraction with its quotes")


class ScoreRow(Base):
    """A score. Appended when it differs from the newest of the same call and score model."""

    __tablename__ = "scores"
    __table_args__ = (Index(None, "call_id", "model", "sequence"),)

    sequence: Mapped[int] = mapped_column(
        Sequence, primary_key=True, comment="grows; the highest of a call and model is current"
    )
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"))
    extraction_id: Mapped[str] = mapped_column(ForeignKey("extractions.id"), index=True)
    model: Mapped[str] = mapped_column(Text, comment="name of the score model")
    model_version: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(
        String(64), comment="SHA-256 of the score without the time it was made"
    )
    points: Mapped[int | None] = mapped_column(Integer, comment="1 to 100, null when unscored")
    unscored_reason: Mapped[str | None] = mapped_column(Text)
    band: Mapped[str | None] = mapped_column(Text)
    grade: Mapped[str | None] = mapped_column(Text, comment="A1 to D4")
    coverage: Mapped[float] = mapped_column(Float, comment="0 to 1: how much was said")
    scored_at: Mapped[datetime] = mapped_column(Utc)
    body: Mapped[str] = mapped_column(Json, comment="the whole score with its contributions")


class DeliveryRow(Base):
    """Something owed to one target because of a score: the outbox."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("call_id", "target", "generation"),
        Index(None, "state", "due_at", "key"),
        # For workers of some targets only: what a parked target is owed must not slow them.
        Index(None, "target", "state", "due_at", "key"),
    )

    key: Mapped[str] = mapped_column(String(64), primary_key=True, comment="idempotency key")
    target: Mapped[str] = mapped_column(Text, comment="name of a gateway")
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"))
    deal_id: Mapped[str | None] = mapped_column(Text, index=True)
    generation: Mapped[int] = mapped_column(
        Integer, comment="from 1 for a call and target; only the highest may be sent"
    )
    state: Mapped[str] = mapped_column(Text, comment="DeliveryState")
    attempts: Mapped[int] = mapped_column(Integer, comment="how often a worker took it")
    due_at: Mapped[datetime] = mapped_column(Utc, comment="not before this")
    lease: Mapped[int] = mapped_column(
        BigInteger, comment="grows with every claim: who holds an older one may not mark"
    )
    leased_until: Mapped[datetime | None] = mapped_column(Utc)
    worker: Mapped[str] = mapped_column(Line, comment="who claimed it last")
    last_error: Mapped[str] = mapped_column(Line)
    sent_at: Mapped[datetime | None] = mapped_column(Utc, comment="when it arrived last")
    receipt: Mapped[str | None] = mapped_column(Json, comment="what the target answered")
    note: Mapped[str] = mapped_column(Json, comment="what to send: ScoreNote")
    kind: Mapped[str] = mapped_column(Text, server_default="score", comment="DeliveryKind")


class ActivityRow(Base):
    """What happened, appended only. Read it as `activity_stream`, which adds the occurrence."""

    __tablename__ = "activities"
    __table_args__ = (
        Index(None, "ts", "activity_id"),
        Index(None, "customer", "activity", "ts", "activity_id"),
    )

    activity_id: Mapped[str] = mapped_column(Text, primary_key=True)
    ts: Mapped[datetime] = mapped_column(Utc, comment="when it happened")
    customer: Mapped[str] = mapped_column(Text, comment="deal id, or call:<id>")
    activity: Mapped[str] = mapped_column(Text, comment="ActivityKind")
    actor: Mapped[str] = mapped_column(Line, comment="bantam, a worker or a person")
    feature_json: Mapped[str] = mapped_column(Json, comment="ids, versions and numbers")
    revenue_impact: Mapped[float | None] = mapped_column(Float, comment="in the deal's currency")
    link: Mapped[str | None] = mapped_column(Line)


ACTIVITY_STREAM_SQL = """
CREATE VIEW activity_stream AS
SELECT activity_id, ts, customer, activity, actor, feature_json, revenue_impact, link,
  row_number() OVER nth AS activity_occurrence,
  lead(ts) OVER nth AS activity_repeated_at
FROM activities
WINDOW nth AS (PARTITION BY customer, activity ORDER BY ts, activity_id)
"""
"""Computed when read: what is told late (a back-fill) takes its place among the earlier ones."""

event.listen(
    Base.metadata,
    "after_create",
    lambda _target, connection, **_: connection.execute(text(ACTIVITY_STREAM_SQL)),
)

ACTIVITY_STREAM = table(
    "activity_stream",
    column("activity_id", Text),
    column("ts", Utc),
    column("customer", Text),
    column("activity", Text),
    column("actor", Line),
    column("feature_json", Json),
    column("revenue_impact", Float),
    column("link", Line),
    column("activity_occurrence", Integer),
    column("activity_repeated_at", Utc),
)


class ReviewRow(Base):
    """What a person said of an extraction; appended."""

    __tablename__ = "reviews"

    id: Mapped[str] = mapped_column(String(64), primary_key=True, comment="digest of the review")
    extraction_id: Mapped[str] = mapped_column(ForeignKey("extractions.id"), index=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), index=True)
    reviewer: Mapped[str] = mapped_column(Line, comment="e-mail or name")
    reviewed_at: Mapped[datetime] = mapped_column(Utc)
    body: Mapped[str] = mapped_column(Json, comment="the whole review")


class AnswerRow(Base):
    """A model's answer that was paid for, so that the same question is never paid twice."""

    __tablename__ = "answers"

    key: Mapped[str] = mapped_column(Text, primary_key=True, comment="digest of the question")
    # No foreign key: an answer is kept the moment it arrives, before its call is recorded.
    call_id: Mapped[str | None] = mapped_column(Text, index=True, comment="erased with this call")
    answered_at: Mapped[datetime] = mapped_column(Utc)
    usage: Mapped[str] = mapped_column(Json, comment="tokens and cost as first paid")
    body: Mapped[str] = mapped_column(Json, comment="the answer as the server gave it")


class CrmRow(Base):
    """The embedded CRM: what the default gateway was told of each call."""

    __tablename__ = "crm_scores"

    call_id: Mapped[str] = mapped_column(Text, primary_key=True)
    deal_id: Mapped[str | None] = mapped_column(Text, index=True)
    called_at: Mapped[datetime] = mapped_column(Utc)
    written_at: Mapped[datetime] = mapped_column(Utc)
    points: Mapped[int | None] = mapped_column(Integer)
    band: Mapped[str | None] = mapped_column(Text)
    grade: Mapped[str | None] = mapped_column(Text)
    budget: Mapped[str] = mapped_column(Text, comment="level, or not_discussed")
    authority: Mapped[str] = mapped_column(Text, comment="level, or not_discussed")
    need: Mapped[str] = mapped_column(Text, comment="level, or not_discussed")
    timeframe: Mapped[str] = mapped_column(Text, comment="level, or not_discussed")
    delivery_key: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Json, comment="the whole ScoreNote with its quotes")


class CrmMemoryRow(Base):
    """What is remembered of one record of a CRM."""

    __tablename__ = "crm_memory"

    target: Mapped[str] = mapped_column(Text, primary_key=True, comment="name of the gateway")
    record: Mapped[str] = mapped_column(Text, primary_key=True, comment="deal:<id> or call:<id>")
    version: Mapped[int] = mapped_column(Integer, comment="grows with each write")
    body: Mapped[str] = mapped_column(Json, comment="ids and fingerprints, no words")


class FailureRow(Base):
    """A call or file that could not be processed: one row per stage, with the newest reason."""

    __tablename__ = "failures"

    subject: Mapped[str] = mapped_column(Text, primary_key=True, comment="call id or file")
    stage: Mapped[str] = mapped_column(Text, primary_key=True, comment="read, extract, ...")
    reason: Mapped[str] = mapped_column(Line, comment="one line, no transcript text")
    times: Mapped[int] = mapped_column(Integer)
    failed_at: Mapped[datetime] = mapped_column(Utc, comment="the last time")


class RunRow(Base):
    """One run of a flow, and what came of it."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    flow: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(Utc, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(Utc, comment="null: running or killed")
    parameters: Mapped[str] = mapped_column(Json)
    counts: Mapped[str] = mapped_column(Json)


class CursorRow(Base):
    """How far a poller has come."""

    __tablename__ = "cursors"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[str] = mapped_column(Text)
    moved_at: Mapped[datetime] = mapped_column(Utc)


class InboxRow(Base):
    """A verified webhook, written before it was answered. Repeats have the same key."""

    __tablename__ = "inbox"
    __table_args__ = (Index(None, "received_at"), Index(None, "open", "received_at"))

    source: Mapped[str] = mapped_column(Text, primary_key=True, comment="who sent it")
    delivery_id: Mapped[str] = mapped_column(Text, primary_key=True)
    event: Mapped[str] = mapped_column(Line)
    call_id: Mapped[str | None] = mapped_column(Text, comment="the call it is about")
    received_at: Mapped[datetime] = mapped_column(Utc)
    open: Mapped[bool] = mapped_column(
        Boolean, comment="true until a flow has looked at it; calls become pickups at once"
    )
    about: Mapped[str | None] = mapped_column(Text, comment="deal:<id>, or meeting")


class PickupRow(Base, Leased):
    """A call to fetch from its source."""

    __tablename__ = "pickups"
    __table_args__ = (Index(None, "state", "due_at", "call_id"),)

    call_id: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, comment="name of a source of calls")
    found_at: Mapped[datetime] = mapped_column(Utc, comment="when it was announced")
    ended_at: Mapped[datetime | None] = mapped_column(Utc, comment="null while it is waiting")


class BookingRow(Base, Leased):
    """A call that a lead asked for, from the form to the delivered score."""

    __tablename__ = "bookings"
    __table_args__ = (Index(None, "state", "due_at", "id"), Index(None, "starts_at", "id"))

    id: Mapped[str] = mapped_column(Text, primary_key=True, comment="the calendar event's id")
    starts_at: Mapped[datetime | None] = mapped_column(Utc, comment="null until a time is chosen")
    ends_at: Mapped[datetime | None] = mapped_column(Utc)
    email: Mapped[str] = mapped_column(Line, comment="of the lead, lower case")
    deal_id: Mapped[str | None] = mapped_column(Text, index=True)
    call_id: Mapped[str | None] = mapped_column(
        Text, unique=True, comment="the recording, once it is known"
    )
    body: Mapped[str] = mapped_column(Json, comment="the whole Booking")


class LeadRow(Base):
    """The embedded CRM: a deal that a lead opened, with its contact."""

    __tablename__ = "crm_leads"
    __table_args__ = (Index(None, "email"),)

    deal_id: Mapped[str] = mapped_column(Text, primary_key=True)
    email: Mapped[str] = mapped_column(Line, comment="of the contact, lower case")
    contact: Mapped[str] = mapped_column(Line, comment="the contact's name")
    company: Mapped[str] = mapped_column(Line)
    opened_at: Mapped[datetime] = mapped_column(Utc)


class RequestBucketRow(Base):
    """How far the requests to a vendor are given out: one row for what all workers share."""

    __tablename__ = "request_buckets"

    vendor: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[str] = mapped_column(Text, primary_key=True, comment="of the API; empty: the rest")
    next_time: Mapped[datetime] = mapped_column(
        Utc, comment="of the first request nobody has taken"
    )
    closed_until: Mapped[datetime | None] = mapped_column(
        Utc, comment="the vendor said: not before"
    )
    worker: Mapped[str] = mapped_column(Line, comment="who took the last times")
    alone_since: Mapped[datetime] = mapped_column(Utc, comment="when that worker began to")
