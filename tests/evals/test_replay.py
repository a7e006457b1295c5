from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from bantam.domain.bant import NOT_DISCUSSED, Criterion, ExtractionOutcome
from bantam.domain.calls import CallId, DealId
from bantam.domain.review import Review
from bantam.scoring import ANUM, BANT, score
from evals.deal_cases import CaseSet, LandmarkRule
from evals.replay import Candidate, ReplayedCall, outcome_moves, replay
from evals.replay_summary import replay_lines
from tests.deals import LANDMARK, simulated_cases
from tests.factories import SCORED_AT, a_call, an_extraction


def trying(after=BANT, targets=("hubspot",)) -> Candidate:
    return Candidate(before=BANT, after=after, targets=targets, now=SCORED_AT)


def a_replayed(number: int = 1, before=None, after=None, **changes) -> ReplayedCall:
    call = a_call(id=CallId(f"c-{number}"), deal_id=DealId(f"D-{number}"))
    old = an_extraction(before, call_id=call.id)
    run = old.run.model_copy(update={"extractor_version": "2"})
    fields = {
        "call": call,
        "before": old,
        "after": an_extraction(after, call_id=call.id, run=run) if after else old,
    }
    return ReplayedCall(**{**fields, **changes})


HOT = dict.fromkeys(Criterion, 4)
COLD = dict.fromkeys(Criterion, 0)


def test_under_the_same_model_and_answers_nothing_moves() -> None:
    found = replay([a_replayed(1), a_replayed(2, HOT)], trying())
    assert (found.calls, found.changed, found.band_changes, found.writes) == (2, 0, 0, ())


def test_new_answers_move_calls_between_bands_and_owe_writes() -> None:
    found = replay(
        [a_replayed(1, HOT, COLD), a_replayed(2, COLD, HOT), a_replayed(3)],
        trying(targets=("hubspot", "slack")),
    )
    assert {(b.before, b.after): b.calls for b in found.bands} == {
        ("hot", "cold"): ("c-1",),
        ("cold", "hot"): ("c-2",),
        ("cool", "cool"): ("c-3",),
    }
    assert [(w.target, w.call_id) for w in found.writes] == [
        ("hubspot", "c-1"),
        ("slack", "c-1"),
        ("hubspot", "c-2"),
        ("slack", "c-2"),
    ]
    assert found.moves[0].levels[0] == (Criterion.BUDGET, 4, 0)
    assert found.owed == 6


def test_new_weights_move_scores_as_scoring_itself_does() -> None:
    levels = {**dict.fromkeys(Criterion, 1), Criterion.AUTHORITY: 4}
    one = a_replayed(1, levels)
    found = replay([one], trying(ANUM))
    move = found.moves[0]
    assert move.before == score(one.before, BANT, scored_at=SCORED_AT).points
    assert move.after == score(one.before, ANUM, scored_at=SCORED_AT).points
    assert move.levels == ()


def test_a_review_holds_under_the_candidate_too() -> None:
    one = a_replayed(1, HOT, HOT)
    review = Review(
        extraction_id=one.before.id,
        call_id=one.call.id,
        reviewer="ana@seller.example",
        reviewed_at=SCORED_AT,
        corrections={Criterion.BUDGET: 0},
    )
    found = replay([one.model_copy(update={"reviews": (review,)})], trying())
    assert found.changed == 0


def test_a_call_that_the_candidate_could_not_read_becomes_unscored_and_owes_nothing() -> None:
    one = a_replayed(1, HOT)
    refused = an_extraction(call_id=one.call.id, outcome=ExtractionOutcome.REFUSAL)
    found = replay([one.model_copy(update={"after": refused})], trying())
    assert found.bands[0].after == "unscored"
    assert found.moves[0].distance == 100
    assert found.writes == ()


def test_a_call_without_an_answer_stays_as_it_was_read() -> None:
    found = replay([a_replayed(1, HOT).model_copy(update={"after": None})], trying())
    assert (found.without_answer, found.changed) == (1, 0)


def _sets(seed: int = 1, shift: float = 10) -> tuple[CaseSet, CaseSet]:
    rng = np.random.default_rng(seed)
    cases = simulated_cases(400, seed=seed, per_account=2)
    moved = [
        c.model_copy(update={"points": int(np.clip(c.points + rng.normal(shift, 12), 1, 100))})
        for c in cases
    ]
    rule = LandmarkRule(as_of=LANDMARK + timedelta(days=400))
    return CaseSet(rule=rule, cases=tuple(cases)), CaseSet(rule=rule, cases=tuple(moved))


@pytest.mark.parametrize("seed", range(4))
def test_figures_on_closed_deals_agree_with_scikit_learn(seed) -> None:
    before, after = _sets(seed)
    found = {m.name: m for m in outcome_moves(before, after, threshold=60, rounds=200)}
    won = [c.won for c in before.cases]
    for side, cases in (("before", before.cases), ("after", after.cases)):
        flagged = [c.points >= 60 for c in cases]
        expected = {
            "precision": precision_score(won, flagged),
            "recall": recall_score(won, flagged),
            "flagged": np.mean(flagged),
            "ROC AUC": roc_auc_score(won, [c.points for c in cases]),
        }
        for name, value in expected.items():
            assert getattr(found[name], side) == pytest.approx(value), name
    assert found["flagged"].gain.low > 0


def test_no_closed_deal_in_common_gives_no_figure_and_says_so() -> None:
    before, after = _sets()
    assert outcome_moves(before, after.model_copy(update={"cases": ()}), threshold=60) == ()
    told = "\n".join(replay_lines(replay([a_replayed(1, HOT, COLD)], trying())))
    assert "No deal has closed" in told
    assert "c-1: 86 hot -> 7 cold (budget 4 -> 0" in told
    assert "Nothing was written." in told


def test_an_undiscussed_criterion_is_told_as_such() -> None:
    after = {**HOT, Criterion.NEED: NOT_DISCUSSED}
    told = "\n".join(replay_lines(replay([a_replayed(1, HOT, after)], trying())))
    assert "need 4 -> not_discussed" in told
