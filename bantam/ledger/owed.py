"""Queueing what is owed because of a score, in the transaction that stores the score.

Deliveries of one call to one target have generations; only the newest may be sent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, case, select, update

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.calls import CallId
from bantam.domain.delivery import Delivery, DeliveryKind, DeliveryState
from bantam.domain.value import digest
from bantam.ledger.activities import append_activities, customer_of
from bantam.ledger.database import AnyRow, insert_into
from bantam.ledger.tables import DeliveryRow

UNSENT = (DeliveryState.PENDING, DeliveryState.HELD, DeliveryState.FAILED)
"""States that a newer delivery of the same call and target supersedes."""


def queue_deliveries(connection: Connection, deliveries: Sequence[Delivery]) -> tuple[int, int]:
    """Queue what is owed within the caller's transaction, which has locked the calls' rows.

    A delivery that is already the newest of its call and target is not queued again. One
    that was newest before something else was owed is (a score that went up and came down
    again): the target holds the other one now.

    Returns:
        How many were queued, and how many older ones will not be sent any more.
    """
    if not deliveries:
        return 0, 0
    known = _known(connection, {d.call_id for d in deliveries})
    newest = {(row.call_id, row.target): (row.generation, row.key) for row in known}
    queued: dict[str, dict[str, Any]] = {}
    activities = []
    for delivery in deliveries:
        slot = (delivery.call_id, delivery.target)
        generation, key = newest.get(slot, (0, ""))
        if key == delivery.key:
            continue
        if key in queued and queued[key]["state"] in UNSENT:
            queued[key]["state"] = DeliveryState.SUPERSEDED.value
        newest[slot] = (generation + 1, delivery.key)
        queued[delivery.key] = _new_row(delivery, generation + 1)
        activities.append(_queued(delivery, generation + 1))
    if not queued:
        return 0, 0
    slots = {(row["call_id"], row["target"]) for row in queued.values()}
    superseded = _supersede(connection, [row.key for row in known if row[:2] in slots])
    connection.execute(_upsert(connection.dialect.name), list(queued.values()))
    append_activities(connection, activities)
    return len(queued), superseded


def happened(
    delivery: Delivery, kind: ActivityKind, nth: object, at: datetime, actor: str
) -> Activity:
    """Return the activity that says what became of a delivery.

    Args:
        delivery: that it happened to.
        kind: what happened.
        nth: tells this time from the others (a generation, a lease).
        at: aware UTC time.
        actor: who did it.
    """
    return Activity(
        id=digest(kind, delivery.key, str(nth)),
        at=at,
        customer=customer_of(delivery.call_id, delivery.deal_id),
        kind=kind,
        actor=actor,
        features={
            "call_id": delivery.call_id,
            "target": delivery.target,
            "delivery": delivery.key,
            "attempts": delivery.attempts,
            "points": delivery.note.points,
        },
    )


def _queued(delivery: Delivery, generation: int) -> Activity:
    held = delivery.state is DeliveryState.HELD
    kind = ActivityKind.DELIVERY_HELD if held else ActivityKind.DELIVERY_QUEUED
    erasure = delivery.kind is DeliveryKind.ERASURE
    at = delivery.due_at if erasure else delivery.note.scored_at
    return happened(delivery, kind, generation, at, "bantam")


def _known(connection: Connection, calls: Collection[CallId]) -> Sequence[AnyRow]:
    """Return what was ever owed because of some calls, the newest last."""
    query = select(
        DeliveryRow.call_id, DeliveryRow.target, DeliveryRow.generation, DeliveryRow.key
    ).where(DeliveryRow.call_id.in_(calls))
    return connection.execute(query.order_by(DeliveryRow.generation)).all()


def _supersede(connection: Connection, keys: Sequence[str]) -> int:
    if not keys:
        return 0
    unsent = update(DeliveryRow).where(DeliveryRow.key.in_(keys), DeliveryRow.state.in_(UNSENT))
    return connection.execute(unsent.values(state=DeliveryState.SUPERSEDED.value)).rowcount


@cache
def _upsert(dialect: str) -> Insert:
    new = insert_into(dialect, DeliveryRow)
    # The same key again is owed anew; its lease goes on growing, and its receipt stays. While
    # a worker has it under way, it stays with that worker: it is sending just what is owed.
    under_way = DeliveryRow.state == DeliveryState.CLAIMED.value
    columns = DeliveryRow.__table__.columns
    again = ("state", "attempts", "due_at", "last_error", "leased_until", "note")
    return new.on_conflict_do_update(
        index_elements=[DeliveryRow.key],
        set_={
            "generation": new.excluded.generation,
            **{c: case((under_way, columns[c]), else_=new.excluded[c]) for c in again},
        },
    )


def _new_row(delivery: Delivery, generation: int) -> dict[str, Any]:
    return {
        "key": delivery.key,
        "target": delivery.target,
        "call_id": delivery.call_id,
        "deal_id": delivery.deal_id,
        "generation": generation,
        "state": delivery.state.value,
        "attempts": 0,
        "due_at": delivery.due_at,
        "lease": 0,
        "leased_until": None,
        "worker": "",
        "last_error": delivery.last_error,
        "sent_at": None,
        "receipt": None,
        "note": delivery.note.model_dump_json(),
        "kind": delivery.kind.value,
    }
