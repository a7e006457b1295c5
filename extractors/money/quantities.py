"""One number with its scale: "half a million", "a hundred and twenty thousand", "1,2 Mio"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

from extractors.money.lexicon import (
    AND_A_HALF,
    ARTICLES,
    BARE_SCALES,
    BILLION,
    CURRENCY_WORDS,
    FRACTIONS,
    FRENCH_ROUND,
    GERMAN_HALVES,
    GERMAN_PARTS_OF_A_MILLION,
    MILLION,
    OF,
    POINT,
    SCALED_CODE,
    SCALES,
    SHARED_CURRENCY_WORDS,
    SOME,
    THOUSAND,
    TIMES_HUNDRED,
)
from extractors.number_words import (
    Token,
    WordNumber,
    is_number_word,
    read_word_number,
    tokens_of,
)

TOKEN = re.compile(
    r"(?<![0-9])[0-9]{1,3}(?:[ \u00a0\u202f'’][0-9]{3})+(?![0-9])(?:[.,][0-9]{1,2}(?![0-9]))?"
    r"|[0-9]+(?:[.,][0-9]+)*|[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*|[^\w\s'’]"
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")
_LONGEST_NUMERAL = 15
"""Digits; nobody says more, and longer ones are ids."""
_DECIMAL_COMMA = frozenset({"de", "fr", "es"})
_FIGURES = frozenset("0123456789")
_YEARS = range(1900, 2101)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as said, from `start` (a token's index) up to `next`."""

    low: Fraction
    high: Fraction
    start: int
    next: int
    scale: int = 1
    """The last scale said; 1 when there was none."""
    scale_word: str = ""
    vague: bool = False
    bare_scale: bool = False
    """ "mille", "thousand": a scale with nothing to multiply."""
    grouped: bool = False
    """Written in figures, with separators between thousands."""
    numeral: bool = False


def tokenise(text: str) -> list[Token]:
    """Cut a text into numbers, words and marks."""
    return tokens_of(text, TOKEN)


@cache
def _beginners(language: str) -> frozenset[str]:
    """Words other than number words that a quantity can begin with."""
    firsts = (words[0] for words in (*SOME[language], *FRACTIONS[language]))
    rest = (SCALES[language], TIMES_HUNDRED, FRENCH_ROUND, GERMAN_HALVES, GERMAN_PARTS_OF_A_MILLION)
    return frozenset(firsts).union(*rest)


def may_begin(tokens: Sequence[Token], at: int, language: str) -> bool:
    """Return False for most tokens that no quantity begins with."""
    word = tokens[at].word
    if word in ARTICLES[language]:
        at += 1
        word = tokens[at].word if at < len(tokens) else ""
    return word[:1] in _FIGURES or word in _beginners(language) or is_number_word(word, language)


def read_quantity(tokens: Sequence[Token], at: int, language: str) -> Quantity | None:
    """Read the number that starts at a token, or return None."""
    return (
        _some(tokens, at, language)
        or _part_of_scale(tokens, at, language)
        or _counted(tokens, at, language)
    )


def _some(tokens: Sequence[Token], at: int, language: str) -> Quantity | None:
    """Read "a couple hundred thousand", "a few thousand", "tens of thousands"."""
    index = at + (tokens[at].word in ARTICLES[language])
    if _word(tokens, index) not in _beginners(language):
        return None
    for words, (least, most, vague) in SOME[language].items():
        after = index + len(words)
        if not _follows(tokens, index, words):
            continue
        hundred = _word(tokens, after) in TIMES_HUNDRED
        scale = SCALES[language].get(_word(tokens, after + hundred))
        if scale is None:
            continue
        factor = scale * (100 if hundred else 1)
        return Quantity(
            Fraction(least * factor),
            Fraction(most * factor),
            at,
            after + hundred + 1,
            scale,
            _word(tokens, after + hundred),
            vague,
        )
    return None


def _part_of_scale(tokens: Sequence[Token], at: int, language: str) -> Quantity | None:
    """Read "half a million", "a quarter of a million", "medio millón"."""
    index = at
    if tokens[at].word in ARTICLES[language]:
        index += 1
    word = _word(tokens, index)
    if language == "de" and word in GERMAN_PARTS_OF_A_MILLION:
        part = Fraction(*GERMAN_PARTS_OF_A_MILLION[word])
        return Quantity(part * MILLION, part * MILLION, at, index + 1, MILLION, "million")
    if word not in _beginners(language):
        return None
    for words, part_of in FRACTIONS[language].items():
        after = index + len(words)
        if not _follows(tokens, index, words):
            continue
        for skipped in (OF[language], ARTICLES[language], {"-"}):
            after += _word(tokens, after) in skipped
        scale_word = _word(tokens, after)
        scale = SCALES[language].get(scale_word)
        if scale is not None and scale >= THOUSAND and scale_word != "m":
            amount = Fraction(*part_of) * scale
            return Quantity(amount, amount, at, after + 1, scale, scale_word)
    return None


