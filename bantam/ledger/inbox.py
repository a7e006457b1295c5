"""Webhooks as they came in: one row each, open until a flow has acted on what they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_, update

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.pickup import Notice
from bantam.domain.value import digest
from bantam.ledger.activities import append_activities
from bantam.ledger.database import Database, insert_into
from bantam.ledger.tables import InboxRow


class Inbox:
    """The part of the ledger that holds messages from outside."""

    _database: Database

    def open_notices(self, limit: int) -> list[Notice]:
        """Return up to `limit` messages of each source that no flow has acted on, oldest first."""
        columns = (InboxRow.source, InboxRow.delivery_id, InboxRow.event, InboxRow.about)
        query = select(*columns).where(InboxRow.open)
        query = query.order_by(InboxRow.received_at, InboxRow.delivery_id).limit(limit)
        waiting = select(InboxRow.source).where(InboxRow.open).distinct()
        with self._database.read() as connection:
            rows = [
                row
                for source in sorted(connection.execute(waiting).scalars())
                for row in connection.execute(query.where(InboxRow.source == source))
            ]
        return [Notice.model_validate(dict(r._mapping)) for r in rows]  # noqa: SLF001 - SQLAlchemy's public name

    def close_notices(
        self, acted: Mapping[str, str], notices: Sequence[Notice], *, now: datetime
    ) -> None:
        """Note that messages were acted on, with an activity for each.

        Args:
            acted: what came of it, in a word, by `Notice.about`.
            notices: that are over.
            now: aware UTC time.
        """
        keys = [(n.source, n.delivery_id) for n in notices]
        place = tuple_(InboxRow.source, InboxRow.delivery_id)
        seen = update(InboxRow).where(place.in_(keys))
        with self._database.write() as connection:
            connection.execute(seen.values(open=False))
            append_activities(
                connection, [_acted(n, acted.get(n.about or "", "nothing"), now) for n in notices]
            )

    def prune_inbox(self, *, before: datetime) -> int:
        """Delete messages that came before a time and were acted on; return how many."""
        old = delete(InboxRow).where(InboxRow.received_at < before, InboxRow.open.is_(False))
        with self._database.write() as connection:
            return connection.execute(old).rowcount


def enter(connection: Connection, notice: Notice, now: datetime) -> bool:
    """Write one message within the caller's transaction; False when it came before."""
    row = {
        "source": notice.source,
        "delivery_id": notice.delivery_id,
        "event": notice.event,
        "call_id": notice.call_id,
        "about": notice.about,
        "received_at": now,
        "open": notice.about is not None,
    }
    new = insert_into(connection.dialect.name, InboxRow).on_conflict_do_nothing()
    entered = connection.execute(new.returning(InboxRow.delivery_id), row)
    return entered.first() is not None


def received(notice: Notice, now: datetime) -> Activity:
    """Return the activity that says that a message came."""
    kind = ActivityKind.WEBHOOK_RECEIVED
    features = {"event": notice.event, "call_id": notice.call_id}
    return _told(notice, kind, now, features)


def _acted(notice: Notice, came_of_it: str, now: datetime) -> Activity:
    features = {"event": notice.event, "about": notice.about, "came_of_it": came_of_it}
    return _told(notice, ActivityKind.WEBHOOK_ACTED_ON, now, features)


def _told(
    notice: Notice, kind: ActivityKind, now: datetime, features: Mapping[str, str | None]
) -> Activity:
    call = f"call:{notice.call_id}" if notice.call_id else None
    return Activity(
        id=digest(kind, notice.source, notice.delivery_id),
        at=now,
        customer=notice.deal_id or call or f"source:{notice.source}",
        kind=kind,
        actor=notice.source,
        features=features,
    )
