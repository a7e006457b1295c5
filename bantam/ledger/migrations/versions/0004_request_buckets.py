"""Requests to vendors, counted for all workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UTC = sa.String(27).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "request_buckets",
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False, comment="of the API; empty: the rest"),
        sa.Column("next_time", UTC, nullable=False, comment="of the first request nobody has taken"),
        sa.Column("closed_until", UTC, nullable=True, comment="the vendor said: not before"),
        sa.Column("worker", sa.Text(), nullable=False, comment="who took the last times"),
        sa.Column("alone_since", UTC, nullable=False, comment="when that worker began to"),
        sa.PrimaryKeyConstraint("vendor", "tenant", "part", name=op.f("pk_request_buckets")),
    )
