from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bantam.domain.calls import CallId, DealId
from bantam.scoring import BANT
from evals.deal_cases import CaseSet, LandmarkRule, RecordedCall
from evals.deal_table import Deal
from evals.study import StudyOptions, study, study_of
from tests.deals import a_case, simulated_cases

TODAY = datetime(2027, 6, 1, tzinfo=UTC)
RULE = LandmarkRule(as_of=TODAY)


@pytest.fixture(scope="module")
def found():
    cases = simulated_cases(500, seed=21, per_account=2, with_ae=True)
    return study_of(
        CaseSet(rule=RULE, cases=tuple(cases)), BANT, StudyOptions(ae_threshold=65, rounds=400)
    )


def test_the_answer_comes_first_and_names_its_numbers(found) -> None:
    first, *views, times = found.answer
    won = found.outcomes.base_rate.hits
    assert first.startswith(f"500 closed deals, {won} won. At a score of 75 or more: precision ")
    assert len(views) == 2
    assert all("is better than the AEs" in view for view in views)
    assert "80 or more" in times


def test_the_threshold_is_chosen_at_the_aes_precision_when_none_is_asked_for(found) -> None:
    (choice,) = found.outcomes.choices
    assert choice.precision.value >= found.against_ae[0].ae.precision.value
    assert choice.threshold == found.against_ae[0].at_ae_precision.threshold


def test_every_figure_leads_to_its_deals(found) -> None:
    confusion = found.outcomes.at_threshold.confusion
    flagged = [c for c in found.cases.cases if c.rank >= 75]
    assert sum(c.won for c in flagged) == confusion.true_positive
    assert found.calls == sum(len(c.call_ids) for c in found.cases.cases)


def test_the_study_can_be_stored_and_read_again(found) -> None:
    assert type(found).model_validate_json(found.model_dump_json()) == found


def test_capacity_is_per_week_of_the_landmarks() -> None:
    cases = tuple(
        c.model_copy(update={"landmark": c.landmark + timedelta(days=i)})
        for i, c in enumerate(simulated_cases(141, seed=2))
    )
    options = StudyOptions(capacity_a_week=2, rounds=100)
    result = study_of(CaseSet(rule=RULE, cases=cases), BANT, options)
    (choice,) = result.outcomes.choices
    assert choice.rule == "at most 40 deals flagged"
    assert sum(c.rank >= choice.threshold for c in cases) <= 40


def test_a_study_too_good_to_be_true_says_so() -> None:
    cases = tuple(a_case(i, points=90 if i % 2 else 10, won=bool(i % 2)) for i in range(40))
    result = study_of(CaseSet(rule=RULE, cases=cases), BANT, StudyOptions(rounds=100))
    assert any("leakage until proven otherwise" in caveat for caveat in result.caveats)
    assert any("Only 20 deals were won" in caveat for caveat in result.caveats)


def test_from_deals_and_calls_to_the_answer() -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    deals, calls = [], []
    for i in range(40):
        deal_id = DealId(f"D-{i}")
        close = None if i >= 38 else start + timedelta(days=50)
        deals.append(Deal(deal_id=deal_id, won=None if i >= 38 else i % 4 == 0, closed_at=close))
        calls.append(
            RecordedCall(
                call_id=CallId(f"c-{i}"),
                deal_id=deal_id,
                started_at=start,
                points=85 if i % 4 == 0 else 30,
            )
        )
    result = study(
        deals,
        calls,
        rule=LandmarkRule(as_of=start + timedelta(days=60)),
        model=BANT,
        options=StudyOptions(rounds=100),
    )
    assert result.outcomes.deals == 38
    assert len(result.cases.censored) == 2
    assert result.outcomes.at_threshold.precision.value == 1.0
    assert result.against_ae == ()
    assert not any("AEs work harder" in caveat for caveat in result.caveats)


def test_no_deals_are_a_study_of_nothing_and_not_an_error() -> None:
    result = study_of(CaseSet(rule=RULE, cases=()), BANT, StudyOptions(rounds=100))
    assert result.outcomes.roc_auc.value is None
    assert result.answer[0].startswith("0 closed deals")
