from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from evals.rates import Bootstrap, Rate, interval_of, rate, rate_of, ratio


def test_a_rate_of_nothing_is_undefined_and_not_zero() -> None:
    assert rate(0, 0) == Rate(value=None, hits=0, n=0)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_plain_rate_has_the_wilson_interval_of_scipy(hits_and_n: tuple[int, int]) -> None:
    hits, n = hits_and_n
    expected = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    found = rate(hits, n)
    assert found.value == hits / n
    assert found.low == pytest.approx(expected.low, abs=1e-12)
    assert found.high == pytest.approx(expected.high, abs=1e-12)


def test_three_of_four_shows_how_little_is_known() -> None:
    found = rate_of([True, True, True, False])
    assert (found.low, found.high) == pytest.approx((0.30, 0.95), abs=0.01)


@pytest.mark.parametrize("hits", [pytest.param(-1, id="negative"), pytest.param(5, id="above n")])
def test_impossible_hits_are_refused(hits: int) -> None:
    with pytest.raises(ValueError, match=r"hits: must be within 0\.\.4"):
        rate(hits, 4)


def test_a_bootstrap_of_singletons_agrees_with_the_normal_interval() -> None:
    rng = np.random.default_rng(1)
    bits = (rng.random(900) < 0.4).astype(float)
    found = Bootstrap([None] * 900).rate(bits, np.ones(900))
    half = 1.96 * np.sqrt(bits.mean() * (1 - bits.mean()) / 900)
    assert found.low == pytest.approx(bits.mean() - half, abs=0.006)
    assert found.high == pytest.approx(bits.mean() + half, abs=0.006)


def test_units_of_one_cluster_are_one_witness() -> None:
    """Ten copies of each of 40 units: the interval is that of 40 units, not of 400."""
    rng = np.random.default_rng(2)
    bits = (rng.random(40) < 0.5).astype(float)
    alone = Bootstrap([str(i) for i in range(40)]).rate(bits, np.ones(40))
    labels = [str(i) for i in range(40) for _ in range(10)]
    copied = Bootstrap(labels).rate(np.repeat(bits, 10), np.ones(400))
    assert (copied.low, copied.high) == (alone.low, alone.high)
    assert copied.n == 400


def test_all_hits_still_leave_doubt_as_wide_as_the_clusters_are_few() -> None:
    labels = ["a"] * 50 + ["b"] * 50
    found = Bootstrap(labels).rate(np.ones(100), np.ones(100))
    assert found.value == 1.0
    assert found.low == pytest.approx(rate(2, 2).low)


def test_a_slice_of_two_clusters_has_the_wide_interval_of_two() -> None:
    """One round in seven draws neither of them; that must not leave the rate without a doubt."""
    labels = [f"a{i}" for i in range(20)]
    among = np.array([1.0, 1.0] + [0.0] * 18)
    found = Bootstrap(labels).rate(np.array([1.0] + [0.0] * 19), among)
    assert (found.low, found.high) == (rate(1, 2).low, rate(1, 2).high)


def test_the_same_seed_gives_the_same_rounds_whatever_is_summed() -> None:
    labels = [f"a{i % 7}" for i in range(30)]
    column = np.arange(30.0)[:, None]
    one = Bootstrap(labels, rounds=50).totals(column)
    two = Bootstrap(labels, rounds=50).totals(np.hstack([column, 2 * column]))
    assert np.array_equal(one[:, 0], two[:, 0])
    assert np.array_equal(2 * two[:, 0], two[:, 1])


def test_every_round_draws_as_many_clusters_as_there_are() -> None:
    boot = Bootstrap([f"a{i}" for i in range(11)], rounds=200)
    assert np.all(boot.totals(np.ones((11, 1))) == 11)


def test_none_is_a_cluster_of_its_own_and_never_meets_a_named_one() -> None:
    assert Bootstrap([None, None, "unit:0", "a", "a"]).clusters == 4


def test_a_statistic_that_is_mostly_undefined_has_no_interval() -> None:
    assert interval_of(np.array([np.nan, np.nan, 1.0])) == (None, None)
    only_one_counts = np.array([1.0, 0.0, 0.0, 0.0])
    found = Bootstrap(["a", "b", "c", "d"]).estimate(
        np.column_stack([only_one_counts, only_one_counts]), ratio
    )
    assert found.value == 1.0
    assert found.low is None


def test_nothing_to_draw_from_is_undefined() -> None:
    assert Bootstrap([]).estimate(np.zeros((0, 2)), ratio).value is None
