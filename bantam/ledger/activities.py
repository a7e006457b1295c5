"""The stream of what happened: appended, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, select

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.calls import CallId, DealId
from bantam.ledger.database import Database, insert_into, pages
from bantam.ledger.rows import StreamedActivity
from bantam.ledger.tables import ACTIVITY_STREAM, ActivityRow

PAGE = 500

_COLUMNS = tuple(c for c in ActivityRow.__table__.columns)


def append_activities(connection: Connection, activities: Sequence[Activity]) -> None:
    """Write activities that are not there yet, within the caller's transaction."""
    if not activities:
        return
    # Two transactions that write the same ids take them in one order, or PostgreSQL deadlocks.
    rows = [_row(a) for a in sorted(activities, key=lambda a: a.id)]
    connection.execute(_insert(connection.dialect.name), rows)


@cache
def _insert(dialect: str) -> Insert:
    return insert_into(dialect, ActivityRow).on_conflict_do_nothing()


def customer_of(call_id: CallId, deal_id: DealId | None) -> str:
    """Return whose activity it is: the deal, or the call when no deal is known."""
    return deal_id if deal_id is not None else f"call:{call_id}"


class Activities:
    """The part of the ledger that holds the activity stream."""

    _database: Database

    def add_activities(self, activities: Sequence[Activity]) -> None:
        """Append what happened; an id that is there already changes nothing."""
        with self._database.write() as connection:
            append_activities(connection, activities)

    def activities(
        self,
        *,
        kinds: Sequence[ActivityKind] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Activity]:
        """Yield activities in order of time, page by page.

        Args:
            kinds: only these; empty for all.
            since: aware, inclusive.
            until: aware, exclusive.
        """
        query = select(*_COLUMNS)
        if kinds:
            query = query.where(ActivityRow.activity.in_(kinds))
        if since is not None:
            query = query.where(ActivityRow.ts >= since)
        if until is not None:
            query = query.where(ActivityRow.ts < until)
        keys = (ActivityRow.ts, ActivityRow.activity_id)
        for rows in pages(self._database, query, *keys, size=PAGE):
            yield from map(_activity, rows)

    def activity_stream(self, *, customer: str | None = None) -> Iterator[StreamedActivity]:
        """Yield activities customer by customer, each with its occurrence, in order of time.

        Args:
            customer: only this one's; None for everybody's, some customers at a time.
        """
        stream = ACTIVITY_STREAM.c
        query = select(ACTIVITY_STREAM).order_by(stream.customer, stream.ts, stream.activity_id)
        if customer is not None:
            with self._database.read() as connection:
                rows = connection.execute(query.where(stream.customer == customer)).all()
            yield from map(_streamed, rows)
            return
        customers = select(ActivityRow.customer).distinct()
        for found in pages(self._database, customers, ActivityRow.customer, size=PAGE):
            # A bound on the partition's own column is pushed below the window functions.
            some = stream.customer.between(found[0].customer, found[-1].customer)
            with self._database.read() as connection:
                rows = connection.execute(query.where(some)).all()
            yield from map(_streamed, rows)


def _row(activity: Activity) -> dict[str, Any]:
    return {
        "activity_id": activity.id,
        "ts": activity.at,
        "customer": activity.customer,
        "activity": activity.kind.value,
        "actor": activity.actor,
        "feature_json": json.dumps(dict(activity.features), ensure_ascii=False),
        "revenue_impact": activity.revenue_impact,
        "link": activity.link,
    }


def _activity(row: Any) -> Activity:
    return Activity(
        id=row.activity_id,
        at=row.ts,
        customer=row.customer,
        kind=ActivityKind(row.activity),
        actor=row.actor,
        features=json.loads(row.feature_json),
        revenue_impact=row.revenue_impact,
        link=row.link,
    )


def _streamed(row: Any) -> StreamedActivity:
    return StreamedActivity(_activity(row), row.activity_occurrence, row.activity_repeated_at)
