"""New weights, old readings: score the ledger again without asking any model."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import replace

from bantam.domain.activity import scored_activities
from bantam.domain.calls import CallId
from bantam.domain.notes import build_note, plan_deliveries
from bantam.domain.review import apply_reviews
from bantam.domain.score import Score
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
    is_first: bool = False
    """The call had no score under this model yet, not even an unscored one."""

    @property
    def distance(self) -> int:
        """How far the number moves; from or to unscored counts as the whole scale.

        A first number does not move.
        """
        if self.is_first:
            return 0
        if self.before is None or self.after is None:
            return 100
        return abs(self.after - self.before)


class Moves(Value):
    """What scoring again did, or would do."""

    looked_at: int = 0
    first: int = 0
    """Scored under this model for the first time."""
    changed: int = 0
    """Of the others: those whose number is another now."""
    band_changes: int = 0
    deliveries: int = 0
    largest: tuple[Move, ...] = ()
    """The widest moves, widest first."""


def rescore(pipeline: Pipeline, *, dry_run: bool = False, ask_fit: bool = False) -> Moves:
    """Score every call of the ledger under the pipeline's score model; reviews are applied.

    Args:
        pipeline: ledger, score model, targets; its extractor is not used.
        dry_run: count and show, write nothing, ask nobody.
        ask_fit: ask about buyers whom the ledger does not know, or not fully.

    Raises:
        LedgerError: the pipeline has no ledger.
    """
    if pipeline.ledger is None:
        raise LedgerError("rescore: needs a ledger; leave --dry-run to rescore itself")
    counts: Counter[str] = Counter()
    widest: list[tuple[int, CallId, Move]] = []
    asks = ask_fit and not dry_run
    for known in pipeline.ledger.results(model=pipeline.score_model.name):
        stored = _asked_about(pipeline, known) if asks else known
        move, fields = _rescore_one(pipeline, stored, dry_run=dry_run)
        counts.update(fields)
        if move.is_first or move.before != move.after:
            heapq.heappush(widest, (move.distance, move.call_id, move))
            if len(widest) > _MOST_MOVES:
                heapq.heappop(widest)
    largest = tuple(move for _, _, move in sorted(widest, key=lambda w: (-w[0], w[1])))
    return Moves(**counts, largest=largest)


def _asked_about(pipeline: Pipeline, stored: Result) -> Result:
    """Return a result with what could be found out about its buyer."""
    known = stored.buyer
    unscored = stored.score is None or stored.score.points is None
    if pipeline.fitting is None or unscored or (known is not None and not known.trouble):
        return stored
    found = pipeline.fitting.buyer(stored.call)
    if found is None:
        return stored
    facts = found.facts.filled_from(known.facts) if known else found.facts
    return replace(stored, buyer=found.model_copy(update={"facts": facts}))


def _shown(found: Score) -> tuple[object, ...]:
    """Return what makes two scores of the same readings worth telling apart."""
    return found.points, found.model_version, found.grade, found.fit


def _rescore_one(
    pipeline: Pipeline, stored: Result, *, dry_run: bool
) -> tuple[Move, dict[str, int]]:
    assert pipeline.ledger is not None
    corrected = apply_reviews(stored.extraction, stored.reviews)
    model, now = pipeline.score_model, pipeline.clock()
    new = score(corrected, model, scored_at=now, buyer=stored.buyer)
    old = stored.score
    note = build_note(stored.call, corrected, new, review_url=pipeline.review_url(stored.call.id))
    owed = plan_deliveries(note, corrected, pipeline.targets, now=now)
    same = old is not None and _shown(new) == _shown(old)
    if not same and not dry_run:
        activities = scored_activities(stored.call, corrected, new, rescored=True)
        entry = Entry(new, deliveries=owed, activities=activities, buyer=stored.buyer)
        pipeline.ledger.record_many([entry])
    before = old.points if old else None
    fields = {
        "looked_at": 1,
        "first": int(old is None),
        "changed": int(old is not None and new.points != before),
        "band_changes": int(old is not None and new.band != old.band),
        "deliveries": 0 if same else len(owed),
    }
    move = Move(call_id=stored.call.id, before=before, after=new.points, is_first=old is None)
    return move, fields
