"""What would happen: history scored again under other weights or other answers. Writes nothing.

Calls as they stand are compared with the same calls under a candidate: who moves between bands,
which numbers in the CRM would change, and, where deals have closed, how precision and recall move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from pydantic import Field

from bantam.domain.bant import Criterion, Extraction, Level
from bantam.domain.calls import Call, CallId, DealId
from bantam.domain.delivery import DeliveryState
from bantam.domain.fit import KnownBuyer
from bantam.domain.notes import build_note, plan_deliveries
from bantam.domain.review import Review, apply_reviews
from bantam.domain.score import Score, ScoreModel
from bantam.domain.value import Value
from bantam.scoring import score
from evals import curves
from evals.deal_cases import CaseSet, DealCase
from evals.outcome import as_arrays
from evals.rates import Bootstrap, Estimate, Floats, divide

UNSCORED = "unscored"


class ReplayedCall(Value):
    """A call as it was read, and as the candidate read it."""

    call: Call
    before: Extraction
    after: Extraction | None
    """None when the candidate has no answer for it: the old one stands."""
    reviews: tuple[Review, ...] = ()
    """Of the old extraction. On a new one they are applied to the same criteria, as they were
    given by people who knew the call."""
    buyer: KnownBuyer | None = None


class Candidate(Value):
    """What is tried against what is in use."""

    before: ScoreModel
    after: ScoreModel
    targets: tuple[str, ...]
    """Where scores are delivered."""
    now: datetime


class Move(Value):
    """A call whose score would change."""

    call_id: CallId
    deal_id: DealId | None
    before: int | None
    after: int | None
    band_before: str
    band_after: str
    levels: tuple[tuple[Criterion, Level, Level], ...]
    """Readings that differ: (criterion, before, after); empty when only the weights do."""

    @property
    def distance(self) -> int:
        """How far it moves; to or from unscored is the whole scale."""
        if self.before is None or self.after is None:
            return 100
        return abs(self.after - self.before)


class BandMove(Value):
    """Calls that go from one band to another, or stay."""

    before: str
    after: str
    calls: tuple[CallId, ...]


class CrmWrite(Value):
    """One write that would follow."""

    target: str
    call_id: CallId
    deal_id: DealId | None
    before: int | None
    after: int
    band: str
    held: bool
    """True: it would wait for a person, as most of its readings have no evidence."""


class AtThreshold(Value):
    """One figure on closed deals, before and after; paired, clustered by account."""

    name: str
    before: float | None
    after: float | None
    gain: Estimate


class Replay(Value):
    """Everything that would change."""

    before: str
    after: str
    calls: int = Field(ge=0)
    without_answer: int = Field(ge=0)
    """Calls that the candidate did not read: their old readings stand."""
    changed: int = Field(ge=0)
    bands: tuple[BandMove, ...]
    moves: tuple[Move, ...]
    """Widest first."""
    owed: int = Field(ge=0)
    """Deliveries that a re-score would owe, unchanged numbers included: their version changes."""
    writes: tuple[CrmWrite, ...]
    """Those that would change a number or a band."""
    deals: int = Field(ge=0)
    """Closed deals behind the figures."""
    outcome: tuple[AtThreshold, ...] = ()
    """Empty when no deal has closed."""

    @property
    def band_changes(self) -> int:
        """Return how many calls would change band."""
        return sum(len(b.calls) for b in self.bands if b.before != b.after)


def replay(
    calls: Iterable[ReplayedCall], candidate: Candidate, outcome: Sequence[AtThreshold] = ()
) -> Replay:
    """Score every call under both and say what would follow.

    Args:
        calls: of the ledger, each once.
        candidate: the models, and where scores go.
        outcome: what `outcome_moves` found on closed deals.
    """
    moves: list[Move] = []
    bands: dict[tuple[str, str], list[CallId]] = {}
    writes: list[CrmWrite] = []
    total = missing = owed = 0
    for one in calls:
        total += 1
        missing += one.after is None
        old, new = _readings(one)
        before, after = (
            score(reading, model, scored_at=candidate.now, buyer=one.buyer)
            for reading, model in ((old, candidate.before), (new, candidate.after))
        )
        bands.setdefault((_band(before), _band(after)), []).append(one.call.id)
        due = _writes(one.call, new, (before, after), candidate)
        owed += len(due)
        if (before.points, before.band) != (after.points, after.band):
            moves.append(_move(one.call, (old, new), (before, after)))
            writes += due
    return Replay(
        before=_named(candidate.before),
        after=_named(candidate.after),
        calls=total,
        without_answer=missing,
        changed=len(moves),
        bands=tuple(
            BandMove(before=b, after=a, calls=tuple(ids)) for (b, a), ids in sorted(bands.items())
        ),
        moves=tuple(sorted(moves, key=lambda m: (-m.distance, m.call_id))),
        owed=owed,
        writes=tuple(writes),
        deals=outcome[0].gain.n if outcome else 0,
        outcome=tuple(outcome),
    )


def _readings(one: ReplayedCall) -> tuple[Extraction, Extraction]:
    old = apply_reviews(one.before, one.reviews)
    if one.after is None or one.after == one.before:
        return old, old
    carried = [r.model_copy(update={"extraction_id": one.after.id}) for r in one.reviews]
    return old, apply_reviews(one.after, carried) if one.after.readings else one.after


def _writes(
    call: Call, extraction: Extraction, scores: tuple[Score, Score], candidate: Candidate
) -> list[CrmWrite]:
    before, after = scores
    if after.points is None:
        return []
    note = build_note(call, extraction, after)
    return [
        CrmWrite(
            target=delivery.target,
            call_id=call.id,
            deal_id=call.deal_id,
            before=before.points,
            after=after.points,
            band=after.band or "",
            held=delivery.state is DeliveryState.HELD,
        )
        for delivery in plan_deliveries(note, extraction, candidate.targets, now=candidate.now)
    ]


def _move(call: Call, readings: tuple[Extraction, Extraction], scores: tuple[Score, Score]) -> Move:
    (old, new), (before, after) = readings, scores
    both = [c for c in Criterion if c in old.readings and c in new.readings]
    pairs = [(c, old.readings[c].level, new.readings[c].level) for c in both]
    return Move(
        call_id=call.id,
        deal_id=call.deal_id,
        before=before.points,
        after=after.points,
        band_before=_band(before),
        band_after=_band(after),
        levels=tuple(p for p in pairs if p[1] != p[2]),
    )


def _band(found: Score) -> str:
    return found.band or UNSCORED


def _named(model: ScoreModel) -> str:
    return f"{model.name} {model.version}"


def outcome_moves(
    before: CaseSet, after: CaseSet, *, threshold: float, rounds: int = 2000
) -> tuple[AtThreshold, ...]:
    """Return how precision, recall and AUC would move on closed deals.

    Args:
        before: deals as they are scored now.
        after: the same deals under the candidate.
        threshold: a score at or above it is flagged, on both sides.
        rounds: of the bootstrap.

    Returns:
        nothing when no deal of both has closed.
    """
    new = {c.deal_id: c for c in after.cases}
    pairs = [(old, new[old.deal_id]) for old in before.cases if old.deal_id in new]
    if not pairs:
        return ()
    boot = Bootstrap([old.cluster for old, _ in pairs], rounds=rounds)
    sides = [[old for old, _ in pairs], [fresh for _, fresh in pairs]]
    tables = [_columns(cases, threshold) for cases in sides]
    cut = tables[0][1].shape[1]
    sums = np.column_stack([columns for _, columns in tables])
    names = ("precision", "recall", "flagged", "ROC AUC")
    observed = sums.sum(axis=0)[None, :]
    out = []
    for name in names:

        def value(total: Floats, which: int, name: str = name) -> Floats:
            part = total[..., :cut] if which == 0 else total[..., cut:]
            return _figure(name, tables[which][0], part)

        def gain(total: Floats, value=value) -> Floats:  # type: ignore[no-untyped-def]
            return np.asarray(value(total, 1) - value(total, 0))

        left, right = (float(value(observed, which)[0]) for which in (0, 1))
        out.append(
            AtThreshold(
                name=name,
                before=left if np.isfinite(left) else None,
                after=right if np.isfinite(right) else None,
                gain=boot.estimate(sums, gain),
            )
        )
    return tuple(out)


def _columns(cases: Sequence[DealCase], threshold: float) -> tuple[Floats, Floats]:
    """Return scores, and per deal: hit, flagged, won, one; then its place in the tally."""
    ranks, won = as_arrays(cases)
    flagged = (ranks >= threshold).astype(float)
    scores, by_score = curves.one_hot(ranks, won)
    plain = [flagged * won, flagged, won.astype(float), np.ones(len(won))]
    return scores, np.column_stack([*plain, by_score])


def _figure(name: str, scores: Floats, sums: Floats) -> Floats:
    hit, flagged, won, every = (sums[..., i] for i in range(4))
    if name == "precision":
        return divide(hit, flagged)
    if name == "recall":
        return divide(hit, won)
    if name == "flagged":
        return divide(flagged, every)
    return curves.roc_auc(curves.as_tally(scores, sums[..., 4:]))
