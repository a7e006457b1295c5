"""Who the buyers of calls are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UTC = sa.String(27).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.Text().with_variant(sa.JSON(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "buyers",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("who", sa.String(64), nullable=False, comment="digest of the buyers' addresses"),
        sa.Column("asked_at", UTC, nullable=False),
        sa.Column(
            "complete",
            sa.Boolean(),
            nullable=False,
            comment="false: somebody could not be asked, and may be asked again",
        ),
        sa.Column("body", JSON, nullable=False, comment="the whole KnownBuyer"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_buyers_call_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_buyers")),
    )
    op.create_index(op.f("ix_buyers_who_asked_at"), "buyers", ["who", "asked_at"], unique=False)
