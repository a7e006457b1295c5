"""What the words around a number make of it: money or a count, a budget or a price, per what."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bantam.domain.bant import Period
from extractors.money.lexicon import COUNTED, FUNCTION_WORDS, PERCENT, UNIT
from extractors.number_words import Token

_REACH = 48
"""Code points after an amount in which its period or unit may stand."""
_CLAUSE = r"[^.;?!:\d€$£\n]"

_YEAR = (
    r"(?:(?:per|a|each|every|/)\s?(?:(?:fiscal|calendar|contract) )?(?:year|annum|yr)"
    r"|annually|annual|yearly|per annum|p\.\s?a\.|pa\b"
    r"|for (?:the|this|next|that|one) (?:\w+ )?(?:year|fiscal)|for (?:the )?(?:first year|year one)"
    r"|this year's|pro jahr|im jahr|jährlich\w*|per anno|fürs? (?:das |dieses |nächstes )?jahr"
    r"|par an(?:née)?|l'an(?:née)?\b|annuel\w*|à l'année|/an\b"
    r"|al año|por año|anual(?:es)?|/año|cada año)"
)
_MONTH = (
    r"(?:(?:per|a|each|every|/)\s?(?:month|mo\b|mth)|monthly|pro monat|im monat|monatlich\w*"
    r"|par mois|mensuel\w*|/mois|al mes|por mes|mensual(?:es)?|/mes)"
)
_ONCE = (
    r"(?:one[- ]off|one[- ]time|lump sum|up[- ]?front|einmalig\w*|einmalzahlung|ponctuel\w*"
    r"|en une (?:seule )?fois|de una (?:sola )?vez|pago único|capex)"
)
_NOT_A_DURATION = r"(?<!\bin )(?<!within )(?<!than )(?<!over )"
_ADVERB = r"(?:annual|yearly|jährlich\w*|annuel\w*|anual(?:es)?)"
_MONTH_ADVERB = r"(?:monthly|monatlich\w*|mensuel\w*|mensual(?:es)?)"


def _after(words: str) -> re.Pattern[str]:
    return re.compile(
        rf"{_CLAUSE}{{0,30}}?(?<!\w){_NOT_A_DURATION}{words}(?!\w)(?! ago| from now| later)",
        re.IGNORECASE,
    )


_PERIODS_AFTER = (
    (Period.MONTH, _after(_MONTH)),
    (Period.YEAR, _after(_YEAR)),
    (Period.ONE_TIME, _after(_ONCE)),
)
_PERIODS_BEFORE = (
    (Period.MONTH, re.compile(rf"(?<!\w){_MONTH_ADVERB}(?!\w){_CLAUSE}{{0,30}}$", re.IGNORECASE)),
    (Period.YEAR, re.compile(rf"(?<!\w){_ADVERB}(?!\w){_CLAUSE}{{0,30}}$", re.IGNORECASE)),
    (
        Period.YEAR,
        re.compile(rf"(?<!\w)(?:per|each|a) year(?:'s)?(?!\w){_CLAUSE}{{0,20}}$", re.IGNORECASE),
    ),
    (Period.ONE_TIME, re.compile(rf"(?<!\w){_ONCE}(?!\w){_CLAUSE}{{0,30}}$", re.IGNORECASE)),
)
_PER = r"(?:per|an?|each|every|for each|pro|je|par|por|por cada|la|el|/)"
_UNIT_AFTER = re.compile(
    rf"\W{{0,3}}(?:[^\W\d]+\W{{1,2}}){{0,3}}?(?:{_PER}\s?(?:\w+\s)?{UNIT}|each|apiece|a pop)(?!\w)",
    re.IGNORECASE,
)
_UNIT_RIGHT_AFTER = re.compile(
    rf"\W{{0,2}}(?:{_PER}\s?{UNIT}|each|apiece|a pop)(?!\w)", re.IGNORECASE
)
_UNIT_BEFORE = re.compile(
    rf"(?<!\w)(?:(?:per|pro|par|por|a|each)\s{UNIT}|{UNIT} (?:price|rate|cost)|day rate)(?!\w)"
    rf"{_CLAUSE}{{0,25}}$",
    re.IGNORECASE,
)
_COUNTED_UNITS_AT = re.compile(
    rf"(?<!\w){UNIT}(?:\s\w+)?\s(?:at|for|@|à|zu|je|a)(?:\s(?:about|around|roughly|like|say))?\s*$",
    re.IGNORECASE,
)
_PRICE_BEFORE = re.compile(
    r"(?:(?<!\w)|')(?:at|for|@|is|s|are|pay|paying|paid|charge|charges|costs?|price|priced|quoted?|rate"
    r"|zu|für|kostet|kosten|à|coûte|paye|payons|cuesta|pagamos)\W{0,2}"
    r"(?:about|around|roughly|like|say|only|just|up to|etwa|rund|environ|unos)?\W{0,2}$",
    re.IGNORECASE,
)
_MONEY_TOPIC = re.compile(
    r"budget|spend|spent|approved|allocat|earmark|ring-?fenc|set aside|fund|price|pricing|cost|"
    r"quote|invoice|pay|licen[cs]e fee|capex|opex|money|bewillig|freigegeben|kosten|preis|geld|"
    r"dépens|coût|prix|enveloppe|presupuesto|gasto|cuesta|precio|dinero",
    re.IGNORECASE,
)
_TOPIC_REACH = 60

_GERMAN_MONEY_NOUNS = re.compile(r"Budget|Rahmen|Kosten|Jahr|Monat|Summe|Limit|Deckel|Etat|Topf")
_NOT_COUNTED_IF_OF = frozenset({"budget", "funding", "spend", "money", "that", "it", "our", "the"})
_LOOK_AHEAD = 3


def period_of(text: str, start: int, end: int) -> Period:
    """Return what the amount at text[start:end] is for, by the words of its clause."""
    after = text[end : end + _REACH]
    found = [
        (match.end(), period) for period, words in _PERIODS_AFTER if (match := words.match(after))
    ]
    if found:
        return min(found)[1]
    before = text[max(0, start - _REACH) : start]
    for period, words in _PERIODS_BEFORE:
        if words.search(before):
            return period
    return Period.UNKNOWN


def is_unit_price(text: str, start: int, end: int) -> bool:
    """True when the amount at text[start:end] is for one seat, user, desk, day, ..."""
    after = text[end : end + _REACH]
    before = text[max(0, start - _REACH) : start]
    return bool(
        _UNIT_AFTER.match(after) or _UNIT_BEFORE.search(before) or _COUNTED_UNITS_AT.search(before)
    )


def is_bare_price(text: str, start: int, end: int) -> bool:
    """True when a number without currency is a price: "200 seats at 15", "it's 29 per user"."""
    before = text[max(0, start - _REACH) : start]
    if _COUNTED_UNITS_AT.search(before):
        return True
    after = text[end : end + _REACH]
    if not _UNIT_RIGHT_AFTER.match(after):
        return False
    return bool(_PRICE_BEFORE.search(before)) or period_of(text, start, end) is not Period.UNKNOWN


def is_about_money(text: str, start: int, end: int) -> bool:
    """True when words of money stand near text[start:end]."""
    near = text[max(0, start - _TOPIC_REACH) : start], text[end : end + _TOPIC_REACH]
    return any(_MONEY_TOPIC.search(part) for part in near)


def is_percent(tokens: Sequence[Token], at: int) -> bool:
    """True when the words from a token on make a number a share."""
    words = [token.word for token in tokens[at : at + 2]]
    return bool(words) and (
        words[0] in PERCENT or words in (["pour", "cent"], ["por", "ciento"], ["basis", "points"])
    )


_TIME_OR_PLACE_BEFORE = re.compile(
    r"(?:(?<!\w)(?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december|monday|tuesday|wednesday|thursday|friday|phase|version|room|page|line|slide|option"
    r"|number|nummer|seite|par|point|item|ticket|iso|article|level|q)|[#:./])\s?$",
    re.IGNORECASE,
)
_TIME_OR_PLACE_AFTER = re.compile(
    r"\s?(?:[:/]|st\b|nd\b|rd\b|th\b|[ap]\.?m\b|o'?clock|uhr\b|heures?\b|horas?\b|h\b|min\b"
    r"|(?:-|\s)?(?:day|week|month|year|hour|minute|people|person|man|seat|user|site|point)"
    r"|january|february|march|april|may\b|june|july|august|september|october|november|december"
    r"|januar|februar|märz|mai\b|juni|juli|oktober|dezember|janvier|février|mars\b|avril|juin"
    r"|juillet|août|septembre|octobre|novembre|décembre|de (?:enero|febrero|marzo|abril|mayo|junio"
    r"|julio|agosto|septiembre|octubre|noviembre|diciembre)"
    r"|tage?n?\b|wochen?\b|monate?n?\b|jahre?n?\b|stunden|minuten|prozent|jours?\b|mois\b|ans\b"
    r"|días?\b|meses\b|años?\b)",
    re.IGNORECASE,
)


def is_time_or_place(text: str, start: int, end: int) -> bool:
    """True when the number at text[start:end] is a day, a duration, a time, a version, a page."""
    before = text[max(0, start - _REACH) : start]
    return bool(_TIME_OR_PLACE_BEFORE.search(before) or _TIME_OR_PLACE_AFTER.match(text, end))


def counts_things(tokens: Sequence[Token], at: int, language: str) -> bool:
    """True when the words from a token on name what a number counts: "50k monthly users"."""
    for index in range(at, min(at + _LOOK_AHEAD, len(tokens))):
        token = tokens[index]
        word = token.word
        if word == "of" and index == at:
            following = tokens[index + 1].word if index + 1 < len(tokens) else ""
            return following not in _NOT_COUNTED_IF_OF
        if word in COUNTED:
            return True
        if not word[0].isalpha() or word in FUNCTION_WORDS:
            return False
        if language == "de":
            if token.raw[0].isupper():
                return not _GERMAN_MONEY_NOUNS.search(token.raw)
        elif word.endswith("s") and len(word) > 3 and not word.endswith("ss"):
            return True
    return False
