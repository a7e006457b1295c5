"""The last evidence gate: values are read again from the transcript's own words and compared."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bantam.domain.bant import (
    NOT_DISCUSSED,
    AuthorityValue,
    BudgetValue,
    Flag,
    Level,
    Period,
    Plan,
    ReadingValue,
    TimeframeValue,
)
from bantam.domain.evidence import Evidence
from bantam.domain.rubric import timeframe_level
from extractors.call_index import CallIndex, TokenRun, fold, tokenise
from extractors.claims import Claim
from extractors.dates import DateMention, find_dates
from extractors.money import MoneyMention, find_money
from extractors.number_words import (
    Token,
    WordNumber,
    language_of,
    read_word_number,
    tokens_of,
)
from extractors.phrases import EMPTY_WORDS

_SAME_AMOUNT = 0.01
"""Relative difference up to which two amounts are one."""
_UNSAID_SCALES = (1, 1_000, 1_000_000)
_MOST_FIGURES = 16
_TURNS_AROUND = 3
_NUMBER_TOKEN = re.compile(r"\d[\d,]*|[^\W\d_]+|-")
_UNREAD_DATE_AT_MOST: Level = 2
"""Level of a date that only the extractor can read out of the words."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim's value as the words carry it, and the level that follows from it."""

    value: ReadingValue | None
    level: Level
    flags: tuple[Flag, ...] = ()


def check_value(claim: Claim, evidence: Sequence[Evidence], index: CallIndex) -> Checked:
    """Read a claim's value again from the evidence that passed; where they differ, words win.

    The level of a timeframe is computed here from the date that the words give. All other
    levels stay as claimed.
    """
    sentences = [item.quote for item in evidence]
    value = claim.value
    if isinstance(value, TimeframeValue):
        return _timeframe(value, sentences, index)
    if isinstance(value, BudgetValue):
        return _budget(value, claim.level, evidence, index)
    if isinstance(value, AuthorityValue):
        named = tuple(name for name in value.decision_makers if _is_named(name, index))
        return Checked(AuthorityValue(decision_makers=named), claim.level)
    return Checked(value, claim.level)


def _words_in(text: str | None, sentences: Sequence[str], index: CallIndex) -> str | None:
    """Return `text` when its words stand in one of the sentences, else None."""
    words = [token.word for token in tokenise(text or "", index.fillers)]
    if not words:
        return None
    runs = (TokenRun(tokenise(sentence, index.fillers)) for sentence in sentences)
    return text if any(run.find(words) is not None for run in runs) else None


# Money


def _budget(
    claimed: BudgetValue, level: Level, evidence: Sequence[Evidence], index: CallIndex
) -> Checked:
    if claimed.amount_min is None or claimed.amount_max is None:
        return Checked(claimed, level)
    sentences = [item.quote for item in evidence]
    words = _words_in(claimed.text, sentences, index)
    mentions = _amounts([words], index) if words else []
    mentions = mentions or _amounts(sentences, index)
    value = claimed
    flags: tuple[Flag, ...] = ()
    if index.knows_language and not _are_said(claimed, mentions, sentences, evidence, index):
        value, flags = _reread(claimed, mentions), (Flag.VALUE_DIFFERS,)
    near = _nearest(value.amount_max, mentions)
    currency = near.currency if near and near.currency else value.currency
    period = near.period if near and near.period is not Period.UNKNOWN else value.period
    if value.currency not in {None, currency}:
        flags = (Flag.VALUE_DIFFERS,)
    return Checked(value.model_copy(update={"currency": currency, "period": period}), level, flags)


def _amounts(texts: Sequence[str], index: CallIndex) -> list[MoneyMention]:
    found = (m for text in texts for m in find_money(text, index.call.language))
    return [mention for mention in found if mention.kind == "amount"]


def _bare_numbers(texts: Sequence[str], index: CallIndex) -> set[int]:
    """Return numbers that stand outside of mentions of money: "I have one-eighty for it"."""
    language = language_of(index.call.language)
    found: set[int] = set()
    for text in texts:
        taken = [(m.start, m.end) for m in find_money(text, index.call.language)]
        tokens = tokens_of(text, _NUMBER_TOKEN)
        before, at = "", 0
        while at < len(tokens):
            free = not any(start <= tokens[at].start < end for start, end in taken)
            number = _number_at(tokens, at, language) if free else None
            if number is None:
                before, at = (before if tokens[at].word == "-" else ""), at + 1
                continue
            # "One eighty" is 180, "one ninety-four" 194: figures said one after the other.
            before, at = before + str(number.value), number.next
            found |= {number.value, int(before)}
    return found


def _number_at(tokens: Sequence[Token], at: int, language: str) -> WordNumber | None:
    word = tokens[at].word.replace(",", "")
    if word.isdecimal() and len(word) < _MOST_FIGURES:
        return WordNumber(int(word), at + 1)
    return read_word_number(tokens, at, language)


