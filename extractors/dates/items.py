"""Cutting text into the items that the grammar of dates reads."""

from __future__ import annotations

import re
from typing import NamedTuple

from extractors.dates.lexicon import lexicon_of, longest_phrases, single_words
from extractors.dates.roles import Role, Value
from extractors.number_words import Token, is_number_word, lower, read_word_number

_TOKEN = re.compile(
    r"""
    (?P<iso>(?<![\w.-])[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?![\w-]))
    |(?P<dotted>(?<![\w.])[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{4}|[0-9]{2})?(?![\w]))
    |(?P<slashed>(?<![\w/])[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{4}|/[0-9]{2})?(?![\w/]))
    |(?P<monthyear>(?<![\w/])[0-9]{1,2}/20[0-9]{2}(?![\w/]))
    |(?P<fy>\b(?:FY|fy|CY|cy|GJ)[ ]?['’]?(?:20)?[0-9]{2}(?![\w]))
    |(?P<fyword>\b(?i:fiscal|financial)[ ](?:year[ ])?['’]?(?:20)?[0-9]{2}(?![\w]))
    |(?P<qy>\b[1-4][Qq](?:[0-9]{2})?(?!\w))
    |(?P<hy>\b[12][Hh](?:[0-9]{2})?(?!\w))
    |(?P<q>\b[QqT][ ]?[1-4](?!\w))
    |(?P<h>\b[HhS][12](?!\w))
    |(?P<apostrophe>(?<!\w)['’][0-9]{2}(?!\w))
    |(?P<ordinal>\b[0-9]{1,2}(?:st|nd|rd|th|er|ère|ème|e|º)(?!\w))
    |(?P<ordinaldot>\b[0-9]{1,2}\.(?=[ ][^\W\d_]))
    |(?P<number>[0-9]+)
    |(?P<word>[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*)
    |(?P<mark>[.,;:!?/–—()\n-])
    """,
    re.VERBOSE,
)
_DIGIT = re.compile(r"[0-9]")
_WORD_OR_MARK = re.compile(
    r"(?P<word>[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*)|(?P<mark>[.,;:!?/–—()\n-])"
)
"""What is left of `_TOKEN` where there are no figures, at a fifth of its cost."""
_PLAIN = frozenset({"word", "mark", "number"})
_SENTENCE_MARKS = frozenset(".!?;:\n(")
_YEARS = range(1990, 2100)


class Item(NamedTuple):
    """A phrase and the part that it plays."""

    role: Role
    value: Value | tuple[int, ...]
    start: int
    """Offset in the text, in code points."""
    end: int
    firm: bool = False
    """For a doubtful month: written with a capital inside a sentence."""


def items_of(text: str, language: str, *, every_word: bool = False) -> list[Item]:
    """Cut a text into items; fillers ("the", "of", "our") are left out.

    Args:
        text: what was said.
        language: one of `LANGUAGES`.
        every_word: False keeps only the first of words in a row that play no part.
    """
    tokens: list[Token] = []
    groups: list[str] = []
    for match in (_TOKEN if _DIGIT.search(text) else _WORD_OR_MARK).finditer(text):
        raw = match[0]
        tokens.append(Token(raw.lower() if raw.isascii() else lower(raw), raw, *match.span()))
        groups.append(match.lastgroup or "")
    alone, phrases = single_words(language), longest_phrases(language)
    found: list[Item] = []
    at = 0
    while at < len(tokens):
        word, _, start, end = tokens[at]
        role = alone.get(word)
        # The quick ways are for nearly all words.
        if role is not None:
            if role[0] is not Role.FILLER:
                found.append(Item(*role, start, end))
            at += 1
        elif groups[at] == "word" and word not in phrases and not is_number_word(word, language):
            if every_word or not found or found[-1].role is not Role.WORD:
                found.append(Item(Role.WORD, word, start, end))
            at += 1
        else:
            at = _slowly(tokens, groups, at, language, found)
    return _years_in_words(found)


def _slowly(
    tokens: list[Token], groups: list[str], at: int, language: str, found: list[Item]
) -> int:
    """Append the item that begins at a token; return the index behind it."""
    if groups[at] not in _PLAIN:
        found.append(_figures(tokens[at], groups[at], language))
        return at + 1
    most = longest_phrases(language).get(tokens[at].word)
    behind = None if most is None else _phrase(tokens, at, language, most, found)
    return behind or _plain(tokens, groups, at, language, found)


