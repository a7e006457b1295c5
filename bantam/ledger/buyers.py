"""Who buyers are: asked of others once, kept so that scoring again asks nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from bantam.domain.calls import CallId
from bantam.domain.fit import KnownBuyer
from bantam.ledger.database import Database, insert_into
from bantam.ledger.deal_tables import BuyerRow
from bantam.ledger.rows import parsed


class Buyers:
    """The part of the ledger that knows buyers."""

    _database: Database

    def known_buyer(self, who: str, *, since: datetime) -> KnownBuyer | None:
        """Return the newest full answer about the buyers of any call, None when there is none.

        Args:
            who: `buyers_digest` of a call.
            since: an answer from before is too old.
        """
        query = select(BuyerRow.call_id, BuyerRow.body).where(
            BuyerRow.who == who, BuyerRow.asked_at >= since, BuyerRow.complete
        )
        with self._database.read() as connection:
            row = connection.execute(query.order_by(BuyerRow.asked_at.desc()).limit(1)).first()
        return None if row is None else parsed(KnownBuyer, row.body, f"buyer of {row.call_id!r}")


def upsert_buyers(connection: Connection, buyers: Mapping[CallId, KnownBuyer]) -> None:
    """Store who the buyers of calls are, over what was known before."""
    if not buyers:
        return
    new = insert_into(connection.dialect.name, BuyerRow)
    taken = ("who", "asked_at", "complete", "body")
    statement = new.on_conflict_do_update(
        index_elements=[BuyerRow.call_id], set_={name: new.excluded[name] for name in taken}
    )
    rows = [
        {
            "call_id": call_id,
            "who": buyer.who,
            "asked_at": buyer.asked_at,
            "complete": not buyer.trouble,
            "body": buyer.model_dump_json(),
        }
        for call_id, buyer in sorted(buyers.items())
    ]
    connection.execute(statement, rows)


def buyers_of(connection: Connection, ids: Sequence[CallId]) -> dict[CallId, KnownBuyer]:
    """Return who the buyers of calls are, where somebody was asked."""
    query = select(BuyerRow.call_id, BuyerRow.body).where(BuyerRow.call_id.in_(ids))
    return {
        CallId(row.call_id): parsed(KnownBuyer, row.body, f"buyer of {row.call_id!r}")
        for row in connection.execute(query)
    }
