from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.bant import NOT_DISCUSSED, Criterion, ExtractionOutcome, Level
from bantam.domain.crm_records import Firmographics
from bantam.domain.fit import CountryRule, FitModel, KnownBuyer, WordRule
from bantam.domain.score import Calibration, Cap, Deduction, ScoreModel, Unscored
from bantam.scoring import ANUM, BANT, SHIPPED_MODELS, round_half_up, score
from tests.factories import SCORED_AT, a_reading, an_extraction

ALL = dict.fromkeys(Criterion, NOT_DISCUSSED)

levels = st.sampled_from([NOT_DISCUSSED, 0, 1, 2, 3, 4])
confidences = st.floats(0.01, 1)


@st.composite
def readings(draw: st.DrawFn) -> dict[Criterion, object]:
    drawn = {}
    for criterion in Criterion:
        level = draw(levels)
        confidence = 0.0 if level == NOT_DISCUSSED else draw(confidences)
        drawn[criterion] = a_reading(criterion, level, confidence=confidence)
    return drawn


@st.composite
def models(draw: st.DrawFn) -> ScoreModel:
    raw = [draw(st.integers(0, 20)) for _ in Criterion]
    if not sum(raw):
        raw[0] = 1
    values = sorted(draw(st.floats(0, 1)) for _ in range(5))
    return ScoreModel(
        name="drawn",
        weights={c: r / sum(raw) for c, r in zip(Criterion, raw, strict=True)},
        level_values=tuple(values),
        missing=draw(st.floats(0, 1)),
    )


@pytest.mark.parametrize(
    ("confidence", "level", "expected"),
    [
        pytest.param(1.0, 4, 100, id="everything there and certain is 100"),
        pytest.param(1.0, 0, 1, id="everything ruled out is 1"),
        pytest.param(1.0, 2, 51, id="half way is 50.5, rounded half up"),
        pytest.param(0.8, 4, 86, id="less certain shrinks towards unknown"),
    ],
)
def test_score_follows_the_formula_when_all_criteria_agree(
    confidence: float, level: Level, expected: int
) -> None:
    drawn = {c: a_reading(c, level, confidence=confidence) for c in Criterion}
    assert score(an_extraction(readings=drawn), BANT, scored_at=SCORED_AT).points == expected


def test_one_criterion_moves_the_score_by_its_weight_and_confidence() -> None:
    result = score(an_extraction({**ALL, Criterion.NEED: 4}), BANT, scored_at=SCORED_AT)
    need = next(c for c in result.contributions if c.criterion is Criterion.NEED)
    assert result.baseline == pytest.approx(30.7)
    assert need.points == pytest.approx(99 * 0.30 * 0.8 * 0.7)
    assert result.points == round_half_up(30.7 + need.points) == 47
    assert result.coverage == pytest.approx(0.24)
    assert not result.enough_said


@given(readings(), models())
def test_contributions_add_up_to_the_score_exactly(drawn: dict, model: ScoreModel) -> None:
    result = score(an_extraction(readings=drawn), model, scored_at=SCORED_AT)
    if result.points is None:
        assert result.unscored_reason is Unscored.NOTHING_SAID
        return
    raw = result.baseline + math.fsum(c.points for c in result.contributions)
    assert result.points == min(100, max(1, round_half_up(raw)))
    assert 1 <= result.points <= 100


@given(readings(), models(), st.sampled_from(list(Criterion)))
def test_a_higher_level_never_lowers_the_score(
    drawn: dict, model: ScoreModel, criterion: Criterion
) -> None:
    points = []
    for level in range(5):
        raised = {**drawn, criterion: a_reading(criterion, level, confidence=0.8)}
        result = score(an_extraction(readings=raised), model, scored_at=SCORED_AT)
        points.append(result.points)
    assert points == sorted(points)


