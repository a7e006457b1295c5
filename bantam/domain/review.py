"""What an AE said about a score. Appended, never overwriting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import AwareDatetime, Field

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Extraction, Flag, Level, Reading
from bantam.domain.calls import CallId
from bantam.domain.value import Value


class Review(Value):
    """One person's word on one extraction."""

    extraction_id: str
    call_id: CallId
    reviewer: str
    """E-mail or name; shown beside the correction."""
    reviewed_at: AwareDatetime
    corrections: Mapping[Criterion, Level] = {}
    """Only the levels that the reviewer changed; empty means that he agrees with all four."""
    reason: str = Field(default="", max_length=2000)


def apply_reviews(extraction: Extraction, reviews: Sequence[Review]) -> Extraction:
    """Return the extraction as people corrected it; the newest correction of a criterion wins.

    A corrected level has confidence 1; its evidence stays as it was found.

    Args:
        extraction: as stored; unchanged.
        reviews: of this extraction, in any order; others are ignored.
    """
    readings = dict(extraction.readings)
    mine = [r for r in reviews if r.extraction_id == extraction.id]
    for review in sorted(mine, key=lambda r: r.reviewed_at):
        for criterion, level in review.corrections.items():
            readings[criterion] = _corrected(extraction.readings[criterion], level)
    return extraction.model_copy(update={"readings": readings})


def _corrected(reading: Reading, level: Level) -> Reading:
    kept = tuple(f for f in reading.flags if f is not Flag.UNGROUNDED)
    return reading.model_copy(
        update={
            "level": level,
            "confidence": 0.0 if level == NOT_DISCUSSED else 1.0,
            "flags": (*kept, Flag.REVIEWED) if Flag.REVIEWED not in kept else kept,
        }
    )
