"""From a URL to a ledger at the revision that this version needs.

Whether anything is to be done is one cheap query. Alembic is imported only when an
existing database has to be migrated, because the import alone costs 0.2 s; a new SQLite
file is made from the models and stamped, and a test proves that this is the same schema.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

import bantam.ledger.deal_tables  # noqa: F401 - puts its tables beside the others
from bantam.errors import LedgerError
from bantam.ledger.database import BUSY_TIMEOUT_MS, Database, make_parent, parsed_url
from bantam.ledger.tables import Base

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
"""Every revision, oldest first. The last is what this version needs."""

HEAD = REVISIONS[-1]

VERSION_TABLE = "bantam_revision"
"""Not Alembic's default name: Prefect may keep its own there, in the same database."""

_LOCK = 0x62616E74616D
"""PostgreSQL advisory lock held while migrating ("bantam" in ASCII)."""

_WAL_RETRY_SECONDS = 0.02


def open_database(url: str, *, create: bool) -> Database:
    """Return a database at revision `HEAD`.

    Args:
        url: `sqlite:///path` or `postgresql://...`.
        create: True makes what is missing and migrates what is older.

    Raises:
        LedgerError: it cannot be reached, is newer, or is not there and `create` is False.
    """
    parsed = parsed_url(url)
    database = Database(parsed)
    try:
        if database.is_sqlite:
            _prepare_file(database, create=create)
        with database.read() as connection:
            found = revision_of(connection)
        if found != HEAD:
            _bring_up(database, found, create=create)
    except BaseException:
        database.close()
        raise
    return database


def revision_of(connection: Connection) -> str | None:
    """Return the revision a database is at, None when it holds no ledger."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant


def _bring_up(database: Database, found: str | None, *, create: bool) -> None:
    if found is not None and found not in REVISIONS:
        raise LedgerError(
            f"ledger {database.name}: is at revision {found}, this version knows {HEAD} as the"
            " newest; install the newer bantam that wrote it, or name another ledger"
        )
    if not create:
        state = f"is at revision {found}, this version needs {HEAD}" if found else "is empty"
        raise LedgerError(f"ledger {database.name}: {state}; run `bantam score` to bring it up")
    with database.write() as connection:
        if database.is_sqlite:
            _make_or_migrate(connection, empty_is_made_from_models=True)
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _make_or_migrate(connection, empty_is_made_from_models=False)


def _make_or_migrate(connection: Connection, *, empty_is_made_from_models: bool) -> None:
    # Looked up again under the lock: another process may have been faster.
    found = revision_of(connection)
    if found == HEAD:
        return
    if found is None and empty_is_made_from_models:
        Base.metadata.create_all(connection, checkfirst=False)
        stamp(connection)
        return
    from bantam.ledger.migrations import upgrade  # noqa: PLC0415 - imports Alembic

    upgrade(connection, HEAD)


def stamp(connection: Connection) -> None:
    """Write into a database made from the models that it is at `HEAD`."""
    connection.execute(
        text(
            f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL,"
            f" CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(
        text(f"INSERT INTO {VERSION_TABLE} VALUES (:revision)"),  # noqa: S608 - a constant
        {"revision": HEAD},
    )


def _prepare_file(database: Database, *, create: bool) -> None:
    if not create and not _exists(database):
        raise LedgerError(f"ledger {database.name}: no such file; run `bantam score` to make it")
    try:
        make_parent(database.url)
        _switch_to_wal(database)
    except (DBAPIError, sqlite3.Error, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise LedgerError(f"ledger {database.name}: {cause}{_advice(cause)}") from None


def _advice(cause: object) -> str:
    """Return what to do; SQLite writes beside the file even when it only reads."""
    if any(sign in str(cause) for sign in ("unable to open", "readonly", "Read-only")):
        return "; its folder must be writable: name another with BANTAM_LEDGER__URL"
    return ""


def _switch_to_wal(database: Database) -> None:
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while not _in_wal(database):
        if time.monotonic() > deadline:
            raise LedgerError(
                f"ledger {database.name}: cannot switch to WAL while another process holds it;"
                " close that one (a network drive cannot hold a SQLite ledger: use PostgreSQL)"
            )
        time.sleep(_WAL_RETRY_SECONDS)


def _in_wal(database: Database) -> bool:
    """Switch a file to WAL; it stays so. False while another process does the same."""
    connection = database.engine.raw_connection()
    try:
        mode = connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
    finally:
        connection.close()
    return mode[0] in {"wal", "memory"}


def _exists(database: Database) -> bool:
    path = database.url.database
    return path is not None and Path(path).is_file()