def _counted(tokens: Sequence[Token], at: int, language: str) -> Quantity | None:
    """Read a numeral or number in words, its scale, and what is added to it."""
    first = _base(tokens, at, language)
    if first is None:
        return None
    whole = _scaled(tokens, first, language)
    while whole.scale > 1:
        lower = _lower_part(tokens, whole, language)
        if lower is None:
            break
        whole = lower
    return whole


def _lower_part(tokens: Sequence[Token], whole: Quantity, language: str) -> Quantity | None:
    """Read the "two hundred thousand" after "one million"."""
    if whole.scale < THOUSAND or whole.numeral:
        return None
    index = whole.next + (_word(tokens, whole.next) in {"and", "y", "und"})
    base = _base(tokens, index, language)
    if base is None or base.numeral:
        return None
    part = _scaled(tokens, base, language)
    if part.scale >= whole.scale or part.low >= whole.scale or part.bare_scale:
        return None
    if index > whole.next and part.scale == 1 and whole.scale > THOUSAND:
        return None  # "a million and fifty" is two things
    total = whole.low + part.low
    return replace(whole, low=total, high=total, next=part.next)


def _base(tokens: Sequence[Token], at: int, language: str) -> Quantity | None:
    """Read the number before a scale; for a scale without number, one."""
    if at >= len(tokens):
        return None
    token = tokens[at]
    if token.raw[0].isascii() and token.raw[0].isdigit():
        return _numeral(tokens, at, language)
    if language == "de" and token.word in GERMAN_HALVES:
        value = GERMAN_HALVES[token.word] + Fraction(1, 2)
        return Quantity(value, value, at, at + 1)
    return _worded(tokens, at, language)


def _worded(tokens: Sequence[Token], at: int, language: str) -> Quantity | None:
    article = tokens[at].word in ARTICLES[language]
    after = _word(tokens, at + article)
    if after in SCALES[language] and len(after) > 2:
        bare = not article and after in BARE_SCALES
        one = Quantity(Fraction(1), Fraction(1), at, at + article, bare_scale=bare)
        return one if article or bare else None
    if after in FRENCH_ROUND and language == "fr":
        value = Fraction(FRENCH_ROUND[after])
        next_ = at + article + 1
        next_ += _word(tokens, next_) in OF["fr"]
        return Quantity(value, value, at, next_)
    if article and after in TIMES_HUNDRED and language == "en":
        return _words(tokens, at, at + 1, language)
    return _words(tokens, at, at, language)


def _words(tokens: Sequence[Token], start: int, at: int, language: str) -> Quantity | None:
    number = read_word_number(tokens, at, language)
    if number is None:
        return None
    value, next_ = Fraction(number.value), number.next
    if language == "en" and 1 <= value <= 9:
        value, next_ = _hundreds(tokens, number, language)
    if _word(tokens, next_) in POINT[language]:
        value, next_ = _decimals(tokens, value, next_, language)
    # German compounds hold their thousands already.
    scale = THOUSAND if language == "de" and value >= THOUSAND and value % THOUSAND == 0 else 1
    return Quantity(value, value, start, next_, scale)


def _hundreds(tokens: Sequence[Token], first: WordNumber, language: str) -> tuple[Fraction, int]:
    """Read the "fifty" of "three fifty k" and of "one-eighty": hundreds, without the word."""
    at = first.next + (_word(tokens, first.next) == "-")
    rest = read_word_number(tokens, at, language)
    if rest is not None and 10 <= rest.value <= 99:
        scaled = SCALES[language].get(_word(tokens, rest.next)) == THOUSAND
        if scaled or rest.value >= 20:
            return Fraction(first.value * 100 + rest.value), rest.next
    return Fraction(first.value), first.next


def _decimals(
    tokens: Sequence[Token], whole: Fraction, at: int, language: str
) -> tuple[Fraction, int]:
    """Read the "point two five" behind a number."""
    digits, index = "", at + 1
    while len(digits) < 4 and (digit := read_word_number(tokens, index, language)):
        if digit.value > 99:
            break
        digits += str(digit.value)
        index = digit.next
    if not digits:
        return whole, at
    return whole + Fraction(int(digits), 10 ** len(digits)), index


def _numeral(tokens: Sequence[Token], at: int, language: str) -> Quantity | None:
    token = tokens[at]
    if at and tokens[at - 1].end == token.start and _is_version(tokens, at):
        return None
    after = _word(tokens, at + 1)
    scaled = after in SCALES[language] or bool(SCALED_CODE.fullmatch(after))
    value = parse_numeral(token.raw, language, scaled=scaled)
    if value is None:
        return None
    next_ = at + 1
    if after in TIMES_HUNDRED and language in {"en", "de"}:
        value, next_ = value * 100, next_ + 1
    grouped = bool(re.search(r"[0-9][ .,'’\u00a0\u202f][0-9]{3}(?![0-9])", token.raw))
    return Quantity(value, value, at, next_, grouped=grouped, numeral=True)


