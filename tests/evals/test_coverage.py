"""A small version of benchmarks/evals_coverage.py: intervals hold the truth about as often as said."""

from __future__ import annotations

import pytest

from benchmarks.evals_coverage import FIGURES, World, coverage


@pytest.fixture(scope="module")
def held() -> dict[str, float]:
    return coverage(240, 150, seed=7, rounds=400)


@pytest.mark.parametrize("figure", FIGURES)
def test_an_interval_of_95_percent_holds_the_truth_about_as_often(
    held: dict[str, float], figure: str
) -> None:
    """150 studies: 95% +- 3 standard errors is 89.7% to 100%; the bootstrap runs a little short."""
    assert 0.88 <= held[figure] <= 1.0


def test_drawing_deals_instead_of_accounts_misses_the_truth_too_often() -> None:
    """Twelve deals of an account share most of their luck."""
    world = World(per_account=12, spread=2.0)
    figure = "precision at a threshold"
    found = {
        clustered: coverage(240, 100, seed=7, world=world, clustered=clustered, rounds=300)[figure]
        for clustered in (True, False)
    }
    assert found[False] < 0.85
    assert found[True] > found[False] + 0.05
