from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    brier_score_loss,
    confusion_matrix,
    f1_score,
    precision_recall_curve,
    precision_score,
    recall_score,
)

from evals.outcome import as_arrays, outcome_figures
from evals.rates import Bootstrap
from tests.deals import a_case, simulated_cases


@pytest.fixture(scope="module")
def cases():
    return simulated_cases(400, seed=3, per_account=2, account_spread=0.5)


@pytest.fixture(scope="module")
def figures(cases):
    boot = Bootstrap([c.cluster for c in cases])
    return outcome_figures(cases, boot, threshold=60, precision_floor=0.6, capacity=80)


def test_the_confusion_and_its_rates_are_those_of_scikit_learn(cases, figures) -> None:
    ranks, won = as_arrays(cases)
    said = ranks >= 60
    c = figures.at_threshold.confusion
    expected = confusion_matrix(won, said)
    assert [
        [c.true_negative, c.false_positive],
        [c.false_negative, c.true_positive],
    ] == expected.tolist()
    assert figures.at_threshold.precision.value == pytest.approx(precision_score(won, said))
    assert figures.at_threshold.recall.value == pytest.approx(recall_score(won, said))
    assert figures.at_threshold.f1.value == pytest.approx(f1_score(won, said))


def test_the_curve_is_that_of_scikit_learn(cases, figures) -> None:
    ranks, won = as_arrays(cases)
    precision, recall, cuts = precision_recall_curve(won, ranks)
    ours = figures.curve[::-1]
    assert [p.threshold for p in ours] == cuts.tolist()
    assert [p.precision for p in ours] == pytest.approx(precision[:-1].tolist())
    assert [p.recall for p in ours] == pytest.approx(recall[:-1].tolist())


def test_brier_and_reliability_are_those_of_scikit_learn(cases, figures) -> None:
    predicted = np.array([c.p_win for c in cases])
    _, won = as_arrays(cases)
    assert figures.brier.value == pytest.approx(brier_score_loss(won, predicted))
    seen, mean = calibration_curve(won, predicted, n_bins=10)
    full = [b for b in figures.reliability if b.won.n]
    assert [b.won.value for b in full] == pytest.approx(seen.tolist())
    assert [b.mean_predicted for b in full] == pytest.approx(mean.tolist())


def test_every_interval_holds_its_figure(figures) -> None:
    estimates = [
        figures.average_precision,
        figures.roc_auc,
        figures.brier,
        figures.at_threshold.f1,
        figures.at_threshold.precision,
        figures.at_threshold.recall,
        *(entry.lift for entry in figures.lift),
    ]
    for found in estimates:
        assert found.low < found.value < found.high


def test_a_chosen_threshold_keeps_its_promise_and_tells_its_optimism(figures) -> None:
    by_precision, by_capacity = figures.choices
    assert by_precision.precision.value >= 0.6
    assert by_precision.recall.low < by_precision.recall.value < by_precision.recall.high
    assert 0 <= by_precision.optimism < 0.1
    chosen = next(p for p in figures.curve if p.threshold == by_capacity.threshold)
    assert chosen.flagged * 400 <= 80


def test_choosing_again_in_every_round_makes_the_interval_of_recall_wider(cases, figures) -> None:
    """With the threshold held fixed, the doubt about the threshold itself is missing."""
    free = figures.choices[0]
    boot = Bootstrap([c.cluster for c in cases])
    held = outcome_figures(cases, boot, threshold=free.threshold).at_threshold.recall
    assert held.value == free.recall.value
    assert free.recall.high - free.recall.low > 1.5 * (held.high - held.low)


def test_an_unscored_deal_is_never_flagged_and_is_counted_apart() -> None:
    deals = [a_case(1, points=None), a_case(2, points=90), a_case(3, points=None, won=False)]
    found = outcome_figures(deals, Bootstrap(["1", "2", "3"]), threshold=1)
    c = found.at_threshold.confusion
    assert (c.true_positive, c.false_negative, c.true_negative) == (1, 1, 1)
    assert (c.unscored_won, c.unscored_lost, found.unscored) == (1, 1, 2)
    assert found.at_threshold.recall.value == 0.5


def test_a_score_without_calibration_has_no_brier() -> None:
    found = outcome_figures([a_case(1), a_case(2, won=False)], Bootstrap(["1", "2"]), threshold=50)
    assert found.brier is None
    assert found.reliability == ()


def test_nothing_flagged_leaves_precision_undefined_and_recall_zero() -> None:
    found = outcome_figures([a_case(1), a_case(2, won=False)], Bootstrap(["1", "2"]), threshold=99)
    assert found.at_threshold.precision.value is None
    assert found.at_threshold.recall.value == 0.0


def test_no_deals_at_all_are_undefined_everywhere() -> None:
    found = outcome_figures([], Bootstrap([]), threshold=50, precision_floor=0.5, capacity=3)
    assert found.base_rate.value is None
    assert found.roc_auc.value is None
    assert [c.threshold for c in found.choices] == [None, None]


def test_a_stage_gets_its_own_threshold_only_with_thirty_won() -> None:
    many = [c.model_copy(update={"stage": "demo"}) for c in simulated_cases(200, seed=5, base=0.0)]
    few = [a_case(1000 + i, stage="proposal", won=i % 2 == 0) for i in range(20)]
    deals = [*many, *few]
    found = outcome_figures(
        deals, Bootstrap([c.cluster for c in deals]), threshold=60, precision_floor=0.6
    )
    stages = {s.stage: s for s in found.stages}
    assert stages["demo"].own_threshold is not None
    assert stages["proposal"].own_threshold is None
    assert stages["proposal"].operating.recall.n == 10


def test_the_worst_deals_lead_to_their_calls() -> None:
    deals = [a_case(1, points=5), a_case(2, points=95, won=False), a_case(3, points=70)]
    found = outcome_figures(deals, Bootstrap(["1", "2", "3"]), threshold=60)
    assert [(w.deal_id, w.call_ids) for w in found.worst] == [("D-1", ("c-1",)), ("D-2", ("c-2",))]
