from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from evals.power import (
    deals_for_non_inferiority,
    events_for_hazard_ratio,
    highest_phi,
    mcnemar_power,
    power_line,
    won_deals_needed,
)


@pytest.mark.parametrize(
    ("recall", "against", "phi", "for_80", "for_90"),
    [
        pytest.param(0.81, 0.41, 0.0, 28, 34, id="81 against 41, independent"),
        pytest.param(0.81, 0.41, 0.2, 24, 30, id="81 against 41, phi .2"),
        pytest.param(0.81, 0.61, 0.0, 90, 115, id="81 against 61"),
        pytest.param(0.81, 0.71, 0.6, 130, 170, id="81 against 71"),
        pytest.param(0.81, 0.78, 0.8, 650, 800, id="81 against 78, phi .8"),
    ],
)
def test_the_numbers_agree_with_the_published_table(recall, against, phi, for_80, for_90) -> None:
    assert won_deals_needed(recall, against, phi=phi) == pytest.approx(for_80, rel=0.08)
    assert won_deals_needed(recall, against, phi=phi, power=0.9) == pytest.approx(for_90, rel=0.08)


def test_power_is_how_often_the_test_finds_the_difference() -> None:
    """4,000 simulated studies of 40 won deals."""
    rng = np.random.default_rng(5)
    both, ours, theirs = 0.81 * 0.55, 0.81 * 0.45, 0.19 * 0.55
    drawn = rng.multinomial(40, [both, ours, theirs, 1 - both - ours - theirs], size=4000)
    p_values = {}
    for b, c in {(int(b), int(c)) for _, b, c, _ in drawn}:
        p_values[b, c] = binomtest(b, b + c).pvalue if b + c else 1.0
    found = np.mean([p_values[int(b), int(c)] <= 0.05 for _, b, c, _ in drawn])
    assert mcnemar_power(40, 0.81, 0.55, phi=0.0) == pytest.approx(found, abs=0.025)


def test_systems_that_agree_more_need_fewer_deals() -> None:
    needed = [won_deals_needed(0.81, 0.71, phi=phi) for phi in (0.0, 0.3, 0.6)]
    assert needed == sorted(needed, reverse=True)


def test_equal_recalls_are_never_told_apart() -> None:
    assert won_deals_needed(0.8, 0.8, phi=0.5) is None


def test_an_impossible_correlation_is_refused_and_a_line_uses_the_highest_possible() -> None:
    with pytest.raises(ValueError, match=r"phi: at most 0\.40"):
        mcnemar_power(30, 0.81, 0.41, phi=0.9)
    assert power_line(0.81, 0.41, phi=0.9, win_rate=0.2).phi == highest_phi(0.81, 0.41)


def test_closed_deals_are_won_deals_over_the_win_rate() -> None:
    line = power_line(0.81, 0.41, phi=0.0, win_rate=0.2)
    assert line.closed_for_80 == 5 * line.won_for_80
    assert line.interval_at_80.low < 0.81 < line.interval_at_80.high


@pytest.mark.parametrize(
    ("margin", "discordance", "expected"),
    [
        pytest.param(0.10, 0.04, 25, id="10 points"),
        pytest.param(0.08, 0.08, 78, id="8 points"),
        pytest.param(0.05, 0.15, 371, id="5 points"),
        pytest.param(0.03, 0.08, 550, id="3 points"),
    ],
)
def test_non_inferiority_takes_what_the_formula_says(margin, discordance, expected) -> None:
    assert deals_for_non_inferiority(margin, discordance) == expected


@pytest.mark.parametrize(
    ("ratio", "share", "expected"),
    [
        pytest.param(1.5, 0.2, 299, id="1.5 at 20%"),
        pytest.param(1.5, 0.5, 191, id="1.5 at 50%"),
        pytest.param(2.0, 0.35, 72, id="2 at 35%"),
    ],
)
def test_schoenfeld_events(ratio: float, share: float, expected: int) -> None:
    assert events_for_hazard_ratio(ratio, share) == pytest.approx(expected, abs=1)
