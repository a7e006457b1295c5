"""The first ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UTC = sa.String(27).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.Text().with_variant(sa.JSON(none_as_null=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ACTIVITY_STREAM = """
CREATE VIEW activity_stream AS
SELECT activity_id, ts, customer, activity, actor, feature_json, revenue_impact, link,
  row_number() OVER nth AS activity_occurrence,
  lead(ts) OVER nth AS activity_repeated_at
FROM activities
WINDOW nth AS (PARTITION BY customer, activity ORDER BY ts, activity_id)
"""


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "activities",
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("ts", UTC, nullable=False, comment="when it happened"),
        sa.Column("customer", sa.Text(), nullable=False, comment="deal id, or call:<id>"),
        sa.Column("activity", sa.Text(), nullable=False, comment="ActivityKind"),
        sa.Column("actor", sa.Text(), nullable=False, comment="bantam, a worker or a person"),
        sa.Column("feature_json", JSON, nullable=False, comment="ids, versions and numbers"),
        sa.Column("revenue_impact", sa.Float(), nullable=True, comment="in the deal's currency"),
        sa.Column("link", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_activities")),
    )
    op.create_index(
        op.f("ix_activities_customer_activity_ts_activity_id"),
        "activities",
        ["customer", "activity", "ts", "activity_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_activities_ts_activity_id"), "activities", ["ts", "activity_id"], unique=False
    )
    op.create_table(
        "answers",
        sa.Column("key", sa.Text(), nullable=False, comment="digest of the question"),
        sa.Column("call_id", sa.Text(), nullable=True, comment="erased with this call"),
        sa.Column("answered_at", UTC, nullable=False),
        sa.Column("usage", JSON, nullable=False, comment="tokens and cost as first paid"),
        sa.Column("body", JSON, nullable=False, comment="the answer as the server gave it"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answers")),
    )
    op.create_index(op.f("ix_answers_call_id"), "answers", ["call_id"], unique=False)
    op.create_table(
        "calls",
        sa.Column("id", sa.Text(), nullable=False, comment="the source's id of the call"),
        sa.Column("started_at", UTC, nullable=False),
        sa.Column("deal_id", sa.Text(), nullable=True, comment="null when no deal is known"),
        sa.Column("source", sa.Text(), nullable=False, comment="file, gong, zoom, ..."),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "digest",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of words, speakers, sides and date",
        ),
        sa.Column(
            "forgotten_at",
            UTC,
            nullable=True,
            comment="when its words were erased on request; it is never stored again",
        ),
        sa.Column("body", JSON, nullable=False, comment="the whole call with its transcript"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index(
        op.f("ix_calls_deal_id_started_at_id"),
        "calls",
        ["deal_id", "started_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_calls_started_at_id"), "calls", ["started_at", "id"], unique=False)
    op.create_table(
        "crm_scores",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("deal_id", sa.Text(), nullable=True),
        sa.Column("called_at", UTC, nullable=False),
        sa.Column("written_at", UTC, nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("band", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("budget", sa.Text(), nullable=False, comment="level, or not_discussed"),
        sa.Column("authority", sa.Text(), nullable=False, comment="level, or not_discussed"),
        sa.Column("need", sa.Text(), nullable=False, comment="level, or not_discussed"),
        sa.Column("timeframe", sa.Text(), nullable=False, comment="level, or not_discussed"),
        sa.Column("delivery_key", sa.String(length=64), nullable=False),
        sa.Column("note", JSON, nullable=False, comment="the whole ScoreNote with its quotes"),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_crm_scores")),
    )
    op.create_index(op.f("ix_crm_scores_deal_id"), "crm_scores", ["deal_id"], unique=False)
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("moved_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursors")),
    )
    op.create_table(
        "failures",
        sa.Column("subject", sa.Text(), nullable=False, comment="call id or file"),
        sa.Column("stage", sa.Text(), nullable=False, comment="read, extract, ..."),
        sa.Column("reason", sa.Text(), nullable=False, comment="one line, no transcript text"),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("failed_at", UTC, nullable=False, comment="the last time"),
        sa.PrimaryKeyConstraint("subject", "stage", name=op.f("pk_failures")),
    )
    op.create_table(
        "outcomes",
        sa.Column("deal_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("won", sa.Boolean(), nullable=False),
        sa.Column("closed_at", UTC, nullable=False),
        sa.Column("amount", sa.Float(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True, comment="ISO 4217"),
        sa.PrimaryKeyConstraint("deal_id", name=op.f("pk_outcomes")),
    )
    op.create_index(
        op.f("ix_outcomes_closed_at_deal_id"), "outcomes", ["closed_at", "deal_id"], unique=False
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("started_at", UTC, nullable=False),
        sa.Column("finished_at", UTC, nullable=True, comment="null: running or killed"),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_started_at"), "runs", ["started_at"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("key", sa.String(length=64), nullable=False, comment="idempotency key"),
        sa.Column("target", sa.Text(), nullable=False, comment="name of a gateway"),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("deal_id", sa.Text(), nullable=True),
        sa.Column(
            "generation",
            sa.Integer(),
            nullable=False,
            comment="from 1 for a call and target; only the highest may be sent",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="DeliveryState"),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="how often a worker took it"),
        sa.Column("due_at", UTC, nullable=False, comment="not before this"),
        sa.Column(
            "lease",
            sa.BigInteger(),
            nullable=False,
            comment="grows with every claim: who holds an older one may not mark",
        ),
        sa.Column("leased_until", UTC, nullable=True),
        sa.Column("worker", sa.Text(), nullable=False, comment="who claimed it last"),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("sent_at", UTC, nullable=True, comment="when it arrived last"),
        sa.Column("receipt", JSON, nullable=True, comment="what the target answered"),
        sa.Column("note", JSON, nullable=False, comment="what to send: ScoreNote"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_deliveries_call_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "call_id", "target", "generation", name=op.f("uq_deliveries_call_id_target_generation")
        ),
    )
    op.create_index(op.f("ix_deliveries_deal_id"), "deliveries", ["deal_id"], unique=False)
    op.create_index(
        op.f("ix_deliveries_state_due_at_key"),
        "deliveries",
        ["state", "due_at", "key"],
        unique=False,
    )
    op.create_index(
        op.f("ix_deliveries_target_state_due_at_key"),
        "deliveries",
        ["target", "state", "due_at", "key"],
        unique=False,
    )
    op.create_table(
        "extractions",
        sa.Column("id", sa.String(length=64), nullable=False, comment="Extraction.id"),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("transcript_digest", sa.Text(), nullable=False),
        sa.Column("reader", sa.String(length=64), nullable=False, comment="RunRecord.version_key"),
        sa.Column("extractor", sa.Text(), nullable=False, comment="embedded or model"),
        sa.Column("model", sa.Text(), nullable=False, comment="empty for the embedded extractor"),
        sa.Column("prompt_digest", sa.Text(), nullable=False),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=False,
            comment="ok, or why there are no readings; only what is not ok may be replaced",
        ),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False, comment="part of input_tokens"),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=True, comment="null when no price is known"),
        sa.Column("finished_at", UTC, nullable=False),
        sa.Column("body", JSON, nullable=False, comment="the whole extraction with its quotes"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_extractions_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extractions")),
    )
    op.create_index(op.f("ix_extractions_call_id"), "extractions", ["call_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=64), nullable=False, comment="digest of the review"),
        sa.Column("extraction_id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False, comment="e-mail or name"),
        sa.Column("reviewed_at", UTC, nullable=False),
        sa.Column("body", JSON, nullable=False, comment="the whole review"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_reviews_call_id")),
        sa.ForeignKeyConstraint(
            ["extraction_id"], ["extractions.id"], name=op.f("fk_reviews_extraction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_call_id"), "reviews", ["call_id"], unique=False)
    op.create_index(op.f("ix_reviews_extraction_id"), "reviews", ["extraction_id"], unique=False)
    op.create_table(
        "scores",
        sa.Column(
            "sequence",
            SEQUENCE,
            nullable=False,
            comment="grows; the highest of a call and model is current",
        ),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("extraction_id", sa.String(length=64), nullable=False),
        sa.Column("model", sa.Text(), nullable=False, comment="name of the score model"),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column(
            "content",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of the score without the time it was made",
        ),
        sa.Column("points", sa.Integer(), nullable=True, comment="1 to 100, null when unscored"),
        sa.Column("unscored_reason", sa.Text(), nullable=True),
        sa.Column("band", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True, comment="A1 to D4"),
        sa.Column("coverage", sa.Float(), nullable=False, comment="0 to 1: how much was said"),
        sa.Column("scored_at", UTC, nullable=False),
        sa.Column("body", JSON, nullable=False, comment="the whole score with its contributions"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_scores_call_id")),
        sa.ForeignKeyConstraint(
            ["extraction_id"], ["extractions.id"], name=op.f("fk_scores_extraction_id")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_scores")),
    )
    op.create_index(
        op.f("ix_scores_call_id_model_sequence"),
        "scores",
        ["call_id", "model", "sequence"],
        unique=False,
    )
    op.create_index(op.f("ix_scores_extraction_id"), "scores", ["extraction_id"], unique=False)
    op.execute(ACTIVITY_STREAM)
