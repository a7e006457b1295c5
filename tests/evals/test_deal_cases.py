from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bantam.domain.bant import Criterion, ExtractionOutcome
from bantam.domain.calls import CallId, DealId
from bantam.domain.crm_records import Firmographics
from bantam.domain.deals import AeView, AeWord
from bantam.domain.fit import FitModel, KnownBuyer, WordRule
from bantam.domain.score import ScoreModel
from bantam.scoring import BANT
from evals import curves
from evals.deal_cases import (
    CaseSet,
    Landmark,
    LandmarkRule,
    Leak,
    RecordedCall,
    build_cases,
)
from evals.deal_table import Deal
from evals.outcome import as_arrays
from tests.factories import a_call, an_extraction

FIRST = datetime(2026, 1, 5, 10, tzinfo=UTC)
TODAY = datetime(2026, 12, 31, tzinfo=UTC)


def a_deal(**changes: object) -> Deal:
    fields: dict[str, object] = {
        "deal_id": DealId("D-1"),
        "won": True,
        "closed_at": FIRST + timedelta(days=60),
    }
    return Deal(**{**fields, **changes})


def a_recorded(day: float = 0, points: int | None = 50, **changes: object) -> RecordedCall:
    fields: dict[str, object] = {
        "call_id": CallId(f"c-{day:g}"),
        "deal_id": DealId("D-1"),
        "started_at": FIRST + timedelta(days=day),
        "points": points,
    }
    return RecordedCall(**{**fields, **changes})


def built(deal: Deal, *calls: RecordedCall, **rule: object) -> CaseSet:
    return build_cases([deal], calls, rule=LandmarkRule(**{"as_of": TODAY, **rule}), model=BANT)


def test_the_first_call_is_the_landmark_and_later_calls_are_listed_as_left_out() -> None:
    found = built(a_deal(), a_recorded(20, 90), a_recorded(0, 40))
    (case,) = found.cases
    assert case.points == 40
    assert case.call_ids == ("c-0",)
    assert case.landmark == FIRST + timedelta(days=2)
    assert case.days == 58
    assert found.counts == {Leak.CALL_AFTER_LANDMARK: 1}


def test_the_score_is_the_deals_as_of_the_landmark_and_not_of_one_call() -> None:
    """Budget from the first call, need from the second: the third is not known yet."""
    nothing = dict.fromkeys(Criterion, "not_discussed")
    calls = [
        a_recorded(0, None, extraction=an_extraction({**nothing, Criterion.BUDGET: 4})),
        a_recorded(10, None, extraction=an_extraction({**nothing, Criterion.NEED: 3})),
        a_recorded(50, None, extraction=an_extraction({**nothing, Criterion.BUDGET: 0})),
    ]
    (case,) = built(a_deal(), *calls, landmark=Landmark.LAST_BEFORE_CLOSE).cases
    assert case.levels[Criterion.BUDGET] == 4
    assert case.levels[Criterion.NEED] == 3
    assert case.levels[Criterion.AUTHORITY] == "not_discussed"
    assert case.landmark == FIRST + timedelta(days=30)
    assert len(case.call_ids) == 2


def test_the_first_discovery_call_is_found_by_its_title_or_its_flag() -> None:
    call = a_call(id=CallId("c-9"), title="Acme discovery", started_at=FIRST + timedelta(days=7))
    discovery = RecordedCall.from_call(call, DealId("D-1"), an_extraction())
    found = built(
        a_deal(), a_recorded(0), discovery, a_recorded(9), landmark=Landmark.FIRST_DISCOVERY
    )
    assert found.cases[0].landmark == FIRST + timedelta(days=9)
    assert found.cases[0].call_ids == ("c-0", "c-9")


@pytest.mark.parametrize(
    ("deal", "calls", "rule", "why"),
    [
        pytest.param(a_deal(), (), {}, Leak.NO_CALLS, id="no calls"),
        pytest.param(
            a_deal(), (a_recorded(),), {"landmark": "first_discovery"}, Leak.NO_LANDMARK,
            id="no discovery call",
        ),
        pytest.param(
            a_deal(), (a_recorded(40),), {"landmark": "last_before_close"}, Leak.NO_LANDMARK,
            id="all calls within 30 days of the close",
        ),
        pytest.param(
            a_deal(closed_at=FIRST + timedelta(days=1)), (a_recorded(),), {},
            Leak.CLOSED_BEFORE_LANDMARK, id="closed within the grace",
        ),
        pytest.param(
            a_deal(won=None, closed_at=None), (a_recorded(),), {"landmark": "last_before_close"},
            Leak.OPEN_HAS_NO_CLOSE, id="open deal has no close to count from",
        ),
        pytest.param(
            a_deal(), (a_recorded(),), {"as_of": FIRST}, Leak.AFTER_STUDY, id="too new",
        ),
    ],
)  # fmt: skip
def test_a_deal_without_a_fair_landmark_is_left_out_with_the_reason(deal, calls, rule, why) -> None:
    found = built(deal, *calls, **rule)
    assert found.cases == found.censored == ()
    assert [(item.id, item.why) for item in found.left_out] == [("D-1", why)]


