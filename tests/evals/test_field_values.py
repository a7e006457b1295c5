from __future__ import annotations

import json
from datetime import date

import pytest

from bantam.domain.bant import (
    NOT_DISCUSSED,
    AuthorityValue,
    BudgetValue,
    Criterion,
    ExtractionOutcome,
    Plan,
    TimeframeValue,
)
from bantam.domain.calls import Side
from bantam.domain.evidence import Evidence, Span
from bantam.errors import EvalError
from evals.field_values import amount_credit, date_bucket, same_person, value_figures
from evals.gold import GoldCall, GoldLabel, cases_digest, gold_calls, read_gold
from tests.factories import a_call, a_reading, an_extraction
from tests.paths import GOLD


def _gold(budget: dict | None = None, **labels: dict) -> GoldCall:
    given = {"budget": budget or {}, **labels}
    return GoldCall(
        call=a_call(),
        labels={c: GoldLabel(**{"level": NOT_DISCUSSED, **given.get(c.value, {})})
                for c in Criterion},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("gold", "said", "credit"),
    [
        pytest.param((40_000, 50_000, "EUR"), (40_000, 50_000, "EUR"), 1.0, id="the same"),
        pytest.param((40_000, 50_000, "EUR"), (41_000, 49_000, "EUR"), 1.0, id="within 5%"),
        pytest.param((40_000, 50_000, "EUR"), (40_000, 50_000, "USD"), 0.0, id="other currency"),
        pytest.param((40_000, 50_000, "EUR"), (40_000, 50_000, None), 1.0, id="currency open"),
        pytest.param((40_000, 40_000, "EUR"), (46_000, 46_000, "EUR"), 0.5, id="within 20%"),
        pytest.param((40_000, 80_000, "EUR"), (55_000, 80_000, "EUR"), 0.5, id="half overlaps"),
        pytest.param((40_000, 40_000, "EUR"), (60_000, 60_000, "EUR"), 0.0, id="half more"),
        pytest.param((40_000, 40_000, "EUR"), None, 0.0, id="missing"),
        pytest.param((None, None, None), (40_000, 40_000, "EUR"), 0.0, id="nothing to find"),
        pytest.param((None, 40_000, "EUR"), (40_000, None, "EUR"), 1.0, id="one end only"),
        pytest.param((0, 0, "EUR"), (0, 0, "EUR"), 1.0, id="zero"),
    ],
)
def test_an_amount_is_right_near_or_wrong(gold, said, credit) -> None:
    label = GoldLabel(level=2, amount_min=gold[0], amount_max=gold[1], currency=gold[2])
    value = said and BudgetValue(amount_min=said[0], amount_max=said[1], currency=said[2])
    assert amount_credit(label, value) == credit


