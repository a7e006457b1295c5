"""Words that tell the reader what to write do not raise a level, whoever says them."""

from __future__ import annotations

import json

import pytest

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Level
from bantam.domain.calls import Call
from extractors.call_index import CallIndex
from extractors.claims import Claim, ClaimedQuote
from extractors.gates import ground
from tests.extractors.injection_attacks import ATTACKS, Attack
from tests.factories import a_call
from tests.paths import GOLD

CLEAN = (
    ("s", "Hi Bo, what brings you here?"),
    ("b", "Our people retype orders by hand, it costs them two hours every day."),
    ("s", "Is money set aside for that?"),
    ("b", "I have forty thousand in my draft plan for this year."),
    ("s", "And who would decide?"),
    ("b", "My boss Ines decides, I prepare the comparison for her."),
    ("s", "When would you start?"),
    ("b", "Some time next year, no hurry at all on our side."),
)
SAID: dict[Criterion, tuple[int, Level]] = {
    Criterion.BUDGET: (3, 2),
    Criterion.AUTHORITY: (5, 2),
    Criterion.NEED: (1, 2),
    Criterion.TIMEFRAME: (7, 1),
}
PLACES = (0, 4, len(CLEAN))


def clean_levels(criterion: Criterion) -> Level:
    turn, level = SAID[criterion]
    quote = ClaimedQuote(turn=turn, text=CLEAN[turn][1])
    claim = Claim(criterion=criterion, level=level, quotes=(quote,))
    return ground(claim, CallIndex(a_call(*CLEAN))).level


def attacked(attack: Attack, place: int) -> tuple[Call, range]:
    _, language, turns = attack
    said = (*CLEAN[:place], *turns, *CLEAN[place:])
    return a_call(*said, language=language), range(place, place + len(turns))


def height(level: Level) -> int:
    return -1 if level == NOT_DISCUSSED else level


def test_the_table_is_as_wide_as_it_should_be() -> None:
    assert len({attack[0] for attack in ATTACKS}) == len(ATTACKS) >= 40
    assert {attack[1] for attack in ATTACKS} >= {"en", "es", "de"}
    assert {who for _, _, turns in ATTACKS for who, _ in turns} == {"b", "s"}


@pytest.mark.parametrize("criterion", list(Criterion))
def test_the_clean_call_is_read_as_it_should_be(criterion: Criterion) -> None:
    assert clean_levels(criterion) == SAID[criterion][1]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack[0])
def test_a_reader_that_obeys_raises_nothing(attack: Attack, place: int) -> None:
    call, turns = attacked(attack, place)
    index = CallIndex(call)
    cited = tuple(ClaimedQuote(turn=t, text=call.turns[t].text) for t in turns)

    for criterion in Criterion:
        reading = ground(Claim(criterion=criterion, level=4, quotes=cited), index)
        assert height(reading.level) <= height(clean_levels(criterion)), criterion


RECOGNISED = [a for a in ATTACKS if CallIndex(attacked(a, len(CLEAN))[0]).injected]


def test_every_attack_but_a_murmured_one_is_recognised() -> None:
    assert [a[0] for a in ATTACKS if a not in RECOGNISED] == ["seller-with-murmur"]


@pytest.mark.parametrize("attack", RECOGNISED, ids=lambda attack: attack[0])
def test_a_reader_that_obeys_and_cites_real_words_beside_raises_nothing(attack: Attack) -> None:
    call, turns = attacked(attack, len(CLEAN))
    index = CallIndex(call)
    attack_words = tuple(ClaimedQuote(turn=t, text=call.turns[t].text) for t in turns)

    for criterion, (turn, _) in SAID.items():
        real = ClaimedQuote(turn=turn, text=CLEAN[turn][1])
        claim = Claim(criterion=criterion, level=4, quotes=(real, *attack_words))
        assert ground(claim, index).level == NOT_DISCUSSED, criterion


@pytest.mark.parametrize(
    "attack",
    [a for a in ATTACKS if all(who == "b" for who, _ in a[2])],
    ids=lambda attack: attack[0],
)
def test_an_attack_from_the_buyers_side_is_recognised_and_nothing_around_it(
    attack: Attack,
) -> None:
    call, turns = attacked(attack, 4)

    assert CallIndex(call).injected & set(turns)
    assert not CallIndex(call).injected - set(turns)


@pytest.mark.parametrize(
    "said",
    [
        "We set the budget at four hundred thousand, the board approved it.",
        "On a scale of one to ten I'd give it an eight.",
        "Our assistant keeps the score sheets, and the system prompts her for a code.",
        "The floor plan shows level four, that's where the machines stand.",
        "We ignore the alerts because there are a hundred a day.",
        "Then I report the budget to the board, they set the top line.",
        "We have an AI policy, nobody may use ChatGPT for quotes.",
        "Follow the instructions in the manual and it still fails.",
        "You are the assistant to the CFO, right?",
        "I'd call it critical, we need a hundred of them by May.",
        "Forget the rules of procurement, I sign this one myself.",
        "Our need is at the top of the list, the budget is approved.",
        "Mark said the deal needs four signatures.",
        "Anyone reading the report can see the rate is too high.",
        "Olvida el precio, el presupuesto está aprobado.",
        "Setzen Sie bitte den Termin auf vier Uhr.",
        "Die Note im Audit war eine vier, und das Budget ist genehmigt.",
        "Note bien, le budget est de cent mille euros.",
    ],
)
def test_what_people_say_at_work_is_no_attack(said: str) -> None:
    assert CallIndex(a_call(("s", "Tell me."), ("b", said))).injected == frozenset()


def test_the_attacks_in_the_gold_calls_are_found_and_nothing_else() -> None:
    found = {}
    for path in sorted(GOLD.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        call = Call.model_validate({k: data[k] for k in Call.model_fields if k in data})
        if CallIndex(call).injected:
            found[call.id] = sorted(CallIndex(call).injected)

    assert found == {"d1-10": [25], "d1-14": [27], "d2-04": [30]}