@given(readings(), models())
def test_deductions_and_caps_only_lower_and_are_shown(drawn: dict, model: ScoreModel) -> None:
    strict = model.model_copy(
        update={
            "caps": (Cap(criterion=Criterion.NEED, level_at_most=1, score_at_most=40),),
            "deductions": (Deduction(criterion=Criterion.BUDGET, level_at_most=0, points=7),),
        }
    )
    free = score(an_extraction(readings=drawn), model, scored_at=SCORED_AT)
    bound = score(an_extraction(readings=drawn), strict, scored_at=SCORED_AT)
    if free.points is None or bound.points is None:
        assert free.unscored_reason == bound.unscored_reason
        return
    assert bound.points <= free.points
    assert bool(bound.adjustments) or bound.points == free.points
    if drawn[Criterion.NEED].level in (0, 1):
        assert bound.points <= 40


def test_not_discussed_is_not_zero() -> None:
    unknown = score(an_extraction({Criterion.BUDGET: NOT_DISCUSSED}), BANT, scored_at=SCORED_AT)
    refused = score(an_extraction({Criterion.BUDGET: 0}), BANT, scored_at=SCORED_AT)
    assert refused.points < unknown.points


@pytest.mark.parametrize("outcome", [o for o in ExtractionOutcome if o is not ExtractionOutcome.OK])
def test_a_failed_extraction_is_unscored_with_its_reason(outcome: ExtractionOutcome) -> None:
    result = score(an_extraction(outcome=outcome), BANT, scored_at=SCORED_AT)
    assert result.points is None
    assert result.unscored_reason == outcome.value
    assert result.band is None


def test_a_call_that_says_nothing_has_no_number() -> None:
    result = score(an_extraction(ALL), BANT, scored_at=SCORED_AT)
    assert (result.points, result.unscored_reason) == (None, Unscored.NOTHING_SAID)


@pytest.mark.parametrize(
    ("drawn", "grade"),
    [
        pytest.param(dict.fromkeys(Criterion, 4), "A1", id="all four"),
        pytest.param(dict.fromkeys(Criterion, 0), "D4", id="nothing"),
        pytest.param(
            {**dict.fromkeys(Criterion, 4), Criterion.NEED: 0, Criterion.TIMEFRAME: 0},
            "A4",
            id="money and power, no interest",
        ),
    ],
)
def test_grade_is_a_letter_for_fit_and_a_number_for_interest(drawn: dict, grade: str) -> None:
    sure = {c: a_reading(c, level, confidence=1.0) for c, level in drawn.items()}
    assert score(an_extraction(readings=sure), BANT, scored_at=SCORED_AT).grade == grade


def test_probability_stands_beside_the_score_only_when_calibrated() -> None:
    extraction = an_extraction()
    assert score(extraction, BANT, scored_at=SCORED_AT).p_win is None
    learned = BANT.model_copy(
        update={"calibration": Calibration(slope=0.1, intercept=-5.0, deals=80, won=30)}
    )
    result = score(extraction, learned, scored_at=SCORED_AT)
    assert result.p_win == pytest.approx(1 / (1 + math.exp(-(0.1 * result.points - 5))))


def test_both_shipped_models_read_the_same_readings() -> None:
    strong_authority = an_extraction({**dict.fromkeys(Criterion, 1), Criterion.AUTHORITY: 4})
    assert set(SHIPPED_MODELS) == {"bant", "anum"}
    bant = score(strong_authority, BANT, scored_at=SCORED_AT)
    anum = score(strong_authority, ANUM, scored_at=SCORED_AT)
    assert anum.points > bant.points


@pytest.mark.parametrize(
    ("value", "expected"),
    [(62.5, 63), (63.5, 64), (62.4999999999, 63), (62.49, 62), (1.0, 1), (99.5, 100)],
)
def test_halves_are_rounded_up(value: float, expected: int) -> None:
    assert round_half_up(value) == expected


