from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bantam.domain.calls import Participant, Side
from bantam.domain.crm_records import Firmographics
from bantam.domain.fit import (
    NOBODY_ASKED,
    CountryRule,
    Fact,
    FitModel,
    KnownBuyer,
    RangeRule,
    WordRule,
    buyer_of_deal,
    buyers_digest,
    fit_in_words,
    judge,
    without_facts,
)
from tests.factories import CALLED_AT, a_call

WANTED = FitModel(
    title=WordRule(wanted=("CFO", "finance director"), unwanted=("assistant",), weight=2),
    employees=RangeRule(at_least=50, at_most=5000),
    industry=WordRule(wanted=("software",)),
    country=CountryRule(wanted=("Germany", "DE", "Guinea"), points=3, points_off=10),
)
GOOD: dict[str, object] = {
    "title": "Group CFO", "employees": 120, "industry": "COMPUTER_SOFTWARE", "country": "germany",
}  # fmt: skip
BAD: dict[str, object] = {
    "title": "Assistant to the CFO", "employees": 3, "industry": "farming", "country": "France",
}  # fmt: skip


def a_buyer(trouble: str = "", **facts: object) -> KnownBuyer:
    known = Firmographics(**{"source": "hubspot", **facts})
    return KnownBuyer(who="w", facts=known, asked_at=CALLED_AT, trouble=trouble)


@pytest.mark.parametrize(
    ("fact", "known", "as_wanted"),
    [
        pytest.param("title", "CFO, EMEA", True, id="a word among others"),
        pytest.param("title", "Finance  Director", True, id="a phrase, whatever its capitals"),
        pytest.param("title", "Director of Finance", False, id="the same words in another order"),
        pytest.param("title", "CFOs", False, id="half a word is none"),
        pytest.param("title", "Assistant to the CFO", False, id="unwanted wins"),
        pytest.param("title", "", None, id="an empty title is not known"),
        pytest.param("employees", 50, True, id="the lower end is in"),
        pytest.param("employees", 5000, True, id="the upper end is in"),
        pytest.param("employees", 49, False, id="below"),
        pytest.param("employees", 0, False, id="nobody is a number, too"),
        pytest.param("industry", "COMPUTER_SOFTWARE", True, id="words of an enumeration"),
        pytest.param("country", "Equatorial Guinea", False, id="a country is its whole name"),
        pytest.param("country", "de", True, id="a code"),
        pytest.param("country", None, None, id="unknown is neither"),
    ],
)
def test_a_fact_is_as_wanted_or_not_or_unknown(
    fact: str, known: object, as_wanted: bool | None
) -> None:
    parts = {p.fact: p for p in judge(a_buyer(**{fact: known}), WANTED).parts}
    assert parts[Fact(fact)].as_wanted is as_wanted


@pytest.mark.parametrize(
    ("facts", "value", "known_share", "points"),
    [
        pytest.param(GOOD, 1.0, 1.0, 3, id="all as wanted"),
        pytest.param(BAD, 0.0, 1.0, -10, id="none as wanted"),
        pytest.param({}, None, 0.0, 0, id="nothing known"),
        pytest.param({"title": "CFO", "employees": 3}, 2 / 3, 0.6, 0, id="by weight"),
    ],
)
def test_fit_is_the_weighted_share_of_what_is_known(
    facts: dict[str, object], value: float | None, known_share: float, points: float
) -> None:
    fit = judge(a_buyer(**facts), WANTED)
    assert fit.value == pytest.approx(value)
    assert fit.known_share == pytest.approx(known_share)
    assert fit.points == points


@given(st.sampled_from(list(GOOD)), st.data())
def test_unknown_stands_between_wanted_and_unwanted(fact: str, data: st.DataObject) -> None:
    others = {name: data.draw(st.sampled_from([GOOD[name], BAD[name], None])) for name in GOOD} | {
        fact: None
    }
    bad, unknown, good = (
        judge(a_buyer(**{**others, fact: known}), WANTED) for known in (BAD[fact], None, GOOD[fact])
    )
    assert bad.points <= unknown.points <= good.points
    assert bad.value is not None
    assert good.value is not None
    assert bad.value <= good.value
    if unknown.value is not None:
        assert bad.value <= unknown.value <= good.value


def test_words_name_each_fact_its_verdict_and_who_told() -> None:
    known = {**BAD, "title": "CFO", "industry": None}
    assert fit_in_words(judge(a_buyer(**known), WANTED)) == (
        "title CFO (as wanted), employees 3 (not as wanted), industry unknown, "
        "country France (not as wanted), says hubspot"
    )
    assert fit_in_words(judge(None, WANTED)).endswith(f"country unknown; {NOBODY_ASKED}")
    silent = without_facts(judge(a_buyer("x could not be asked", **known), WANTED))
    assert "CFO" not in silent.model_dump_json()
    assert "x could" not in silent.model_dump_json()


def test_calls_with_the_same_buyers_have_the_same_digest() -> None:
    bo = Participant(id="b", name="Bo", email="Bo@Buyer.example ", side=Side.BUYER)
    cy = Participant(id="c", name="Cy", email="cy@buyer.example", side=Side.UNKNOWN)
    both = a_call(participants=(bo, cy), turns=())
    assert buyers_digest(both) == buyers_digest(a_call(participants=(cy, bo), turns=()))
    assert buyers_digest(both) != buyers_digest(a_call())
    assert buyers_digest(a_call(participants=(), turns=())) is None


def test_a_deals_buyer_is_the_newest_word_with_older_facts_where_it_has_none() -> None:
    older = a_buyer(title="VP", country="DE")
    newer = a_buyer(title="CFO").model_copy(update={"asked_at": CALLED_AT + timedelta(days=9)})
    found = buyer_of_deal([newer, older])
    assert found is not None
    assert (found.facts.title, found.facts.country) == ("CFO", "DE")
    assert found.asked_at == newer.asked_at
    assert buyer_of_deal([]) is None


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        pytest.param({}, "needs a rule", id="no rule"),
        pytest.param({"title": {}}, "needs wanted or unwanted", id="no words"),
        pytest.param({"title": {"wanted": ["..."]}}, "must hold words", id="words without letters"),
        pytest.param({"employees": {}}, "at_least or at_most", id="no range"),
        pytest.param(
            {"employees": {"at_least": 9, "at_most": 3}}, "not exceed", id="a range upside down"
        ),
        pytest.param(
            {"title": {"wanted": ["CFO"], "weight": 0}}, "weight above 0", id="nothing counts"
        ),
        pytest.param({"title": {"wanted": ["CFO"], "points": -1}}, "greater", id="negative points"),
        pytest.param({"size": {"at_least": 1}}, "Extra inputs", id="no such fact"),
    ],
)
def test_a_fit_model_that_cannot_be_meant_is_refused(broken: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        FitModel.model_validate(broken)
