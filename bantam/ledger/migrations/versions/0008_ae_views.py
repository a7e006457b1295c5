"""What AEs wrote of deals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.Text().with_variant(sa.JSON(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ae_views",
        sa.Column("deal_id", sa.Text(), nullable=False),
        sa.Column("body", JSON, nullable=False, comment="the whole AeView: numbers, words yes and no"),
        sa.PrimaryKeyConstraint("deal_id", name=op.f("pk_ae_views")),
    )