def _phrase(
    tokens: list[Token], at: int, language: str, most: int, found: list[Item]
) -> int | None:
    """Append the longest phrase of the lexicon that starts here; return the index behind it."""
    lexicon = lexicon_of(language)
    words: list[str] = []
    best = None
    index = at
    while index < len(tokens) and len(words) < most:
        if tokens[index].word != "-" or not words:
            words.append(tokens[index].word)
            roles = lexicon.get(tuple(words))
            if roles is not None:
                best = roles, index + 1
        index += 1
    if best is None:
        return None
    roles, behind = best
    for role, value in roles:
        if role is not Role.FILLER:
            firm = role is Role.DOUBTFUL_MONTH and _is_firm(tokens, at)
            found.append(Item(role, value, tokens[at].start, tokens[behind - 1].end, firm))
    return behind


def _is_firm(tokens: list[Token], at: int) -> bool:
    before = tokens[at - 1].raw if at else "."
    return tokens[at].raw[0].isupper() and before[-1] not in _SENTENCE_MARKS


def _plain(
    tokens: list[Token], groups: list[str], at: int, language: str, found: list[Item]
) -> int:
    """Append a number, a mark or a word without a part; return the index behind it."""
    token = tokens[at]
    if groups[at] == "number":
        role = Role.BREAK
        if len(token.raw) == 4 and int(token.raw) in _YEARS:
            role = Role.YEAR
        elif len(token.raw) <= 4:
            role = Role.NUMBER
        found.append(Item(role, int(token.raw[:9]), token.start, token.end))
        return at + 1
    if groups[at] == "mark":
        if token.raw in "-–—":
            ends = at + 1 < len(tokens) and groups[at - 1] != "mark" and groups[at + 1] != "mark"
            numbers = at > 0 and ends and (groups[at - 1] == groups[at + 1] == "number")
            if numbers or (token.raw != "-" and ends):
                found.append(Item(Role.TO, 0, token.start, token.end))
        else:
            found.append(Item(Role.BREAK, token.raw, token.start, token.end))
        return at + 1
    if is_number_word(token.word, language):
        number = read_word_number(tokens, at, language)
        if number is not None and number.value < 10_000:
            end = tokens[number.next - 1].end
            found.append(Item(Role.NUMBER, number.value, token.start, end))
            return number.next
    found.append(Item(Role.WORD, token.word, token.start, token.end))
    return at + 1


def _figures(token: Token, group: str, language: str) -> Item:
    """Return the item of a code or an explicit date."""
    digits = [int(part) for part in re.findall(r"[0-9]+", token.raw)]
    at = token.start, token.end
    match group:
        case "iso" | "dotted" | "slashed" | "monthyear":
            return Item(Role.DATE, _explicit(group, digits, language), *at)
        case "fy" | "fyword":
            calendar = token.word.startswith("cy")
            return Item(Role.YEAR if calendar else Role.FISCAL_YEAR, _full_year(digits[0]), *at)
        case "q" | "qy":
            year = (_full_year(digits[1]),) if len(digits) > 1 else ()
            return Item(Role.QUARTER, (digits[0], *year), *at)
        case "h" | "hy":
            year = (_full_year(digits[1]),) if len(digits) > 1 else ()
            return Item(Role.HALF, (digits[0], *year), *at)
        case "apostrophe":
            return Item(Role.YEAR, _full_year(digits[0]), *at)
        case _:
            return Item(Role.ORDINAL, digits[0], *at, firm=True)


def _explicit(group: str, digits: list[int], language: str) -> tuple[int, ...]:
    """Return (group, ...) digits as year, month, day; 0 for what is not said.

    Four more numbers follow when another reading is as good: 5/6 is the fifth of June or
    the sixth of May, and English does not tell which.
    """
    if group == "iso":
        return (digits[0], digits[1], digits[2])
    if group == "monthyear":
        return (digits[1], digits[0], 0)
    year = _full_year(digits[2]) if len(digits) > 2 else 0
    first, second = digits[0], digits[1]
    if group == "dotted" or language != "en" or first > 12:
        return (year, second, first)
    if second > 12 or first == second:
        return (year, first, second)
    return (year, first, second, year, second, first)


def _full_year(number: int) -> int:
    return number if number >= 100 else 2000 + number


def _years_in_words(items: list[Item]) -> list[Item]:
    """Join "twenty" and "twenty-six" to the year that they are."""
    found: list[Item] = []
    for item in items:
        before = found[-1] if found else None
        if (
            before is not None
            and before.role is Role.NUMBER
            and before.value == 20
            and item.role is Role.NUMBER
            and isinstance(item.value, int)
            and 20 <= item.value <= 60
            and item.start - before.end <= 2
        ):
            found[-1] = Item(Role.YEAR, 2000 + item.value, before.start, item.end)
        else:
            found.append(item)
    return found
