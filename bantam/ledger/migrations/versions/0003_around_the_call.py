"""Webhooks, calls to fetch, bookings, and the deals of the embedded CRM."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UTC = sa.String(27).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.Text().with_variant(sa.JSON(none_as_null=True), "postgresql")


def leased() -> list[sa.Column[Any]]:
    """Return the columns of a table whose rows one worker at a time may work on."""
    return [
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", UTC, nullable=False, comment="not before this"),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="how often a worker took it"),
        sa.Column(
            "lease",
            sa.BigInteger(),
            nullable=False,
            comment="grows with every claim: who holds an older one may not settle",
        ),
        sa.Column("leased_until", UTC, nullable=True, comment="null: nobody has it"),
        sa.Column("worker", sa.Text(), nullable=False, comment="who took it last"),
        sa.Column("last_error", sa.Text(), nullable=False),
    ]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "inbox",
        sa.Column("source", sa.Text(), nullable=False, comment="who sent it"),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=True, comment="the call it is about"),
        sa.Column("received_at", UTC, nullable=False),
        sa.Column(
            "open",
            sa.Boolean(),
            nullable=False,
            comment="true until a flow has looked at it; calls become pickups at once",
        ),
        sa.PrimaryKeyConstraint("source", "delivery_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_received_at"), "inbox", ["received_at"], unique=False)
    op.create_table(
        "pickups",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="name of a source of calls"),
        sa.Column("found_at", UTC, nullable=False, comment="when it was announced"),
        sa.Column("ended_at", UTC, nullable=True, comment="null while it is waiting"),
        *leased(),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_pickups")),
    )
    op.create_index(
        op.f("ix_pickups_state_due_at_call_id"),
        "pickups",
        ["state", "due_at", "call_id"],
        unique=False,
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.Text(), nullable=False, comment="the calendar event's id"),
        sa.Column("starts_at", UTC, nullable=True, comment="null until a time is chosen"),
        sa.Column("ends_at", UTC, nullable=True),
        sa.Column("email", sa.Text(), nullable=False, comment="of the lead, lower case"),
        sa.Column("deal_id", sa.Text(), nullable=True),
        sa.Column("call_id", sa.Text(), nullable=True, comment="the recording, once it is known"),
        sa.Column("body", JSON, nullable=False, comment="the whole Booking"),
        *leased(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("call_id", name=op.f("uq_bookings_call_id")),
    )
    op.create_index(op.f("ix_bookings_deal_id"), "bookings", ["deal_id"], unique=False)
    op.create_index(op.f("ix_bookings_starts_at_id"), "bookings", ["starts_at", "id"], unique=False)
    op.create_index(
        op.f("ix_bookings_state_due_at_id"), "bookings", ["state", "due_at", "id"], unique=False
    )
    op.create_table(
        "crm_leads",
        sa.Column("deal_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="of the contact, lower case"),
        sa.Column("contact", sa.Text(), nullable=False, comment="the contact's name"),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("opened_at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("deal_id", name=op.f("pk_crm_leads")),
    )
    op.create_index(op.f("ix_crm_leads_email"), "crm_leads", ["email"], unique=False)
