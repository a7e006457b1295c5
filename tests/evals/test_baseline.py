"""The baseline in git fits the labelled calls in git."""

from __future__ import annotations

import pytest

from evals.gold import cases_digest, gold_calls
from evals.runs import Baseline, read_baseline
from tests.paths import REPO


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    found = read_baseline(REPO / "evals" / "baseline.json")
    assert found is not None
    return found


def test_it_was_made_on_the_bundled_calls_with_their_present_labels(baseline) -> None:
    calls = gold_calls(REPO / "evals" / "cases")
    assert baseline.run.digests["cases"] == cases_digest(calls)
    assert len(baseline.run.items) == 4 * len(calls)


def test_it_holds_no_word_of_a_transcript(baseline) -> None:
    text = baseline.model_dump_json()
    for gold in gold_calls(REPO / "evals" / "cases"):
        for turn in gold.call.turns:
            assert len(turn.text) < 12 or turn.text not in text
