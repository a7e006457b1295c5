"""What is owed to a target may be to take back what was written there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; all that was owed before is scores."""
    kind = sa.Column(
        "kind", sa.Text(), nullable=False, server_default="score", comment="DeliveryKind"
    )
    op.add_column("deliveries", kind)
