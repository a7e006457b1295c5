"""Phrases and the part each plays in a date, in English, German, French and Spanish.

A table maps a role and a value to the phrases that have it, divided by "|". Phrases are
lower-case words; hyphens and apostrophes between words do not count.
"""

from __future__ import annotations

from collections.abc import Mapping

from extractors.dates.roles import Role, Value

Table = Mapping[Role, Mapping[Value, str]]

_ENGLISH: Table = {
    Role.SEASON: {0: "spring|spring time", 1: "summer|summertime", 2: "autumn|fall", 3: "winter"},
    Role.HOLIDAY: {
        "christmas": "christmas|xmas|the holidays|christmas break|holiday season",
        "new year": "new year|new years|new years day",
        "new year's eve": "new years eve",
        "easter": "easter",
        "thanksgiving": "thanksgiving",
        "black friday": "black friday",
        "halloween": "halloween",
    },
    Role.UNIT: {
        "day": "day|days",
        "business day": "business day|business days|working days",
        "week": "week|weeks",
        "fortnight": "fortnight|fortnights",
        "month": "month|months",
        "quarter": "quarter|quarters",
        "half": "half year|half years",
        "year": "year|years|calendar year",
        "fiscal year": "fiscal year|financial year|fiscal years|budget year",
    },
    Role.HALF_OF: {"half": "half"},
    Role.NEXT: {1: "next|coming|following|upcoming|new", 2: ""},
    Role.THIS: {0: "this|current|this coming"},
    Role.LAST: {-1: "last|previous|past"},
    Role.PART: {
        "end": "end|end of|late|the end of|back end of|tail end of|close of|later|latter part of",
        "start": "early|start|start of|beginning|beginning of|first thing in|top of|early part of",
        "mid": "mid|middle|middle of|halfway through",
    },
    Role.BY: {0: "by|until|till|no later than|not later than|latest by|up to|come"},
    Role.BEFORE: {0: "before|ahead of|prior to"},
    Role.AFTER: {0: "after|past the|following the"},
    Role.IN: {
        0: "in|on|at|during|from|starting|starting in|starting from|beginning in|as of|around"
        "|not before|no earlier than|not until|no sooner than|earliest in|in about|through|throughout"
    },
    Role.FOR: {0: "for"},
    Role.WITHIN: {0: "within|inside of|inside|over|over the|in under|in less than"},
    Role.BETWEEN: {0: "between"},
    Role.SINCE: {0: "since|back in"},
    Role.NOT: {0: "not|never"},
    Role.TO: {0: "to|or|/|through to"},
    Role.AND: {0: "and"},
    Role.A: {1: "a|an|one|another"},
    Role.SOME: {2: "couple of|couple", 3: "few"},
    Role.AGO: {0: "ago|back"},
    Role.HENCE: {0: "from now|from today|out|hence|time|down the line|down the road|away"},
    Role.TOMORROW: {1: "tomorrow", 2: "day after tomorrow"},
    Role.YESTERDAY: {-1: "yesterday"},
    Role.ASAP: {
        0: "asap|as soon as possible|as soon as humanly possible|right away|straight away|as soon as we can|yesterday ideally"
        "|ideally yesterday|like yesterday|preferably yesterday|needed it yesterday"
        "|need it yesterday|as quickly as possible|as fast as possible|the sooner the better"
    },
    Role.VAGUE: {
        0: "someday|some day|at some point|eventually|one day|one of these days|sooner or later"
        "|in the future|in the near future|long term|down the road|down the line"
        "|at some stage|some time in the future"
    },
    Role.FISCAL: {0: "fiscal|financial|fy", 1: "calendar"},
    Role.EVENT: {
        0: "renewal|renewals|go live|kickoff|contract is up|contract ends|contract expires"
        "|contract runs out|audit|expiry|peak season"
    },
    Role.FILLER: {
        0: "the|of|our|your|my|their|its|about|roughly|approximately|like|say|maybe|probably"
        "|hopefully|ideally|sometime|some time|very|latest|at the latest|realistically"
        "|somewhere|then|perhaps|s|basically|uh|um|only|just|all|anytime|any time|back"
    },
    Role.PAST_TENSE: {
        0: "was|were|had|did|went|got|came|started|launched|signed|bought|moved|switched|joined"
        "|happened|rolled|left|told|said|lost|ended|began|renewed|tried|ran|cut"
    },
    Role.FUTURE_TENSE: {
        0: "will|would|ll|want|wants|need|needs|going|plan|plans|planning|should|must|hope|hoping"
        "|expect|aim|aiming|target|targeting|can|could|have to|has to|wanted|hoped"
    },
}
_GERMAN: Table = {
    Role.SEASON: {
        0: "frühjahr|frühling",
        1: "sommer|sommerpause|sommerferien",
        2: "herbst",
        3: "winter",
    },
    Role.HOLIDAY: {
        "christmas": "weihnachten|weihnachtspause",
        "new year": "neujahr",
        "new year's eve": "silvester",
        "easter": "ostern",
    },
    Role.UNIT: {
        "day": "tag|tage|tagen",
        "week": "woche|wochen",
        "month": "monat|monats|monate|monaten",
        "quarter": "quartal|quartals|quartale|quartalen",
        "half": "halbjahr|halbjahres|halbjahrs",
        "year": "jahr|jahres|jahre|jahren|kalenderjahr",
        "fiscal year": "geschäftsjahr|geschäftsjahres|wirtschaftsjahr|fiskaljahr",
    },
    Role.HALF_OF: {"half": "halbes|halben|halb|hälfte"},
    Role.NEXT: {
        1: "nächste|nächster|nächsten|nächstes|nächstem|kommende|kommenden|kommendes"
        "|folgenden|neuen|neues"
    },
    Role.THIS: {0: "diese|dieser|diesen|dieses|diesem|laufenden|laufende"},
    Role.LAST: {-1: "letzte|letzter|letzten|letztes|letztem|vergangenen|vorigen|vorletzten"},
    Role.PART: {
        "end": "ende|ende des|spät im|ende der",
        "start": "anfang|anfang des|beginn|beginn des|früh im",
        "mid": "mitte|mitte des",
    },
    Role.BY: {0: "bis|bis zum|bis zu|bis spätestens|spätestens|spätestens bis"},
    Role.BEFORE: {0: "vor|vor dem|vor der"},
    Role.AFTER: {0: "nach|nach dem|nach der"},
    Role.IN: {0: "im|in|am|zum|ab|ab dem|zu|während|im laufe|nicht vor|frühestens|frühestens im"},
    Role.FOR: {0: "für"},
    Role.WITHIN: {0: "innerhalb|innerhalb von|binnen|in den nächsten|in den kommenden"},
    Role.BETWEEN: {0: "zwischen"},
    Role.SINCE: {0: "seit"},
    Role.NOT: {0: "nicht|nie"},
    Role.TO: {0: "oder|/"},
    Role.AND: {0: "und"},
    Role.A: {1: "ein|eine|einen|einem|einer|eines"},
    Role.SOME: {2: "paar", 3: "einigen|einige"},
    Role.HENCE: {0: "ab jetzt|ab heute"},
    Role.TOMORROW: {1: "morgen", 2: "übermorgen"},
    Role.YESTERDAY: {-1: "gestern"},
    Role.ASAP: {
        0: "so schnell wie möglich|so bald wie möglich|schnellstmöglich|sofort"
        "|baldmöglichst|am liebsten gestern|möglichst bald"
    },
    Role.VAGUE: {0: "irgendwann|eines tages|früher oder später|langfristig|auf lange sicht"},
    Role.FISCAL: {0: "fiskal"},
    Role.EVENT: {0: "vertragsende|vertragsverlängerung|verlängerung|go live"},
    Role.FILLER: {
        0: "der|die|das|den|dem|des|unser|unsere|unserem|unserer|unseres|etwa|ungefähr|circa|so"
        "|von|vom|vielleicht|wohl|noch|also|spätestens|rund"
    },
    Role.PAST_TENSE: {0: "war|waren|hatte|hatten|wurde|wurden|haben|hat|gab|kam|ging"},
    Role.FUTURE_TENSE: {0: "werden|wird|wollen|will|müssen|muss|sollen|soll|möchten|brauchen"},
}
_FRENCH: Table = {
    Role.SEASON: {
        0: "printemps",
        1: "été|vacances d été|grandes vacances",
        2: "automne",
        3: "hiver",
    },
    Role.HOLIDAY: {
        "christmas": "noël|noel|fêtes de fin d année|les fêtes",
        "new year": "nouvel an|jour de l an",
        "easter": "pâques",
        "back to school": "rentrée",
    },
    Role.UNIT: {
        "day": "jour|jours",
        "week": "semaine|semaines",
        "month": "mois",
        "quarter": "trimestre|trimestres",
        "half": "semestre|semestres",
        "year": "an|ans|année|années",
        "fiscal year": "exercice|année fiscale|exercice fiscal",
    },
    Role.HALF_OF: {"half": "demi|demie|moitié"},
    Role.NEXT: {1: "prochain|prochaine|prochains|prochaines|qui vient|à venir|suivant|suivante"},
    Role.THIS: {0: "ce|cette|cet|en cours"},
    Role.LAST: {-1: "dernier|dernière|derniers|dernières|passé|passée"},
    Role.PART: {
        "end": "fin|la fin de|fin de|fin du|la fin du|fin d",
        "start": "début|début de|début du|le début de|debut|tout début",
        "mid": "mi|milieu de|milieu du|courant",
    },
    Role.BY: {0: "d ici|d ici à|d ici la|jusqu à|jusqu en|au plus tard"},
    Role.BEFORE: {0: "avant"},
    Role.AFTER: {0: "après"},
    Role.IN: {0: "en|dans|au|à|aux|à partir de|à partir du|dès|pas avant|vers|à l|sur|courant"},
    Role.FOR: {0: "pour"},
    Role.WITHIN: {0: "sous|dans les|d ici"},
    Role.BETWEEN: {0: "entre"},
    Role.SINCE: {0: "depuis"},
    Role.NOT: {0: "pas|jamais"},
    Role.TO: {0: "à|ou|/"},
    Role.AND: {0: "et"},
    Role.A: {1: "un|une"},
    Role.SOME: {3: "quelques"},
    Role.AGO_BEFORE: {0: "il y a"},
    Role.TOMORROW: {1: "demain", 2: "après demain"},
    Role.YESTERDAY: {-1: "hier"},
    Role.ASAP: {
        0: "dès que possible|au plus vite|le plus vite possible|le plus tôt possible"
        "|tout de suite|immédiatement|pour hier"
    },
    Role.VAGUE: {0: "un jour|à terme|tôt ou tard|un de ces jours|à un moment donné|à long terme"},
    Role.FISCAL: {0: "fiscal|fiscale"},
    Role.EVENT: {0: "renouvellement|échéance"},
    Role.FILLER: {
        0: "le|la|les|l|de|du|des|d|notre|nos|votre|environ|peut être|tout|vers|plus|tard"
    },
    Role.PAST_TENSE: {0: "était|avait|avons|fut|étaient|a été|avions"},
    Role.FUTURE_TENSE: {0: "va|sera|voulons|veut|doit|devons|faut|faudra|allons|serait|aura"},
}
_SPANISH: Table = {
    Role.SEASON: {0: "primavera", 1: "verano", 2: "otoño", 3: "invierno"},
    Role.HOLIDAY: {
        "christmas": "navidad|navidades",
        "new year": "año nuevo",
        "new year's eve": "nochevieja",
        "easter": "semana santa",
    },
    Role.UNIT: {
        "day": "día|días|dias",
        "week": "semana|semanas",
        "month": "mes|meses",
        "quarter": "trimestre|trimestres",
        "half": "semestre|semestres",
        "year": "año|años",
        "fiscal year": "ejercicio|año fiscal|ejercicio fiscal",
    },
    Role.HALF_OF: {"half": "medio|media|mitad"},
    Role.NEXT: {
        1: "próximo|próxima|próximos|próximas|proximo|proxima|que viene|que entra|siguiente"
    },
    Role.THIS: {0: "este|esta|en curso"},
    Role.LAST: {-1: "pasado|pasada|último|última|últimos"},
    Role.PART: {
        "end": "finales|finales de|a finales de|a finales del|fin de|final de|el final de|cierre de"
        "|fines de|a fines de|final del|fin del",
        "start": "principios|principios de|a principios de|a principios del|inicios de"
        "|a inicios de|comienzos de|a comienzos de|inicio de",
        "mid": "mediados|mediados de|a mediados de|a mediados del",
    },
    Role.BY: {0: "para|hasta|a más tardar|como muy tarde"},
    Role.BEFORE: {0: "antes de|antes del|antes de que acabe"},
    Role.AFTER: {0: "después de|después del|tras"},
    Role.IN: {0: "en|a|a partir de|desde|durante|no antes de|hacia|al"},
    Role.WITHIN: {0: "dentro de|en los|en las"},
    Role.BETWEEN: {0: "entre"},
    Role.NOT: {0: "no|nunca"},
    Role.TO: {0: "a|o|/"},
    Role.AND: {0: "y"},
    Role.A: {1: "un|una"},
    Role.SOME: {2: "par de", 3: "unos pocos|unas pocas|unos|unas|pocos"},
    Role.AGO_BEFORE: {0: "hace"},
    Role.TOMORROW: {1: "mañana", 2: "pasado mañana"},
    Role.YESTERDAY: {-1: "ayer"},
    Role.ASAP: {
        0: "cuanto antes|lo antes posible|lo más pronto posible|de inmediato|ya mismo|para ayer"
    },
    Role.VAGUE: {0: "algún día|en algún momento|más adelante|tarde o temprano|a largo plazo"},
    Role.FISCAL: {0: "fiscal"},
    Role.EVENT: {0: "renovación|vencimiento"},
    Role.FILLER: {0: "el|la|los|las|de|del|nuestro|nuestra|unos|más|menos|quizás|tal vez"},
    Role.PAST_TENSE: {0: "fue|era|estaba|tuvimos|hubo|había|hicimos|eran"},
    Role.FUTURE_TENSE: {0: "será|vamos|queremos|quiere|debe|hay que|necesitamos|tendremos|iría"},
}

