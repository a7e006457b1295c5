"""Alembic migrations, run by `bantam.ledger.opening` without an alembic.ini."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str) -> None:
    """Migrate to `revision` within the connection's transaction.

    Args:
        connection: inside a transaction that holds the migration lock.
        revision: to end at.
    """
    command.upgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    # Alembic reads % in options as interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