@pytest.mark.parametrize(
    ("call", "why"),
    [
        pytest.param(a_recorded(60), Leak.CALL_AFTER_CLOSE, id="at the close"),
        pytest.param(a_recorded(70), Leak.CALL_AFTER_CLOSE, id="after the close"),
        pytest.param(
            a_recorded(-1, signed_language=True), Leak.CALL_SAYS_SIGNED, id="says it is signed"
        ),
        pytest.param(
            a_recorded(1, deal_id=DealId("D-9")), Leak.CALL_OF_UNKNOWN_DEAL, id="unknown deal"
        ),
    ],
)
def test_a_leaking_call_never_reaches_the_score_and_is_counted(call, why) -> None:
    found = built(a_deal(), a_recorded(0, 40), call)
    assert found.cases[0].points == 40
    assert found.counts == {why: 1}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        pytest.param({"scored_at": FIRST + timedelta(days=3)}, Leak.AE_SCORE_LATER, id="later"),
        pytest.param({}, Leak.AE_SCORE_UNDATED, id="no time stamp"),
    ],
)
def test_an_ae_score_that_may_know_the_ending_is_blank_and_counted(fields, why) -> None:
    found = built(a_deal(ae_score=95, ae_qualified=True, **fields), a_recorded())
    assert found.cases[0].ae_score is None
    assert found.cases[0].ae_qualified is None
    assert found.counts == {why: 1}


def test_an_ae_score_within_the_grace_counts() -> None:
    found = built(a_deal(ae_score=95, scored_at=FIRST + timedelta(days=1)), a_recorded())
    assert found.cases[0].ae_score == 95


@pytest.mark.parametrize(
    ("modified", "stage", "counts"),
    [
        pytest.param(FIRST, "demo", {}, id="before"),
        pytest.param(FIRST + timedelta(days=9), None, {Leak.STAGE_LATER: 1}, id="later"),
        pytest.param(None, None, {Leak.STAGE_UNDATED: 1}, id="unknown"),
    ],
)
def test_a_stage_counts_only_as_it_stood_at_the_landmark(modified, stage, counts) -> None:
    found = built(a_deal(stage="demo", stage_modified_at=modified), a_recorded())
    assert found.cases[0].stage == stage
    assert found.counts == counts


@pytest.mark.parametrize(
    ("deal", "horizon", "won"),
    [
        pytest.param(a_deal(), 58, True, id="won on the last day"),
        pytest.param(a_deal(), 57, False, id="won after the horizon"),
        pytest.param(a_deal(won=False), 30, False, id="lost is lost at any time"),
        pytest.param(a_deal(won=None, closed_at=None), 365, None, id="open and young"),
        pytest.param(a_deal(won=None, closed_at=None), 90, False, id="open for too long"),
        pytest.param(a_deal(won=None, closed_at=None), None, None, id="open, no horizon"),
        pytest.param(
            a_deal(closed_at=TODAY + timedelta(days=9)), 365, None, id="closed after the study"
        ),
    ],
)
def test_won_means_won_within_the_horizon(deal, horizon, won) -> None:
    found = built(deal, a_recorded(), horizon_days=horizon)
    assert [c.won for c in (*found.cases, *found.censored)] == [won]
    assert len(found.censored) == (won is None)


def test_a_deal_whose_calls_could_not_be_read_stays_in_as_unscored() -> None:
    failed = an_extraction(outcome=ExtractionOutcome.REFUSAL)
    found = built(a_deal(), a_recorded(0, None, extraction=failed))
    assert found.cases[0].points is None
    assert found.cases[0].rank == 0


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        pytest.param("We already signed the contract on Friday.", True, id="signed the contract"),
        pytest.param("The order form has been signed.", True, id="has been signed"),
        pytest.param("It came back countersigned.", True, id="countersigned"),
        pytest.param("Once the contract is with legal we can sign.", False, id="plan to sign"),
        pytest.param("We signed the NDA last week.", False, id="an NDA is no sale"),
        pytest.param("We have not signed anything yet.", False, id="not yet"),
    ],
)
def test_words_that_give_the_ending_away_are_recognised(text: str, signed: bool) -> None:
    call = a_call(("b", text))
    found = RecordedCall.from_call(call, DealId("D-1"), an_extraction())
    assert found.signed_language is signed


