"""Quotes are found token-exact or not at all, and come back as the transcript's own words."""

from __future__ import annotations

import pytest

from bantam.domain.evidence import Match, Rejection
from extractors.call_index import CallIndex
from extractors.claims import ClaimedQuote
from extractors.grounding import Located, locate
from tests.factories import a_call

CALL = a_call(
    ("s", "So what is set aside for this?"),
    ("b", "Um, we don't have $50k. We have forty, uh, thousand euros. It's not final."),
    ("s", "Okay. And who signs?"),
    ("b", "Our CFO, Marieke, signs anything above ten thousand"),
    ("b", "Wir haben zweihunderttausend Euro – im Budget."),
    ("s", "We have forty thousand euros in other deals"),
    ("b", "予算は五百万円です。承認済みです。"),
    ("b", "The café\u0301 rollout is bud\u200bgeted for next year"),
)


def found(text: str, turn: int | None = 1) -> Located | Rejection:
    return locate(ClaimedQuote(turn=turn, text=text), CallIndex(CALL))


@pytest.mark.parametrize(
    ("text", "turn", "match", "sentence"),
    [
        pytest.param(
            "We have forty, uh, thousand euros.",
            1,
            Match.CITED,
            "We have forty, uh, thousand euros.",
            id="verbatim",
        ),
        pytest.param(
            "we have FORTY thousand euros",
            1,
            Match.CITED,
            "We have forty, uh, thousand euros.",
            id="case, punctuation and fillers do not matter",
        ),
        pytest.param(
            "forty thousand", 1, Match.CITED, "We have forty, uh, thousand euros.", id="widened"
        ),
        pytest.param(
            "Marieke signs anything",
            1,
            Match.NEAR,
            "Our CFO, Marieke, signs anything above ten thousand",
            id="two turns off",
        ),
        pytest.param(
            "Marieke signs anything above ten thousand",
            None,
            Match.ELSEWHERE,
            "Our CFO, Marieke, signs anything above ten thousand",
            id="no turn cited",
        ),
        pytest.param(
            "Marieke signs anything above ten thousand",
            99,
            Match.ELSEWHERE,
            "Our CFO, Marieke, signs anything above ten thousand",
            id="a turn that does not exist",
        ),
        pytest.param(
            "We have forty thousand euros",
            5,
            Match.ELSEWHERE,
            "We have forty, uh, thousand euros.",
            id="the buyer's own words go before the seller's",
        ),
        pytest.param(
            "zweihunderttausend Euro - im Budget",
            4,
            Match.CITED,
            "Wir haben zweihunderttausend Euro – im Budget.",
            id="another dash",
        ),
        pytest.param("五百万円です", 6, Match.CITED, "予算は五百万円です。", id="no spaces"),
        pytest.param(
            "the café rollout is budgeted",
            7,
            Match.CITED,
            "The café\u0301 rollout is bud\u200bgeted for next year",
            id="invisible characters inside a word",
        ),
        pytest.param(
            "we don't have $50k ... forty thousand euros",
            1,
            Match.CITED,
            "Um, we don't have $50k. We have forty, uh, thousand euros.",
            id="elided within one turn",
        ),
        pytest.param(
            "we dont have $50k", 1, Match.CITED, "Um, we don't have $50k.", id="no apostrophe"
        ),
    ],
)
def test_words_that_stand_in_the_call_are_found(
    text: str, turn: int | None, match: Match, sentence: str
) -> None:
    located = found(text, turn)

    assert isinstance(located, Located)
    span = located.widened
    assert (located.match, CALL.turns[span.turn].text[span.start : span.end]) == (match, sentence)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("we have fifty thousand euros", Rejection.NOT_FOUND, id="changed number"),
        pytest.param("we have €50k", Rejection.NOT_FOUND, id="changed currency"),
        pytest.param("we do have $50k", Rejection.NOT_FOUND, id="dropped negation"),
        pytest.param("It's final", Rejection.NOT_FOUND, id="dropped not"),
        pytest.param("we have forty thousand euros final", Rejection.NOT_FOUND, id="bare splice"),
        pytest.param(
            "we have forty thousand ... Marieke signs anything",
            Rejection.SPLICED,
            id="splice of two turns",
        ),
        pytest.param("It's not final ... we don't have", Rejection.SPLICED, id="turned round"),
        pytest.param("$50k ... euros", Rejection.SPLICED, id="parts of one word"),
        pytest.param("we love it and will sign", Rejection.NOT_FOUND, id="made up"),
        pytest.param("...", Rejection.TOO_SHORT, id="no words"),
        pytest.param("um", Rejection.TOO_SHORT, id="only a filler"),
    ],
)
def test_words_that_do_not_stand_so_are_refused(text: str, reason: Rejection) -> None:
    assert found(text) is reason


def test_two_common_words_are_not_looked_for_all_over_the_call() -> None:
    assert found("we have", turn=99) is Rejection.TOO_SHORT


def test_a_filler_in_english_is_a_word_in_german() -> None:
    call = a_call(("b", "Es geht um das Budget"), language="de")

    located = locate(ClaimedQuote(turn=0, text="geht das Budget"), CallIndex(call))

    assert located is Rejection.NOT_FOUND
