"""Alembic's environment: migrates on the connection that it is handed.

To add a revision: change `bantam/ledger/tables.py`, write `versions/NNNN_what.py` by hand
or from `alembic.autogenerate` against `Base.metadata`, add its name to
`opening.REVISIONS`. Tests compare the migrated schema with the models on both databases.
"""

from __future__ import annotations

from alembic import context

from bantam.ledger.opening import VERSION_TABLE
from bantam.ledger.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    # SQLite cannot alter most things in place: Alembic copies the table instead.
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
