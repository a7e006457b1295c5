"""The lexicon of dates: months, weekdays, ordinals and phrases by language, for look-up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from extractors.dates.phrases import EXPANDED, PHRASES
from extractors.dates.roles import Role, Value
from extractors.number_words import language_of

_MONTHS = {
    "en": "january february - april - june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": """enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre
        diciembre""",
}
_MORE_MONTHS = {
    "en": {},
    "de": {"jänner": 1, "maerz": 3},
    "fr": {"fevrier": 2, "aout": 8, "decembre": 12},
    "es": {"setiembre": 9},
}
_DOUBTFUL_MONTHS = {
    "en": {
        "may": 5,
        "march": 3,
        "jan": 1,
        "feb": 2,
        "mar": 3,
        "apr": 4,
        "jun": 6,
        "jul": 7,
        "aug": 8,
        "sep": 9,
        "sept": 9,
        "oct": 10,
        "nov": 11,
        "dec": 12,
    },
    "de": {"jan": 1, "feb": 2, "sept": 9, "okt": 10, "nov": 11, "dez": 12},
    "fr": {"janv": 1, "févr": 2, "sept": 9, "oct": 10, "nov": 11, "déc": 12},
    "es": {"ene": 1, "feb": 2, "sept": 9, "oct": 10, "nov": 11, "dic": 12},
}
_WEEKDAYS = {
    "en": "monday tuesday wednesday thursday friday saturday sunday",
    "de": "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}
_ORDINALS = {
    "en": """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
        thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""",
    "de": """erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte
        dreizehnte vierzehnte fünfzehnte sechzehnte siebzehnte achtzehnte neunzehnte zwanzigste""",
    "fr": "premier deuxième troisième quatrième cinquième sixième",
    "es": "primer segundo tercer cuarto quinto sexto",
}

Lexicon = Mapping[tuple[str, ...], tuple[tuple[Role, Value], ...]]


@cache
def longest_phrases(language: str) -> Mapping[str, int]:
    """Return for a word the length of the longest phrase that begins with it."""
    found: dict[str, int] = {}
    for phrase in lexicon_of(language):
        found[phrase[0]] = max(found.get(phrase[0], 0), len(phrase))
    return found


@cache
def single_words(language: str) -> Mapping[str, tuple[Role, Value]]:
    """Return the roles of words that begin no longer phrase and have one role for certain."""
    lexicon = lexicon_of(language)
    return {
        word: lexicon[word,][0]
        for word, longest in longest_phrases(language).items()
        if longest == 1
        and len(lexicon[word,]) == 1
        and lexicon[word,][0][0] is not Role.DOUBTFUL_MONTH
    }


@cache
def lexicon_of(language: str) -> Lexicon:
    """Return phrase -> roles with values; longer phrases are to be preferred."""
    found: dict[tuple[str, ...], tuple[tuple[Role, Value], ...]] = {}
    for role, values in PHRASES[language].items():
        for value, phrases in values.items():
            for phrase in filter(None, phrases.split("|")):
                found.setdefault(tuple(phrase.split()), ((role, value),))
    for number, name in enumerate(_MONTHS[language].split(), start=1):
        if name != "-":
            found[name,] = ((Role.MONTH, number),)
    for name, number in _MORE_MONTHS[language].items():
        found[name,] = ((Role.MONTH, number),)
    for name, number in _DOUBTFUL_MONTHS[language].items():
        found.setdefault((name,), ((Role.DOUBTFUL_MONTH, number),))
    for number, name in enumerate(_WEEKDAYS[language].split()):
        found[name,] = ((Role.WEEKDAY, number),)
    for ordinal, number in _ordinals(language).items():
        found.setdefault(ordinal, ((Role.ORDINAL, number),))
    found.update(EXPANDED[language])
    return found


def _ordinals(language: str) -> dict[tuple[str, ...], int]:
    names = dict(enumerate(_ORDINALS[language].split(), start=1))
    found: dict[tuple[str, ...], int] = {(name,): number for number, name in names.items()}
    match language:
        case "en":
            for tens, value in (("twenty", 20), ("thirty", 30)):
                found |= {(tens, names[n]): value + n for n in range(1, 10) if value + n <= 31}
            found["thirtieth",] = 30
        case "de":
            found |= {(f"{name}{end}",): n for n, name in names.items() for end in "nrs"}
            found |= {("dreißigsten",): 30, ("einunddreißigsten",): 31}
        case "fr":
            found |= {("première",): 1, ("second",): 2, ("seconde",): 2}
        case _:
            found |= {("primero",): 1, ("primera",): 1, ("segunda",): 2, ("tercero",): 3}
    return found


_TELLING_ROLES = frozenset(
    {Role.MONTH, Role.DOUBTFUL_MONTH, Role.WEEKDAY, Role.SEASON, Role.TOMORROW}
)
_TELLING_WORDS = """
    asap possible away yesterday sooner gestern möglich schnellstmöglich sofort baldmöglichst
    vite immédiatement tôt antes inmediato hier fast
    someday eventually future term irgendwann tages sicht langfristig
    terme adelante algún día plazo jours
    halloween christmas xmas holiday holidays thanksgiving easter eve friday
    weihnachten
    weihnachtspause neujahr silvester ostern noël noel fêtes pâques rentrée navidad navidades
    santa nochevieja
    hälfte halbjahr halbjahres semestre semestres fy fiscal financial exercice ejercicio
    geschäftsjahr geschäftsjahres geschäftsjahresende wirtschaftsjahr fiskaljahr
    jahresende jahresanfang jahresmitte jahreswechsel quartalsende monatsende eoy eoq eom midyear
    renewal renewals live kickoff audit expiry vertragsende vertragsverlängerung verlängerung
    renouvellement échéance renovación vencimiento
"""
_TELLING_BESIDE_A_UNIT = """
    next coming following upcoming this current last previous past end late later early start
    beginning mid middle within inside in before after by until from ago out new first second third
    fourth over quarter day one some twenty closes is ends time down back front
    nächste nächster nächsten nächstes kommende kommenden kommendes neuen dieses diesen laufenden
    letzte letzten letztes vergangenen ende anfang mitte bis vor nach innerhalb binnen im eines
    ersten zweiten dritten vierten erste zweite dritte
    prochain prochaine prochains prochaines vient dernier dernière passé fin début milieu dans sous
    ici avant après cette ce premier deuxième troisième quatrième il
    próximo próxima próximos próximas proximo viene entra pasado pasada finales principios mediados
    fin final inicios comienzos cierre dentro en hace este esta primer segundo tercer cuarto algún
    jour un nouvel año
"""


class Triggers(NamedTuple):
    """Words without which text holds no date."""

    telling: frozenset[str]
    units: frozenset[str]
    """Enough only together with a word of `beside_units`."""
    beside_units: frozenset[str]


@cache
def triggers(language: str) -> Triggers:
    """Return the words that a cheap look at a text looks for."""
    telling = set(_TELLING_WORDS.split())
    units = {"half", "point", "stage", "road", "line"}
    for phrase, roles in lexicon_of(language_of(language)).items():
        if roles[0][0] in _TELLING_ROLES:
            telling.add(phrase[-1])
        elif roles[0][0] is Role.UNIT:
            units.add(phrase[-1])
    return Triggers(frozenset(telling), frozenset(units), frozenset(_TELLING_BESIDE_A_UNIT.split()))
