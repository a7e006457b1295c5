"""Budget: the last clear word on money for this, and the amount that goes with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bantam.domain.bant import BudgetValue, Criterion
from bantam.domain.calls import Call
from extractors.embedded.cues import WORTH_PARSING, Cue, question_of
from extractors.embedded.weighing import RULES, Weighed, weigh
from extractors.money import MoneyMention, find_money

_LEANING = 0.5
"""What is left of level 1 (no amount) when one is named, and of level 2 when none is."""


def weigh_budget(call: Call, cues: Sequence[Cue]) -> tuple[Weighed, BudgetValue | None] | None:
    """Return what the buyers say about money for this purchase, or None.

    Args:
        call: tells the language, and the question before a short answer.
        cues: of budget.
    """
    leaning = [_leaning(call, cue) if cue.about >= WORTH_PARSING else cue for cue in cues]
    weighed = weigh(leaning, RULES[Criterion.BUDGET])
    if weighed is None:
        return None
    around = [other for cue in weighed.cues for other in cues if other.turn == cue.turn]
    return weighed, _value(call, [*weighed.cues, *around]) if weighed.expected else None


def _leaning(call: Call, cue: Cue) -> Cue:
    unlikely = 1 if any(True for _ in _amounts(call, cue)) else 2
    raised = [
        share * (_LEANING if step == unlikely else 1.0) for step, share in enumerate(cue.levels)
    ]
    return replace(cue, levels=tuple(share / sum(raised) for share in raised))


def _value(call: Call, cues: Sequence[Cue]) -> BudgetValue | None:
    for cue in cues:
        for text, mention in _amounts(call, cue):
            return BudgetValue(
                amount_min=mention.amount_min,
                amount_max=mention.amount_max,
                currency=mention.currency,
                period=mention.period,
                text=text[mention.start : mention.end],
            )
    return None


def _amounts(call: Call, cue: Cue) -> Iterator[tuple[str, MoneyMention]]:
    """Yield amounts in the words, then those in the question that a short answer answers."""
    for text in _texts(call, cue):
        for mention in find_money(text, call.language):
            if mention.kind == "amount":
                yield text, mention


def _texts(call: Call, cue: Cue) -> Iterator[str]:
    yield cue.text
    question = question_of(call, cue)
    if question is not None:
        yield question
