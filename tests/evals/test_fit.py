"""Weights from simulated deals with known truth; calibration against scikit-learn."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.calls import DealId
from bantam.domain.score import Calibration, ScoreModel
from bantam.errors import EvalError
from bantam.scoring import BANT, round_half_up
from evals.calibrate import curve_over, expit, isotonic, platt
from evals.deal_cases import CaseSet, DealCase, LandmarkRule
from evals.fit import Fit, FitOptions, Policy, fit_model
from evals.fit_summary import fit_lines
from evals.fit_weights import (
    PRIOR_ONLY,
    as_model,
    fit_curve,
    prior_of,
    readings_of,
)
from evals.lift_points import lift_points
from tests.deals import LANDMARK, a_case

QUICK = FitOptions(rounds=200)
TILTED = BANT.model_copy(
    update={
        "weights": {
            Criterion.BUDGET: 0.05,
            Criterion.AUTHORITY: 0.75,
            Criterion.NEED: 0.15,
            Criterion.TIMEFRAME: 0.05,
        }
    }
)


def points_under(case: DealCase, model: ScoreModel) -> int:
    raw = sum(
        model.weights[c]
        * (
            model.missing
            if level == NOT_DISCUSSED
            else case.confidences[c] * model.value_of(c, level)
            + (1 - case.confidences[c]) * model.missing
        )
        for c, level in case.levels.items()
    )
    return round_half_up(1 + 99 * raw)


def simulated(deals: int, truth: ScoreModel, seed: int = 1, steep: float = 0.09) -> CaseSet:
    """Deals that are won with a chance that rises with their score under `truth`."""
    rng = np.random.default_rng(seed)
    out = []
    for i in range(deals):
        levels = {
            c: NOT_DISCUSSED if rng.random() < 0.15 else int(rng.integers(0, 5)) for c in Criterion
        }
        confidences = {c: 0.0 if v == NOT_DISCUSSED else 0.9 for c, v in levels.items()}
        case = a_case(i, levels=levels, confidences=confidences)
        chance = expit(np.array(steep * (points_under(case, truth) - 50)))
        fields = {
            "landmark": LANDMARK + timedelta(days=i),
            "won": bool(rng.random() < chance),
            "segment": "Enterprise & co" if i % 2 else "SMB",
        }
        out.append(case.model_copy(update=fields))
    rule = LandmarkRule(as_of=LANDMARK + timedelta(days=5000))
    return CaseSet(rule=rule, cases=tuple(out))


def under(found: CaseSet):
    def cases_under(model: ScoreModel) -> CaseSet:
        scored = [c.model_copy(update={"points": points_under(c, model)}) for c in found.cases]
        return found.model_copy(update={"cases": tuple(scored)})

    return cases_under


@pytest.fixture(scope="module")
def tilted_fit() -> Fit:
    return fit_model(under(simulated(800, TILTED)), BANT, QUICK)


def test_weights_move_towards_the_truth_and_rank_later_deals_better(tilted_fit) -> None:
    assert tilted_fit.policy is Policy.WEIGHTS
    assert tilted_fit.model.weights[Criterion.AUTHORITY] > 0.5
    assert tilted_fit.auc_gain.low > 0.03
    assert tilted_fit.brier.value < tilted_fit.brier_of_base_rate


def test_a_learned_model_is_usable_as_it_is_written(tilted_fit) -> None:
    model = tilted_fit.model
    assert ScoreModel.model_validate(model.model_dump(mode="json")) == model
    assert sum(model.weights.values()) == pytest.approx(1, abs=1e-12)
    assert all(round(w, 3) == w for w in model.weights.values())
    for values in model.criterion_values.values():
        assert list(values) == sorted(values)
        assert values[-1] == 1.0
    assert model.calibration.deals == tilted_fit.judged


def test_the_answer_and_every_level_are_told(tilted_fit) -> None:
    lines = list(fit_lines(tilted_fit, BANT))
    assert lines[0].startswith("- 800 closed deals, ")
    assert "| weight of authority | 0.25 | " in "\n".join(lines)
    assert sum(seen.deals for seen in tilted_fit.levels) == sum(
        level != NOT_DISCUSSED for c in simulated(800, TILTED).cases for level in c.levels.values()
    )


def test_weights_stay_where_the_truth_is_the_prior() -> None:
    found = fit_model(under(simulated(400, BANT)), BANT, QUICK)
    assert found.model.weights == BANT.weights
    assert next(r for r in found.ridges if r.chosen).strength is None
    assert found.auc_gain.value == 0


@pytest.mark.parametrize("seed", range(6))
def test_learning_hurts_nobody(seed) -> None:
    """On fresh deals the learned weights rank as well as the prior, whatever the truth."""
    truth = (BANT, TILTED)[seed % 2]
    found = fit_model(under(simulated(200, truth, seed)), BANT, QUICK)
    fresh = simulated(2000, truth, seed + 100)
    won = [c.won for c in fresh.cases]
    ours, before = (
        roc_auc_score(won, [points_under(c, m) for c in fresh.cases]) for m in (found.model, BANT)
    )
    assert ours > before - 0.01


def test_the_curve_of_a_full_pull_is_a_logistic_curve_over_the_score() -> None:
    found = simulated(300, BANT, 3)
    deals, prior = readings_of(found.cases, BANT), prior_of(BANT)
    ours = fit_curve(deals, prior, PRIOR_ONLY)
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit((deals.rows @ prior)[:, None], deals.won)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-3)
    assert (ours.beta / np.where(prior > 0, prior, 1))[prior > 0] == pytest.approx(
        theirs.coef_[0, 0], abs=1e-3
    )


def test_without_a_pull_the_curve_is_plain_logistic_regression_where_nothing_is_negative() -> None:
    found = simulated(6000, BANT, 4)
    deals, prior = readings_of(found.cases, BANT), prior_of(BANT)
    ours = fit_curve(deals, prior, 1e-6)
    used = prior > 0
    theirs = LogisticRegression(C=np.inf, tol=1e-8, max_iter=2000).fit(
        deals.rows[:, used], deals.won
    )
    assert (theirs.coef_ > 0).all(), "choose a seed where no step is negative"
    assert ours.beta[used] == pytest.approx(theirs.coef_[0], abs=0.02)


def test_a_fitted_model_ranks_as_its_curve_does() -> None:
    found = simulated(500, TILTED, 5)
    deals, prior = readings_of(found.cases, BANT), prior_of(BANT)
    curve = fit_curve(deals, prior, 10.0)
    model = as_model(curve, BANT, "x")
    logits = curve.logit(deals.rows)
    points = np.array([points_under(c, model) for c in found.cases])
    order = np.argsort(logits)
    assert (np.diff(points[order]) >= -1).all()  # rounding of weights and points


@pytest.mark.parametrize(
    ("deals", "expected"),
    [
        pytest.param(49, "needs 50 closed deals with a score, there are 49", id="too few"),
        pytest.param(0, "there are 0", id="none"),
    ],
)
def test_too_few_deals_are_refused(deals, expected) -> None:
    with pytest.raises(EvalError, match=expected):
        fit_model(under(simulated(deals, BANT)), BANT, QUICK)


def test_too_few_won_deals_are_refused() -> None:
    found = simulated(100, BANT)
    lost = tuple(c.model_copy(update={"won": i < 9}) for i, c in enumerate(found.cases))
    with pytest.raises(EvalError, match="there are 9 won and 91 lost"):
        fit_model(under(found.model_copy(update={"cases": lost})), BANT, QUICK)


def test_below_150_deals_only_a_probability_is_learned() -> None:
    found = fit_model(under(simulated(149, TILTED)), BANT, QUICK)
    assert found.policy is Policy.PROBABILITY
    assert found.model.weights == BANT.weights
    assert found.model.calibration.deals == 149


def test_accounts_that_were_learned_from_are_not_judged() -> None:
    found = simulated(200, BANT)
    shared = tuple(
        c.model_copy(update={"account_id": f"A-{i % 40}"}) for i, c in enumerate(found.cases)
    )
    result = fit_model(under(found.model_copy(update={"cases": shared})), BANT, QUICK)
    assert result.judged == 7  # accounts 33 to 39: the first 33 deals taught
    assert result.not_judged == 160


def test_segments_get_their_own_chance_and_are_refused_below_500() -> None:
    with pytest.raises(EvalError, match="--by-segment: needs 500"):
        fit_model(under(simulated(499, BANT)), BANT, FitOptions(by_segment=True, rounds=200))
    found = simulated(800, BANT)
    harder = tuple(
        c.model_copy(update={"won": c.won and (c.segment == "SMB" or i % 5 == 1)})
        for i, c in enumerate(found.cases)
    )
    options = FitOptions(by_segment=True, rounds=200)
    fit = fit_model(under(found.model_copy(update={"cases": harder})), BANT, options)
    big, small = fit.segment_models
    assert [big.name, small.name] == ["fitted-enterprise-co", "fitted-smb"]
    assert big.calibration.chance(70) < small.calibration.chance(70) - 0.2


@pytest.mark.parametrize("seed", range(5))
def test_platt_agrees_with_scikit_learn(seed) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(1, 101, 400).astype(float)
    won = rng.random(400) < expit(0.06 * (points - 60))
    ours, theirs = platt(points, won), _SigmoidCalibration().fit(points, won)
    for at in (5, 40, 80, 100):
        assert ours.chance(at) == pytest.approx(float(theirs.predict(np.array([at]))[0]), abs=2e-3)


def test_a_score_that_says_the_opposite_gets_a_flat_curve_never_a_falling_one() -> None:
    points = np.linspace(1, 100, 200)
    won = points < 50
    assert curve_over(points, won).slope == 0
    assert curve_over(points, won).chance(90) == pytest.approx(won.mean(), abs=0.01)


def test_isotonic_steps_follow_scikit_learn_and_are_refused_below_1000() -> None:
    rng = np.random.default_rng(7)
    points = rng.integers(1, 101, 3000).astype(float)
    won = rng.random(3000) < np.where(points > 70, 0.6, 0.2)
    with pytest.raises(EvalError, match="--isotonic: needs 1000"):
        isotonic(points[:999], won[:999])
    ours = isotonic(points, won)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(points, won)
    for at in (1, 20, 69, 72, 90, 100):
        assert ours.chance(at) == pytest.approx(float(theirs.predict([at])[0]), abs=0.06)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(((50, 0.5), (40, 0.6)), id="scores fall"),
        pytest.param(((40, 0.6), (50, 0.5)), id="chances fall"),
        pytest.param(((40, 0.6), (50, 1.5)), id="not a chance"),
        pytest.param(((40, 0.6), (40, 0.7)), id="twice the same score"),
    ],
)
def test_steps_that_mean_nothing_are_refused(steps) -> None:
    with pytest.raises(ValueError, match="steps: "):
        Calibration(slope=1, intercept=0, deals=10, won=5, steps=steps)


def test_between_two_steps_the_chance_lies_on_a_line() -> None:
    curve = Calibration(slope=1, intercept=0, deals=10, won=5, steps=((20, 0.1), (60, 0.5)))
    assert [curve.chance(p) for p in (1, 20, 40, 60, 99)] == pytest.approx(
        [0.1, 0.1, 0.3, 0.5, 0.5]
    )


def test_lift_points_are_the_close_rate_above_all_and_never_fall() -> None:
    cases = [
        a_case(i, won=i < 50, levels=dict.fromkeys(Criterion, 4 if i < 60 else 1), confidences={})
        for i in range(200)
    ]
    found = lift_points(cases)
    rows = {(r.criterion, r.level_at_least): r for r in found.rows}
    top = rows[Criterion.NEED, 4]
    assert (top.closed.hits, top.closed.n) == (50, 60)
    assert top.points == round(100 * ((50 + 20 * 0.25) / 80 - 0.25))
    for criterion in Criterion:
        points = [rows[criterion, k].points for k in range(5)]
        assert points == sorted(points)
    assert rows[Criterion.NEED, 0].points == 0


def test_deals_without_readings_teach_a_probability_alone_and_it_is_said() -> None:
    found = simulated(300, BANT)
    bare = tuple(
        c.model_copy(update={"points": points_under(c, BANT), "levels": {}, "confidences": {}})
        for c in found.cases
    )
    blind = found.model_copy(update={"cases": bare})
    fit = fit_model(lambda _: blind, BANT, QUICK)
    assert fit.policy is Policy.PROBABILITY
    assert "some scores came without readings: no weights could be learned" in fit.warnings


def test_unscored_deals_are_counted_and_not_learned_from() -> None:
    found = simulated(120, BANT)
    cases = tuple(
        c.model_copy(update={"points": None if i < 20 else points_under(c, BANT)})
        for i, c in enumerate(found.cases)
    )
    fit = fit_model(lambda _: found.model_copy(update={"cases": cases}), BANT, QUICK)
    assert (fit.deals, fit.unscored) == (100, 20)
    assert DealId("D-0") not in {c.deal_id for c in cases if c.points is not None}
