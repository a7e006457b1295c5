"""The words of money: scales, currencies and units, in English, German, French and Spanish."""

from __future__ import annotations

import re
from collections.abc import Mapping

THOUSAND, MILLION, BILLION = 10**3, 10**6, 10**9

_COMMON_SCALES = {
    "k": THOUSAND,
    "mio": MILLION,
    "mln": MILLION,
    "mn": MILLION,
    "m": MILLION,
    "mm": MILLION,
    "bn": BILLION,
    "b": BILLION,
}
SCALES: Mapping[str, Mapping[str, int]] = {
    "en": {
        **_COMMON_SCALES,
        "thousand": THOUSAND,
        "thousands": THOUSAND,
        "grand": THOUSAND,
        "lakh": 10**5,
        "lakhs": 10**5,
        "crore": 10**7,
        "crores": 10**7,
        "mil": MILLION,
        "mill": MILLION,
        "million": MILLION,
        "millions": MILLION,
        "billion": BILLION,
    },
    "de": {
        **_COMMON_SCALES,
        "t": THOUSAND,
        "tsd": THOUSAND,
        "tausend": THOUSAND,
        "mill": MILLION,
        "million": MILLION,
        "millionen": MILLION,
        "mrd": BILLION,
        "milliarde": BILLION,
        "milliarden": BILLION,
    },
    "fr": {
        **_COMMON_SCALES,
        "mille": THOUSAND,
        "milles": THOUSAND,
        "millier": THOUSAND,
        "milliers": THOUSAND,
        "million": MILLION,
        "millions": MILLION,
        "md": BILLION,
        "milliard": BILLION,
        "milliards": BILLION,
    },
    "es": {
        **_COMMON_SCALES,
        "mil": THOUSAND,
        "miles": THOUSAND,
        "millón": MILLION,
        "millon": MILLION,
        "millones": MILLION,
    },
}
NEEDS_CURRENCY = frozenset({"m", "mm", "b", "t"})
"""Scales that are another word (metres, minutes, tonnes) unless a currency stands by."""
ALWAYS_MONEY = frozenset({"grand"})
BARE_SCALES = frozenset({"thousand", "million", "mil", "mille", "tausend", "millón"})

ARTICLES = {
    "en": {"a", "an"},
    "de": {"ein", "eine", "einen", "einer"},
    "fr": {"un", "une"},
    "es": {"un", "una"},
}
OF = {"en": {"of"}, "de": {"an"}, "fr": {"de", "d"}, "es": {"de"}}
TIMES_HUNDRED = {"hundred", "hundert", "cent", "cents"}
POINT = {"en": {"point"}, "de": {"komma"}, "fr": {"virgule"}, "es": {"coma"}}
FRACTIONS: Mapping[str, Mapping[tuple[str, ...], tuple[int, int]]] = {
    # words before a scale -> numerator, denominator; articles and "of" around them are skipped
    "en": {
        ("half",): (1, 2),
        ("quarter",): (1, 4),
        ("three", "quarters"): (3, 4),
        ("three", "quarter"): (3, 4),
    },
    "de": {
        ("halbe",): (1, 2),
        ("halben",): (1, 2),
        ("viertel",): (1, 4),
        ("dreiviertel",): (3, 4),
        ("drei", "viertel"): (3, 4),
    },
    "fr": {
        ("demi",): (1, 2),
        ("quart",): (1, 4),
        ("trois", "quarts"): (3, 4),
    },
    "es": {
        ("medio",): (1, 2),
        ("cuarto",): (1, 4),
        ("tres", "cuartos"): (3, 4),
    },
}
AND_A_HALF: Mapping[str, Mapping[tuple[str, ...], tuple[int, int]]] = {
    # words after a number (or its scale) that add a part of the scale
    "en": {("and", "a", "half"): (1, 2), ("and", "a", "quarter"): (1, 4)},
    "de": {("und", "eine", "halbe"): (1, 2)},
    "fr": {("et", "demi"): (1, 2), ("et", "demie"): (1, 2), ("et", "quart"): (1, 4)},
    "es": {("y", "medio"): (1, 2), ("y", "media"): (1, 2), ("y", "cuarto"): (1, 4)},
}
GERMAN_HALVES = {
    "anderthalb": 1,
    "eineinhalb": 1,
    "einundeinhalb": 1,
    "zweieinhalb": 2,
    "dreieinhalb": 3,
    "viereinhalb": 4,
    "fünfeinhalb": 5,
}
GERMAN_PARTS_OF_A_MILLION = {
    "halbmillion": (1, 2),
    "viertelmillion": (1, 4),
    "dreiviertelmillion": (3, 4),
}
FRENCH_ROUND = {
    "dizaine": 10,
    "vingtaine": 20,
    "trentaine": 30,
    "quarantaine": 40,
    "cinquantaine": 50,
    "soixantaine": 60,
    "centaine": 100,
}
SOME: Mapping[str, Mapping[tuple[str, ...], tuple[int, int, bool]]] = {
    # words before hundred or a scale -> least, most, vague
    "en": {
        ("couple", "of"): (2, 2, False),
        ("couple",): (2, 2, False),
        ("few",): (2, 5, True),
        ("several",): (3, 9, True),
        ("tens", "of"): (10, 99, True),
        ("hundreds", "of"): (100, 999, True),
    },
    "de": {
        ("paar",): (2, 5, True),
        ("einige",): (2, 9, True),
        ("mehrere",): (3, 9, True),
    },
    "fr": {
        ("quelques",): (2, 5, True),
        ("plusieurs",): (3, 9, True),
    },
    "es": {
        ("par", "de"): (2, 2, False),
        ("unos", "pocos"): (2, 5, True),
        ("algunos",): (2, 9, True),
        ("varios",): (3, 9, True),
    },
}

