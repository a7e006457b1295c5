"""One database: its engine, and short transactions on it.

SQLite runs in WAL, so that readers never wait for the writer, and every write
begins IMMEDIATE: a transaction that reads first and writes later would be thrown
out ("database is locked") when somebody wrote in between. PostgreSQL is reached
through psycopg 3.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeAlias, cast

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    QueuePool,
    Row,
    Select,
    create_engine,
    event,
    make_url,
    tuple_,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import InstrumentedAttribute

from bantam.errors import LedgerError
from bantam.ledger.tables import Base

AnySelect: TypeAlias = "Select[*tuple[Any, ...]]"
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

BUSY_TIMEOUT_MS = 30_000
"""How long a write waits for another process's write before it gives up."""

POOL_SIZE = 8
POOL_OVERFLOW = 24
"""Connections beyond `POOL_SIZE` close after use; beyond both, threads wait their turn."""

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


def parsed_url(url: str) -> URL:
    """Return the SQLAlchemy URL with the driver that Bantam uses.

    Raises:
        LedgerError: it is no URL, or names a database that Bantam does not support.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise LedgerError(
            "ledger url: cannot be parsed; write sqlite:///bantam.db"
            " or postgresql://user:password@host/database"
        ) from None
    dialect = parsed.drivername.partition("+")[0]
    if dialect not in _DRIVERS:
        raise LedgerError(f"ledger url: {dialect!r} is not supported; use sqlite or postgresql")
    if "@" in (parsed.host or ""):
        # What stands before it belongs to the password, and would be shown as part of the host.
        raise LedgerError("ledger url: has two @; write the one in the password as %40")
    return parsed.set(drivername=_DRIVERS[dialect])


def address_of(url: URL) -> str:
    """Return where a database is, for people: without password, query and driver.

    The query goes because a password may stand there too.
    """
    plain = url.set(drivername=url.get_backend_name(), query={})
    return plain.render_as_string(hide_password=True)


class Database:
    """An engine and its transactions. Thread-safe; connects at the first one."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.name = address_of(url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgres_engine(url)
        self._writing = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        # SQLite has one writer. Threads of this process queue here, where waking up costs
        # nothing, not in SQLite's busy handler, which polls.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else _no_turn()

    def __repr__(self) -> str:
        return f"Database({self.name!r})"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one short transaction that only reads.

        Raises:
            LedgerError: the database refused, or is gone.
        """
        with self._plain_errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one short transaction: all of it, or on any error nothing.

        Raises:
            LedgerError: the database refused, or is gone.
        """
        with self._turn, self._plain_errors(), self._writing.begin() as connection:
            yield connection

    def drop_old_pages(self) -> None:
        """Empty SQLite's write-ahead log, which still holds pages as they were before.

        Waits for readers up to `BUSY_TIMEOUT_MS`; what they block is dropped by the next
        checkpoint. PostgreSQL drops old rows by itself (autovacuum).
        """
        if self.is_sqlite:
            with self._plain_errors(), self.engine.connect() as connection:
                autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
                autocommit.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        # "from None" everywhere: the driver's own error holds rows, and rows hold transcripts.
        try:
            yield
        except PoolTimeoutError:
            raise LedgerError(
                f"ledger {self.name}: all {POOL_SIZE + POOL_OVERFLOW} connections are in use;"
                " run fewer threads"
            ) from None
        except DBAPIError as error:
            raise LedgerError(f"ledger {self.name}: {_first_line(error)}") from None
        except NoSuchModuleError:
            raise LedgerError(f"ledger {self.name}: its driver is not installed") from None


def pages(
    database: Database, query: AnySelect, *keys: InstrumentedAttribute[Any], size: int
) -> Iterator[Sequence[AnyRow]]:
    """Yield the rows of a query in order of `keys`, page by page, each in its own transaction.

    Nothing stays open between pages: what reads a page may write before it asks for the next.

    Args:
        database: to read from.
        query: selects the keys among other columns, without order or limit.
        keys: columns that together name a row and never change.
        size: rows of a page.
    """
    ordered = query.order_by(*keys).limit(size)
    page = ordered
    while True:
        with database.read() as connection:
            rows = connection.execute(page).all()
        if rows:
            yield rows
        if len(rows) < size:
            return
        last = tuple(getattr(rows[-1], key.key) for key in keys)
        page = ordered.where(tuple_(*keys) > last)


def insert_into(dialect: str, row: type[Base]) -> sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT (both databases spell it the same way).

    Args:
        dialect: `connection.dialect.name`.
        row: of the table.
    """
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - 0.1 s that SQLite spares

        return cast("sqlite.Insert", postgresql.insert(row))
    return sqlite.insert(row)


def _no_turn() -> AbstractContextManager[None]:
    return nullcontext()


def _first_line(error: DBAPIError) -> str:
    cause = error.orig
    diagnosis = getattr(getattr(cause, "diag", None), "message_primary", None)
    line = str(diagnosis or cause or error).strip().splitlines()[0]
    if "database is locked" in line:
        return f"another process has been writing for {BUSY_TIMEOUT_MS // 1000} s; try again"
    return line


def _sqlite_engine(url: URL) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    engine = create_engine(
        url,
        hide_parameters=True,
        # One connection is the whole database when it lives in memory; the pool hands it round.
        poolclass=QueuePool,
        pool_size=1 if in_memory else POOL_SIZE,
        max_overflow=0 if in_memory else POOL_OVERFLOW,
        # isolation_level None: Python's sqlite3 begins nothing by itself, see _begin.
        connect_args={"isolation_level": None, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _postgres_engine(url: URL) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_pre_ping=True,
        # Json columns hold text that pydantic wrote and pydantic reads.
        json_serializer=_unchanged,
        json_deserializer=_unchanged,
    )


def _unchanged(text: Any) -> Any:
    return text


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys = ON")
    # FULL: a commit survives a power cut. Nothing lost, nothing sent twice.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def make_parent(url: URL) -> None:
    """Make the folder that a SQLite file stands in."""
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
