from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, precision_score, recall_score

from evals.against_ae import against_ae, mcnemar
from evals.outcome import as_arrays
from evals.rates import Bootstrap
from tests.deals import a_case, simulated_cases


@pytest.fixture(scope="module")
def cases():
    return simulated_cases(600, seed=11, per_account=2, with_ae=True)


@pytest.fixture(scope="module")
def views(cases):
    return against_ae(cases, ae_threshold=65)


def _by_hand(ranks, won, ae, weights):
    """Recall at the AEs' precision, by trying every threshold."""
    floor = (weights * ae * won).sum() / (weights * ae).sum()
    best = 0.0
    for cut in np.unique(ranks):
        said = ranks >= cut
        flagged, hits = (weights * said).sum(), (weights * said * won).sum()
        if hits > 0 and hits >= floor * flagged - 1e-9:
            best = max(best, hits / (weights * won).sum())
    return best


def test_a_blank_is_handled_twice_and_counted(cases, views) -> None:
    assert [v.blanks for v in views] == ["as not qualified", "left out"]
    blank = sum(c.ae_score is None for c in cases)
    assert [v.blank for v in views] == [blank, blank]
    assert [v.deals for v in views] == [600, 600 - blank]


def test_the_ae_side_is_that_of_scikit_learn(cases, views) -> None:
    _, won = as_arrays(cases)
    ae = np.array([(c.ae_score or 0) >= 65 for c in cases])
    assert views[0].ae.precision.value == pytest.approx(precision_score(won, ae))
    assert views[0].ae.recall.value == pytest.approx(recall_score(won, ae))
    assert views[0].ae.flagged.value == pytest.approx(ae.mean())


def test_recall_at_the_aes_precision_is_the_best_of_all_thresholds(cases, views) -> None:
    ranks, won = as_arrays(cases)
    ae = np.array([(c.ae_score or 0) >= 65 for c in cases])
    found = views[0].at_ae_precision
    assert found.system.recall.value == pytest.approx(_by_hand(ranks, won, ae, np.ones(600)))
    assert found.system.precision.value >= precision_score(won, ae)
    assert found.difference.recall.value == pytest.approx(
        found.system.recall.value - views[0].ae.recall.value
    )


def test_the_paired_bootstrap_is_the_one_done_by_hand(cases) -> None:
    """Every round: same deals for both, threshold chosen again."""
    few = cases[:120]
    view = against_ae(few, ae_threshold=65, rounds=200)[0]
    ranks, won = as_arrays(few)
    ae = np.array([(c.ae_score or 0) >= 65 for c in few])
    weights = Bootstrap([c.cluster for c in few], rounds=200).totals(np.eye(120))
    gains = [_by_hand(ranks, won, ae, w) - (w * ae * won).sum() / (w * won).sum() for w in weights]
    found = view.at_ae_precision.difference.recall
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(gains, [0.025, 0.975])))


def test_a_better_system_is_seen_as_better_in_all_three_views(views) -> None:
    for view in views:
        assert view.at_ae_precision.difference.recall.low > 0
        assert view.at_ae_precision.mcnemar.p_value < 0.01
        assert view.at_ae_share.difference.recall.low > 0
        assert view.at_ae_share.difference.precision.low > 0
        assert view.curves.difference.low > 0


def test_like_precision_needs_deals_enough_to_exclude_a_loss_of_five_points(views) -> None:
    assert views[0].at_ae_precision.precision_is_like is False
    many = against_ae(simulated_cases(6000, seed=11, with_ae=True), ae_threshold=65, rounds=200)
    assert many[0].at_ae_precision.precision_is_like is True


def test_both_curves_have_the_average_precision_of_scikit_learn(cases, views) -> None:
    ranks, won = as_arrays(cases)
    theirs = [-1 if c.ae_score is None else c.ae_score for c in cases]
    found = views[0].curves
    assert found.system_average_precision.value == pytest.approx(
        average_precision_score(won, ranks)
    )
    assert found.ae_average_precision.value == pytest.approx(average_precision_score(won, theirs))


def test_at_the_aes_share_both_flag_equally_many(views) -> None:
    view = views[0]
    flagged = view.ae.flagged.hits
    hits = view.at_ae_share.precision.value * flagged
    assert view.at_ae_share.recall.value == pytest.approx(hits / view.won)


def test_a_system_that_copies_the_ae_is_not_different() -> None:
    deals = [
        a_case(
            i, points=90 if i % 3 else 10, won=i % 4 < (3 if i % 3 else 1), ae_qualified=bool(i % 3)
        )
        for i in range(120)
    ]
    (view,) = against_ae(deals)
    assert view.curves is None
    assert view.at_ae_precision.threshold == 90
    assert view.at_ae_precision.difference.recall.value == 0
    assert view.at_ae_precision.mcnemar.p_value is None
    assert view.at_ae_share.difference.precision.value == pytest.approx(0)


def test_without_any_ae_word_there_is_no_comparison() -> None:
    assert against_ae([a_case(1), a_case(2, ae_score=80)], ae_threshold=None) == ()


def test_a_precision_that_no_threshold_reaches_is_said_and_not_faked() -> None:
    deals = [a_case(i, points=90, won=False, ae_qualified=False) for i in range(20)]
    deals += [a_case(100 + i, points=10, won=True, ae_qualified=True) for i in range(5)]
    found = against_ae(deals)[0].at_ae_precision
    assert found.threshold is None
    assert found.system.recall.value == 0
    assert found.mcnemar is None


@pytest.mark.parametrize(
    ("only_system", "only_ae"),
    [pytest.param(12, 3, id="more"), pytest.param(4, 4, id="equal"), pytest.param(0, 6, id="none")],
)
def test_mcnemar_is_the_exact_binomial_test(only_system: int, only_ae: int) -> None:
    both = 7
    ours = np.array([True] * (only_system + both) + [False] * only_ae)
    theirs = np.array([False] * only_system + [True] * (both + only_ae))
    found = mcnemar(ours, theirs)
    assert (found.system_only, found.ae_only) == (only_system, only_ae)
    expected = binomtest(only_system, only_system + only_ae, 0.5).pvalue
    assert found.p_value == pytest.approx(expected)
