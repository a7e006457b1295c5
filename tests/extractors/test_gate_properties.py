"""Whatever is done to a buyer's words, nothing but the buyer's own words comes through."""

from __future__ import annotations

import itertools
import re

from hypothesis import assume, given
from hypothesis import strategies as st

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Flag, Level, Reading
from bantam.domain.calls import Side
from extractors.call_index import CallIndex, tokenise
from extractors.claims import Claim, ClaimedQuote
from extractors.gates import ground
from extractors.phrases import NEGATIONS, is_number
from tests.factories import a_call

WORDS = [
    "budget",
    "approved",
    "sign",
    "contract",
    "team",
    "money",
    "forty",
    "fifty",
    "thousand",
    "euros",
    "platform",
    "orders",
    "drivers",
    "warehouse",
    "quarter",
    "renewal",
    "board",
    "finance",
    "Marieke",
    "June",
    "vendor",
    "licence",
    "people",
    "hours",
    "manual",
]
NOTS = ("not", "never", "no", "without")
words = st.lists(st.sampled_from(WORDS), min_size=5, max_size=14)
criteria = st.sampled_from(list(Criterion))
levels = st.sampled_from([1, 2, 3, 4])


def sentence(said: list[str]) -> str:
    text = " ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def read(
    call_turns: list[tuple[str, str]], quote: str, turn: int, level: Level, c: Criterion
) -> Reading:
    call = a_call(*call_turns)
    claim = Claim(criterion=c, level=level, quotes=(ClaimedQuote(turn=turn, text=quote),))
    reading = ground(claim, CallIndex(call))
    for item in reading.evidence:
        assert item.side is not Side.SELLER
        assert call.turns[item.turn].text[item.span.start : item.span.end] == item.quote
        assert call.side_of(item.turn) == item.side
    return reading


def height(level: Level) -> int:
    return -1 if level == NOT_DISCUSSED else level


@given(words, st.data(), criteria, levels)
def test_a_quote_with_its_negation_dropped_never_passes(
    said: list[str], data: st.DataObject, criterion: Criterion, level: Level
) -> None:
    place = data.draw(st.integers(1, len(said) - 1))
    denied = [*said[:place], data.draw(st.sampled_from(NOTS)), *said[place:]]

    reading = read([("b", sentence(denied))], " ".join(said), 0, level, criterion)

    assert reading.level == NOT_DISCUSSED


@given(words, st.data(), criteria, levels)
def test_a_quote_cut_short_of_its_negation_never_keeps_a_high_level(
    said: list[str], data: st.DataObject, criterion: Criterion, level: Level
) -> None:
    negation = data.draw(st.sampled_from(NOTS))
    denied = [negation, *said] if data.draw(st.booleans()) else [*said, "but", negation, "now"]

    reading = read([("b", sentence(denied))], " ".join(said), 0, level, criterion)

    assert height(reading.level) <= 2
    assert reading.level == NOT_DISCUSSED or Flag.ADDED_NEGATION in reading.flags
    if denied[0] == negation and criterion is not Criterion.NEED:
        assert height(reading.level) <= 1


@given(words, st.data(), criteria, levels)
def test_a_quote_with_another_number_never_passes(
    said: list[str], data: st.DataObject, criterion: Criterion, level: Level
) -> None:
    numbers = ["12", "40,000", "$50k", "€50k", "sixty", "1.5", "15", "half", "zwanzigtausend"]
    spoken, claimed = data.draw(
        st.lists(st.sampled_from(numbers), min_size=2, max_size=2, unique=True)
    )
    place = data.draw(st.integers(0, len(said)))
    turn = sentence([*said[:place], spoken, *said[place:]])
    quote = " ".join([*said[:place], claimed, *said[place:]])

    assert read([("b", turn)], quote, 0, level, criterion).level == NOT_DISCUSSED


@given(words, st.data(), levels)
def test_an_amount_cut_out_beside_another_number_never_keeps_a_high_budget(
    said: list[str], data: st.DataObject, level: Level
) -> None:
    other = data.draw(st.sampled_from(["12", "ninety", "200k"]))

    reading = read(
        [("b", sentence([*said, "of", other]))], " ".join(said), 0, level, Criterion.BUDGET
    )

    assert height(reading.level) <= 2


