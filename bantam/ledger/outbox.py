"""What is owed to targets: claimed by workers under a lease, then sent, delayed, failed or held.

Never two deliveries of one call to one target at once, so that an older score cannot
overwrite a newer one. A claim carries a lease number that grows with every claim: who
holds an older one may not mark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import aliased

from bantam.domain.activity import ActivityKind
from bantam.domain.calls import CallId, DealId
from bantam.domain.delivery import Delivery, DeliveryKind, DeliveryState, Receipt, ScoreNote
from bantam.errors import LeaseLostError, LedgerError, NotInLedgerError
from bantam.ledger.activities import append_activities
from bantam.ledger.call_deals import found_deal
from bantam.ledger.calls import lock_calls
from bantam.ledger.database import Database, pages
from bantam.ledger.owed import UNSENT, happened
from bantam.ledger.rows import Claim, Sent, parsed
from bantam.ledger.tables import DeliveryRow

PAGE = 200

_COLUMNS = tuple(DeliveryRow.__table__.columns)


class Outbox:
    """The part of the ledger that holds deliveries."""

    _database: Database

    def claim_deliveries(
        self,
        limit: int,
        *,
        now: datetime,
        lease_seconds: float,
        worker: str,
        targets: Sequence[str] = (),
        kind: DeliveryKind | None = None,
    ) -> list[Claim]:
        """Take up to `limit` deliveries that are due; nobody else gets them.

        Claims whose lease has run out are due again, under a new lease.

        Args:
            limit: at most this many.
            now: aware UTC time.
            lease_seconds: after that, somebody else may take them.
            worker: who takes them, for people.
            targets: only for these gateways; empty for all.
            kind: only of this kind; None for all.
        """
        until = now + timedelta(seconds=lease_seconds)
        with self._database.write() as connection:
            _end_leases(connection, now)
            keys = connection.execute(_due(limit, now, targets, kind)).scalars().all()
            if not keys:
                return []
            taken = update(DeliveryRow).where(DeliveryRow.key.in_(keys))
            taken = taken.values(
                state=DeliveryState.CLAIMED.value,
                attempts=DeliveryRow.attempts + 1,
                lease=DeliveryRow.lease + 1,
                leased_until=until,
                worker=worker,
            )
            rows = connection.execute(taken.returning(*_COLUMNS)).all()
        rows = sorted(rows, key=lambda row: (row.due_at, row.key))
        return [Claim(delivery_of(row), row.lease, worker, until) for row in rows]

    def mark_sent(self, claim: Claim, receipt: Receipt, *, now: datetime) -> None:
        """Store what the target answered, and the call's deal where the target knew it alone.

        Raises:
            LeaseLostError: the lease ran out and somebody else has the delivery.
        """
        values = {"state": DeliveryState.SENT.value, "last_error": "", "sent_at": now}
        values["receipt"] = receipt.model_dump_json()
        deal = receipt.details.get("deal_id")
        erased = claim.delivery.kind is DeliveryKind.ERASURE
        kind = ActivityKind.DATA_CLEARED if erased else ActivityKind.DELIVERY_SENT
        self._settle(claim, values, kind, now, found=deal)

    def delay(self, claim: Claim, error: str, *, due_at: datetime, now: datetime) -> None:
        """Put a delivery back until `due_at`; superseded when a newer one is owed by now.

        Args:
            claim: as given by `claim_deliveries`.
            error: one line, no payload.
            due_at: aware; not before this.
            now: aware UTC time.

        Raises:
            LeaseLostError: the lease ran out and somebody else has the delivery.
        """
        values = {"state": _unless_newer(DeliveryState.PENDING), "due_at": due_at}
        self._settle(claim, {**values, "last_error": error}, ActivityKind.DELIVERY_DELAYED, now)

    def mark_failed(self, claim: Claim, error: str, *, now: datetime) -> None:
        """Keep a delivery that the target refused for good, for a person to see and retry.

        Raises:
            LeaseLostError: the lease ran out and somebody else has the delivery.
        """
        values = {"state": _unless_newer(DeliveryState.FAILED), "last_error": error}
        self._settle(claim, values, ActivityKind.DELIVERY_FAILED, now)

    def hold(self, claim: Claim, reason: str, *, now: datetime) -> None:
        """Keep a delivery until a person releases it (an ambiguous deal, say).

        Raises:
            LeaseLostError: the lease ran out and somebody else has the delivery.
        """
        values = {"state": _unless_newer(DeliveryState.HELD), "last_error": reason}
        self._settle(claim, values, ActivityKind.DELIVERY_HELD, now)

    def release(self, key: str, *, now: datetime, actor: str) -> None:
        """Make a held, failed or delayed delivery due at once, with its attempts at 0.

        Args:
            key: of the delivery.
            now: aware UTC time.
            actor: who asked for it.

        Raises:
            NotInLedgerError: there is no such delivery.
            LedgerError: it is being sent, was sent, or a newer score is owed instead.
        """
        with self._database.write() as connection:
            if not _release(connection, DeliveryRow.key == key, now, actor):
                state = connection.execute(
                    select(DeliveryRow.state).where(DeliveryRow.key == key)
                ).scalar()
                if state is None:
                    raise NotInLedgerError(f"delivery {key}: not in the ledger")
                raise LedgerError(f"delivery {key}: is {state} and cannot be sent again")

    def retry_failed(self, *, target: str | None = None, now: datetime, actor: str) -> int:
        """Make all failed deliveries due at once, some at a time; return how many.

        Args:
            target: only of this gateway; None for all.
            now: aware UTC time.
            actor: who asked for it.
        """
        which = DeliveryRow.state == DeliveryState.FAILED.value
        if target is not None:
            which &= DeliveryRow.target == target
        released = 0
        while True:
            with self._database.write() as connection:
                some = select(DeliveryRow.key).where(which).limit(PAGE)
                keys = connection.execute(some).scalars().all()
                released += _release(connection, DeliveryRow.key.in_(keys), now, actor)
            if len(keys) < PAGE:
                return released

    def delivery(self, key: str) -> Delivery:
        """Return one delivery.

        Raises:
            NotInLedgerError: there is no such delivery.
        """
        query = select(*_COLUMNS).where(DeliveryRow.key == key)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotInLedgerError(f"delivery {key}: not in the ledger")
        return delivery_of(row)

    def deliveries(
        self,
        *,
        states: Sequence[DeliveryState] = (),
        target: str | None = None,
        call_id: CallId | None = None,
    ) -> Iterator[Delivery]:
        """Yield deliveries in order of their keys, page by page.

        Args:
            states: only these; empty for all.
            target: only of this gateway.
            call_id: only of this call.
        """
        query = select(*_COLUMNS)
        if states:
            query = query.where(DeliveryRow.state.in_(states))
        if target is not None:
            query = query.where(DeliveryRow.target == target)
        if call_id is not None:
            query = query.where(DeliveryRow.call_id == call_id)
        for rows in pages(self._database, query, DeliveryRow.key, size=PAGE):
            yield from map(delivery_of, rows)

    def last_sent(
        self, target: str, *, call_id: CallId | None = None, deal_id: DealId | None = None
    ) -> Sent | None:
        """Return the score that arrived last for a call or deal (both None: for anybody).

        Three-way merges compare with it, and Slack messages are updated by its receipt.
        """
        query = select(*_COLUMNS).where(
            DeliveryRow.target == target,
            DeliveryRow.sent_at.is_not(None),
            DeliveryRow.kind == DeliveryKind.SCORE.value,
        )
        if call_id is not None:
            query = query.where(DeliveryRow.call_id == call_id)
        if deal_id is not None:
            query = query.where(DeliveryRow.deal_id == deal_id)
        query = query.order_by(DeliveryRow.sent_at.desc(), DeliveryRow.key).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else sent_of(row)

    def delivery_counts(self) -> dict[str, dict[DeliveryState, int]]:
        """Return how many deliveries of each target stand where."""
        query = select(DeliveryRow.target, DeliveryRow.state, func.count())
        counts: dict[str, dict[DeliveryState, int]] = defaultdict(dict)
        with self._database.read() as connection:
            for target, state, n in connection.execute(
                query.group_by(DeliveryRow.target, DeliveryRow.state)
            ):
                counts[target][DeliveryState(state)] = n
        return dict(counts)

    def _settle(
        self,
        claim: Claim,
        values: Mapping[str, Any],
        kind: ActivityKind,
        now: datetime,
        *,
        found: str | None = None,
    ) -> None:
        held = (
            DeliveryRow.key == claim.delivery.key,
            DeliveryRow.state == DeliveryState.CLAIMED.value,
            DeliveryRow.lease == claim.lease,
        )
        with self._database.write() as connection:
            lock_calls(connection, [claim.delivery.call_id])
            changed = connection.execute(update(DeliveryRow).where(*held).values(**values))
            if changed.rowcount != 1:
                raise LeaseLostError(
                    f"delivery {claim.delivery.key}: {claim.worker} has it no more, its lease"
                    f" ran until {claim.until.isoformat()}; ask for longer leases, or take fewer"
                )
            append_activities(
                connection, [happened(claim.delivery, kind, (claim.lease, now), now, claim.worker)]
            )
            if found:
                call_id, deal = claim.delivery.call_id, DealId(found)
                found_deal(connection, call_id, deal, now=now, actor=claim.delivery.target)


def _due(
    limit: int, now: datetime, targets: Sequence[str], kind: DeliveryKind | None = None
) -> Select[str]:
    other = aliased(DeliveryRow)
    in_flight = exists().where(
        other.call_id == DeliveryRow.call_id,
        other.target == DeliveryRow.target,
        other.state == DeliveryState.CLAIMED.value,
    )
    query = select(DeliveryRow.key).where(
        DeliveryRow.state == DeliveryState.PENDING.value, DeliveryRow.due_at <= now, ~in_flight
    )
    if targets:
        query = query.where(DeliveryRow.target.in_(targets))
    if kind is not None:
        query = query.where(DeliveryRow.kind == kind.value)
    query = query.order_by(DeliveryRow.due_at, DeliveryRow.key).limit(limit)
    return query.with_for_update(skip_locked=True, of=DeliveryRow)


def _end_leases(connection: Connection, now: datetime) -> None:
    expired = (DeliveryRow.state == DeliveryState.CLAIMED.value, DeliveryRow.leased_until <= now)
    query = select(DeliveryRow.key, DeliveryRow.call_id).where(*expired).limit(PAGE)
    found = connection.execute(query).all()
    if not found:
        return
    lock_calls(connection, [CallId(row.call_id) for row in found])
    ended = update(DeliveryRow).where(DeliveryRow.key.in_([row.key for row in found]), *expired)
    connection.execute(ended.values(state=_unless_newer(DeliveryState.PENDING), leased_until=None))


def _release(connection: Connection, which: ColumnElement[bool], now: datetime, actor: str) -> int:
    waiting = which & DeliveryRow.state.in_(UNSENT)
    found = connection.execute(select(DeliveryRow.call_id).where(waiting)).scalars().all()
    if not found:
        return 0
    lock_calls(connection, [CallId(call_id) for call_id in found])
    released = (
        update(DeliveryRow)
        .where(waiting)
        .values(state=DeliveryState.PENDING.value, attempts=0, due_at=now, last_error="")
    )
    rows = connection.execute(released.returning(*_COLUMNS)).all()
    append_activities(
        connection,
        [
            happened(delivery_of(row), ActivityKind.DELIVERY_QUEUED, (row.lease, now), now, actor)
            for row in rows
        ],
    )
    return len(rows)


def _unless_newer(state: DeliveryState) -> ColumnElement[str]:
    newer = aliased(DeliveryRow)
    is_owed = exists().where(
        newer.call_id == DeliveryRow.call_id,
        newer.target == DeliveryRow.target,
        newer.generation > DeliveryRow.generation,
    )
    return case((is_owed, DeliveryState.SUPERSEDED.value), else_=state.value)


def sent_of(row: Any) -> Sent:
    """Return the delivery of a row whose `sent_at` is set."""
    receipt = parsed(Receipt, row.receipt, f"delivery {row.key}")
    return Sent(delivery_of(row), receipt, row.sent_at)


def delivery_of(row: Any) -> Delivery:
    """Return the delivery of a row."""
    receipt = {}
    if row.receipt is not None:
        answer = parsed(Receipt, row.receipt, f"delivery {row.key}")
        receipt = {**answer.details, "record_id": answer.record_id}
    return Delivery(
        key=row.key,
        target=row.target,
        call_id=row.call_id,
        deal_id=row.deal_id,
        note=parsed(ScoreNote, row.note, f"delivery {row.key}"),
        kind=DeliveryKind(row.kind),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        lease=row.lease,
        due_at=row.due_at,
        last_error=row.last_error,
        receipt=receipt,
    )
