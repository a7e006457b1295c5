"""When a fiscal year starts, as said in a call: "our fiscal year ends in June"."""

from __future__ import annotations

import re

from extractors.dates.lexicon import lexicon_of
from extractors.dates.roles import Role
from extractors.number_words import language_of, lower

_FISCAL_YEAR = (
    r"(?:(?:fiscal|financial|budget)(?: year)?s?|fy|geschäftsjahr|wirtschaftsjahr"
    r"|exercice(?: fiscal)?|année fiscale|ejercicio(?: fiscal)?|año fiscal)"
)
_BEGINS = (
    r"(?:starts?|begins?|kicks? off|runs? from|beginnt|startet|fängt|commence|démarre|empieza"
    r"|comienza)"
)
_ENDS = r"(?:ends?|closes?|finishes|wraps up|endet|se termine|finit|clôture|termina|acaba|cierra)"
_SAID = re.compile(
    rf"\b{_FISCAL_YEAR}\b\W+(?:[^\W\d]+\W+){{0,2}}?(?P<verb>{_BEGINS}|{_ENDS})\b"
    rf"(?P<rest>[^.;?!\n]{{0,40}})",
    re.IGNORECASE,
)
_ENDING = re.compile(_ENDS, re.IGNORECASE)
_MONTHS = frozenset({Role.MONTH, Role.DOUBTFUL_MONTH})


def find_fiscal_year_start(text: str, language: str = "en") -> int | None:
    """Return the month (1 to 12) in which the speaker's fiscal year starts, if the text says so.

    Args:
        text: a sentence or a turn.
        language: BCP 47 tag; English is read for any but de, fr and es.
    """
    lexicon = lexicon_of(language_of(language))
    for match in _SAID.finditer(text):
        for word in re.findall(r"[^\W\d_]+", match["rest"]):
            role, value = lexicon.get((lower(word),), ((Role.WORD, 0),))[0]
            if role in _MONTHS and isinstance(value, int):
                return value % 12 + 1 if _ENDING.fullmatch(match["verb"]) else value
    return None