@pytest.mark.parametrize(
    ("day", "bucket"),
    [
        pytest.param(date(2026, 3, 2), 0, id="today"),
        pytest.param(date(2026, 4, 1), 0, id="30 days"),
        pytest.param(date(2026, 4, 2), 1, id="31 days"),
        pytest.param(date(2026, 8, 29), 2, id="180 days"),
        pytest.param(date(2027, 3, 2), 3, id="365 days"),
        pytest.param(date(2027, 3, 3), 4, id="later"),
        pytest.param(None, 5, id="no date"),
    ],
)
def test_dates_fall_into_the_buckets_of_the_sales_calendar(day, bucket) -> None:
    assert date_bucket(date(2026, 3, 2), day) == bucket


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("Marieke van Houten (CFO)", "Ms van Houten", True, id="last name"),
        pytest.param("the CFO", "CFO", True, id="title"),
        pytest.param("Marieke van Houten (CFO)", "our CFO", True, id="title in brackets"),
        pytest.param("José Muñoz", "Jose Munoz", True, id="accents"),
        pytest.param("Anna Schmidt", "Anna Berger", False, id="first name is not enough"),
        pytest.param("the", "", False, id="no words"),
    ],
)
def test_people_are_matched_by_last_name_or_title(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same
    assert same_person(other, one) is same


def test_amounts_dates_people_and_turns_are_counted() -> None:
    gold = _gold(
        {
            "level": 2,
            "amount_min": 40_000,
            "amount_max": 40_000,
            "currency": "EUR",
            "evidence": [1],
        },
        authority={"level": 2, "decision_makers": ["Marie Roth (CFO)", "Tom Wilk"]},
        timeframe={"level": 4, "target_date": date(2026, 4, 30), "evidence": [0]},
    )
    said = an_extraction(
        readings={
            Criterion.BUDGET: a_reading(
                Criterion.BUDGET, 2,
                value=BudgetValue(amount_min=40_000, amount_max=40_000, currency="EUR"),
            ),
            Criterion.AUTHORITY: a_reading(
                Criterion.AUTHORITY, 2,
                value=AuthorityValue(decision_makers=("Ms Roth", "the board")),
            ),
            Criterion.NEED: a_reading(Criterion.NEED, NOT_DISCUSSED),
            Criterion.TIMEFRAME: a_reading(
                Criterion.TIMEFRAME, 4,
                value=TimeframeValue(plan=Plan.PLAN, target_date=date(2026, 4, 20)),
            ),
        }
    )  # fmt: skip
    found = value_figures([(gold, said)])
    assert found.amounts.credit.value == 1.0
    assert found.amounts.currency.value == 1.0
    assert (found.dates.same_day.value, found.dates.same_bucket.value) == (0.0, 1.0)
    assert found.dates.days_apart.value == 10.0
    assert (found.decision_makers.precision.hits, found.decision_makers.precision.n) == (1, 2)
    assert (found.decision_makers.recall.hits, found.decision_makers.recall.n) == (1, 2)
    assert found.evidence[Criterion.BUDGET].precision.value == 1.0
    assert found.evidence[Criterion.TIMEFRAME].recall.value == 0.0
    assert (found.all_evidence.precision.hits, found.all_evidence.precision.n) == (1, 3)
    assert found.quotes_stand.value == 1.0


def test_values_where_nothing_was_said_are_invented() -> None:
    said = an_extraction(
        readings={
            Criterion.BUDGET: a_reading(Criterion.BUDGET, 2, value=BudgetValue(amount_min=9)),
            Criterion.TIMEFRAME: a_reading(
                Criterion.TIMEFRAME, 4,
                value=TimeframeValue(plan=Plan.PLAN, target_date=date(2026, 5, 1)),
            ),
        }
    )  # fmt: skip
    found = value_figures([(_gold(), said)])
    assert found.amounts.invented.value == found.dates.invented.value == 1.0
    assert found.amounts.right.value is None


def test_a_call_that_could_not_be_read_misses_everything_and_invents_nothing() -> None:
    gold = _gold({"level": 2, "amount_min": 1, "amount_max": 1, "evidence": [1]})
    found = value_figures([(gold, an_extraction(outcome=ExtractionOutcome.REFUSAL))])
    assert found.unread == 1
    assert found.amounts.missed.value == 1.0
    assert found.all_evidence.recall.value == 0.0
    assert found.all_evidence.precision.value is None


def test_a_quote_that_is_not_the_transcripts_words_does_not_stand() -> None:
    quote = Evidence(turn=1, quote="Fifty thousand", span=Span(turn=1, start=0, end=14),
                     speaker="Bo", side=Side.BUYER)  # fmt: skip
    readings = {c: a_reading(c, NOT_DISCUSSED) for c in Criterion}
    readings[Criterion.BUDGET] = a_reading(Criterion.BUDGET, 2, evidence=(quote,))
    assert value_figures([(_gold(), an_extraction(readings=readings))]).quotes_stand.hits == 0


def test_the_shared_gold_calls_are_read_and_their_conversation_holds_no_label() -> None:
    found = gold_calls(GOLD)
    assert len(found) == 28
    assert {g.slices["language"] for g in found} == {"en", "fr", "de"}
    first = next(g for g in found if g.call.id == "d1-01")
    assert first.labels[Criterion.BUDGET].amount_max == 50_000
    assert first.call.deal_id == "D-d1-01"
    assert first.position(Criterion.NEED) in {"first third", "middle third", "last third"}
    assert "gold" not in first.call.model_dump()
    assert cases_digest(found) == cases_digest(gold_calls(GOLD))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("[]", "not a labelled call", id="a list"),
        pytest.param("{", "not a labelled call", id="broken"),
        pytest.param('{"id": "x"}', "not a labelled call", id="no gold"),
    ],
)
def test_a_file_in_another_form_is_refused_by_name(tmp_path, content: str, expected: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(content)
    with pytest.raises(EvalError, match=rf"odd\.json: {expected}"):
        read_gold(path)


def test_a_level_off_the_scale_is_named_by_its_place(tmp_path) -> None:
    call = a_call().model_dump(mode="json", include={"id", "started_at", "participants", "turns"})
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({**call, "gold": {c.value: {"level": 7} for c in Criterion}}))
    with pytest.raises(EvalError, match=r"odd\.json: level"):
        read_gold(path)


def test_an_empty_folder_and_two_calls_of_one_id_are_refused(tmp_path) -> None:
    with pytest.raises(EvalError, match="no labelled calls"):
        gold_calls(tmp_path)
    call = a_call().model_dump(mode="json", include={"id", "started_at", "participants", "turns"})
    for name in ("a.json", "b.json"):
        data = {**call, "gold": {c.value: {"level": None} for c in Criterion}}
        (tmp_path / name).write_text(json.dumps(data))
    with pytest.raises(EvalError, match="two labelled calls have the id 'c-1'"):
        gold_calls(tmp_path)