def _is_said(claimed: int, mentions: Sequence[MoneyMention], numbers: set[int]) -> bool:
    """Return whether an amount is said, in full or without its thousands or millions."""
    if any(_close(claimed, bound) for m in mentions for bound in (m.amount_min, m.amount_max)):
        return True
    return any(claimed == number * scale for number in numbers for scale in _UNSAID_SCALES)


def _are_said(
    claimed: BudgetValue,
    mentions: Sequence[MoneyMention],
    sentences: Sequence[str],
    evidence: Sequence[Evidence],
    index: CallIndex,
) -> bool:
    """Return whether both bounds stand in the evidence, else in the turns around it.

    "It's in there, it's its own line" answers an amount that was named just before.
    """
    bounds = [b for b in (claimed.amount_min, claimed.amount_max) if b is not None]
    numbers = _bare_numbers(sentences, index)
    if all(_is_said(bound, mentions, numbers) for bound in bounds):
        return True
    if mentions:
        return False
    around = sorted(
        {
            turn
            for item in evidence
            for turn in range(item.turn - _TURNS_AROUND, item.turn + _TURNS_AROUND + 1)
            if 0 <= turn < len(index)
        }
    )
    texts = [index.call.turns[turn].text for turn in around]
    nearby, numbers = _amounts(texts, index), _bare_numbers(texts, index)
    return all(_is_said(bound, nearby, numbers) for bound in bounds)


def _reread(claimed: BudgetValue, mentions: Sequence[MoneyMention]) -> BudgetValue:
    nearest = _nearest(claimed.amount_max, mentions)
    low, high = (nearest.amount_min, nearest.amount_max) if nearest else (None, None)
    return claimed.model_copy(update={"amount_min": low, "amount_max": high})


def _nearest(claimed: int | None, mentions: Sequence[MoneyMention]) -> MoneyMention | None:
    if claimed is None:
        return None
    return min(
        mentions,
        key=lambda m: abs(math.log(max(1, m.amount_max) / max(1, claimed))),
        default=None,
    )


def _close(one: int, other: int) -> bool:
    return abs(one - other) <= _SAME_AMOUNT * max(one, other)


# Dates


def _timeframe(claimed: TimeframeValue, sentences: Sequence[str], index: CallIndex) -> Checked:
    said_on = index.call.started_at.date()
    if claimed.plan is not Plan.PLAN:
        value = claimed.model_copy(update={"target_date": None})
        return Checked(value, _level(value, said_on))
    if claimed.target_date is None:
        return Checked(claimed, _level(claimed, said_on), (Flag.NO_DATE,))
    words = _words_in(claimed.text, sentences, index)
    dates = _dates([words], index) if words else []
    dates = dates or _dates(sentences, index)
    if not dates:
        return _unread(_unless_passed(claimed, said_on, ()), index)
    target = claimed.target_date
    around = [m for m in dates if m.first and m.target and m.first <= target <= m.target]
    nearest = min(around or dates, key=lambda m: abs((_target(m) - target).days))
    value = claimed.model_copy(update={"target_date": _target(nearest)})
    return _unless_passed(value, said_on, () if around else (Flag.VALUE_DIFFERS,))


def _unread(checked: Checked, index: CallIndex) -> Checked:
    """Cap a date that the words do not give; in a language not read here it is believed."""
    if not index.knows_language:
        return checked
    level = checked.level
    if level in {3, 4}:
        level = _UNREAD_DATE_AT_MOST
    return Checked(checked.value, level, (Flag.VALUE_DIFFERS, *checked.flags))


def _unless_passed(value: TimeframeValue, said_on: date, flags: tuple[Flag, ...]) -> Checked:
    """A date before the call is no plan any more: what is left is a plan without a date."""
    if value.target_date is not None and value.target_date < said_on:
        undated = value.model_copy(update={"target_date": None})
        return Checked(undated, _level(undated, said_on), (*flags, Flag.DATE_PASSED))
    return Checked(value, _level(value, said_on), flags)


def _level(value: TimeframeValue, said_on: date) -> Level:
    level = timeframe_level(value.plan, value.target_date, said_on)
    return NOT_DISCUSSED if level is None else level


def _dates(texts: Sequence[str], index: CallIndex) -> list[DateMention]:
    found = (
        mention
        for text in texts
        for mention in find_dates(
            text,
            said_on=index.call.started_at.date(),
            fiscal_year_start_month=index.fiscal_year_start_month,
            language=index.call.language,
        )
    )
    return [m for m in found if m.target is not None and not m.negated and not m.past]


def _target(mention: DateMention) -> date:
    assert mention.target is not None
    return mention.target


# People


def _is_named(name: str, index: CallIndex) -> bool:
    """Return whether a decision maker's name or title is of this call, not made up."""
    words = [t.word for t in tokenise(name) if t.word not in EMPTY_WORDS]
    people = (f"{p.name} {p.title or ''}" for p in index.call.participants)
    said = fold(" ".join(people)), *index.searchable
    return any(word in text for word in words for text in said)
