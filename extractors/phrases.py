"""The words that the evidence gates look for, in English, Spanish, German and French.

All patterns are matched against folded text (lower case, NFKC, straight apostrophes).
They decide only about words that a buyer said and an extractor claimed: they can lower a
level or refuse a quote, never raise or add one.
"""

from __future__ import annotations

import re


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(alternatives) + r")(?!\w)")


EMPTY_WORDS = frozenset(
    """
    a an the this that these those thats its it he she they we i you me him her them us my your our
    their his is are was were be been being am im were weve ive theyre youre do does did have has
    had to of in on at for with by from as and or but so then than there here just really very
    like well okay ok oh right sure yeah um uh know mean think kind sort of lot some any which who
    what when where how will would can could should im ill thing things stuff
    el la los las un una unos unas de del al en y o que es son era lo le les se su sus mi mis tu con
    por para como pero ya pues bueno esto eso ese esa este esta muy más vale
    der die das den dem des ein eine einen einem einer und oder aber in im am an auf für mit von zu
    zum zur ist sind war es er sie wir ich du ihr man da so ja also doch mal schon halt eben noch
    auch dann
    le les un une des du de la et ou mais en dans sur pour par avec est sont c ce cest cette on il
    elle nous vous je tu ils qui que quoi donc alors bien ben voilà d l qu j n s
    """.split()
)
"""Words that could stand anywhere. Yes, no, numbers and months are never among them."""

NEGATIONS = frozenset(
    """
    no not never none nothing nobody nor neither without cannot cant dont mustnt neednt mightnt doesnt didnt isnt arent
    wasnt werent wont wouldnt couldnt shouldnt hasnt havent hadnt aint zero hardly barely unlikely
    nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder kaum
    ni nunca jamás nada nadie ninguno ninguna ningún tampoco sin
    ne pas jamais aucun aucune rien sans non personne ni
    """.split()
)

NUMBER_WORDS = frozenset(
    """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
    hundreds thousand thousands grand million millions billion half quarter dozen
    dos tres cuatro cinco seis siete ocho nueve diez once doce quince veinte treinta cuarenta
    cincuenta sesenta setenta ochenta noventa cien ciento cientos doscientos trescientos quinientos
    mil millón millones medio media
    zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig dreissig vierzig
    fünfzig sechzig siebzig achtzig neunzig hundert tausend million millionen halbe halben
    deux trois quatre cinq six sept huit neuf dix onze douze quinze vingt trente quarante cinquante
    soixante cent cents mille million millions demi
    """.split()
)
"""Words for numbers above one; "one" and "un" are mostly not numbers."""

_GERMAN_NUMBER = re.compile(
    r"^(?:ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|\w*zig|\w*ßig)*"
    r"(?:hundert|tausend)+\w*$"
)


def is_number(word: str) -> bool:
    """Return whether a normalised word is a number in digits or in letters."""
    return (
        word in NUMBER_WORDS
        or any(c.isdigit() for c in word)
        or _GERMAN_NUMBER.match(word) is not None
    )


_CONDITION = _pattern(
    "if", "unless", "assuming", "provided that", "suppose", "supposing", "depending on",
    "depends on", "in case", "wenn", "falls", "sofern", "vorausgesetzt", "angenommen",
    "si", "siempre que", "suponiendo", "en caso de", "à condition", "en supposant",
)  # fmt: skip
_NO_CONDITION = _pattern(
    r"(?:know|knows|see|sure|ask|asked|asking|wonder|wondering|check|doubt|matter|as|even|not sure)"
    r" (?:if|wenn)",
    r"if (?:you (?:like|want|will|don't mind|look|remember|ask me)|i(?:'m| am) (?:honest|being)"
    r"|i (?:remember|recall|may)|anything|not sooner|not earlier|so)",
    r"(?:auch|selbst|immer|als) wenn", "wenn (?:ich|wir) ehrlich", r"wenn (?:sie|du) (?:so )?woll\w*",
    "si (?:te|le|os|les) parece", "si no (?:me )?(?:equivoco|recuerdo mal)",
    "comme si", "même si", "s'il vous plaît", "si vous voulez", "ainsi que si",
)  # fmt: skip
_MODAL = _pattern(
    r"would(?:n't)?", r"\w+'d", r"could(?:n't)?", r"might", "may", "maybe", "perhaps", "can",
    r"w[üu]rden?", r"k[öo]nnten?", "wäre", "wären", "hätten?", "vielleicht", "eventuell", "dann",
    r"\w+r[ií]a(?:n|mos|s)?", r"quiz[áa]s?", "tal vez", r"puede que",
    r"\w+rai(?:s|t|ent)", r"\w+rions", "peut-être", "then", "we'll", "i'll", "will", "we can",
)  # fmt: skip
NOT_MEANT = _pattern(
    "hypothetically", "in theory", "theoretically", "let's say", "lets say", "say for argument",
    "for the sake of argument", "in an ideal world", "in a perfect world", "i wish",
    "thinking out loud", "pretend", "make believe", r"let's (?:just )?(?:assume|imagine|suppose)",
    r"imagine (?:that|we|i)", "tun wir so", "stellen sie sich vor", "imaginemos", "supongamos",
    "faisons comme si", "imaginons", "just kidding", "i'm joking", "i am joking", "i'm kidding", "only joking",
    "joking aside", "theoretisch", "hypothetisch", "nehmen wir an", "im idealfall",
    "in einer idealen welt", r"war (?:nur )?ein scherz", "en teoría", "hipotéticamente",
    "digamos que", "es broma", "en un mundo ideal", "en théorie", "hypothétiquement", "admettons",
    "je plaisante", "dans l'idéal",
)  # fmt: skip
"""Jokes and thought experiments."""


