from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from evals import curves
from evals.curves import Tally
from evals.rates import Bootstrap

SCORED = st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=80)
BOTH_ENDINGS = SCORED.filter(lambda d: len({won for _, won in d}) == 2)


def _split(deals: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([s for s, _ in deals], float), np.array([w for _, w in deals])


@given(BOTH_ENDINGS)
def test_auc_and_average_precision_are_those_of_scikit_learn(deals: list[tuple[int, bool]]) -> None:
    scores, won = _split(deals)
    t = curves.tally(scores, won)
    assert curves.roc_auc(t) == pytest.approx(roc_auc_score(won, scores))
    assert curves.average_precision(t) == pytest.approx(average_precision_score(won, scores))


@given(st.integers(0, 10_000), st.integers(2, 60))
@settings(max_examples=25)
def test_each_bootstrap_round_is_scikit_learn_on_the_drawn_deals(seed: int, n: int) -> None:
    """A round is a weighting; scikit-learn takes the same weights and gives the same figures."""
    rng = np.random.default_rng(seed)
    scores, won = rng.integers(0, 12, n).astype(float), rng.random(n) < 0.5
    labels = [f"a{i % 5}" for i in range(n)]
    boot = Bootstrap(labels, rounds=6, seed=seed)
    drawn = curves.resampled(boot, scores, won)
    weights = boot.totals(np.eye(n))
    aucs, precisions = curves.roc_auc(drawn), curves.average_precision(drawn)
    for row in range(6):
        kept = weights[row] > 0
        if len(set(won[kept])) < 2:
            assert np.isnan(aucs[row])
            continue
        assert aucs[row] == pytest.approx(roc_auc_score(won, scores, sample_weight=weights[row]))
        assert precisions[row] == pytest.approx(
            average_precision_score(won, scores, sample_weight=weights[row])
        )


def test_figures_of_one_ending_only_are_undefined() -> None:
    assert np.isnan(curves.roc_auc(curves.tally([1.0, 2.0], [True, True])))
    assert np.isnan(curves.average_precision(curves.tally([1.0, 2.0], [False, False])))


@given(SCORED, st.floats(0.05, 1.0))
def test_the_chosen_threshold_is_the_best_of_all_that_are_precise_enough(
    deals: list[tuple[int, bool]], floor: float
) -> None:
    scores, won = _split(deals)
    t = curves.tally(scores, won)
    place = int(curves.lowest_with_precision(t, np.array(floor)))
    fitting = [
        cut
        for cut in t.scores
        if won[scores >= cut].sum() >= floor * (scores >= cut).sum() - 1e-9
        and won[scores >= cut].any()
    ]
    assert (t.scores[place] if place >= 0 else None) == (min(fitting) if fitting else None)


@given(SCORED, st.integers(0, 90))
def test_capacity_is_never_exceeded_and_used_as_far_as_ties_allow(
    deals: list[tuple[int, bool]], size: int
) -> None:
    scores, won = _split(deals)
    t = curves.tally(scores, won)
    place = int(curves.lowest_within(t, np.array(float(size))))
    flagged = int((scores >= t.scores[place]).sum()) if place >= 0 else 0
    assert flagged <= size
    if place + 1 < len(t.scores):
        assert (scores >= t.scores[place + 1]).sum() > size


def test_a_tie_at_the_edge_of_the_top_counts_as_chance_would_have_it() -> None:
    t = curves.tally([90.0, 50.0, 50.0, 10.0], [True, True, False, False])
    assert curves.hits_in_top(t, np.array(1.0)) == 1.0
    assert curves.hits_in_top(t, np.array(2.0)) == 1.5
    assert curves.hits_in_top(t, np.array(3.0)) == 2.0


def test_lift_is_the_win_rate_of_the_top_over_the_win_rate_of_all() -> None:
    t = curves.tally(np.arange(10.0), np.arange(10) >= 8)
    assert curves.lift(t, 0.2) == pytest.approx(5.0)
    assert curves.lift(t, 1.0) == pytest.approx(1.0)


def test_rows_of_a_batch_do_not_touch_each_other() -> None:
    scores = np.array([3.0, 2.0, 1.0])
    rows = Tally(scores, np.array([[1.0, 0, 0], [0, 0, 1.0]]), np.array([[0, 1.0, 1], [1, 1, 0]]))
    assert list(curves.roc_auc(rows)) == [1.0, 0.0]
    assert list(curves.lowest_with_precision(rows, np.array([1.0, 1.0]))) == [0, -1]
