"""Does a sentence say what is claimed of it? How high it carries, and what is doubtful."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Flag, Plan, TimeframeValue
from bantam.domain.evidence import Rejection
from extractors.call_index import CallIndex, fold
from extractors.claims import Claim
from extractors.grounding import Located
from extractors.phrases import (
    ALLOCATED,
    BUDGET_TOPIC,
    NEGATIONS,
    NOT_A_NEGATION,
    NOT_APPROVED,
    NOT_MEANT,
    ONE_APPROVAL_LEFT,
    is_conditional,
    is_number,
    is_other_date,
    is_other_money,
)

_DOUBTFUL = 2
"""Highest level that a doubtful sentence carries (rubric, edge rule 11)."""
_INVERTED = 1
"""Highest level carried by words whose own clause begins with a negation they left out."""
_UNDOUBTED = 4
_REACH_OF_NEGATION = 5
"""Words after a negation that it is taken to negate, up to the next comma."""
_SAME_BREATH = 160
"""Code points after a sentence that still belong to what it says."""
_CLAUSE_END = re.compile(r"[,;:–—]|\bbut\b|\baber\b|\bpero\b|\bmais\b")
_TOPIC_TURNS = 2
"""How many turns before a sentence may say that it is about money."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How high a sentence carries a claim."""

    carries: int
    flags: tuple[Flag, ...] = ()


def judge(claim: Claim, found: Located, index: CallIndex) -> Verdict | Rejection:
    """Return how high the sentence around a located quote carries a claim, or why not at all.

    Only a claim of a level above 0 can be doubted: nothing lies below "ruled out".
    """
    if claim.level in {NOT_DISCUSSED, 0}:
        return Verdict(_UNDOUBTED)
    text = index.call.turns[found.turn].text
    sentence = fold(text[found.widened.start : found.widened.end])
    refused = _refused(claim, sentence)
    if refused is not None:
        return refused
    doubts = [*_left_out(claim.criterion, found, text)]
    if claim.criterion is not Criterion.NEED and is_conditional(sentence):
        doubts.append(Verdict(_DOUBTFUL, (Flag.HYPOTHETICAL,)))
    if claim.criterion is Criterion.BUDGET:
        breath = fold(text[found.widened.start : found.widened.end + _SAME_BREATH])
        doubts += _budget_doubts(breath, sentence, found.turn, index)
    carries = min((doubt.carries for doubt in doubts), default=_UNDOUBTED)
    return Verdict(carries, tuple(flag for doubt in doubts for flag in doubt.flags))


def _refused(claim: Claim, sentence: str) -> Rejection | None:
    if claim.criterion is not Criterion.NEED and NOT_MEANT.search(sentence):
        return Rejection.HYPOTHETICAL
    # Level 1 is "price-sensitive": complaints about a price are evidence of that.
    priced = claim.criterion is Criterion.BUDGET and claim.level != 1
    if priced and is_other_money(sentence):
        return Rejection.OTHER_MONEY
    if claim.criterion is Criterion.TIMEFRAME:
        dated = not isinstance(claim.value, TimeframeValue) or claim.value.plan is Plan.PLAN
        if dated and is_other_date(sentence):
            return Rejection.OTHER_DATE
    return None


def _left_out(criterion: Criterion, found: Located, text: str) -> list[Verdict]:
    """Return the doubts that the words around the quote raise, which the quote left out."""
    doubts = []
    if _negates(found.before[-_REACH_OF_NEGATION:]) and _same_clause(found, text):
        # Needs are told in negations ("we can't keep losing them"): there it inverts less.
        inverted = _DOUBTFUL if criterion is Criterion.NEED else _INVERTED
        doubts.append(Verdict(inverted, (Flag.ADDED_NEGATION,)))
    elif _negates(found.before) or _negates(found.after):
        doubts.append(Verdict(_DOUBTFUL, (Flag.ADDED_NEGATION,)))
    if any(map(is_number, (*found.before, *found.after))):
        # A date or a pain may well stand in a sentence with other numbers; an amount may not.
        carries = _DOUBTFUL if criterion is Criterion.BUDGET else _UNDOUBTED
        if criterion in {Criterion.BUDGET, Criterion.TIMEFRAME}:
            doubts.append(Verdict(carries, (Flag.ADDED_NUMBER,)))
    return doubts


def _negates(words: Sequence[str]) -> bool:
    return any(
        word in NEGATIONS and following not in NOT_A_NEGATION
        for word, following in pairwise((*words, ""))
    )


def _same_clause(found: Located, text: str) -> bool:
    lead = fold(text[found.widened.start : found.quoted.start])
    words = lead.split()[-_REACH_OF_NEGATION:]
    clause = " ".join(words)
    ends = [match.end() for match in _CLAUSE_END.finditer(clause)]
    return _negates([re.sub(r"[^\w]", "", word) for word in clause[max(ends, default=0) :].split()])


def _budget_doubts(breath: str, sentence: str, turn: int, index: CallIndex) -> list[Verdict]:
    doubts = []
    if NOT_APPROVED.search(breath):
        carries = 3 if ALLOCATED.search(breath) else _DOUBTFUL
        doubts.append(Verdict(carries, (Flag.UNAPPROVED,)))
    elif ONE_APPROVAL_LEFT.search(breath):
        doubts.append(Verdict(3, (Flag.UNAPPROVED,)))
    if index.knows_language and not BUDGET_TOPIC.search(sentence):
        before = " ".join(index.folded[max(0, turn - _TOPIC_TURNS) : turn])
        if not BUDGET_TOPIC.search(before):
            doubts.append(Verdict(_DOUBTFUL))
    return doubts
