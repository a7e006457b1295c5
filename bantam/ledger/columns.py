"""Column types that SQLite and PostgreSQL store in their own ways, and columns shared by tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, TIMESTAMP, BigInteger, Dialect, Integer, String, Text, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine


class Utc(TypeDecorator[datetime]):
    """An aware UTC time: timestamptz, or in SQLite ISO text of one width, so that it sorts."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of this database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware time into what the database stores."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy passes it
        """Turn what the database stored into an aware UTC time."""
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)


class Line(TypeDecorator[str]):
    """Text for people. NUL is dropped: PostgreSQL refuses it, and one bad title is no reason."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy passes it
        """Drop NUL characters."""
        return value if value is None else value.replace("\0", "")


Json = Text().with_variant(JSON(none_as_null=True), "postgresql")
"""JSON text that pydantic wrote and reads: the engine passes it through unparsed.

`json`, not `jsonb`: it keeps the text as it is, and takes an escaped NUL.
"""

Sequence = BigInteger().with_variant(Integer, "sqlite")
"""A growing row number: SQLite numbers rows by itself only for plain INTEGER."""


class Leased:
    """Columns of rows that one worker at a time may work on; `leases.py` takes and settles them."""

    state: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(Utc, comment="not before this")
    attempts: Mapped[int] = mapped_column(Integer, comment="how often a worker took it")
    lease: Mapped[int] = mapped_column(
        BigInteger, comment="grows with every claim: who holds an older one may not settle"
    )
    leased_until: Mapped[datetime | None] = mapped_column(Utc, comment="null: nobody has it")
    worker: Mapped[str] = mapped_column(Line, comment="who took it last")
    last_error: Mapped[str] = mapped_column(Line)
