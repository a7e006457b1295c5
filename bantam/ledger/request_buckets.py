"""How far the requests to each vendor are given out, for all workers on this ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from bantam.domain.limits import AHEAD, RequestLimit
from bantam.ledger.database import AnyRow, Database, insert_into
from bantam.ledger.tables import RequestBucketRow
from bantam.ports import Clock

_ROW = RequestBucketRow


@dataclass(frozen=True, slots=True)
class Taken:
    """What a worker got of a bucket."""

    now: datetime
    """When, by its own clock."""
    times: tuple[datetime, ...]
    """Of requests that it alone may send (see `bantam.domain.limits`)."""
    not_before: datetime
    """Where there are no times: when there may be some."""


class RequestBuckets:
    """The part of the ledger that counts requests to vendors."""

    _database: Database

    def take_requests(self, limit: RequestLimit, *, worker: str, clock: Clock) -> Taken:
        """Take times of requests: one, or a batch when no other worker has taken any of late.

        Args:
            limit: whose.
            worker: who asks; one that others share a name with only takes more than it needs.
            clock: asked once the bucket is ours, as that may take a while.
        """
        with self._database.write() as connection:
            row = _locked(connection, limit)
            if row is None:
                _enter(connection, limit, clock())
                row = _locked(connection, limit)
                assert row is not None
            now = clock()
            if row.closed_until is not None and row.closed_until > now:
                return Taken(now, (), row.closed_until)
            next_time = limit.unstuck(row.next_time, now)
            not_before = next_time - limit.lead - limit.ahead
            if not_before > now:
                # Kept: what follows a clock set back must not move on with every asking.
                if next_time != row.next_time:
                    _change(connection, limit, next_time=next_time)
                return Taken(now, (), not_before)
            alone_since = row.alone_since if row.worker == worker else now
            count = limit.batch if now - alone_since >= AHEAD else 1
            first = max(next_time, now)
            times = tuple(first + n * limit.interval for n in range(count))
            next_time = times[-1] + limit.interval
            _change(connection, limit, next_time=next_time, worker=worker, alone_since=alone_since)
        return Taken(now, times, now)

    def close_requests(self, limit: RequestLimit, *, until: datetime, now: datetime) -> None:
        """Let nobody through before `until`; an earlier closing never shortens a longer one."""
        with self._database.write() as connection:
            _enter(connection, limit, now)
            row = _locked(connection, limit)
            assert row is not None
            if row.closed_until is None or row.closed_until < until:
                _change(connection, limit, closed_until=until)


def _is(limit: RequestLimit) -> ColumnElement[bool]:
    return (
        (_ROW.vendor == limit.vendor) & (_ROW.tenant == limit.tenant) & (_ROW.part == limit.group)
    )


def _locked(connection: Connection, limit: RequestLimit) -> AnyRow | None:
    columns = (_ROW.next_time, _ROW.closed_until, _ROW.worker, _ROW.alone_since)
    return connection.execute(select(*columns).where(_is(limit)).with_for_update()).first()


def _change(connection: Connection, limit: RequestLimit, **values: datetime | str) -> None:
    connection.execute(update(_ROW).where(_is(limit)).values(values))


def _enter(connection: Connection, limit: RequestLimit, now: datetime) -> None:
    row = {"vendor": limit.vendor, "tenant": limit.tenant, "part": limit.group}
    state = {"next_time": now, "closed_until": None, "worker": "", "alone_since": now}
    insert = insert_into(connection.dialect.name, _ROW).on_conflict_do_nothing()
    connection.execute(insert, {**row, **state})
