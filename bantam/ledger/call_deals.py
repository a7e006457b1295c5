"""Which deal a call belongs to, where it was found out after the call was read, or a person says.

A person's word is stronger than the call's own, and that is stronger than what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.calls import Call, CallId, DealId
from bantam.domain.value import digest
from bantam.ledger.activities import append_activities
from bantam.ledger.calls import lock_calls
from bantam.ledger.database import Database, insert_into
from bantam.ledger.rows import parsed
from bantam.ledger.tables import CallDealRow, CallRow, DeliveryRow


class CallDeals:
    """The part of the ledger that holds what people say of a call's deal."""

    _database: Database

    def name_deal(self, call_id: CallId, deal_id: DealId, *, now: datetime, actor: str) -> None:
        """Note which deal a call belongs to because a person says so; nothing else changes it.

        Raises:
            NotInLedgerError: there is no such call.
        """
        with self._database.write() as connection:
            lock_calls(connection, [call_id])
            new = insert_into(connection.dialect.name, CallDealRow)
            row = {"deal_id": deal_id, "by_person": True, "known_at": now}
            named = new.values(call_id=call_id, **row)
            index = [CallDealRow.call_id]
            connection.execute(named.on_conflict_do_update(index_elements=index, set_=row))
            _write(connection, call_id, deal_id, now=now, actor=actor)


def found_deal(
    connection: Connection, call_id: CallId, deal_id: DealId, *, now: datetime, actor: str
) -> None:
    """Note the deal of a call that has none, within the transaction that locked the call's row."""
    known = select(CallRow.deal_id).where(CallRow.id == call_id)
    if connection.execute(known).scalar() is not None:
        return
    new = insert_into(connection.dialect.name, CallDealRow).on_conflict_do_nothing()
    row = {"call_id": call_id, "deal_id": deal_id, "by_person": False, "known_at": now}
    connection.execute(new, row)
    _write(connection, call_id, deal_id, now=now, actor=actor)


def with_known_deals(connection: Connection, calls: Sequence[Call]) -> list[Call]:
    """Return calls as they came in, with the deals that were found or named before."""
    ids = [call.id for call in calls]
    query = select(CallDealRow.call_id, CallDealRow.deal_id, CallDealRow.by_person)
    found = connection.execute(query.where(CallDealRow.call_id.in_(ids))).all()
    known = {row.call_id: row for row in found}
    return [
        call.model_copy(update={"deal_id": known[call.id].deal_id})
        if call.id in known and (call.deal_id is None or known[call.id].by_person)
        else call
        for call in calls
    ]


def _write(
    connection: Connection, call_id: CallId, deal_id: DealId, *, now: datetime, actor: str
) -> None:
    body = connection.execute(select(CallRow.body).where(CallRow.id == call_id)).scalar_one()
    call = parsed(Call, body, f"call {call_id!r}")
    if call.deal_id == deal_id:
        return
    moved = call.model_copy(update={"deal_id": deal_id}).model_dump_json()
    connection.execute(
        update(CallRow).where(CallRow.id == call_id).values(deal_id=deal_id, body=moved)
    )
    owed = update(DeliveryRow).where(DeliveryRow.call_id == call_id)
    connection.execute(owed.values(deal_id=deal_id))
    kind = ActivityKind.CALL_LINKED
    linked = Activity(
        id=digest(kind, call_id, deal_id, now.isoformat()),
        at=now,
        customer=deal_id,
        kind=kind,
        actor=actor,
        features={"call_id": call_id, "before": call.deal_id},
    )
    append_activities(connection, [linked])
