"""The ledger: every value on the way of a call, and the only place with queries.

This module holds the heart, calls with their extractions and scores. The other subjects
are parts in modules of their own: see the package's docstring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, select

from bantam.domain.activity import Activity
from bantam.domain.bant import Extraction, ExtractionOutcome
from bantam.domain.calls import Call, CallId, CallWindow, DealId
from bantam.domain.delivery import Delivery
from bantam.domain.review import Review
from bantam.domain.score import Score
from bantam.errors import NotInLedgerError
from bantam.ledger.activities import Activities
from bantam.ledger.answers import Answers
from bantam.ledger.bookings import Bookings
from bantam.ledger.bookkeeping import Bookkeeping
from bantam.ledger.buyers import Buyers, buyers_of
from bantam.ledger.call_deals import CallDeals, with_known_deals
from bantam.ledger.calls import upsert_calls
from bantam.ledger.claims import Claims
from bantam.ledger.crm import EmbeddedCrm
from bantam.ledger.crm_memory import CrmMemories
from bantam.ledger.database import AnyRow, AnySelect, Database, pages
from bantam.ledger.erasure import Erasure
from bantam.ledger.inbox import Inbox
from bantam.ledger.labels import Labels
from bantam.ledger.opening import open_database, revision_of
from bantam.ledger.outbox import Outbox
from bantam.ledger.pickups import Pickups
from bantam.ledger.recording import latest_scores, record
from bantam.ledger.request_buckets import RequestBuckets
from bantam.ledger.rows import Entry, Recorded, Result, parsed
from bantam.ledger.standing import HowThingsStand
from bantam.ledger.tables import CallRow, ExtractionRow, ReviewRow, ScoreRow

PAGE = 100
"""Calls read at once: with transcripts of 10,000 words about 10 MB."""

READ_AGAIN = (ExtractionOutcome.TRANSPORT_ERROR, ExtractionOutcome.NO_CONSENT)
"""Outcomes that are no answer: the server may be back, the consent may have come."""

_BATCH = 500


class Ledger(
    Outbox,
    Claims,
    Activities,
    Labels,
    Answers,
    EmbeddedCrm,
    CrmMemories,
    CallDeals,
    Buyers,
    Bookkeeping,
    Erasure,
    Inbox,
    Pickups,
    Bookings,
    RequestBuckets,
    HowThingsStand,
):
    """One ledger, in SQLite or PostgreSQL. Thread-safe; every method is one short transaction.

    Every method raises LedgerError when the database refuses or is gone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str, *, create: bool) -> Self:
        """Return the ledger at a URL.

        Args:
            url: `sqlite:///bantam.db` or `postgresql://user:password@host/database`.
            create: True makes the ledger when it is missing and migrates an older one.

        Raises:
            LedgerError: it cannot be reached, is newer than this version, or is missing or
                older and `create` is False.
        """
        return cls(open_database(url, create=create))

    def close(self) -> None:
        """Close its connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def revision(self) -> str:
        """Return the schema revision that the database is at."""
        with self._database.read() as connection:
            return revision_of(connection) or "none"

    def __repr__(self) -> str:
        return f"Ledger({self._database.name!r})"

    def record_result(
        self,
        call: Call,
        extraction: Extraction,
        score: Score,
        deliveries: Sequence[Delivery] = (),
        activities: Sequence[Activity] = (),
    ) -> Recorded:
        """Store a scored call and what is owed because of it: all of it or nothing.

        Doing it again changes nothing. Older unsent deliveries of the same call and target
        are superseded.
        """
        entry = Entry(score, call, extraction, tuple(deliveries), tuple(activities))
        return self.record_many([entry])

    def record_many(self, entries: Sequence[Entry]) -> Recorded:
        """Store a chunk of results, re-scores or reviews in one transaction.

        Raises:
            NotInLedgerError: an entry brings no call, and the ledger has none.
        """
        with self._database.write() as connection:
            return record(connection, entries)

    def record_calls(self, calls: Sequence[Call]) -> None:
        """Store calls before they are read; a forgotten one stays forgotten."""
        with self._database.write() as connection:
            upsert_calls(connection, with_known_deals(connection, calls))

    def done_keys(
        self,
        digests: Mapping[CallId, str | None],
        *,
        reader: str,
        model: str,
        model_version: str,
        again: Collection[ExtractionOutcome] = READ_AGAIN,
    ) -> set[CallId]:
        """Return the calls that need not be read: as they stand, or because forgotten.

        A call stands when its newest score under the score model has this version and rests
        on this reader's extraction of this transcript.

        Args:
            digests: `Call.transcript_digest` of each call in question; None where its words are
                not known here: then whatever was read of it counts.
            reader: `Extractor.version_key`.
            model: name of the score model.
            model_version: `ScoreModel.version`.
            again: outcomes that are no answer: such calls are read once more.
        """
        done: set[CallId] = set()
        ids = list(digests)
        with self._database.read() as connection:
            for start in range(0, len(ids), _BATCH):
                batch = ids[start : start + _BATCH]
                done |= _forgotten(connection, batch)
                current = [
                    row.extraction_id
                    for row in latest_scores(connection, batch, by_model=True)
                    if row.model == model and row.model_version == model_version
                ]
                query = select(ExtractionRow.call_id, ExtractionRow.transcript_digest).where(
                    ExtractionRow.id.in_(current),
                    ExtractionRow.reader == reader,
                    ExtractionRow.outcome.not_in(again),
                )
                done |= {
                    CallId(row.call_id)
                    for row in connection.execute(query)
                    if digests[CallId(row.call_id)] in {None, row.transcript_digest}
                }
        return done

    def call(self, call_id: CallId) -> Call:
        """Return one call.

        Raises:
            NotInLedgerError: there is no such call.
        """
        query = select(CallRow.body).where(CallRow.id == call_id)
        with self._database.read() as connection:
            body = connection.execute(query).scalar()
        if body is None:
            raise NotInLedgerError(f"ledger: call {call_id!r} is not in it; score it first")
        return parsed(Call, body, f"call {call_id!r}")

    def is_forgotten(self, call_id: CallId) -> bool:
        """Say whether a call's words were erased, on request or by age."""
        with self._database.read() as connection:
            return bool(_forgotten(connection, [call_id]))

    def calls(
        self, *, window: CallWindow | None = None, deal_id: DealId | None = None
    ) -> Iterator[Call]:
        """Yield calls in order of their times, page by page.

        Args:
            window: only calls that started in it.
            deal_id: only calls of this deal.
        """
        query = _selected(window, deal_id)
        for rows in pages(self._database, query, CallRow.started_at, CallRow.id, size=PAGE):
            yield from (parsed(Call, row.body, f"call {row.id!r}") for row in rows)

    def deal_ids(self) -> Iterator[DealId]:
        """Yield every deal that has a call, each once, in order."""
        query = select(CallRow.deal_id).where(CallRow.deal_id.is_not(None)).distinct()
        for rows in pages(self._database, query, CallRow.deal_id, size=_BATCH):
            yield from (DealId(row.deal_id) for row in rows)

    def latest_result(self, call_id: CallId, *, model: str | None = None) -> Result:
        """Return a call as it stands, with its newest extraction, score and reviews.

        Args:
            call_id: of the call.
            model: name of the score model; None for whichever scored last.

        Raises:
            NotInLedgerError: the call is not there, or was never scored.
        """
        query = select(CallRow.id, CallRow.body).where(CallRow.id == call_id)
        with self._database.read() as connection:
            found = _results(connection, connection.execute(query).all(), model)
        if not found:
            raise NotInLedgerError(f"ledger: call {call_id!r} has no score; score it first")
        return found[0]

    def results(
        self,
        *,
        model: str | None = None,
        window: CallWindow | None = None,
        deal_id: DealId | None = None,
    ) -> Iterator[Result]:
        """Yield the calls that were read, as they stand, in order of their times.

        Args:
            model: name of the score model; None for whichever scored last. A call that has
                no score under it yet is yielded with `score` None.
            window: only calls that started in it.
            deal_id: only calls of this deal.
        """
        query = _selected(window, deal_id)
        for rows in pages(self._database, query, CallRow.started_at, CallRow.id, size=PAGE):
            with self._database.read() as connection:
                found = _results(connection, rows, model)
            yield from found

    def score_history(self, call_id: CallId) -> list[Score]:
        """Return every score that a call ever had, oldest first."""
        query = select(ScoreRow.sequence, ScoreRow.body).where(ScoreRow.call_id == call_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(ScoreRow.sequence)).all()
        return [_score(row) for row in rows]


