"""The embedded CRM: one row per call with what the default gateway was told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.calls import DealId
from bantam.domain.delivery import Delivery, ScoreNote
from bantam.domain.scheduled import Lead
from bantam.ledger.database import Database, insert_into, pages
from bantam.ledger.deal_tables import OutcomeRow
from bantam.ledger.rows import CrmScore, parsed
from bantam.ledger.tables import CrmRow, LeadRow

PAGE = 200


class EmbeddedCrm:
    """The part of the ledger that stands in for a CRM."""

    _database: Database

    def write_crm_score(self, delivery: Delivery, *, now: datetime) -> str:
        """Write a delivery into its call's row; writing it again changes nothing.

        Returns:
            The row's id: the call's.
        """
        note = delivery.note
        levels = {r.criterion.value: str(r.level) for r in note.reasons}
        row = {
            "call_id": delivery.call_id,
            "deal_id": delivery.deal_id,
            "called_at": note.called_at,
            "written_at": now,
            "points": note.points,
            "band": note.band,
            "grade": note.grade,
            "delivery_key": delivery.key,
            "note": note.model_dump_json(),
            **{c.value: levels.get(c.value, NOT_DISCUSSED) for c in Criterion},
        }
        with self._database.write() as connection:
            new = insert_into(connection.dialect.name, CrmRow)
            statement = new.on_conflict_do_update(
                index_elements=[CrmRow.call_id],
                set_={name: new.excluded[name] for name in row if name != "call_id"},
                where=CrmRow.delivery_key != delivery.key,
            )
            connection.execute(statement, row)
        return delivery.call_id

    def ensure_lead_deal(self, lead: Lead, *, key: str, now: datetime) -> DealId:
        """Return a lead's open deal, or open one.

        Args:
            lead: the contact.
            key: of what led to it; makes the id of a new deal.
            now: aware UTC time.
        """
        opened = DealId(f"lead-{key[:16]}")
        row = {
            "deal_id": opened,
            "email": lead.email,
            "contact": lead.name,
            "company": lead.company,
            "opened_at": now,
        }
        with self._database.write() as connection:
            if not self._database.is_sqlite:
                # Two requests of one lead at once must not open two deals.
                lock = func.pg_advisory_xact_lock(func.hashtext(lead.email))
                connection.execute(select(lock))
            closed = select(OutcomeRow.deal_id)
            mine = LeadRow.email == lead.email, LeadRow.deal_id.not_in(closed)
            open_one = select(LeadRow.deal_id).where(*mine).order_by(LeadRow.opened_at).limit(1)
            found = connection.execute(open_one).scalar()
            if found is not None:
                return DealId(found)
            new = insert_into(connection.dialect.name, LeadRow).on_conflict_do_nothing()
            connection.execute(new, row)
        return opened

    def crm_scores(self) -> Iterator[CrmScore]:
        """Yield every row in order of the calls' times, page by page."""
        query = select(*CrmRow.__table__.columns)
        for rows in pages(self._database, query, CrmRow.called_at, CrmRow.call_id, size=PAGE):
            yield from map(_crm_score, rows)


def _crm_score(row: Any) -> CrmScore:
    note = parsed(ScoreNote, row.note, f"crm row of call {row.call_id!r}")
    return CrmScore(note=note, delivery_key=row.delivery_key, written_at=row.written_at)
