"""New weights, old readings: score the ledger again without asking any model."""

from __future__ import annotations

import heapq
from collections import Counter

from bantam.domain.activity import scored_activities
from bantam.domain.calls import CallId
from bantam.domain.notes import build_note, plan_deliveries
from bantam.domain.review import apply_reviews
from bantam.domain.value import Value
from bantam.errors import LedgerError
from bantam.ledger.rows import Entry, Result
from bantam.scoring import score
from flows.score_calls import Pipeline

_MOST_MOVES = 20


class Move(Value):
    """A call whose number changes. None stands for unscored."""

    call_id: CallId
    before: int | None
    after: int | None

    @property
    def distance(self) -> int:
        """How far the number moves; from or to unscored counts as the whole scale."""
        if self.before is None or self.after is None:
            return 100
        return abs(self.after - self.before)


class Moves(Value):
    """What scoring again did, or would do."""

    looked_at: int = 0
    changed: int = 0
    band_changes: int = 0
    deliveries: int = 0
    largest: tuple[Move, ...] = ()
    """The widest moves, widest first."""


def rescore(pipeline: Pipeline, *, dry_run: bool = False) -> Moves:
    """Score every call of the ledger under the pipeline's score model; reviews are applied.

    Args:
        pipeline: ledger, score model, targets; its extractor is not used.
        dry_run: count and show, write nothing.

    Raises:
        LedgerError: the pipeline has no ledger.
    """
    if pipeline.ledger is None:
        raise LedgerError("rescore: needs a ledger; leave --dry-run to rescore itself")
    counts: Counter[str] = Counter()
    widest: list[tuple[int, CallId, Move]] = []
    for stored in pipeline.ledger.results(model=pipeline.score_model.name):
        move, fields = _rescore_one(pipeline, stored, dry_run=dry_run)
        counts.update(fields)
        if move.before != move.after:
            heapq.heappush(widest, (move.distance, move.call_id, move))
            if len(widest) > _MOST_MOVES:
                heapq.heappop(widest)
    largest = tuple(move for _, _, move in sorted(widest, key=lambda w: (-w[0], w[1])))
    return Moves(**counts, largest=largest)


def _rescore_one(
    pipeline: Pipeline, stored: Result, *, dry_run: bool
) -> tuple[Move, dict[str, int]]:
    assert pipeline.ledger is not None
    corrected = apply_reviews(stored.extraction, stored.reviews)
    new = score(corrected, pipeline.score_model, scored_at=pipeline.clock())
    old = stored.score
    note = build_note(stored.call, corrected, new, review_url=pipeline.review_url(stored.call.id))
    owed = plan_deliveries(note, corrected, pipeline.targets, now=pipeline.clock())
    same = old is not None and (new.points, new.model_version) == (old.points, old.model_version)
    if not same and not dry_run:
        activities = scored_activities(stored.call, corrected, new, rescored=True)
        pipeline.ledger.record_many([Entry(new, deliveries=owed, activities=activities)])
    before = old.points if old else None
    fields = {
        "looked_at": 1,
        "changed": int(new.points != before),
        "band_changes": int(new.band != (old.band if old else None)),
        "deliveries": 0 if same else len(owed),
    }
    return Move(call_id=stored.call.id, before=before, after=new.points), fields
