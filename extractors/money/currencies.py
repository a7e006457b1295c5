"""A number with the currency that stands before or behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from extractors.money.context import counts_things
from extractors.money.lexicon import (
    CODES_IN_CAPITALS,
    CURRENCY_WORDS,
    MILLION,
    NATION_ALONE,
    NATIONS,
    OF,
    SCALED_CODE,
    SHARED_CURRENCY_WORDS,
    THOUSAND,
)
from extractors.money.quantities import Quantity, read_quantity
from extractors.number_words import Token

_CODE_SCALES = {"k": THOUSAND, "t": THOUSAND, "m": MILLION}
_FAMILIES = {
    **dict.fromkeys(("$", "dollar", "dollars", "dólares"), "dollar"),
    **dict.fromkeys(("krone", "kroner", "kronen", "crowns", "kr"), "krone"),
    **dict.fromkeys(("franc", "francs", "franken"), "franc"),
}
_NATION_WORDS = frozenset().union(*NATIONS.values(), {"new", "hong"})
_BETWEEN_NUMBER_AND_CURRENCY = frozenset({"extra", "more", "new", "total", "full", "of"})


@dataclass(frozen=True, slots=True)
class Money:
    """A number or range with its currency, from token `start` up to `next`."""

    quantity: Quantity
    low: Fraction
    high: Fraction
    start: int
    next: int
    currency: str | None = None
    """None also for a word that several currencies share ("kroner")."""
    has_currency: bool = False


def is_currency(tokens: Sequence[Token], at: int) -> bool:
    """True when a currency begins at a token."""
    return _currency(tokens, at, None) is not None


def read_money(tokens: Sequence[Token], at: int, language: str, home: str | None) -> Money | None:
    """Read the number that starts at a token, with its currency if it has one.

    Args:
        tokens: the whole text's.
        at: index of the currency or number that begins it.
        language: one of `LANGUAGES`.
        home: ISO code that a shared word like "dollars" means here.
    """
    if at >= len(tokens):
        return None
    before = _currency(tokens, at, home)
    begin = at if before is None else before[1]
    quantity = read_quantity(tokens, begin, language) if begin < len(tokens) else None
    if quantity is None:
        return None
    money = Money(quantity, quantity.low, quantity.high, at, quantity.next)
    if before is not None:
        money = replace(money, currency=before[0], has_currency=True)
        behind = _currency(tokens, quantity.next, home)
        # "US$ 5m USD", "$40k US": the later word is the finer one
        if behind is not None and _may_restate(before[0], behind[0]):
            money = replace(money, currency=behind[0] or before[0], next=behind[1])
        elif alone := _nation_alone(tokens, quantity.next, language):
            money = replace(money, currency=alone, next=quantity.next + 1)
        return money
    return _with_currency_behind(tokens, money, language, home)


def _may_restate(first: str | None, second: str | None) -> bool:
    return first is None or second is None or first in {second, "USD"}


def _with_currency_behind(
    tokens: Sequence[Token], money: Money, language: str, home: str | None
) -> Money:
    at = money.quantity.next
    scaled = SCALED_CODE.fullmatch(tokens[at].word) if at < len(tokens) else None
    if scaled and money.quantity.scale == 1:
        factor = _CODE_SCALES[scaled[1]]
        quantity = replace(
            money.quantity, low=money.low * factor, high=money.high * factor, scale=factor
        )
        return Money(
            quantity,
            quantity.low,
            quantity.high,
            money.start,
            at + 1,
            CURRENCY_WORDS[scaled[2].removesuffix("s")],
            has_currency=True,
        )
    for skipped in range(3):
        behind = _currency(tokens, at + skipped, home)
        if behind is not None:
            return replace(money, currency=behind[0], has_currency=True, next=behind[1])
        word = tokens[at + skipped].word if at + skipped < len(tokens) else ""
        may_skip = word in OF[language] or word in _BETWEEN_NUMBER_AND_CURRENCY or word == "-"
        if not may_skip:
            break
    named = at + 1 < len(tokens) and tokens[at].word == "," and tokens[at + 1].word.isalpha()
    if named and (behind := _currency(tokens, at + 1, home)) is not None:
        # "ninety K, euros": a word, for a mark would belong to the number behind it
        return replace(money, currency=behind[0], has_currency=True, next=behind[1])
    alone = _nation_alone(tokens, at, language)
    if alone and money.quantity.scale >= THOUSAND:
        return replace(money, currency=alone, has_currency=True, next=at + 1)
    return money


def _nation_alone(tokens: Sequence[Token], at: int, language: str) -> str | None:
    """Read "fifty thousand Canadian"."""
    if at >= len(tokens) or tokens[at].word not in NATION_ALONE:
        return None
    token = tokens[at]
    if token.word == "us" and token.raw != "US":
        return None
    return None if counts_things(tokens, at + 1, language) else NATION_ALONE[token.word]


def _currency(tokens: Sequence[Token], at: int, home: str | None) -> tuple[str | None, int] | None:
    """Read the currency at a token: its ISO code (None when shared) and the index behind it."""
    if at >= len(tokens):
        return None
    token = tokens[at]
    named = _national(tokens, at) if token.word in _NATION_WORDS else None
    if named is not None:
        return named
    if token.raw in CODES_IN_CAPITALS:
        return CODES_IN_CAPITALS[token.raw], at + 1
    if token.word in SHARED_CURRENCY_WORDS:
        default, possible = SHARED_CURRENCY_WORDS[token.word]
        return (home if home in possible else default), _with_suffix(tokens, at, token.word)
    code = CURRENCY_WORDS.get(token.word)
    if code is None:
        return None
    return code, _with_suffix(tokens, at, token.word)


def _with_suffix(tokens: Sequence[Token], at: int, word: str) -> int:
    """Step over "sterling", "suisses", "estadounidenses" behind a currency."""
    following = tokens[at + 1].word if at + 1 < len(tokens) else ""
    finer = {"sterling", "suisses", "estadounidenses", "américains"}
    return at + 1 + (following in finer and word.isalpha())


def _national(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    """Read "US dollars", "Norwegian kroner", "A$", "Hong Kong dollars"."""
    for length in (1, 2):
        noun = at + length
        if noun >= len(tokens):
            return None
        family = _FAMILIES.get(tokens[noun].word)
        if family is None:
            continue
        nation = tokens[noun - 1]
        if tokens[noun].word == "$" and nation.end != tokens[noun].start:
            return None
        if len(nation.word) < 2 and tokens[noun].word != "$":
            return None
        code = NATIONS[family].get(nation.word)
        return (
            (code, noun + 1)
            if code and (length == 1 or nation.word in {"zealand", "kong"})
            else None
        )
    return None
