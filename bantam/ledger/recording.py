"""The one transaction that stores scores, what they were made from, and what is owed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, delete, func, insert, select

from bantam.domain.bant import Extraction, ExtractionOutcome
from bantam.domain.calls import CallId
from bantam.domain.review import Review
from bantam.domain.score import Score
from bantam.domain.value import digest
from bantam.ledger.activities import append_activities
from bantam.ledger.buyers import upsert_buyers
from bantam.ledger.call_deals import with_known_deals
from bantam.ledger.calls import lock_calls, upsert_calls
from bantam.ledger.database import AnyRow, insert_into
from bantam.ledger.owed import queue_deliveries
from bantam.ledger.rows import Entry, Recorded
from bantam.ledger.tables import ExtractionRow, FailureRow, ReviewRow, ScoreRow


def record(connection: Connection, entries: Sequence[Entry]) -> Recorded:
    """Store entries within the caller's transaction. Storing them again changes nothing.

    Raises:
        NotInLedgerError: an entry without a call is about one that is not there.
    """
    if not entries:
        return Recorded()
    calls = [e.call for e in entries if e.call is not None]
    upsert_calls(connection, with_known_deals(connection, calls))
    forgotten = lock_calls(connection, sorted({e.score.call_id for e in entries}))
    live = [e for e in entries if e.score.call_id not in forgotten]
    _upsert_extractions(connection, [e.extraction for e in live if e.extraction is not None])
    upsert_buyers(connection, {e.score.call_id: e.buyer for e in live if e.buyer is not None})
    _append_reviews(connection, [e.review for e in live if e.review is not None])
    appended = _append_scores(connection, [e.score for e in live])
    queued, superseded = queue_deliveries(connection, [d for e in live for d in e.deliveries])
    append_activities(connection, [a for e in live for a in e.activities])
    read = [e.score.call_id for e in live if e.extraction is not None or e.buyer is not None]
    connection.execute(delete(FailureRow).where(FailureRow.subject.in_(read)))
    return Recorded(
        scored=appended,
        unchanged=len(live) - appended,
        queued=queued,
        superseded=superseded,
        forgotten=tuple(sorted(forgotten)),
    )


def latest_scores(connection: Connection, ids: Iterable[CallId], *, by_model: bool) -> list[AnyRow]:
    """Return the newest score row of each call, or of each call and score model."""
    keys = [ScoreRow.call_id, ScoreRow.model] if by_model else [ScoreRow.call_id]
    newest = select(func.max(ScoreRow.sequence)).where(ScoreRow.call_id.in_(ids)).group_by(*keys)
    columns = ScoreRow.__table__.columns
    query = select(*columns).where(ScoreRow.sequence.in_(newest))
    return list(connection.execute(query).all())


def _upsert_extractions(connection: Connection, extractions: Sequence[Extraction]) -> None:
    if not extractions:
        return
    rows = [_extraction_row(e) for e in extractions]
    connection.execute(_upsert_extraction(connection.dialect.name), rows)


@cache
def _upsert_extraction(dialect: str) -> Insert:
    new = insert_into(dialect, ExtractionRow)
    # Asking again after a failure has the same id. An answer takes the failure's place; an
    # answer itself is never replaced.
    columns = ExtractionRow.__table__.columns
    return new.on_conflict_do_update(
        index_elements=[ExtractionRow.id],
        set_={c.name: new.excluded[c.name] for c in columns if c.name not in {"id", "call_id"}},
        where=ExtractionRow.outcome != ExtractionOutcome.OK.value,
    )


def _append_reviews(connection: Connection, reviews: Sequence[Review]) -> None:
    if not reviews:
        return
    statement = insert_into(connection.dialect.name, ReviewRow).on_conflict_do_nothing()
    connection.execute(statement, [_review_row(r) for r in reviews])


def _append_scores(connection: Connection, scores: Sequence[Score]) -> int:
    """Append the scores that differ from the newest of their call and model; return how many."""
    ids = {score.call_id for score in scores}
    latest = {
        (row.call_id, row.model): row.content
        for row in latest_scores(connection, ids, by_model=True)
    }
    rows = []
    for score in scores:
        row = _score_row(score)
        if latest.get((score.call_id, score.model)) != row["content"]:
            latest[score.call_id, score.model] = row["content"]
            rows.append(row)
    if rows:
        connection.execute(insert(ScoreRow), rows)
    return len(rows)


def _extraction_row(extraction: Extraction) -> dict[str, Any]:
    run = extraction.run
    return {
        "id": extraction.id,
        "call_id": extraction.call_id,
        "transcript_digest": extraction.transcript_digest,
        "reader": run.version_key,
        "extractor": run.extractor,
        "model": run.model,
        "prompt_digest": run.prompt_digest,
        "outcome": extraction.outcome.value,
        "input_tokens": run.usage.input_tokens,
        "cached_tokens": run.usage.cached_tokens,
        "output_tokens": run.usage.output_tokens,
        "cost_usd": run.usage.cost_usd,
        "finished_at": run.finished_at,
        "body": extraction.model_dump_json(),
    }


def _score_row(score: Score) -> dict[str, Any]:
    content = score.model_dump_json(exclude={"scored_at"})
    return {
        "call_id": score.call_id,
        "extraction_id": score.extraction_id,
        "model": score.model,
        "model_version": score.model_version,
        "content": hashlib.sha256(content.encode()).hexdigest(),
        "points": score.points,
        "unscored_reason": score.unscored_reason,
        "band": score.band,
        "grade": score.grade,
        "coverage": score.coverage,
        "scored_at": score.scored_at,
        "body": score.model_dump_json(),
    }


def _review_row(review: Review) -> dict[str, Any]:
    return {
        "id": digest(review.model_dump(mode="json")),
        "extraction_id": review.extraction_id,
        "call_id": review.call_id,
        "reviewer": review.reviewer,
        "reviewed_at": review.reviewed_at,
        "body": review.model_dump_json(),
    }