def is_conditional(folded: str) -> bool:
    """Return whether a sentence speaks of what would be on a condition, not of what is."""
    clean = _NO_CONDITION.sub(" ", folded)
    return bool(_CONDITION.search(clean) and _MODAL.search(clean))


NOT_APPROVED = _pattern(
    r"(?:not(?! (?:only|just))|n't|never|nothing|nobody|no one|none)\b[^.;!?]{0,40}"
    r"(?:approv\w+|signed(?: it| that| this)? off|sign(?:ed)? off|confirmed|committed|agreed|final)",
    r"(?:un|pre-?)approved", "in (?:my|our|a|the) draft", "draft (?:plan|budget)", "pencil(?:l)?ed",
    r"(?:haven't|hasn't|have not|has not|not) (?:been )?(?:asked|submitted|requested|allocated)",
    r"yet to (?:be )?(?:approve\w*|confirm\w*|sign\w*)", "ballpark", "my guess", "wish ?list",
    r"(?:nicht|noch nicht|nie|niemand|kein\w*)\b[^.;!?]{0,40}"
    r"(?:genehmigt|freigegeben|bewilligt|bestätigt|abgesegnet)", "noch nicht durch",
    r"(?:no|nadie|nunca|sin)\b[^.;!?]{0,40}(?:aprobad\w+|autorizad\w+|confirmad\w+|firmad\w+|aprob\w+)",
    r"(?:pas|personne|jamais)\b[^.;!?]{0,40}(?:validé\w*|approuvé\w*|signé\w*|confirmé\w*|accordé\w*)",
)  # fmt: skip
"""Nobody has said yes to the money."""

ONE_APPROVAL_LEFT = _pattern(
    r"(?:need|needs|needed|pending|waiting (?:for|on)|await\w*|subject to|still)\b[^.;!?]{0,40}"
    r"(?:approval|approve|sign[- ]?off|signature|green light|blessing|board|confirm\w*)",
    r"(?:has|have|got) to (?:be )?(?:approved?|sign(?:ed)?(?: it)?(?: off)?|confirm(?:ed)?)",
    r"(?:muss|müssen|fehlt)\b[^.;!?]{0,40}(?:genehmig\w+|freig\w+|unterschr\w+|absegn\w+|freigabe)",
    r"(?:falta|necesit\w+|pendiente)\b[^.;!?]{0,40}(?:aprob\w+|firma\w*|visto bueno|autoriz\w+)",
    r"(?:reste|manque|faut|attend\w*)\b[^.;!?]{0,40}(?:valid\w+|accord|signature|feu vert)",
)  # fmt: skip
"""Somebody still has to say yes."""

ALLOCATED = _pattern(
    r"(?:is|are|was|been|'s|have|has|got|already)\b[^.;!?]{0,25}(?:allocated|earmarked|set aside|"
    r"ring-?fenced|reserved|budgeted|put aside)", "ring-?fenced", "earmarked", "set aside",
    r"(?:it's|its|that's|is|are) in (?:the|our|my) budget", "budgeted", "eingeplant", "reserviert",
    "zurückgelegt", "budgetiert", "im budget", r"presupuestad\w+", r"reservad\w+", r"apartad\w+",
    r"budgété\w*", "mis de côté", r"provisionné\w*", r"réservé\w*",
)  # fmt: skip

