"""Figures on levels against labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Level
from evals.field import CLASSES, Pair, field_figures, weighted_kappa


def a_pair(read: Level, gold: Level, deal: str = "D-1") -> Pair:
    return Pair(deal=deal, read=dict.fromkeys(Criterion, read), gold=dict.fromkeys(Criterion, gold))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=40))
def test_kappa_is_the_one_that_scikit_learn_computes(cells: list[tuple[int, int]]) -> None:
    gold, read = zip(*cells, strict=True)
    if len({*gold, *read}) < 2:
        return
    counts = np.zeros(CLASSES * CLASSES)
    for right, said in cells:
        counts[CLASSES * right + said] += 1
    expected = cohen_kappa_score(gold, read, weights="quadratic", labels=range(CLASSES))
    assert weighted_kappa(counts) == pytest.approx(expected)


def test_every_rate_counts_only_the_cells_it_is_about() -> None:
    pairs = [
        a_pair(3, NOT_DISCUSSED),
        a_pair(0, NOT_DISCUSSED, "D-2"),
        a_pair(NOT_DISCUSSED, NOT_DISCUSSED, "D-3"),
        a_pair(NOT_DISCUSSED, 2, "D-4"),
        a_pair(1, 0, "D-5"),
        a_pair(0, 0, "D-6"),
    ]
    figures = field_figures(pairs, rounds=50).by_criterion[Criterion.NEED]
    assert (figures.hallucination.hits, figures.hallucination.n) == (1, 3)
    assert (figures.miss.hits, figures.miss.n) == (1, 3)
    assert (figures.level0_recall.hits, figures.level0_recall.n) == (1, 2)
    assert (figures.within_one.hits, figures.within_one.n) == (2, 2)
    assert (figures.exact.hits, figures.exact.n) == (2, 6)


def test_what_never_happened_has_no_rate() -> None:
    figures = field_figures([a_pair(2, 2), a_pair(3, 3, "D-2")], rounds=50)
    assert figures.overall.hallucination.value is None
    assert figures.overall.kappa.value == 1.0


def test_no_calls_is_an_error() -> None:
    with pytest.raises(ValueError, match="no calls"):
        field_figures([])