@given(words, words, st.sampled_from([" ", " ... ", " … ", " [...] ", ", "]), criteria, levels)
def test_a_splice_of_two_turns_never_passes(
    one: list[str], other: list[str], joint: str, criterion: Criterion, level: Level
) -> None:
    turns = [("b", sentence(one)), ("s", "Go on?"), ("b", sentence(other))]
    quote = " ".join(one) + joint + " ".join(other)

    assert read(turns, quote, 0, level, criterion).level == NOT_DISCUSSED


@given(words, st.data(), criteria, levels)
def test_a_splice_within_a_turn_passes_only_where_it_says_so_and_widened(
    said: list[str], data: st.DataObject, criterion: Criterion, level: Level
) -> None:
    assume(len(said) >= 8)
    cut = data.draw(st.integers(3, len(said) - 4))
    skipped = [*said[:cut], "not", "the", "whole", *said[cut:]]
    turns = [("b", sentence(skipped))]

    bare = read(turns, " ".join(said), 0, level, criterion)
    elided = read(turns, f"{' '.join(said[:cut])} ... {' '.join(said[cut:])}", 0, level, criterion)

    assert bare.level == NOT_DISCUSSED
    assert height(elided.level) <= 2
    assert all(item.quote == sentence(skipped) for item in elided.evidence)


@given(
    words,
    st.sampled_from(["Mm-hm.", "Right.", "Okay, sounds good.", "Who told you that?"]),
    criteria,
    levels,
)
def test_the_sellers_words_never_pass(
    said: list[str], reply: str, criterion: Criterion, level: Level
) -> None:
    turns = [("s", sentence(said)), ("b", reply)]

    assert read(turns, " ".join(said), 0, level, criterion).level == NOT_DISCUSSED
    assert read(turns, " ".join(said), 1, level, criterion).level == NOT_DISCUSSED


@given(words, words, criteria, levels)
def test_another_turns_words_never_pass_as_the_cited_turns(
    cited: list[str], other: list[str], criterion: Criterion, level: Level
) -> None:
    assume(" ".join(other) not in " ".join(cited))
    seller = read(
        [("b", sentence(cited)), ("s", sentence(other))], " ".join(other), 0, level, criterion
    )
    buyer = read(
        [("b", sentence(cited)), ("b", sentence(other))], " ".join(other), 0, level, criterion
    )

    assert seller.level == NOT_DISCUSSED
    assert [item.turn for item in buyer.evidence] in ([], [1])
    assert not buyer.evidence or Flag.REPAIRED_TURN in buyer.flags


@given(
    st.lists(st.tuples(st.sampled_from("sbu"), st.text(max_size=60)), min_size=1, max_size=6),
    st.text(max_size=60),
    st.one_of(st.none(), st.integers(-3, 9)),
    criteria,
    st.sampled_from([NOT_DISCUSSED, 0, 1, 2, 3, 4]),
)
def test_no_gate_ever_raises_a_level_or_breaks(
    turns: list[tuple[str, str]], quote: str, turn: int | None, criterion: Criterion, level: Level
) -> None:
    claim = Claim(criterion=criterion, level=level, quotes=(ClaimedQuote(turn=turn, text=quote),))

    reading = ground(claim, CallIndex(a_call(*turns)))

    assert height(reading.level) <= height(level)
    assert len(reading.evidence) + len(reading.rejected) == 1 or level == NOT_DISCUSSED


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4), st.data())
def test_any_run_of_words_of_a_turn_is_found_in_it(texts: list[str], data: st.DataObject) -> None:
    text = ". ".join(texts)
    index = CallIndex(a_call(("b", text)))
    tokens = index.run(0).tokens
    assume(tokens)
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, len(tokens) - 1))

    run = [token.word for token in tokens[first : last + 1]]
    at = index.run(0).find(run)

    assert at is not None
    assert [token.word for token in tokens[at : at + len(run)]] == run


@given(st.text(max_size=200))
def test_words_know_where_they_stand(text: str) -> None:
    tokens = tokenise(text)

    assert all(0 <= t.start < t.end <= len(text) for t in tokens)
    assert all(a.end <= b.start for a, b in itertools.pairwise(tokens))
    assert all(t.word for t in tokens)


def test_the_words_of_the_tests_are_what_the_gates_know() -> None:
    assert set(NOTS) <= NEGATIONS
    assert not any(word in NEGATIONS for word in WORDS)
    assert is_number("fifty")
    assert is_number("zweihunderttausend")
    assert not is_number("one")
    assert not is_number(re.sub(r"\d", "", "euros"))
