from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.review import Review
from evals.field_slices import between_people, f1_of, labels_of_reviews, macro_f1, slices_of
from evals.gold import read_gold
from tests.eval_runs import a_run, an_item
from tests.factories import SCORED_AT, a_call, an_extraction

CELLS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60)


@given(CELLS)
def test_macro_f1_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    table = np.zeros(36)
    for gold, read in pairs:
        table[6 * gold + read] += 1
    expected = f1_score([g for g, _ in pairs], [r for _, r in pairs], average="macro")
    assert f1_of(table) == pytest.approx(expected)


def test_macro_f1_is_per_criterion_and_undefined_without_items() -> None:
    run = a_run(an_item("a/need", 3, 3), an_item("b/need", 0, 3), an_item("c/need", 3, None))
    found = macro_f1(run)
    assert found[Criterion.NEED].value == pytest.approx(
        f1_score([4, 1, 4], [4, 4, 0], average="macro")
    )
    assert found[Criterion.BUDGET].value is None


def test_slices_count_their_own_items_only() -> None:
    run = a_run(
        an_item("a/need", 3, 3, slices={"language": "de"}),
        an_item("b/need", NOT_DISCUSSED, 2, slices={"language": "de"}),
        an_item("c/need", 2, NOT_DISCUSSED, slices={"language": "de"}),
        an_item("d/need", 2, 2, slices={"language": "en"}),
    )
    german, english = slices_of(run)
    assert (german.value, german.items) == ("de", 3)
    assert (german.exact.hits, german.exact.n) == (1, 3)
    assert (german.hallucination.hits, german.hallucination.n) == (1, 1)
    assert (german.miss.hits, german.miss.n) == (1, 2)
    assert english.hallucination.value is None
    assert english.exact.value == 1.0


def test_a_second_persons_labels_are_read_and_compared(tmp_path) -> None:
    data = a_call().model_dump(mode="json", include={"id", "started_at", "participants", "turns"})
    data["gold"] = {c.value: {"level": 2} for c in Criterion}
    data["gold_second"] = {**data["gold"], "need": {"level": None}}
    path = tmp_path / "c-1.json"
    path.write_text(json.dumps(data))
    found = between_people([read_gold(path)])
    assert (found.overall.exact.hits, found.overall.exact.n) == (3, 4)
    assert found.by_criterion[Criterion.NEED].miss.hits == 1


def test_where_nobody_labelled_twice_there_is_no_agreement_between_people() -> None:
    assert between_people([]) is None


def test_what_reviewers_left_standing_is_a_label() -> None:
    extraction = an_extraction()
    review = Review(
        extraction_id=extraction.id,
        call_id=extraction.call_id,
        reviewer="ana@seller.example",
        reviewed_at=SCORED_AT,
        corrections={Criterion.NEED: 4},
    )
    found = labels_of_reviews(extraction, [review])
    assert found == {**dict.fromkeys(Criterion, 2), Criterion.NEED: 4}
    assert labels_of_reviews(extraction, []) is None