RANGE_WORDS = {
    "en": {"to", "or", "through"},
    "de": {"bis", "oder"},
    "fr": {"à", "ou"},
    "es": {"a", "o"},
}
BETWEEN = {"en": {"between"}, "de": {"zwischen"}, "fr": {"entre"}, "es": {"entre"}}
AND = {"en": "and", "de": "und", "fr": "et", "es": "y"}
HEDGES = frozenset(
    """
    maybe possibly perhaps about around roughly approximately probably even say up just like call
    it well over under almost nearly vielleicht etwa circa ca rund eher sogar knapp gut peut être
    environ quizás quizá unos aproximadamente
    """.split()
)

CURRENCY_WORDS: Mapping[str, str] = {
    **dict.fromkeys(["euro", "euros", "eur", "€", "balles", "eurs"], "EUR"),
    **dict.fromkeys(["usd", "buck", "bucks"], "USD"),
    **dict.fromkeys(["gbp", "£", "quid", "sterling", "pound", "pounds", "pfund"], "GBP"),
    **dict.fromkeys(["libra", "libras", "livres"], "GBP"),
    **dict.fromkeys(["chf", "franc", "francs", "franken", "francos"], "CHF"),
    **dict.fromkeys(["nok"], "NOK"),
    **dict.fromkeys(["sek", "kronor"], "SEK"),
    **dict.fromkeys(["dkk"], "DKK"),
    **dict.fromkeys(["pln", "zloty", "zlotys", "złoty"], "PLN"),
    **dict.fromkeys(["jpy", "yen", "¥"], "JPY"),
    **dict.fromkeys(["cny", "rmb", "yuan"], "CNY"),
    **dict.fromkeys(["inr", "rupee", "rupees", "₹"], "INR"),
    **dict.fromkeys(["brl", "reais"], "BRL"),
    **dict.fromkeys(["zar", "rand"], "ZAR"),
    **dict.fromkeys(["aed", "dirham", "dirhams"], "AED"),
    **dict.fromkeys(["ils", "shekel", "shekels", "₪"], "ILS"),
    "aud": "AUD",
    "nzd": "NZD",
    "sgd": "SGD",
    "hkd": "HKD",
    "mxn": "MXN",
    "czk": "CZK",
    "huf": "HUF",
}
CODES_IN_CAPITALS = {"CAD": "CAD"}
"""Codes that in lower case are another word."""
SHARED_CURRENCY_WORDS: Mapping[str, tuple[str | None, frozenset[str]]] = {
    # word -> what it means by itself, and what it may mean in a country that says so
    **dict.fromkeys(
        ["$", "dollar", "dollars", "dólar", "dólares", "dolares"],
        ("USD", frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD"})),
    ),
    **dict.fromkeys(
        ["krone", "kroner", "kronen", "crowns", "kr", "couronnes", "coronas"],
        (None, frozenset({"NOK", "DKK", "SEK", "CZK"})),
    ),
    **dict.fromkeys(["peso", "pesos"], (None, frozenset({"MXN", "ARS", "COP", "CLP"}))),
}
NATIONS: Mapping[str, Mapping[str, str]] = {
    "dollar": {
        "us": "USD",
        "american": "USD",
        "canadian": "CAD",
        "c": "CAD",
        "ca": "CAD",
        "australian": "AUD",
        "aussie": "AUD",
        "a": "AUD",
        "au": "AUD",
        "nz": "NZD",
        "zealand": "NZD",
        "kiwi": "NZD",
        "singapore": "SGD",
        "s": "SGD",
        "hk": "HKD",
        "kong": "HKD",
    },
    "krone": {
        "norwegian": "NOK",
        "norwegische": "NOK",
        "norwegischen": "NOK",
        "danish": "DKK",
        "dänische": "DKK",
        "swedish": "SEK",
        "schwedische": "SEK",
        "czech": "CZK",
    },
    "franc": {"swiss": "CHF", "schweizer": "CHF", "suisses": "CHF"},
}
NATION_ALONE = {
    "canadian": "CAD",
    "australian": "AUD",
    "aussie": "AUD",
    "us": "USD",
    "sterling": "GBP",
}
SCALED_CODE = re.compile(r"([kmt])(eur|euro|euros|usd|gbp|chf|nok|sek|dkk|aud)")

PERCENT = frozenset({"%", "percent", "percentage", "prozent", "pct", "‰"})

UNITS = (
    "seats? users? desks? heads? persons? people employees? licen[cs]es? agents? reps? devices? "
    "machines? vehicles? trucks? vans? sites? stores? locations? rooms? beds? units? calls? "
    "tickets? transactions? records? messages? minutes? hours? days? miles? gigs? gb endpoints? "
    "hosts? servers? orders? shipments? invoices? documents? students? patients? members? "
    "contacts? leads? workstations? branches branch developers? engineers? drivers? doors? "
    "nutzer(?:in)? benutzer anwender arbeitspl[aä]tze? pl[aä]tze? platz mitarbeiter(?:in)? "
    "lizenz(?:en)? kopf person(?:en)? gerät(?:e)? stück standorte? users? "
    "utilisateurs? postes? sièges? personnes? tête têtes collaborateurs? employés? magasins? "
    "unités? appareils? salariés? "
    "usuarios? puestos? licencias? personas? cabeza empleados? asientos? sedes? tiendas? "
    "dispositivos? unidad(?:es)? "
    "mitarbeitenden?"
)
UNIT = "(?:" + "|".join(dict.fromkeys(UNITS.split())) + ")"

FUNCTION_WORDS = frozenset(
    """
    and or for to in on at a an the is are was were be been that this these those so but with from
    by per each every if maybe about i we you they it he she would will could can should has have
    had which what because as than then more less up down over under around just only already
    right now today total tops max maximum minimum mark ish plus upfront
    left set aside approved allocated earmarked budgeted available ready signed worth yes us our my
    your its there here all say give budget budgets spend cost costs price fee fees funds savings
    not no please though like of between until before after when while once again extra total
    und oder für zu zum zur in im am an auf der die das ein eine ist sind war wäre dass aber mit
    von pro wenn vielleicht etwa wir sie ich er es würde wird kann haben hat hatte als mehr weniger
    über unter nur schon jetzt insgesamt maximal freigegeben bewilligt eingeplant verfügbar
    et ou pour à dans sur le la les un une est sont était mais avec par si nous vous ils elle je
    serait peut avons a avait comme plus moins environ déjà maintenant maximum disponibles
    de du des sans pas tous ans mois
    y o para en el los las es son era pero con por si nosotros ellos yo sería puede tenemos tiene
    como más menos ya ahora máximo disponibles aprobados anuales mensuales nos sus unos del al
    """.split()
)
"""Words behind an amount that begin something else than the noun it counts."""
COUNTED = frozenset(
    """
    people staff headcount personnel men women children mile run race tv display monitor screen
    resolution token context square sq feet foot meter metre km kilometer kilometre mph rpm hz kwh
    degrees percent times fold other of steps tonnes tons liters litres rows
    mitarbeiter mitarbeiterinnen leute nutzer kunden lizenzen stück stunden tage kilometer
    datensätze bestellungen artikel teile zeilen plätze einwohner menschen geräte sendungen pakete
    aufträge belege dokumente rechnungen anrufe quadratmeter tonnen mal personen zeichen fälle
    gens fois personnel heures jours
    gente veces horas días
    """.split()
)
"""Nouns that are counted in thousands and do not end in s, and adverbs that say so."""

TRIGGER_FIGURES = re.compile(r"[0-9€$£¥₹₪]")
TRIGGER_WORDS = frozenset(
    """
    k thousand thousands million millions mil mill mio grand tausend hundred cent cents cien
    mille millier milliers millón millon millones miles millionen milliarde
    buck bucks dollar dollars euro euros pound pounds quid figure figures chiffres cifras
    franc francs franken francos kroner kronor krone kronen crowns dólar dólares pesos rupees
    lakh lakhs crore per each apiece head seat pro par por sterling
    """.split()
)
"""Lower-case words, one of which stands in all text that holds money."""
VAGUE_WORDS = ("figure", "stellig", "chiffres", "cifras")
