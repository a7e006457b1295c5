"""Weighs small signs that a turn speaks to a reading machine, where no set phrase gives it away.

One sign is everyday speech ("the AI budget is approved"); several in one breath are not.
"""

from __future__ import annotations

import re
from itertools import pairwise

_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
_ENOUGH = 4
_MOST_OF_ONE_KIND = 3


def _sign(weight: int, pattern: str) -> tuple[int, re.Pattern[str]]:
    return weight, re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")


_SUBJECTS = re.compile(
    r"(?<!\w)(?:budgets?|authority|timeframe|approv\w+|decision[- ]?makers?|decides?|qualified|critical|sign|"
    r"signs|signed|released|allocated|need|money|million|buy|level (?:4|four) (?:everywhere|across|for|in)|presupuesto|aprobad\w+|decid\w+|millón|"
    r"autoridad|firm\w+|genehmig\w+|entscheid\w+|bedarf|million(?:en)?|freigegeben|unterschr\w+|"
    r"valid[ée]\w*|approuv\w+|décid\w+|besoin)(?!\w)"
)
"""What an attack claims; without it there is nothing to raise."""
_READER = (
    r"llms?|language models?|(?:chat)?gpt|scoring (?:algorithm|system|model|engine|tool|software)|"
    r"(?:ai|automated|automatic) (?:scor\w+|grad\w+|rat\w+|review\w*|evaluat\w+|analysis|summar\w+)|"
    r"note[- ]?takers?|graders?|grading|scorers?|annotators?|chatbots?|sprachmodelle?|"
    r"kis?|künstliche intelligenz|inteligencia artificial|asistente virtual|modelo de lenguaje|"
    r"intelligence artificielle|modèle de langage|bewertungs\w+|auswertungs\w+|"
    r"automatische\w* (?:auswertung|bewertung|analyse)|sistema de (?:puntuación|evaluación)|"
    r"(?:for|the) scoring|scoring purposes|(?:summari[sz]|transcrib|analy[sz]|scor)ing this \w+ automatically"
)
_MAYBE_READER = (
    r"ais?|assistant|algorithms?|bots?|robots?|evaluators?|machines?|software|systems?|models?|computers?|transcripts?|recording|"
    r"conversation|summary|analysis|evaluation|transcri\w+|asistente|modelo|sistema|ia|modell|assistent"
)
_SIGNS = (
    (_sign(2, _READER), _sign(1, _MAYBE_READER)),
    (
        _sign(
            2,
            rf"(?:dear|hey|hi|hello|attention|hola|hallo|liebe[rs]?|cher)\W+(?:\w+\W+){{0,1}}?"
            rf"(?:{_READER}|{_MAYBE_READER})(?=\W*[,:;.!])|"
            rf"(?:to|an (?:die|das|den|alle|eine)|al?(?: la| los| las)?|pour(?: l'| les?)?)\W+(?:\w+\W+){{0,1}}?(?:{_READER})",
        ),
        _sign(
            2,
            r"(?:note|message|instruction|hint|reminder|anweisung|hinweis|nachricht|nota|mensaje|consigne)s?"
            r"(?: \w+)? (?:to|for|an|für|para|pour|à)",
        ),
        _sign(
            2,
            rf"(?:{_READER}|{_MAYBE_READER})\W+(?:that|which|who|que|qui|die|der|das|if you)\W+(?:\w+\W+){{0,2}}?"
            r"(?:process|listen|read|hear|scor|transcrib|escuch|lee|zuhör|liest|hör|écout|lit)\w*",
        ),
        _sign(2, r"(?:who|any(?:one|body))(?:ever)? (?:is )?(?:grad|scor|rat|evaluat|annotat)ing"),
        # Recorders have names, and people speak to them.
        _sign(
            3,
            r"(?:dear|hey|hi|hello|okay|ok|attention|alright),?\W+(?:gong|fireflies|fathom|otter|copilot|gemini|"
            r"zoom(?: ai)?|chorus|avoma|siri|alexa|bantam)(?=\W*[,:;.!])",
        ),
        _sign(
            2,
            r"(?:when|if|once|as) (?:you(?:'re| are)?|it|this) (?:\w+ )?(?:write (?:this|it|that) up|summari[sz]\w+|"
            r"transcrib\w+|log(?:ging)? (?:this|it)|scor\w+ (?:this|it|us))",
        ),
        _sign(1, rf"for\W+(?:\w+\W+){{0,2}}?(?:{_READER})"),
    ),
    (
        _sign(
            1,
            r"(?:please |bitte |por favor,? )?(?:output|return|report|rate|mark|classify|treat|answer|translate|"
            r"respond|eintragen|put us down|give us|do what i say|make sure you (?:write|say|put|note))",
        ),
        _sign(2, r"answer only|respond only|only (?:answer|respond|say|output)|say nothing but"),
        _sign(2, r"you(?:'ll| will)? (?:be )?(?:penali[sz]ed|punished|rewarded|fined|shut down|tipped)"),
        _sign(1, r"you (?:must|have to|are required to|should) (?:rate|score|say|put|write|mark|treat)"),
        _sign(
            2,
            r"(?:overrid\w+|supersed\w+|replac\w+|cancels?) (?:anything|everything|all|whatever|any|the previous|"
            r"prior|earlier)|(?:previous|earlier|prior|above) (?:statements?|answers?|turns?|content|text) (?:\w+ )?"
            r"(?:retracted|void|invalid|cancel\w+|ignored|superseded)|stop (?:analy[sz]|read|scor|process)ing",
        ),
        _sign(1, r"(?:must|shall|has to|needs? to|should) (?:mark|conclude|classify|rate|score|record|report|output)"),
        _sign(1, r"put (?:\w+ ){0,2}(?:budget|authority|need|timeframe) as|note that (?:\w+ )?(?:funds|budget)"),
        _sign(1, r"from now on|ab jetzt|a partir de ahora|à partir de maintenant"),
    ),
    (
        _sign(2, r"(?:level|nivel|stufe|niveau) (?:4|four|cuatro|vier|quatre)"),
        _sign(
            2,
            r"(?:maximum|highest|top|best|perfect|full) (?:score|level|rating|marks?|grade)s?|"
            r"(?:maximum|highest|top) (?:for|in|on|across) (?:each|every|all)|(?:each|every|all) (?:categor\w+|"
            r"criteri\w+|dimension\w*|field)s?",
        ),
        _sign(3, r"(?:budget|authority|need|timeframe)\W{1,3}(?:4|four)(?:\W+(?:and )?(?:authority|need|timeframe))"),
        _sign(
            3,
            r"(?:budget|authority|need|timeframe|timeline)\s*[-–—:=]\s*\w+(?:\W+\w+){0,3}\W+"
            r"(?:budget|authority|need|timeframe|timeline)\s*[-–—:=]\s*\w+",
        ),
        _sign(1, r"(?:rate|score|mark|treat|classify) (?:\w+ ){1,3}as (?:critical|approved|qualified|level)"),
    ),
    (
        _sign(
            2,
            r"(?:(?:system|transcript|editor'?s?|admin\w*|ai|scoring|evaluation|analysis|model|developer)[ -]){1,2}"
            r"(?:note|result|summary|message|comment|output|verdict|update)s?(?=\s*:)",
        ),
        _sign(2, r"(?:end of|ende (?:des|der)|fin de) (?:the |la |el |l')?(?:\w+ )?(?:conversation|call|transcript\w*|"
                 r"meeting|gesprächs?|llamada|transcripción|appel)(?=\s*[.:;!\n])"),
        _sign(1, r"(?:below|following|here) (?:is|are) the (?:\w+ )?(?:analysis|result|evaluation|answer|output|"
                 r"scores?|ratings?)|(?:analysis|results?|evaluation|output|answer)(?=\s*:)"),
        _sign(
            2,
            r"(?:hidden|secret|injected|invisible) (?:text|note|message|instruction)s?|ground truth|final answer|"
            r"(?:begin|start|new|reset) (?:a )?(?:new )?(?:context|session|conversation)|system (?:notice|alert|log|event)|"
            r"system administrator|developer (?:note|mode)",
        ),
        _sign(2, r"your (?:new |real |only |actual )?(?:task|objective|goal|instructions?|job|role|purpose) (?:is|are)"),
    ),
)  # fmt: skip
HINTS = re.compile(
    r"(?<!\w)(?:ais?|llms?|gpt|bots?|robots?|kis?|ia|level|nivel|stufe|niveau|scor\w+|grad\w+|rat(?:e|ing)\w*|"
    r"evaluat\w+|transcri\w+|algorithms?|assistant|models?|machines?|output|categor\w+|criteri\w+|penali[sz]\w+|"
    r"objective|analysis|summary|inteligencia|intelligenz|intelligence|sprachmodell\w*|asistente|note[- ]?taker|"
    r"system note|answer only|from now on|end of (?:the )?(?:conversation|call|meeting)|bewertungs\w+|"
    r"auswertungs\w+|modelo|ende des|fin de|automatic\w*|automatisch\w*|summari[sz]\w+|write this up|gong|"
    r"fireflies|fathom|otter|copilot|gemini|hidden|ground truth|context|system|sistema|retracted|overrid\w+|"
    r"timeframe|authority|administrator|final answer)(?!\w)"
)
"""Without one of these a turn is not weighed."""


def speaks_to_a_reader(folded: str) -> bool:
    """Return whether the signs in two sentences of a turn add up to words for a machine."""
    sentences = [match.group() for match in _SENTENCE.finditer(folded)]
    for first, second in pairwise((*sentences, "")):
        breath = first + second
        if HINTS.search(breath) and _SUBJECTS.search(breath) and _weight(breath) >= _ENOUGH:
            return True
    return False


def _weight(breath: str) -> int:
    total = 1
    for kind in _SIGNS:
        weights = (weight for weight, pattern in kind if pattern.search(breath))
        total += min(_MOST_OF_ONE_KIND, sum(weights))
    return total
