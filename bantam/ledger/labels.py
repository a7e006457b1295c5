"""What people and deals said of scores: reviews, appended, and outcomes, as known now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import delete, select

from bantam.domain.activity import Activity
from bantam.domain.calls import CallId, DealId
from bantam.domain.deals import AeView, Outcome
from bantam.domain.review import Review
from bantam.ledger.activities import append_activities
from bantam.ledger.database import Database, insert_into, pages
from bantam.ledger.deal_tables import AeViewRow, OutcomeRow
from bantam.ledger.rows import parsed
from bantam.ledger.tables import ReviewRow

PAGE = 500


class Labels:
    """The part of the ledger that holds reviews and outcomes."""

    _database: Database

    def reviews(self, *, call_id: CallId | None = None) -> Iterator[Review]:
        """Yield reviews, oldest first: of one call, or all, page by page."""
        query = select(ReviewRow.reviewed_at, ReviewRow.id, ReviewRow.body)
        if call_id is not None:
            query = query.where(ReviewRow.call_id == call_id)
        keys = (ReviewRow.reviewed_at, ReviewRow.id)
        for rows in pages(self._database, query, *keys, size=PAGE):
            yield from (parsed(Review, row.body, f"review {row.id}") for row in rows)

    def record_outcomes(
        self,
        outcomes: Sequence[Outcome],
        activities: Sequence[Activity] = (),
        views: Sequence[AeView] = (),
    ) -> None:
        """Write how deals ended, over what was known before, with what is to be told of it.

        Args:
            outcomes: of deals, each once.
            activities: what happened.
            views: what AEs wrote of some of these deals.
        """
        with self._database.write() as connection:
            if outcomes:
                new = insert_into(connection.dialect.name, OutcomeRow)
                taken = ("account_id", "won", "closed_at", "amount", "currency")
                statement = new.on_conflict_do_update(
                    index_elements=[OutcomeRow.deal_id],
                    set_={name: new.excluded[name] for name in taken},
                )
                ordered = sorted(outcomes, key=lambda o: o.deal_id)
                connection.execute(statement, [o.model_dump() for o in ordered])
            if views:
                fresh = insert_into(connection.dialect.name, AeViewRow)
                over = fresh.on_conflict_do_update(
                    index_elements=[AeViewRow.deal_id], set_={"body": fresh.excluded.body}
                )
                in_order = sorted(views, key=lambda v: v.deal_id)
                rows = [{"deal_id": v.deal_id, "body": v.model_dump_json()} for v in in_order]
                connection.execute(over, rows)
            append_activities(connection, activities)

    def ae_views(self) -> Iterator[AeView]:
        """Yield what AEs wrote of deals, in order of the deals' ids, page by page."""
        query = select(AeViewRow.deal_id, AeViewRow.body)
        for rows in pages(self._database, query, AeViewRow.deal_id, size=PAGE):
            yield from (parsed(AeView, row.body, f"AE view of {row.deal_id!r}") for row in rows)

    def drop_outcomes(self, deal_ids: Sequence[DealId], activities: Sequence[Activity]) -> None:
        """Forget how deals ended that are open again, with what is to be told of it."""
        if not deal_ids:
            return
        with self._database.write() as connection:
            connection.execute(delete(OutcomeRow).where(OutcomeRow.deal_id.in_(deal_ids)))
            append_activities(connection, activities)

    def outcome(self, deal_id: DealId) -> Outcome | None:
        """Return how a deal ended, None when it is open as far as the ledger knows."""
        columns = OutcomeRow.__table__.columns
        with self._database.read() as connection:
            row = connection.execute(
                select(*columns).where(OutcomeRow.deal_id == deal_id)
            ).one_or_none()
        return None if row is None else _outcome(row)

    def outcomes(self) -> Iterator[Outcome]:
        """Yield all outcomes in the order in which deals closed, page by page."""
        query = select(*OutcomeRow.__table__.columns)
        keys = (OutcomeRow.closed_at, OutcomeRow.deal_id)
        for rows in pages(self._database, query, *keys, size=PAGE):
            yield from map(_outcome, rows)


def _outcome(row: Any) -> Outcome:
    return Outcome.model_validate(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name
