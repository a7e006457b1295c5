"""Finding money in what was said.

What is money: a number with a currency; a number in thousands or more that counts nothing else;
"mid five figures"; a price per seat. A bare number is not money, unless it is above a thousand,
no year, and words of money stand by.

What is decided here, since words leave it open:
- "up to 80k", "just under ninety thousand", "80 thousand, give or take" are the number said.
- "low six figures" is 100,000 to 300,000, "mid" 400,000 to 600,000, "high" 700,000 to 999,999.
- "$" and "dollars" are US dollars, "kroner" and "pesos" no currency known, unless the caller
  names the home currency.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from bantam.domain.bant import Period
from extractors.money.context import (
    counts_things,
    is_about_money,
    is_bare_price,
    is_percent,
    is_time_or_place,
    is_unit_price,
    period_of,
)
from extractors.money.currencies import Money, is_currency, read_money
from extractors.money.lexicon import (
    ALWAYS_MONEY,
    AND,
    BETWEEN,
    HEDGES,
    MILLION,
    NEEDS_CURRENCY,
    RANGE_WORDS,
    THOUSAND,
    TRIGGER_FIGURES,
    TRIGGER_WORDS,
    VAGUE_WORDS,
)
from extractors.money.quantities import Quantity, is_year, may_begin, tokenise
from extractors.number_words import Token, language_of, rough_words

Kind = Literal["amount", "unit_price"]


@dataclass(frozen=True, slots=True)
class MoneyMention:
    """Money as said. Whole units of `currency`, rounded half up; `amount_min` <= `amount_max`."""

    amount_min: int
    amount_max: int
    currency: str | None
    """ISO 4217, or None when the words do not say."""
    period: Period
    kind: Kind
    """ "unit_price": for one seat, user, desk, day. Never a budget."""
    start: int
    end: int
    """text[start:end] are the words, in code points; period and unit may stand outside."""
    vague: bool = False
    """True when the words give an order of magnitude only ("mid five figures")."""
    elided: bool = False
    """True when "thousand" was left unsaid ("twenty-two for the year"); only where asked for."""


def may_hold_money(text: str) -> bool:
    """Return False for text that `find_money` finds nothing in, at a fraction of its cost."""
    if TRIGGER_FIGURES.search(text):
        return True
    if not TRIGGER_WORDS.isdisjoint(rough_words(text)):
        return True
    # German compounds, and words that a rare mark clings to.
    lowered = text.lower()
    return any(part in lowered for part in ("tausend", "hundert", "million", "stellig"))


def find_money(
    text: str,
    language: str = "en",
    *,
    home_currency: str | None = None,
    elided_thousands: bool = False,
) -> tuple[MoneyMention, ...]:
    """Return every mention of money, in the order of the text.

    In talk about a budget, "we have one-eighty for year one" leaves out its "thousand". Text does
    not show that; a caller who knows what the turn is about may ask for such numbers too.

    Args:
        text: a sentence or a turn.
        language: BCP 47 tag; English number words are read for any but de, fr and es.
        home_currency: ISO code that "dollars", "kroner" or "pesos" mean in this call.
        elided_thousands: read bare numbers from 10 to 999 that count nothing as thousands.
    """
    if not (elided_thousands or may_hold_money(text)):
        return ()
    language = language_of(language)
    tokens = tokenise(text)
    found = _vague_figures(text)
    taken = [(mention.start, mention.end) for mention in found]
    at = 0
    while at < len(tokens):
        begins = may_begin(tokens, at, language) or is_currency(tokens, at)
        said = _read_range(tokens, at, language, home_currency) if begins else None
        if said is None:
            at += 1
            continue
        mention = _judge(text, tokens, said, language)
        if mention is None and elided_thousands:
            mention = _elided(text, tokens, said, language)
        at = max(said.next, at + 1)
        if mention is not None and not any(s < mention.end and mention.start < e for s, e in taken):
            found.append(mention)
    return tuple(sorted(found, key=lambda mention: mention.start))


def _judge(text: str, tokens: Sequence[Token], said: Money, language: str) -> MoneyMention | None:
    """Return the mention that a number makes, or None when it is no money."""
    start, end = tokens[said.start].start, tokens[said.next - 1].end
    if is_percent(tokens, said.next) or not _is_money(text, tokens, said, language):
        return None
    price = is_unit_price(text, start, end)
    return MoneyMention(
        amount_min=_whole(said.low),
        amount_max=_whole(said.high),
        currency=said.currency,
        period=period_of(text, start, end),
        kind="unit_price" if price else "amount",
        start=start,
        end=end,
        vague=said.quantity.vague,
    )


def _elided(text: str, tokens: Sequence[Token], said: Money, language: str) -> MoneyMention | None:
    """Return a bare number as thousands, unless the words around it say what it counts."""
    start, end = tokens[said.start].start, tokens[said.next - 1].end
    if said.quantity.scale > 1 or not 10 <= said.low <= said.high < THOUSAND:
        return None
    if (
        is_percent(tokens, said.next)
        or counts_things(tokens, said.next, language)
        or is_time_or_place(text, start, end)
    ):
        return None
    return MoneyMention(
        amount_min=_whole(said.low * THOUSAND),
        amount_max=_whole(said.high * THOUSAND),
        currency=None,
        period=period_of(text, start, end),
        kind="amount",
        start=start,
        end=end,
        elided=True,
    )


def _is_money(text: str, tokens: Sequence[Token], said: Money, language: str) -> bool:
    quantity = said.quantity
    if said.has_currency or quantity.scale_word in ALWAYS_MONEY:
        return True
    if (
        _is_other_word(quantity, tokens)
        or _is_retirement_plan(quantity, tokens)
        or counts_things(tokens, said.next, language)
    ):
        return False
    start, end = tokens[said.start].start, tokens[said.next - 1].end
    if quantity.bare_scale:
        return period_of(text, start, end) is not Period.UNKNOWN
    if quantity.scale >= THOUSAND or is_bare_price(text, start, end):
        return True
    plausible = THOUSAND <= said.high < 1000 * MILLION and not is_year(quantity)
    return plausible and is_about_money(text, start, end)


def _is_other_word(quantity: Quantity, tokens: Sequence[Token]) -> bool:
    """True for a letter that is a scale only beside a currency; "5M" is one, "5m" is not."""
    if quantity.scale_word not in NEEDS_CURRENCY:
        return False
    return tokens[quantity.next - 1].raw != "M"


def _is_retirement_plan(quantity: Quantity, tokens: Sequence[Token]) -> bool:
    """True for "401k" and the "10-K" that a listed company files."""
    words = "".join(token.raw for token in tokens[quantity.start : quantity.next])
    return words.lower() in {"401k", "10-k"}


def _whole(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))


_DASHES = frozenset({"-", "–", "—"})
_EITHER = frozenset({"maybe", "perhaps", "possibly", "vielleicht", "quizás"})


def _read_range(tokens: Sequence[Token], at: int, language: str, home: str | None) -> Money | None:
    """Read "forty to fifty K", "between 40 and 50 thousand", "40-50k", or one number."""
    first = read_money(tokens, at, language, home)
    if first is None:
        return None
    between = any(token.word in BETWEEN[language] for token in tokens[max(0, at - 2) : at])
    index = first.next
    joined = _connector(tokens, index, language, between=between)
    if joined is not None:
        index = joined
    elif first.quantity.scale > 1 or first.quantity.numeral:
        return first
    # "forty, fifty thousand" and "forty fifty k" are ranges too: only for bare round words.
    second = read_money(tokens, index, language, home)
    if second is None or is_percent(tokens, second.next):
        return first
    if first.quantity.scale > 1 and counts_things(tokens, second.next, language):
        return first
    if joined is None and not (second.quantity.scale > 1 and first.low >= 10):
        return first
    return _join(first, second) or first


def _connector(tokens: Sequence[Token], at: int, language: str, *, between: bool) -> int | None:
    """Return the index behind the words that join two ends of a range, or None."""
    index = at
    if _word(tokens, index) == "," and _word(tokens, index + 1) not in RANGE_WORDS[language]:
        after = index + 1
        while _word(tokens, after) in HEDGES:
            after += 1
        return after if _comma_makes_range(tokens, at, after) else None
    index += _word(tokens, index) == ","
    hanging = language == "de" and _word(tokens, index) == "-"
    if hanging and _word(tokens, index + 1) in RANGE_WORDS["de"]:
        index += 1  # "fünfzig- bis sechzigtausend"
    word = _word(tokens, index)
    if word in _DASHES or word in RANGE_WORDS[language] or (between and word == AND[language]):
        index += 1
    elif word not in _EITHER:
        return None
    while _word(tokens, index) in HEDGES:
        index += 1
    return index


def _comma_makes_range(tokens: Sequence[Token], before: int, after: int) -> bool:
    """True for "forty, maybe fifty k": the number before the comma has nothing of its own."""
    return before >= 1 and after < len(tokens) and tokens[before - 1].word.isalpha()


def _join(first: Money, second: Money) -> Money | None:
    """Return the range from one number to another; the scale of the second spans both."""
    low, high = first.low * _spread(first, second), second.high
    if second.quantity.scale == 1 and second.high < THOUSAND:
        high *= first.quantity.scale  # "five hundred K, maybe six hundred"
    if low >= high:
        return None
    if first.has_currency and second.has_currency and first.currency != second.currency:
        return None
    carrier = second if second.quantity.scale > 1 or second.has_currency else first
    return Money(
        quantity=carrier.quantity if not second.quantity.vague else second.quantity,
        low=low,
        high=high,
        start=first.start,
        next=second.next,
        currency=second.currency or first.currency,
        has_currency=first.has_currency or second.has_currency,
    )


def _spread(first: Money, second: Money) -> int:
    """Return what the first end of a range is multiplied by."""
    if first.quantity.scale > 1 or first.high >= THOUSAND:
        return 1
    scale = second.quantity.scale
    if scale == 1:
        whole_thousands = second.low >= THOUSAND and second.low % THOUSAND == 0
        scale = THOUSAND if whole_thousands and not first.has_currency else 1
    if first.low * scale <= second.low:
        return scale
    # "eight hundred to a million"
    return THOUSAND if scale == MILLION and 100 <= first.low < THOUSAND else 1


_FIGURES = re.compile(
    r"(?<!\w)(?:(low|lower|mid|middle|high|upper)(?:[ -](?:to[ -])?(mid|middle|high|upper))?[ -])?"
    r"(four|five|six|seven|eight|[4-8])[ -]figures?(?!\w)"
    r"|(?<!\w)(?:(niedrig|unter|mittler|mittel|hoh|ober)\w*[ -])?(vier|fünf|sechs|sieben)stellig\w*"
    r"|(?<!\w)(quatre|cinq|six|sept) chiffres(?!\w)"
    r"|(?<!\w)(cuatro|cinco|seis|siete) cifras(?!\w)(?: (bajas|medias|altas)(?!\w))?",
    re.IGNORECASE,
)
_COUNTS = {
    **{str(n): n for n in range(4, 9)},
    **dict.fromkeys(("four", "vier", "quatre", "cuatro"), 4),
    **dict.fromkeys(("five", "fünf", "cinq", "cinco"), 5),
    **dict.fromkeys(("six", "sechs", "seis"), 6),
    **dict.fromkeys(("seven", "sieben", "sept", "siete"), 7),
    "eight": 8,
}
_PARTS = {
    **dict.fromkeys(("low", "lower", "niedrig", "unter", "bajas"), (1, 3)),
    **dict.fromkeys(("mid", "middle", "mittler", "mittel", "medias"), (4, 6)),
    **dict.fromkeys(("high", "upper", "hoh", "ober", "altas"), (7, 10)),
}


def _vague_figures(text: str) -> list[MoneyMention]:
    lowered = text.lower()
    if not any(word in lowered for word in VAGUE_WORDS):
        return []
    found = []
    for match in _FIGURES.finditer(text):
        low, to, en, de_part, de, fr, es, es_part = (g and g.lower() for g in match.groups())
        places = _COUNTS[en or de or fr or es or "four"]
        unit = 10 ** (places - 1)
        part = low or de_part or es_part
        least, most = _PARTS[part] if part else (1, 10)
        if to:
            most = _PARTS[to][1]
        found.append(
            MoneyMention(
                amount_min=least * unit,
                amount_max=most * unit - (most == 10),
                currency=None,
                period=period_of(text, match.start(), match.end()),
                kind="amount",
                start=match.start(),
                end=match.end(),
                vague=True,
            )
        )
    return found


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].word if 0 <= at < len(tokens) else ""
