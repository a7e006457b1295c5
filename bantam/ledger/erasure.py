"""Forgetting on request: words go, numbers and the fact that something was erased stay.

Kept: ids, times, levels, points, digests, versions, tokens, what was sent where. Gone: the
transcript, names and addresses of people, who they are, quotes, summaries, free text, cached
answers.
A forgotten call stays in the table so that the next run does not fetch and score it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, delete, select, update

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.bant import (
    AuthorityValue,
    BudgetValue,
    Extraction,
    NeedValue,
    Reading,
    ReadingValue,
    TimeframeValue,
)
from bantam.domain.calls import Call, CallId, DealId
from bantam.domain.delivery import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    ScoreNote,
    erasure_key,
)
from bantam.domain.fit import without_facts
from bantam.domain.review import Review
from bantam.domain.score import Score
from bantam.domain.value import digest
from bantam.errors import NotInLedgerError
from bantam.ledger.activities import append_activities, customer_of
from bantam.ledger.bookings import erase_leads
from bantam.ledger.calls import lock_calls
from bantam.ledger.database import Database, pages
from bantam.ledger.deal_tables import BuyerRow
from bantam.ledger.outbox import delivery_of
from bantam.ledger.owed import UNSENT, queue_deliveries
from bantam.ledger.rows import Forgotten, parsed
from bantam.ledger.tables import (
    AnswerRow,
    CallRow,
    CrmRow,
    DeliveryRow,
    ExtractionRow,
    FailureRow,
    ReviewRow,
    ScoreRow,
)

_PAGE = 100

_Worded = ExtractionRow | ScoreRow | ReviewRow


class Erasure:
    """The part of the ledger that forgets."""

    _database: Database

    def forget_call(self, call_id: CallId, *, now: datetime, actor: str) -> Forgotten:
        """Erase the words of one call everywhere in the ledger; safe to ask again.

        What targets hold of it is owed to be taken back: see `Forgotten.owed`.

        Args:
            call_id: of the call.
            now: aware UTC time.
            actor: who asked for it; stands in the activity that stays.

        Raises:
            NotInLedgerError: there is no such call.
        """
        return self._forget([call_id], now=now, actor=actor)

    def forget_deal(self, deal_id: DealId, *, now: datetime, actor: str) -> Forgotten:
        """Erase the words of all calls of a deal, and who asked for them; see `forget_call`.

        Raises:
            NotInLedgerError: no call, booking or lead of this deal is there.
        """
        query = select(CallRow.id).where(CallRow.deal_id == deal_id).order_by(CallRow.id)
        with self._database.read() as connection:
            ids = [CallId(i) for i in connection.execute(query).scalars()]
        erase = partial(erase_leads, deal_id=deal_id, by=(actor, now))
        gone = self._forget(ids, now=now, actor=actor, leads=erase)
        if not ids and not gone.bookings:
            raise NotInLedgerError(f"deal {deal_id!r}: nothing of it is in the ledger")
        return gone

    def forget_person(self, who: str, *, now: datetime, actor: str) -> Forgotten:
        """Erase the words of all calls that somebody was on, and what he asked for by form.

        Args:
            who: an e-mail address or a full name; capitals and outer blanks do not matter.
            now: aware UTC time.
            actor: who asked for it.

        Raises:
            NotInLedgerError: nobody of this name or address is in the ledger.
        """
        ids = list(self._calls_with(who))
        erase = partial(erase_leads, email=who.strip().lower(), by=(actor, now))
        gone = self._forget(ids, now=now, actor=actor, leads=erase)
        if not ids and not gone.bookings:
            raise NotInLedgerError("person: nobody of this name or address is in the ledger")
        return gone

    def forget_older(self, before: datetime, *, limit: int, now: datetime, actor: str) -> Forgotten:
        """Erase the words of calls that started before a time, the oldest first.

        What targets hold of them stays.

        Args:
            before: aware, exclusive.
            limit: at most so many at once.
            now: aware UTC time.
            actor: who asked for it.
        """
        old = select(CallRow.id).where(CallRow.started_at < before, CallRow.forgotten_at.is_(None))
        with self._database.read() as connection:
            found = connection.execute(old.order_by(CallRow.started_at, CallRow.id).limit(limit))
            ids = sorted(CallId(i) for i in found.scalars())
        return self._forget(ids, now=now, actor=actor, take_back=False) if ids else Forgotten()

    def _calls_with(self, who: str) -> Iterator[CallId]:
        """Yield the calls that somebody was on, in order. Reads only what may hold the name."""
        wanted = who.strip().casefold()
        query = select(CallRow.id, CallRow.body).where(CallRow.forgotten_at.is_(None))
        # LIKE knows capitals of ASCII only; the longest such piece is enough to narrow it down.
        piece = max(re.findall(r"[a-z0-9@.\-]+", wanted), key=len, default="")
        if piece:
            query = query.where(cast(CallRow.body, Text).icontains(piece, autoescape=True))
        for rows in pages(self._database, query, CallRow.id, size=_PAGE):
            for row in rows:
                call = parsed(Call, row.body, f"call {row.id!r}")
                names = (n for p in call.participants for n in (p.email, p.name) if n)
                if any(name.strip().casefold() == wanted for name in names):
                    yield CallId(row.id)

    def _forget(
        self,
        ids: Sequence[CallId],
        *,
        now: datetime,
        actor: str,
        leads: Callable[[Connection], int] = lambda _: 0,
        take_back: bool = True,
    ) -> Forgotten:
        with self._database.write() as connection:
            if self._database.is_sqlite:
                # Overwrites what is freed with zeros: without it the words stay in the file.
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            lock_calls(connection, ids)
            activities = [_erase_call(connection, call_id, now, actor) for call_id in ids]
            _scrub(connection, ExtractionRow, _extraction_without_words, ids)
            _scrub(connection, ScoreRow, _score_without_words, ids)
            _scrub(connection, ReviewRow, _review_without_words, ids)
            in_flight = _stop_deliveries(connection, ids)
            deliveries = _scrub_deliveries(connection, ids)
            owed = _owe_erasures(connection, ids, in_flight, now) if take_back else ()
            answers = connection.execute(delete(AnswerRow).where(AnswerRow.call_id.in_(ids)))
            connection.execute(delete(BuyerRow).where(BuyerRow.call_id.in_(ids)))
            connection.execute(delete(CrmRow).where(CrmRow.call_id.in_(ids)))
            connection.execute(delete(FailureRow).where(FailureRow.subject.in_(ids)))
            append_activities(connection, activities)
            bookings = leads(connection)
        self._database.drop_old_pages()
        return Forgotten(tuple(ids), answers.rowcount, deliveries, bookings, owed)


def _erase_call(connection: Connection, call_id: CallId, now: datetime, actor: str) -> Activity:
    query = select(CallRow.body).where(CallRow.id == call_id)
    call = parsed(Call, connection.execute(query).scalar_one(), f"call {call_id!r}")
    kept = call.model_copy(update={"title": "", "url": None, "participants": (), "turns": ()})
    row = update(CallRow).where(CallRow.id == call_id)
    connection.execute(row.values(title="", body=kept.model_dump_json()))
    connection.execute(row.where(CallRow.forgotten_at.is_(None)).values(forgotten_at=now))
    kind = ActivityKind.DATA_FORGOTTEN
    return Activity(
        id=digest(kind, call_id),
        at=now,
        customer=customer_of(call_id, call.deal_id),
        kind=kind,
        actor=actor,
        features={"call_id": call_id},
    )


def _scrub(
    connection: Connection, row: type[_Worded], scrub: Callable[[Any], str], ids: Sequence[CallId]
) -> None:
    """Rewrite the bodies of all rows of some calls; `scrub` takes a row."""
    (key,) = row.__table__.primary_key
    found = connection.execute(select(key.label("key"), row.body).where(row.call_id.in_(ids)))
    rows = [{"which": r.key, "scrubbed": scrub(r)} for r in found]
    if rows:
        rewritten = update(row).where(key == bindparam("which"))
        connection.execute(rewritten.values(body=bindparam("scrubbed")), rows)


def _stop_deliveries(connection: Connection, ids: Sequence[CallId]) -> dict[str, datetime]:
    """Let nothing more be sent; return until when workers may be sending, by delivery."""
    mine = DeliveryRow.call_id.in_(ids), DeliveryRow.kind == DeliveryKind.SCORE.value
    claimed = select(DeliveryRow.key, DeliveryRow.leased_until).where(
        *mine, DeliveryRow.state == DeliveryState.CLAIMED.value
    )
    in_flight = {row.key: row.leased_until for row in connection.execute(claimed)}
    unsent = DeliveryRow.state.in_([*UNSENT, DeliveryState.CLAIMED])
    stopped = update(DeliveryRow).where(*mine, unsent)
    connection.execute(
        stopped.values(state=DeliveryState.SUPERSEDED.value, last_error="forgotten on request")
    )
    return in_flight


def _scrub_deliveries(connection: Connection, ids: Sequence[CallId]) -> int:
    mine = DeliveryRow.call_id.in_(ids), DeliveryRow.kind == DeliveryKind.SCORE.value
    found = connection.execute(select(DeliveryRow.key, DeliveryRow.note).where(*mine)).all()
    rows = [{"which": r.key, "scrubbed": _note_without_words(r)} for r in found]
    if rows:
        rewritten = update(DeliveryRow).where(DeliveryRow.key == bindparam("which"))
        connection.execute(rewritten.values(note=bindparam("scrubbed")), rows)
    return len(rows)


def _owe_erasures(
    connection: Connection, ids: Sequence[CallId], in_flight: Mapping[str, datetime], now: datetime
) -> tuple[str, ...]:
    """Owe each target that may hold something of a call to take it back; return the keys.

    Not before a worker that is still sending has given up: what it writes must go too.
    """
    columns = DeliveryRow.__table__.columns
    query = select(*columns).where(
        DeliveryRow.call_id.in_(ids),
        DeliveryRow.kind == DeliveryKind.SCORE.value,
        # Ever taken by a worker: what it did may have arrived, whatever became of it.
        DeliveryRow.lease > 0,
    )
    erasures: dict[str, Delivery] = {}
    for row in connection.execute(query.order_by(DeliveryRow.generation)):
        key = erasure_key(row.target, CallId(row.call_id))
        earlier = erasures[key].due_at if key in erasures else now
        changes = {
            "key": key,
            "kind": DeliveryKind.ERASURE,
            "state": DeliveryState.PENDING,
            "due_at": max(now, earlier, in_flight.get(row.key, now)),
            "last_error": "",
        }
        erasures[key] = delivery_of(row).model_copy(update=changes)
    queue_deliveries(connection, list(erasures.values()))
    again = update(DeliveryRow).where(
        DeliveryRow.key.in_(list(erasures)),
        DeliveryRow.state.in_([DeliveryState.FAILED, DeliveryState.HELD]),
    )
    state = DeliveryState.PENDING.value
    connection.execute(again.values(state=state, attempts=0, due_at=now, last_error=""))
    return tuple(erasures)


def _note_without_words(row: Any) -> str:
    note = parsed(ScoreNote, row.note, f"delivery {row.key}")
    blank = {"summary": "", "quote": "", "speaker": ""}
    reasons = tuple(r.model_copy(update=blank) for r in note.reasons)
    kept = {"call_title": "", "call_url": None, "reasons": reasons, "fit": ""}
    return note.model_copy(update=kept).model_dump_json()


def _extraction_without_words(row: Any) -> str:
    extraction = parsed(Extraction, row.body, f"extraction {row.key}")
    readings = {c: _reading_without_words(r) for c, r in extraction.readings.items()}
    kept = {"detail": "", "readings": readings}
    return extraction.model_copy(update=kept).model_dump_json()


def _reading_without_words(reading: Reading) -> Reading:
    kept = {
        "summary": "",
        "value": _value_without_words(reading.value),
        "evidence": tuple(
            e.model_copy(update={"quote": "", "speaker": ""}) for e in reading.evidence
        ),
        "rejected": tuple(e.model_copy(update={"quote": ""}) for e in reading.rejected),
    }
    return reading.model_copy(update=kept)


def _value_without_words(value: ReadingValue | None) -> ReadingValue | None:
    match value:
        case BudgetValue() | TimeframeValue():
            return value.model_copy(update={"text": None})
        case AuthorityValue():
            return AuthorityValue()
        case NeedValue():
            return NeedValue()
        case None:
            return None


def _score_without_words(row: Any) -> str:
    score = parsed(Score, row.body, f"score {row.key}")
    silent = tuple(c.model_copy(update={"reason": ""}) for c in score.contributions)
    fit = without_facts(score.fit) if score.fit else None
    return score.model_copy(update={"contributions": silent, "fit": fit}).model_dump_json()


def _review_without_words(row: Any) -> str:
    review = parsed(Review, row.body, f"review {row.key}")
    return review.model_copy(update={"reason": ""}).model_dump_json()