def a_buyer(title: str | None, country: str | None) -> KnownBuyer:
    facts = Firmographics(title=title, country=country, source="crm")
    return KnownBuyer(who="w", facts=facts, asked_at=SCORED_AT)


TITLES, COUNTRIES = ("clerk", None, "CFO"), ("FR", None, "DE")
"""Each from not as wanted over unknown to as wanted."""


@st.composite
def fit_models(draw: st.DrawFn) -> FitModel:
    points = st.floats(0, 99)
    return FitModel(
        weight=draw(st.floats(0, 1)),
        title=WordRule(
            wanted=("CFO",),
            weight=draw(st.floats(0.1, 5)),
            points=draw(points),
            points_off=draw(points),
        ),
        country=CountryRule(
            wanted=("DE",),
            weight=draw(st.floats(0, 5)),
            points=draw(points),
            points_off=draw(points),
        ),
    )


@given(readings(), models(), fit_models(), st.sampled_from(TITLES), st.sampled_from(COUNTRIES))
def test_fit_is_shown_bounded_and_adds_up(
    drawn: dict, model: ScoreModel, fit: FitModel, title: str | None, country: str | None
) -> None:
    cap = Cap(criterion=Criterion.NEED, level_at_most=1, score_at_most=40)
    asking = model.model_copy(update={"fit": fit, "caps": (cap,)})
    buyer = a_buyer(title, country)
    result = score(an_extraction(readings=drawn), asking, scored_at=SCORED_AT, buyer=buyer)
    if result.points is None:
        assert result.fit is None
        return
    moved = [a.points for a in result.adjustments]
    raw = result.baseline + math.fsum([*(c.points for c in result.contributions), *moved])
    assert 1 <= result.points <= 100
    assert result.points == min(100, max(1, round_half_up(raw)))
    assert bool(result.fit.points) == any(a.kind == "fit" for a in result.adjustments)
    if drawn[Criterion.NEED].level in (0, 1):
        assert result.points <= 40


@given(readings(), models(), fit_models(), st.sampled_from(TITLES))
def test_a_fact_that_is_as_wanted_never_lowers_score_or_letter(
    drawn: dict, model: ScoreModel, fit: FitModel, title: str | None
) -> None:
    asking = model.model_copy(update={"fit": fit})
    steps = [
        score(an_extraction(readings=drawn), asking, scored_at=SCORED_AT, buyer=a_buyer(title, c))
        for c in COUNTRIES
    ]
    if steps[0].points is None:
        return
    assert [s.points for s in steps] == sorted(s.points for s in steps)
    letters = [s.grade[0] for s in steps]
    assert letters == sorted(letters, reverse=True)
    assert len({s.grade[1] for s in steps}) == 1


def test_fit_enters_the_letter_and_leaves_the_score_alone_without_points() -> None:
    asking = BANT.model_copy(update={"fit": FitModel(weight=0.5, title=WordRule(wanted=("CFO",)))})
    extraction = an_extraction()

    def graded(title: str | None) -> tuple[int | None, str | None]:
        found = score(extraction, asking, scored_at=SCORED_AT, buyer=a_buyer(title, None))
        return found.points, found.grade

    plain = score(extraction, BANT, scored_at=SCORED_AT)
    assert graded("CFO") == (plain.points, "B3")
    assert graded(None) == (plain.points, plain.grade) == (plain.points, "C3")
    assert graded("clerk") == (plain.points, "D3")


def test_a_model_without_fit_scores_as_it_always_did() -> None:
    buyer = a_buyer("CFO", "DE")
    plain = score(an_extraction(), BANT, scored_at=SCORED_AT)
    assert score(an_extraction(), BANT, scored_at=SCORED_AT, buyer=buyer) == plain
    assert "fit" not in plain.model_dump(mode="json")
    # The version is written on every score that exists: a new part must not change it.
    assert (BANT.version, ANUM.version) == ("97f647501bff", "9b513ec840e4")