def _is_version(tokens: Sequence[Token], at: int) -> bool:
    """True for the 1 of "Q1", "v2" or "B2B": figures that a word begins."""
    before = tokens[at - 1].word
    return before[-1].isalpha() and before not in _WRITTEN_BEFORE


_WRITTEN_BEFORE = frozenset({*CURRENCY_WORDS, *SHARED_CURRENCY_WORDS, "cad"})


def parse_numeral(figures: str, language: str, *, scaled: bool) -> Fraction | None:
    """Return the value of a number in figures, or None when it is none ("1.2.3").

    Args:
        figures: digits with "." "," spaces or apostrophes between them.
        language: decides what one separator before three digits is when a scale follows.
        scaled: True when "k", "million", ... follows; then "1,250" can be a decimal.
    """
    plain = re.sub(r"[ '’\u00a0\u202f]", "", figures)
    if sum(c.isdigit() for c in plain) > _LONGEST_NUMERAL:
        return None
    if plain.isdigit():
        return Fraction(int(plain))
    last = max(plain.rfind("."), plain.rfind(","))
    mark, fraction = plain[last], plain[last + 1 :]
    if _GROUPED.fullmatch(plain):
        decimal = "," if language in _DECIMAL_COMMA else "."
        if not (scaled and plain.count(mark) == 1 and mark == decimal):
            return Fraction(int(re.sub(r"[.,]", "", plain)))
    elif plain.count(mark) > 1:
        return None
    head = plain[:last]
    other = {",": ".", ".": ","}[mark]
    if other in head and not _GROUPED.fullmatch(head):
        return None
    return Fraction(f"{head.replace(other, '')}.{fraction}")


def _scaled(tokens: Sequence[Token], base: Quantity, language: str) -> Quantity:
    """Multiply a number by the scale words that follow it."""
    value, next_, scale, scale_word = base.low, base.next, base.scale, ""
    scales: Mapping[str, int] = SCALES[language]
    half = _half(tokens, next_, language)
    if half is not None and _word(tokens, half[1]) in scales:
        value, next_ = value + half[0], half[1]
    if _word(tokens, next_) == "-" and _word(tokens, next_ + 1) in scales:
        next_ += 1
    next_ = _skip_of_before_scale(tokens, next_, language)
    while scale < BILLION:
        word = _word(tokens, next_)
        factor = scales.get(word)
        if factor is None or not _may_be_scale(tokens, next_, word):
            break
        value, scale, scale_word, next_ = value * factor, factor, word, next_ + 1
    if scale > 1 and half is None:
        half = _half(tokens, next_, language)
        if half is not None:
            value, next_ = value + half[0] * scale, half[1]
    if _word(tokens, next_) == "." and scale_word in {"mio", "tsd", "mrd", "mill"}:
        next_ += 1
    return replace(
        base,
        low=value,
        high=value,
        next=next_,
        scale=scale,
        scale_word=scale_word or base.scale_word,
    )


def _skip_of_before_scale(tokens: Sequence[Token], at: int, language: str) -> int:
    """Step over the "de" of "une cinquantaine de milliers"."""
    if language == "fr" and _word(tokens, at) in OF["fr"] and _word(tokens, at + 1) == "milliers":
        return at + 1
    return at


def _may_be_scale(tokens: Sequence[Token], at: int, word: str) -> bool:
    """A single letter is a scale right behind its number, or as a capital or "k" beside it."""
    if len(word) > 1:
        return True
    touching = tokens[at - 1].end == tokens[at].start
    return touching or word == "k" or tokens[at].raw in {"M", "T"}


def _half(tokens: Sequence[Token], at: int, language: str) -> tuple[Fraction, int] | None:
    index = at + (_word(tokens, at) == "-")
    if _word(tokens, index) not in {"and", "und", "et", "y"}:
        return None
    for words, part in AND_A_HALF[language].items():
        kept = [i for i in range(index, min(index + 6, len(tokens))) if tokens[i].word != "-"]
        if [tokens[i].word for i in kept[: len(words)]] == list(words):
            return Fraction(*part), kept[len(words) - 1] + 1
    return None


def is_year(quantity: Quantity) -> bool:
    """True for a bare number that reads as a year."""
    return (
        quantity.scale == 1
        and not quantity.grouped
        and quantity.low.denominator == 1
        and int(quantity.low) in _YEARS
    )


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].word if 0 <= at < len(tokens) else ""


def _follows(tokens: Sequence[Token], at: int, words: Sequence[str]) -> bool:
    if _word(tokens, at) != words[0]:
        return False
    return all(_word(tokens, at + n) == word for n, word in enumerate(words))