def _selected(window: CallWindow | None, deal_id: DealId | None) -> AnySelect:
    query = select(CallRow.started_at, CallRow.id, CallRow.body)
    if window is not None:
        query = query.where(CallRow.started_at >= window.since, CallRow.started_at < window.until)
    return query if deal_id is None else query.where(CallRow.deal_id == deal_id)


def _forgotten(connection: Connection, ids: Sequence[CallId]) -> set[CallId]:
    query = select(CallRow.id).where(CallRow.id.in_(ids), CallRow.forgotten_at.is_not(None))
    return {CallId(i) for i in connection.execute(query).scalars()}


def _results(connection: Connection, calls: Sequence[AnyRow], model: str | None) -> list[Result]:
    """Return the results of call rows, in their order, without calls that were never read."""
    ids = [CallId(row.id) for row in calls]
    newest = {row.call_id: row for row in latest_scores(connection, ids, by_model=False)}
    by_model = newest if model is None else _scores_under(connection, ids, model)
    wanted = [row.extraction_id for row in newest.values()]
    query = select(ExtractionRow.id, ExtractionRow.body).where(ExtractionRow.id.in_(wanted))
    extractions = {row.id: row.body for row in connection.execute(query)}
    reviews = _reviews_of(connection, wanted)
    buyers = buyers_of(connection, ids)
    results = []
    for row in calls:
        if row.id in newest:
            which = newest[row.id].extraction_id
            scored = by_model.get(row.id)
            results.append(
                Result(
                    call=parsed(Call, row.body, f"call {row.id!r}"),
                    extraction=parsed(Extraction, extractions[which], f"extraction {which}"),
                    score=None if scored is None else _score(scored),
                    reviews=tuple(reviews[which]),
                    buyer=buyers.get(row.id),
                )
            )
    return results


def _score(row: AnyRow) -> Score:
    return parsed(Score, row.body, f"score {row.sequence}")


def _scores_under(
    connection: Connection, ids: Sequence[CallId], model: str
) -> dict[CallId, AnyRow]:
    rows = latest_scores(connection, ids, by_model=True)
    return {row.call_id: row for row in rows if row.model == model}


def _reviews_of(connection: Connection, extractions: Sequence[str]) -> dict[str, list[Review]]:
    query = select(ReviewRow.id, ReviewRow.extraction_id, ReviewRow.body)
    query = query.where(ReviewRow.extraction_id.in_(extractions))
    reviews: dict[str, list[Review]] = defaultdict(list)
    for row in connection.execute(query.order_by(ReviewRow.reviewed_at, ReviewRow.id)):
        reviews[row.extraction_id].append(parsed(Review, row.body, f"review {row.id}"))
    return reviews