def test_a_feature_that_leaks_is_caught_by_the_landmark() -> None:
    """Scores that rise only after the close would give a perfect study; at the landmark, chance."""
    deals, calls = [], []
    for i in range(200):
        deal_id, won = DealId(f"D-{i}"), i % 2 == 0
        close = FIRST + timedelta(days=60)
        deals.append(a_deal(deal_id=deal_id, won=won, closed_at=close))
        early = 40 + (i // 2) % 20
        calls.append(a_recorded(0, early, call_id=CallId(f"{i}-a"), deal_id=deal_id))
        late = 95 if won else 5
        calls.append(a_recorded(61, late, call_id=CallId(f"{i}-b"), deal_id=deal_id))
    leaking = {c.deal_id: c.points for c in calls if c.started_at > FIRST}
    won = [d.won is True for d in deals]
    assert curves.roc_auc(curves.tally([leaking[d.deal_id] for d in deals], won)) == 1.0
    found = build_cases(deals, calls, rule=LandmarkRule(as_of=TODAY), model=BANT)
    assert curves.roc_auc(curves.tally(*as_arrays(found.cases))) == 0.5
    assert found.counts == {Leak.CALL_AFTER_CLOSE: 200}


def test_facts_about_the_buyer_count_only_when_asked_for_before_the_landmark() -> None:
    rule = WordRule(wanted=("CFO",), points=20)
    asking = BANT.model_copy(update={"fit": FitModel(title=rule)})
    facts = Firmographics(title="CFO", source="crm")

    def case(asked: float, model: ScoreModel = asking) -> CaseSet:
        buyer = KnownBuyer(who="w", facts=facts, asked_at=FIRST + timedelta(days=asked))
        call = a_recorded(points=None, extraction=an_extraction(), buyer=buyer)
        return build_cases([a_deal()], [call], rule=LandmarkRule(as_of=TODAY), model=model)

    early, late, plain = case(0.1), case(3), case(3, BANT)
    assert early.cases[0].points == plain.cases[0].points + 20
    assert late.cases[0].points == plain.cases[0].points
    assert (early.counts, late.counts, plain.counts) == ({}, {Leak.FIT_LATER: 1}, {})


def a_word(day: float | None, score: float | None = None, **changes: object) -> AeWord:
    at = None if day is None else FIRST + timedelta(days=day)
    return AeWord(**{"about": "score", "score": score, "at": at, **changes})


@pytest.mark.parametrize(
    ("words", "score", "qualified", "left_out"),
    [
        pytest.param([a_word(1, 40), a_word(9, 90)], 40, None, {}, id="what stood there then"),
        pytest.param([a_word(-3, 20), a_word(1, 40)], 40, None, {}, id="the newest before it"),
        pytest.param([a_word(0, 40), a_word(1)], None, None, {}, id="cleared before it"),
        pytest.param([a_word(9, 90)], None, None, {Leak.AE_SCORE_LATER: 1}, id="only later"),
        pytest.param([a_word(None, 90)], None, None, {Leak.AE_SCORE_UNDATED: 1}, id="no time"),
        pytest.param(
            [
                a_word(0, 40),
                a_word(1, about="qualified", qualified=True),
                a_word(9, about="qualified", qualified=False),
            ],
            40, True, {}, id="both fields, each with its own history",
        ),
        pytest.param(
            [a_word(0, 40), a_word(9, about="qualified", qualified=True)],
            40, None, {Leak.AE_SCORE_LATER: 1}, id="one in time, one late",
        ),
    ],
)  # fmt: skip
def test_of_what_an_ae_wrote_over_time_only_what_stood_at_the_landmark_counts(
    words: list[AeWord], score: float | None, qualified: bool | None, left_out: dict[Leak, int]
) -> None:
    view = AeView(deal_id=DealId("D-1"), words=tuple(words))
    found = built(a_deal(ae_view=view), a_recorded())
    (case,) = found.cases
    assert (case.ae_score, case.ae_qualified, found.counts) == (score, qualified, left_out)
