"""What was written to CRMs last: ids and fingerprints, never the words themselves."""

from __future__ import annotations

from sqlalchemy import select, update

from bantam.domain.crm_records import RecordMemory
from bantam.ledger.database import Database, insert_into
from bantam.ledger.rows import parsed
from bantam.ledger.tables import CrmMemoryRow


class CrmMemories:
    """The part of the ledger that implements `CrmMemory`."""

    _database: Database

    def recall(self, target: str, record: str) -> RecordMemory:
        """Return what is remembered of a target's record; an empty value when nothing is.

        Args:
            target: name of the gateway.
            record: "deal:<id>" or "call:<id>".
        """
        query = select(CrmMemoryRow.body).where(
            CrmMemoryRow.target == target, CrmMemoryRow.record == record
        )
        with self._database.read() as connection:
            body = connection.execute(query).scalar()
        return RecordMemory() if body is None else parsed(RecordMemory, body, f"record {record!r}")

    def remember(self, target: str, record: str, memory: RecordMemory) -> bool:
        """Store what was recalled and changed, as the next version.

        Args:
            target: name of the gateway.
            record: "deal:<id>" or "call:<id>".
            memory: with the version that was recalled (0: nothing was).

        Returns:
            False, with nothing stored, when somebody else wrote since it was recalled.
        """
        stored = memory.model_copy(update={"version": memory.version + 1})
        row = {"version": stored.version, "body": stored.model_dump_json()}
        place = {"target": target, "record": record}
        with self._database.write() as connection:
            if memory.version == 0:
                new = insert_into(connection.dialect.name, CrmMemoryRow)
                first = new.values(**place, **row).on_conflict_do_nothing()
                return connection.execute(first.returning(CrmMemoryRow.version)).first() is not None
            same = update(CrmMemoryRow).where(
                CrmMemoryRow.target == target,
                CrmMemoryRow.record == record,
                CrmMemoryRow.version == memory.version,
            )
            return connection.execute(same.values(**row)).rowcount == 1
