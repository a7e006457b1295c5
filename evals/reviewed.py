"""Reviews as labels: calls whose levels an AE confirmed or corrected.

The AE saw the extractor's level before giving his, so agreement with these labels is flattered; and
calls that somebody reviewed are not a fair draw of all calls. They stand in a slice of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bantam.domain.bant import Extraction
from bantam.domain.calls import Call
from bantam.domain.review import Review
from evals.field_slices import labels_of_reviews
from evals.gold import GoldCall, GoldLabel

FLATTERED = (
    "labels from reviews flatter the reader: the reviewer saw its levels before giving his own"
)


class ReviewedCall(NamedTuple):
    """A call of the ledger with what people said of its reading."""

    call: Call
    extraction: Extraction
    reviews: Sequence[Review]


def gold_of_reviews(calls: Iterable[ReviewedCall]) -> Iterator[GoldCall]:
    """Yield the reviewed calls as labelled ones; without review or transcript there is nothing.

    Args:
        calls: of the ledger.
    """
    for one in calls:
        levels = labels_of_reviews(one.extraction, one.reviews)
        if levels is None or not one.call.turns:
            continue
        labels = {}
        for criterion, level in levels.items():
            reading = one.extraction.readings[criterion]
            confirmed = reading.level == level
            turns = tuple(e.turn for e in reading.evidence) if confirmed else ()
            labels[criterion] = GoldLabel(level=level, evidence=turns)
        yield GoldCall(call=one.call, labels=labels, levels_only=True)
