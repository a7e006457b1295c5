"""What was written to CRMs last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.Text().with_variant(postgresql.JSON(), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "crm_memory",
        sa.Column("target", sa.Text(), nullable=False, comment="name of the gateway"),
        sa.Column("record", sa.Text(), nullable=False, comment="deal:<id> or call:<id>"),
        sa.Column("version", sa.Integer(), nullable=False, comment="grows with each write"),
        sa.Column("body", JSON, nullable=False, comment="ids and fingerprints, no words"),
        sa.PrimaryKeyConstraint("target", "record", name=op.f("pk_crm_memory")),
    )
