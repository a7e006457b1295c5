"""Where readings are weak: by language, length, transcript, place of the evidence; and macro-F1.

Slices are looked at after the fact, so a bad one is a hint where to look and proves nothing; each
has its n and its interval. Where two people labelled a call, their agreement stands beside the
extractor's: nobody can be asked to agree with a label better than people do among themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Extraction, Level
from bantam.domain.review import Review, apply_reviews
from bantam.domain.value import Value
from evals.field import CLASSES, FieldFigures, Pair, field_figures
from evals.gold import GoldCall
from evals.rates import Bootstrap, Estimate, Floats, Rate, divide
from evals.runs import EvalRun


class Slice(Value):
    """Readings of one group."""

    key: str
    """"language", "length", "transcript", "evidence" or "labels"."""
    value: str
    items: int = Field(ge=0)
    """Criterion readings in it."""
    exact: Rate
    hallucination: Rate
    """Among those that were not discussed: a level of 1 to 4 was read."""
    miss: Rate
    """Among those that were discussed: nothing was read, or no answer came."""


def slices_of(run: EvalRun) -> tuple[Slice, ...]:
    """Return the figures of every slice of a run; most samples decide."""
    boot = Bootstrap([item.deal for item in run.items])
    silent = _bits([item.gold == NOT_DISCUSSED for item in run.items])
    exact = _bits([item.exact for item in run.items])
    invented = _bits([item.invented for item in run.items])
    missed = _bits(
        [i.share([level in (NOT_DISCUSSED, None) for level in i.levels]) for i in run.items]
    )
    groups = sorted({pair for item in run.items for pair in item.slices.items()})
    out = []
    for key, value in groups:
        here = _bits([item.slices.get(key) == value for item in run.items])
        said = here * (1 - silent)
        out.append(
            Slice(
                key=key,
                value=value,
                items=int(here.sum()),
                exact=boot.rate(exact * here, here),
                hallucination=boot.rate(invented * here, silent * here),
                miss=boot.rate(missed * said, said),
            )
        )
    return tuple(out)


def macro_f1(run: EvalRun) -> Mapping[Criterion, Estimate]:
    """Return the mean F1 over the six classes for each criterion, by the first sample.

    A class that neither the labels nor the readings hold does not count; no answer reads as
    "not discussed".
    """
    out = {}
    for criterion in Criterion:
        items = [item for item in run.items if item.criterion is criterion]
        table = np.zeros((len(items), CLASSES * CLASSES))
        for row, item in enumerate(items):
            table[row, CLASSES * _class(item.gold) + _class(item.levels[0])] = 1.0
        out[criterion] = Bootstrap([item.deal for item in items]).estimate(table, f1_of)
    return out


def f1_of(counts: Floats) -> Floats:
    """Return macro-F1 of confusions, shape (..., 36), row by row: gold class, then read class."""
    tables = counts.reshape(*counts.shape[:-1], CLASSES, CLASSES)
    both = tables.sum(axis=-1) + tables.sum(axis=-2)
    each = divide(2 * np.diagonal(tables, axis1=-2, axis2=-1), both)
    there = both > 0
    return divide(np.where(there, each, 0).sum(axis=-1), there.sum(axis=-1).astype(float))


def between_people(calls: Sequence[GoldCall]) -> FieldFigures | None:
    """Return how well a second person agrees with the first; None where nobody labelled twice."""
    pairs = [
        Pair(
            deal=str(gold.call.deal_id or gold.call.id),
            read={c: label.level for c, label in gold.second.items()},
            gold={c: label.level for c, label in gold.labels.items()},
        )
        for gold in calls
        if gold.second
    ]
    return field_figures(pairs) if pairs else None


def labels_of_reviews(
    extraction: Extraction, reviews: Sequence[Review]
) -> Mapping[Criterion, Level] | None:
    """Return the levels that reviewers left standing; None when nobody reviewed the extraction.

    Reviewers saw the extractor's level before they gave theirs, so agreement with these labels is
    flattered; say so where it is shown.
    """
    if not any(review.extraction_id == extraction.id for review in reviews):
        return None
    return {c: r.level for c, r in apply_reviews(extraction, reviews).readings.items()}


def _bits(values: Sequence[bool]) -> Floats:
    return np.array(values, dtype=float)


def _class(level: Level | None) -> int:
    return 0 if level in (NOT_DISCUSSED, None) else 1 + int(level)
