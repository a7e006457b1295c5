"""Which deal a call was found to belong to, where the call itself did not say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UTC = sa.String(27).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "call_deals",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("deal_id", sa.Text(), nullable=False),
        sa.Column(
            "by_person",
            sa.Boolean(),
            nullable=False,
            comment="true: stronger than what the call itself says",
        ),
        sa.Column("known_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_deals_call_id")
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_deals")),
    )