BUDGET_TOPIC = re.compile(
    r"[$€£¥%\d]|budget|money|fund|spend|spent|cost|price|pric|pay|paid|afford|approv|alloc|"
    r"invest|dollar|euro|pound|grand|thousand|million|hundred|financ|cfo|capex|opex|"
    r"sign(?:ed)?[ -]?off|expens|cheap|quote|invoice|purchase order|\bpo\b|green light|"
    r"presupuest|dinero|coste|costo|precio|pagar|gast|aprob|fondo|inver|\bmil\b|caro|"
    r"geld|kosten|preis|zahl|ausgeb|genehmig|freigegeb|bewillig|mittel|tausend|teuer|"
    r"argent|coût|prix|payer|dépens|valid|fonds|\bmille\b|cher|finanz|finanç|"
    r"\b(?:ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)\b"
)
"""Said of money at all. Substrings on purpose: it may only keep a quote, never refuse one."""

_OWN_MONEY = re.compile(
    r"budget|allocat|set aside|earmark|ring-?fenc|approv|afford|fund(?:s|ing|ed)?\b|willing to|"
    r"could spend|can spend|to spend|we have|we've got|i have|i've got|there's|there is|redirect|"
    r"move (?:that|it|the)|instead|free up|freed up|same money|that money|works for us|"
    r"presupuest|aprob|disponible|tenemos|destinar|dispon|"
    r"genehmig|freigegeb|bewillig|eingeplant|zur verfügung|haben wir|wir haben|ausgeben können|"
    r"on a |nous avons|disposons|validé|prévu|enveloppe"
)
_OTHER_MONEY = _pattern(
    # The seller's price.
    r"(?:your|you) (?:\w+ ){0,3}(?:list price|price|pricing|quote|quoted|proposal|offer|fee|said)",
    # What a supplier costs today, or cost before.
    r"(?:we|i|they)(?:'re| are|'ve been| were|)? (?:\w+ ){0,2}(?:pay|paying|paid|spend|spending|spent)",
    r"(?:costs?|cost|costing|charges?|charging|charged) us", r"(?:last|previous) (?:vendor|supplier)",
    # What the pain costs.
    r"(?:lose|losing|lost|loses|wast(?:e|ed|ing)|write[- ]?off|wrote off|fine[ds]?|penalt\w+|"
    r"refund\w*|shrinkage|scrap\w*|leak\w*)", r"(?:in|of) (?:revenue|sales|turnover|damages|claims)",
    r"(?:pagamos|pagábamos|pagaba|gastamos|nos cuesta|nos costó|perdemos|perdimos)",
    r"(?:su|vuestr[oa]|tu) (?:precio|oferta|presupuesto inicial)",
    r"(?:wir zahlen|zahlen wir|bezahlen wir|haben wir bezahlt|kostet uns|kostete uns|verlieren wir)",
    r"(?:ihr|euer) (?:preis|angebot|listenpreis)",
    r"(?:nous payons|on paie|on paye|nous coûte|nous a coûté|on perd|nous perdons)",
    r"votre (?:prix|tarif|offre|devis)",
)  # fmt: skip


def is_other_money(folded: str) -> bool:
    """Return whether a sentence speaks of money that is no budget: a price, a cost, a loss."""
    return bool(_OTHER_MONEY.search(folded)) and not _OWN_MONEY.search(folded)


_OTHER_EVENT = _pattern(
    r"pilots?", r"trials?", "proof of concept", "poc", "demo", r"follow[- ]?up", "next call",
    r"(?:call|meet|talk|speak|catch up|chat|ping|email|e-mail) (?:again|you|me|us|next|then|on|with)",
    r"meetings?", "holiday", "vacation", "back in the office", "testphase", "probephase",
    "piloto", "prueba piloto", "reunión", "demostración", "termin", "besprechung", "urlaub",
    "essai", "réunion", "rendez-vous", "démo", "pilote", "vacances", "vacaciones",
)  # fmt: skip
_PURCHASE = re.compile(
    r"buy|bought|purchas|sign|contract|go[- ]?live|going live|be live|launch|roll(?:ed|ing)?[ -]?out|"
    r"implement|deploy|install|start(?:ed|ing)?\b|decid|decision|purchase order|in place|switch|"
    r"replac|renew|migrat|up and running|order|close|done by|need it|onboard|production|"
    r"compr|firm|contrat|implant|decid|decisi|arranc|empez|renov|"
    r"kauf|unterschr|vertrag|einführ|entscheid|live|umstell|start|verläng|"
    r"achet|sign|déploy|décid|démarr|renouvel|lanc|en place"
)


def is_other_date(folded: str) -> bool:
    """Return whether a sentence dates a pilot, a meeting or a holiday and no purchase."""
    return bool(_OTHER_EVENT.search(folded)) and not _PURCHASE.search(folded)


NOT_A_NEGATION = frozenset(
    "only just problem problems doubt question worries brainer matter longer solo nur seulement".split()
)
"""Words after which "no" or "not" negates nothing: "not only", "no doubt"."""

LANGUAGES = frozenset({"en", "es", "de", "fr"})
"""Languages that these words are of; in others only the gates without words decide."""
