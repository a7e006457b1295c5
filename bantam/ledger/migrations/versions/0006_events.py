"""What a webhook of a CRM is about: the deal that changed, or that a meeting took place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what lies there from before can lead to nothing any more."""
    about = sa.Column("about", sa.Text(), nullable=True, comment="deal:<id>, or meeting")
    op.add_column("inbox", about)
    op.execute(sa.text("UPDATE inbox SET open = false"))
    op.create_index(op.f("ix_inbox_open_received_at"), "inbox", ["open", "received_at"])
