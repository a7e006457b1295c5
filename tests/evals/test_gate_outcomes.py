from __future__ import annotations

import numpy as np
import pytest

from evals.compare import Verdict
from evals.gate import gate
from evals.gate_outcomes import outcome_check
from tests.deals import simulated_cases
from tests.eval_runs import a_run, an_item


@pytest.fixture(scope="module")
def cases():
    return simulated_cases(900, seed=31, with_ae=True, base=-0.5)


def _noisier(cases, spread: float, seed: int = 1):
    noise = np.random.default_rng(seed).normal(0, spread, len(cases))
    return [
        c.model_copy(update={"points": int(np.clip(round(c.points + n), 1, 100))})
        for c, n in zip(cases, noise, strict=True)
    ]


def test_the_same_scores_pass(cases) -> None:
    found = outcome_check(cases, cases, ae_threshold=65)
    assert found.verdict is Verdict.PASS
    assert found.gain == 0
    assert found.margin == 0.05


def test_a_shift_of_all_scores_is_no_loss(cases) -> None:
    """Ranks are what counts; the threshold moves along."""
    shifted = [c.model_copy(update={"points": max(1, c.points // 2)}) for c in cases]
    assert outcome_check(cases, shifted, precision=0.6).verdict is not Verdict.BLOCK


def test_scores_that_became_noise_are_blocked_and_block_the_gate(cases) -> None:
    found = outcome_check(cases, _noisier(cases, 45), ae_threshold=65)
    assert found.verdict is Verdict.BLOCK
    run = a_run(an_item())
    assert gate(run, run, extra=[found]).verdict is Verdict.BLOCK
    assert gate(run, run).verdict is Verdict.PASS


def test_few_deals_cannot_tell_and_say_how_many_it_takes(cases) -> None:
    few = cases[:60]
    found = outcome_check(few, _noisier(few, 8), precision=0.6)
    assert found.margin == 0.10
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.needed > found.n


def test_without_ae_scores_and_without_a_precision_nothing_is_judged(cases) -> None:
    bare = [c.model_copy(update={"ae_score": None}) for c in cases[:50]]
    assert outcome_check(bare, bare).verdict is None


def test_only_deals_that_both_have_are_compared(cases) -> None:
    found = outcome_check(cases[:400], cases[200:], precision=0.5)
    assert found.n == sum(c.won for c in cases[200:400])
