from __future__ import annotations

import numpy as np
import pytest
from lifelines import AalenJohansenFitter
from lifelines.statistics import logrank_test

from evals.deal_cases import Landmark
from evals.time_to_close import cumulative_incidence, time_to_close
from tests.deals import a_case


def _simulated(deals: int, seed: int, faster: float = 2.0):
    """High scores are won `faster` times as fast; losing and censoring do not depend on them."""
    rng = np.random.default_rng(seed)
    out = []
    for i in range(deals):
        high = rng.random() < 0.35
        won_day = rng.exponential(60 / (faster if high else 1.0))
        lost_day, open_day = rng.exponential(90), rng.uniform(20, 200)
        days = min(won_day, lost_day, open_day)
        ended = {won_day: "won", lost_day: "lost", open_day: "open"}[days]
        out.append(
            a_case(i, points=85 if high else 50, days=float(days), ended=ended, won=ended == "won")
        )
    return out


@pytest.fixture(scope="module")
def cases():
    return _simulated(500, seed=4)


def test_incidence_without_ties_is_that_of_lifelines() -> None:
    rng = np.random.default_rng(7)
    days = rng.permutation(np.arange(1.0, 121.0))
    ended = rng.choice(["won", "lost", "open"], 120)
    codes = np.array([{"open": 0, "won": 1, "lost": 2}[e] for e in ended])
    won, lost = cumulative_incidence(days, ended.tolist())
    # Each begins with a step of nothing on day 0.
    assert [len(won), len(lost)] == [1 + np.count_nonzero(codes == event) for event in (1, 2)]
    for steps, event in ((won, 1), (lost, 2)):
        fitted = AalenJohansenFitter(calculate_variance=False).fit(days, codes, event)
        expected = fitted.cumulative_density_.iloc[:, 0]
        for step in steps:
            assert step.value == pytest.approx(expected.loc[step.day])


def test_incidence_with_ties_is_the_share_when_nobody_is_censored() -> None:
    won, lost = cumulative_incidence(
        np.array([5.0, 5.0, 5.0, 9.0, 9.0]), ["won", "lost", "won", "lost", "won"]
    )
    assert [(s.day, s.value) for s in won] == [(0, 0), (5, 0.4), (9, pytest.approx(0.6))]
    assert lost[-1].value == pytest.approx(0.4)


def test_won_lost_and_still_open_always_add_up(cases) -> None:
    found = time_to_close(cases, landmark=Landmark.FIRST_CALL, rounds=50)
    for group in (found.high, found.other):
        assert group.won_by[-1].value + group.lost_by[-1].value <= 1 + 1e-12
        assert group.won + group.lost + group.open == group.deals


def test_kaplan_meier_overstates_winning_where_deals_are_lost(cases) -> None:
    """Why both curves are shown: 1 - KM takes a lost deal for one that may still be won."""
    group = time_to_close(cases, landmark=Landmark.FIRST_CALL, rounds=50).other
    assert 1 - group.not_yet_won[-1].value > group.won_by[-1].value + 0.1


def test_faster_deals_are_seen_with_the_p_value_of_lifelines(cases) -> None:
    found = time_to_close(cases, landmark=Landmark.FIRST_CALL)
    high = [c for c in cases if c.points >= 80]
    rest = [c for c in cases if c.points < 80]
    expected = logrank_test(
        [c.days for c in high],
        [c.days for c in rest],
        [c.ended == "won" for c in high],
        [c.ended == "won" for c in rest],
    ).p_value
    assert found.p_value == pytest.approx(expected)
    assert found.p_value < 0.001
    assert found.days_saved.low > 0
    won = [c.days for c in high if c.ended == "won"]
    assert found.high.median_days_won.value == pytest.approx(np.median(won))
    assert found.high.median_days_won.low < np.median(won) < found.high.median_days_won.high
    assert found.high.median_days_to_win < found.other.median_days_to_win


def test_below_sixty_won_deals_there_is_no_p_value() -> None:
    deals = [a_case(i, points=90 if i % 2 else 40, days=float(i + 1)) for i in range(59)]
    assert time_to_close(deals, landmark=Landmark.FIRST_CALL, rounds=20).p_value is None
    deals.append(a_case(60, points=90, days=60.0))
    assert time_to_close(deals, landmark=Landmark.FIRST_CALL, rounds=20).p_value is not None


def test_a_group_in_which_few_are_won_has_no_median_time_to_win() -> None:
    deals = [a_case(i, points=90, days=10.0 + i, won=i == 0) for i in range(20)]
    found = time_to_close(deals, landmark=Landmark.FIRST_CALL, rounds=20)
    assert found.high.median_days_to_win is None
    assert found.high.median_days_won.value == 10.0
    assert found.other.deals == 0
    assert found.other.median_days_won.value is None
    assert found.days_saved.value is None


def test_a_landmark_counted_back_from_the_close_is_called_meaningless() -> None:
    found = time_to_close([a_case()], landmark=Landmark.LAST_BEFORE_CLOSE, rounds=20)
    assert "mean nothing" in found.caveat
