from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.delivery import QuotedReason
from integrations.slack.alerts import AlertPolicy, why_alert
from integrations.slack.mapping import blocks, escaped, fallback_text, link
from tests.crm_cases import a_note


def test_the_whole_message() -> None:
    note = a_note(
        reasons=(
            QuotedReason(criterion=Criterion.BUDGET, level=2, summary="planned", quote="Forty <a> & more.", speaker="Bo", at_seconds=3661.0),
            QuotedReason(criterion=Criterion.NEED, level=NOT_DISCUSSED, summary="the buyer said nothing"),
        )
    )  # fmt: skip
    texts = [b["text"]["text"] for b in blocks(note, "reached 60") if b["type"] == "section"]
    assert texts == [
        "*Acme discovery*\n*BANT 62* · warm · B2 · reached 60\nClose the open questions",
        "*Budget 2/4*: planned\n>“Forty &lt;a&gt; &amp; more.” Bo at 1:01:01",
        "*Need not discussed*: the buyer said nothing",
        "*Ask next:* Who else has to say yes before this can be signed?",
    ]
    assert blocks(note, "")[-1]["elements"][0]["text"] == (
        "<https://bantam.example/calls/c-1|Review the score>  ·  <https://calls.example/c-1|Open the call>"
        "  ·  80% said, read by gpt-x, prompt abcdef01, scored by bant"
    )


HOSTILE = "<!channel> <@U1> & <https://evil.example|click> @here " * 40


def test_nothing_that_people_said_can_mention_or_link() -> None:
    reasons = tuple(
        QuotedReason(criterion=c, level=4, summary=HOSTILE, quote=HOSTILE, speaker=HOSTILE)
        for c in Criterion
    )
    note = a_note(
        reasons=reasons,
        call_title=HOSTILE,
        band="<!here>",
        action=HOSTILE,
        next_question=HOSTILE,
        model=HOSTILE,
    )
    shown = json.dumps(blocks(note, ""), ensure_ascii=False) + fallback_text(note, "")
    links = re.findall(r"<[^>]*>", shown)
    assert links == [
        "<https://bantam.example/calls/c-1|Review the score>",
        "<https://calls.example/c-1|Open the call>",
    ]
    assert all(b["text"]["verbatim"] for b in blocks(note, "") if b["type"] == "section")


def test_the_largest_note_stays_within_slacks_limits() -> None:
    text = "&" * 5000
    reasons = tuple(
        QuotedReason(criterion=c, level=4, summary=text, quote=text, speaker=text)
        for c in Criterion
    )
    note = a_note(reasons=reasons, call_title=text, action=text, next_question=text, model=text)
    shown = blocks(note, "")
    assert len(shown) <= 50
    assert all(len(b["text"]["text"]) <= 3000 for b in shown if b["type"] == "section")
    assert len(json.dumps(shown)) < 13_200
    assert len(fallback_text(note, "")) < 40_000


@given(st.text(), st.integers(min_value=1, max_value=300))
def test_escaping_bounds_the_length_and_never_splits_an_entity(text: str, most: int) -> None:
    shown = escaped(text, most)
    assert len(shown) <= most
    assert "<" not in shown
    assert ">" not in shown
    assert re.fullmatch(r"(?:[^&]|&amp;|&lt;|&gt;)*", shown, re.DOTALL)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "https://x.example/a?b=1&c=2", "<https://x.example/a?b=1&amp;c=2|L>", id="plain"
        ),
        pytest.param("https://x.example/a|b>c", "<https://x.example/a%7Cb%3Ec|L>", id="breaks out"),
        pytest.param("javascript:alert(1)", "", id="no web address"),
        pytest.param(None, "", id="none"),
    ],
)
def test_links_lead_to_web_addresses_only(url: str | None, expected: str) -> None:
    assert link(url, "L") == expected


@pytest.mark.parametrize(
    ("points", "previous", "why"),
    [
        pytest.param(75, None, "reached 75", id="first, at the threshold"),
        pytest.param(74, None, None, id="first, below"),
        pytest.param(75, 74, "reached 75 (was 74)", id="crosses up"),
        pytest.param(80, 76, None, id="stays above"),
        pytest.param(74, 75, "fell below 75 (was 75)", id="crosses down"),
        pytest.param(60, 45, "up 15 (was 45)", id="moves up"),
        pytest.param(59, 45, None, id="moves a little"),
        pytest.param(30, 45, "down 15 (was 45)", id="moves down"),
        pytest.param(95, 20, "reached 90 (was 20)", id="crosses two: the higher one"),
        pytest.param(20, 95, "fell below 75 (was 95)", id="falls through two: the lower one"),
    ],
)
def test_what_is_worth_a_message(points: int, previous: int | None, why: str | None) -> None:
    assert why_alert(points, previous, AlertPolicy(thresholds=(75, 90))) == why