PHRASES: Mapping[str, Table] = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "es": _SPANISH,
}
EXPANDED: Mapping[str, Mapping[tuple[str, ...], tuple[tuple[Role, Value], ...]]] = {
    # phrases that stand for several roles
    "en": {
        ("year", "end"): ((Role.PART, "end"), (Role.UNIT, "year")),
        ("eoy",): ((Role.PART, "end"), (Role.UNIT, "year")),
        ("quarter", "end"): ((Role.PART, "end"), (Role.UNIT, "quarter")),
        ("eoq",): ((Role.PART, "end"), (Role.UNIT, "quarter")),
        ("month", "end"): ((Role.PART, "end"), (Role.UNIT, "month")),
        ("eom",): ((Role.PART, "end"), (Role.UNIT, "month")),
        ("year", "is", "out"): ((Role.PART, "end"), (Role.UNIT, "year")),
        ("year", "is", "over"): ((Role.PART, "end"), (Role.UNIT, "year")),
        ("year", "ends"): ((Role.PART, "end"), (Role.UNIT, "year")),
        ("quarter", "ends"): ((Role.PART, "end"), (Role.UNIT, "quarter")),
        ("quarter", "is", "out"): ((Role.PART, "end"), (Role.UNIT, "quarter")),
        ("quarter", "closes"): ((Role.PART, "end"), (Role.UNIT, "quarter")),
        ("month", "is", "out"): ((Role.PART, "end"), (Role.UNIT, "month")),
        ("midyear",): ((Role.PART, "mid"), (Role.UNIT, "year")),
        ("back", "half"): ((Role.ORDINAL, 2), (Role.HALF_OF, "half")),
        ("front", "half"): ((Role.ORDINAL, 1), (Role.HALF_OF, "half")),
    },
    "de": {
        ("jahresende",): ((Role.PART, "end"), (Role.UNIT, "year")),
        ("jahresanfang",): ((Role.PART, "start"), (Role.NEXT, 1), (Role.UNIT, "year")),
        ("jahresmitte",): ((Role.PART, "mid"), (Role.UNIT, "year")),
        ("jahreswechsel",): ((Role.PART, "end"), (Role.UNIT, "year")),
        ("quartalsende",): ((Role.PART, "end"), (Role.UNIT, "quarter")),
        ("monatsende",): ((Role.PART, "end"), (Role.UNIT, "month")),
        ("geschäftsjahresende",): ((Role.PART, "end"), (Role.UNIT, "fiscal year")),
    },
    "fr": {},
    "es": {},
}
