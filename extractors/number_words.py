"""Numbers as words, in the four languages that calls are read in.

text2num values runs of words. It is only ever given a run that this module cut out: on free
text it breaks scales ("100 thousand" becomes "100 1000") and halves ("half a 1000000").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

LANGUAGES = ("en", "de", "fr", "es")

_UNITS = {
    "en": """one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen twenty thirty forty fourty fifty sixty seventy
        eighty ninety hundred""",
    "de": """null ein eins eine einen einer zwei zwo drei vier fünf sechs sieben acht neun zehn elf
        zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreißig
        dreissig vierzig fünfzig sechzig siebzig achtzig neunzig hundert""",
    "fr": """un une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze
        seize vingt vingts trente quarante cinquante soixante septante huitante octante nonante
        cent cents""",
    "es": """un uno una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce
        quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintiún veintidós
        veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve treinta
        cuarenta cincuenta sesenta setenta ochenta noventa cien ciento doscientos doscientas
        trescientos trescientas cuatrocientos cuatrocientas quinientos quinientas seiscientos
        seiscientas setecientos setecientas ochocientos ochocientas novecientos novecientas""",
}
_JOINERS = {"en": {"and"}, "de": set[str](), "fr": {"et"}, "es": {"y"}}
_SPELLINGS = {
    "fourty": "forty",
    "zwo": "zwei",
    "eine": "ein",
    "einen": "ein",
    "einer": "ein",
    "dieciseis": "dieciséis",
    "veintidos": "veintidós",
    "veintitres": "veintitrés",
    "veintiseis": "veintiséis",
    "veintiun": "veintiún",
}
_GERMAN_COMPOUND = re.compile(
    r"(?:ein|eins|zwei|zwo|drei|vier|fünf|sechs|sech|sieben|sieb|acht|neun|zehn|elf|zwölf|zwan|"
    r"zig|ßig|ssig|und|hundert|tausend)+"
)
_UMLAUTS = (("fuenf", "fünf"), ("zwoelf", "zwölf"))
_LONGEST_RUN = 8
"""Words; "neun hundert neun und neunzig" has five."""


class Token(NamedTuple):
    """A word, number or mark of a text."""

    word: str
    """Lower case, composed (NFC)."""
    raw: str
    start: int
    """Offset in the text, in code points."""
    end: int


class WordNumber(NamedTuple):
    """A whole number read from words."""

    value: int
    next: int
    """Index of the first token after it."""


def language_of(tag: str) -> str:
    """Return the supported language that a BCP 47 tag names; English for any other."""
    primary = tag.lower().replace("_", "-").split("-", 1)[0]
    return primary if primary in LANGUAGES else "en"


def rough_words(text: str) -> list[str]:
    """Cut a text into lower-case words, fast; rare marks stay on their word."""
    plain = text.lower().replace(",", " ").replace(".", " ").replace("-", " ").replace("?", " ")
    return plain.replace("!", " ").replace(";", " ").replace("'", " ").replace("’", " ").split()


def tokens_of(text: str, pattern: re.Pattern[str]) -> list[Token]:
    """Cut a text into tokens, each a match of `pattern`."""
    return [
        Token(lower(match[0]), match[0], match.start(), match.end())
        for match in pattern.finditer(text)
    ]


def lower(word: str) -> str:
    """Return a word as the lexicons hold it."""
    return word.lower() if word.isascii() else unicodedata.normalize("NFC", word).lower()


@cache
def _lexicon(language: str) -> frozenset[str]:
    words = set(_UNITS[language].split())
    return frozenset(words | {spelled for spelled, word in _SPELLINGS.items() if word in words})


def is_number_word(word: str, language: str) -> bool:
    """True for a word that can stand in a number below a thousand, or a German compound."""
    if word in _lexicon(language):
        return True
    return language == "de" and _german(word) is not None


@cache
def _german(word: str) -> str | None:
    if len(word) < 5 or len(word) > 60:
        return None
    for plain, umlaut in _UMLAUTS:
        word = word.replace(plain, umlaut)
    return word if word != "tausend" and _GERMAN_COMPOUND.fullmatch(word) else None


@cache
def _value(run: str, language: str) -> int | None:
    from text_to_num import text2num  # noqa: PLC0415  (reached only by calls that say numbers)

    try:
        return int(text2num(run, language))
    except ValueError:
        return None


def read_word_number(tokens: Sequence[Token], at: int, language: str) -> WordNumber | None:
    """Read the longest number in words that starts at a token.

    Thousands and above stay unread (they are scales), except inside German compounds.

    Args:
        tokens: the whole text's.
        at: index of the first token.
        language: one of `LANGUAGES`.
    """
    words: list[str] = []
    ends: list[int] = []
    index = at
    while index < len(tokens) and len(words) < _LONGEST_RUN:
        word = tokens[index].word
        if is_number_word(word, language):
            words.append(
                _SPELLINGS.get(word) or (_german(word) if language == "de" else "") or word
            )
            ends.append(index + 1)
        elif not words or not (word == "-" or word in _JOINERS[language]):
            break
        elif word != "-":
            words.append(word)
            ends.append(-1)
        index += 1
    for length in range(len(words), 0, -1):
        if ends[length - 1] < 0:
            continue
        value = _value(" ".join(words[:length]), language)
        if value is not None:
            return WordNumber(value, ends[length - 1])
    return None
