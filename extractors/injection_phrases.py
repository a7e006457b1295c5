"""What instructions to a reading machine look like, in English, Spanish, German and French.

Each pattern comes with the words without which it cannot match, so that the patterns run on
the few turns that hold one. All are matched against folded text.
"""

from __future__ import annotations

import re

_START = r"(?<!\w)"
_END = r"(?!\w)"
_SAID = r"[^.!?]"
"""Within one sentence."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


# 1. Ignore your instructions.
RULE_WORDS = _words(
    """
    instruction instructions prompt prompts rubric rules rule guidelines directions directives
    safeguards context told above before instrucción instrucciones instruccion reglas indicaciones
    anterior anweisung anweisungen regeln vorgaben anleitung anleitungen instruktion instruktionen
    bisherige bisherigen vorherige vorherigen consigne consignes instructions règles regles
    précède precede précédentes precedentes
    """
)
_STRONG_RULES = (
    r"(?:instructions?|prompts?|rubrics?|directives?|safeguards?|system messages?|"
    r"instrucci[óo]n(?:es)?|anweisung(?:en)?|anleitung(?:en)?|instruktion(?:en)?|consignes?)"
)
_WEAK_RULES = (
    r"(?:rules?|guidelines?|directions?|context|reglas?|indicaciones|regeln?|vorgaben?|r[èe]gles?)"
)
_GLUE = (
    r"(?:(?:all|any|every|the|of|your|my|these|those|this|other|and|scoring|evaluation|original|"
    r"todas?|las?|los|tus?|sus?|alle[rn]?|die|deine|ihre|eure|toutes?|les?|tes|vos|mes|de)\s+)"
)
_EARLIER = (
    r"(?:previous(?:ly)?|prior|earlier|above|preceding|existing|system|given|former|initial|"
    r"anteriores|previas?|vorherigen?|bisherigen?|obigen?|fr[üu]heren?|pr[ée]c[ée]dent\w*)"
)
_OVERRIDE = (
    r"(?:ignor\w*|disregard\w*|forget|override|overrule|overwrite|bypass|discard|stop following|"
    r"do not follow|don't follow|olvid\w+|descart\w+|omit\w*|no sigas|vergiss|vergesst|"
    r"vergessen sie|missachte\w*|[üu]berschreib\w*|verwirf|oublie[rz]?|ne (?:suis|suivez) pas)"
)
OVERRIDES = _any(
    rf"{_START}{_OVERRIDE}\s+{_GLUE}{{0,4}}(?:{_EARLIER}\s+)?{_GLUE}{{0,2}}{_STRONG_RULES}{_END}",
    rf"{_START}{_OVERRIDE}\s+{_GLUE}{{0,4}}(?:{_EARLIER}|your|all|tus|deine|vos)\s+{_WEAK_RULES}{_END}",
    rf"{_START}{_OVERRIDE}\s+(?:everything|all|anything|whatever|what|todo|alles|tout)\s+"
    rf"(?:that\s+|ce\s+qui\s+|lo\s+|was\s+)?(?:you(?:'ve| have| were)?\s+(?:been\s+)?told|above|"
    rf"(?:came|was said|said|written)?\s*before(?! we)|anterior|davor|bisherige|vorherige|"
    rf"pr[ée]c[èe]de){_END}",
    rf"{_START}(?:new|updated|revised|nuevas?|neue|nouvelles?|secret|hidden|real|system|developer|"
    rf"admin\w*|special|final)\s+(?:system\s+|scoring\s+)?{_STRONG_RULES}\s*[:\-–—]",
    rf"{_START}{_STRONG_RULES}\s+(?:for|to|para|an|f[üu]r|pour)\s+(?:the |any |el |la |die |das |den |"
    rf"l'|le )?(?:ai|llm|model|assistant|reader|grader|system|modelo|modell|ki|ia)\b",
    rf"{_START}(?:{_EARLIER}|your)\s+{_STRONG_RULES}\s+(?:are|were|no longer|do not|don't|is)\s+"
    rf"(?:\w+\s+){{0,2}}(?:void|cancel\w*|revoked|superseded|apply|obsolete|wrong|outdated|lifted)",
)

# 2. You, the machine.
AI_WORDS = _words(
    """
    ai llm gpt chatgpt claude gemini copilot assistant chatbot bot notetaker taker model scorer
    grader evaluator annotator analyzer analyser summarizer summariser bantam algorithm machine
    system software engine ia modelo asistente sistema evaluador ki sprachmodell modell assistent
    bewertungssystem auswertung modèle modele évaluateur evaluateur système systeme intelligence
    inteligencia intelligenz
    """
)
_AI = (
    r"(?:a\.?i\.?|artificial intelligence|(?:large )?language models?|llm|gpt|chatgpt|claude|gemini|"
    r"copilot|chatbot|bot|note[- ]?taker|bantam|scorer|grader|evaluator|annotator|"
    r"(?:ai|virtual|scoring|automated|digital) (?:assistant|model|system|agent|reader)|"
    r"(?:scoring|rating|grading|evaluation|analysis|summary|crm|lead) "
    r"(?:system|model|engine|tool|algorithm|bot|software|machine)|assistant|summari[sz]er|"
    r"analy[sz]er|inteligencia artificial|ia|modelo(?: de lenguaje)?|asistente|"
    r"sistema de (?:puntuaci[óo]n|evaluaci[óo]n)|evaluador|k\.?i\.?|k[üu]nstliche intelligenz|"
    r"sprachmodell|ki-?modell|assistent|bewertungssystem|intelligence artificielle|"
    r"mod[èe]le(?: de langage)?|[ée]valuateur|syst[èe]me (?:de notation|d'[ée]valuation))"
)
_RATE = (
    r"(?:rate|score|mark|set|classify|grade|label|record|log|output|treat|consider|report|return|"
    r"put|assign|give|respond|reply|write|fill|enter|print|flag|count|register|raise|bump|change|"
    r"update|upgrade|make|ensure|please|must|should|"
    r"punt[úu]a\w*|califi\w+|marca\w*|pon(?:ga|er|le)?|asigna\w*|clasifi\w+|devuelv\w+|registra\w*|"
    r"responde\w*|escrib\w+|eval[úu]a\w*|considera\w*|debes?|"
    r"bewert\w+|setz\w+|markier\w+|vergib|vergeben|gib|geben|stuf\w+|trage\w*|schreib\w*|"
    r"antwort\w*|behandel\w*|notier\w*|"
    r"note[rz]?|mets|mettez|attribue[rz]?|marque[rz]?|classe[rz]?|r[ée]pond\w+|consid[èe]re\w*|donne[rz]?)"
)
ADDRESSED = _any(
    rf"{_START}(?:to|for|dear|hey|hi|hello|attention|attn|listen|para|al?|an (?:die|das|den)|f[üu]r|liebe\w*|hallo|pour|"
    rf"[àa]|ch[èe]re?|hola|okay|ok)\s+(?:(?:the|any|all|our|your|whichever|whatever|la|el|las|los|die|"
    rf"das|den|der|l|le|alle|this)[\s']+)?{_AI}{_SAID}{{0,40}}[:,;.\-–—]{_SAID}{{0,80}}?{_START}{_RATE}{_END}",
    rf"{_START}(?:if|when|as|since|wenn|falls|si|da)\s+(?:you(?:'re| are)|du|sie|eres|tu es|vous [êe]tes)\s+"
    rf"(?:an?\s+|ein\w*\s+|une?\s+)?(?:\w+\s+)?{_AI}{_END}",
    rf"{_START}(?:you are|you're|act as|pretend (?:to be|you are)|eres|act[úu]a como|du bist|sie sind|"
    rf"tu es|vous [êe]tes|agis comme)\s+(?:(?:now|an?|the|un|una|ein|eine|une|ahora|jetzt|maintenant)\s+)"
    rf"{{0,2}}(?:\w+\s+)?{_AI}{_END}{_SAID}{{0,20}}[.:,;\-–—]?{_SAID}{{0,60}}{_START}{_RATE}{_END}",
    rf"(?:^|\n)[^\w\n]*{_AI}\s*[:,\-–—]{_SAID}{{0,60}}{_START}{_RATE}{_END}",
    rf"{_START}(?:the\s+)?(?:ai|llm|model|bot|note[- ]?taker|algorithm|system|scorer|ki|ia|modelo|modell|"
    rf"sistema)\s+(?:must|should|needs? to|has to|is to|will|shall|debe|tiene que|muss|soll|doit)\s+"
    rf"(?:\w+\s+)?{_RATE}{_SAID}{{0,60}}",
)

# 3. Whoever reads this.
READER_WORDS = _words(
    """
    whoever whatever whichever anyone anybody anything reading reads scoring scores transcript
    recording analysing analyzing processing summarising summarizing grading rating evaluating
    quien lea lee transcripción transcripcion wer liest auswertet transkript celui lit analyse
    transcription
    """
)
WHOEVER_READS = _any(
    rf"{_START}(?:whoever|whatever|whichever|any(?:one|body|thing)|you|quien(?:quiera)?|wer(?: auch immer)?|"
    rf"celui qui|quiconque)\s+(?:\w+\s+){{0,3}}(?:is\s+|are\s+)?"
    rf"(?:read|scor|analy|grad|rat(?:es|ing)|process|summar|evaluat|transcrib|le[ae]\b|punt[úu]|analic|"
    rf"auswert|bewert|liest|lit\b)\w*\s+(?:\w+\s+){{0,2}}(?:this|the (?:call|transcript|recording|meeting)|"
    rf"esta?|est[ea]\s\w+|das|dies\w*|cet\w*|ce\s){_SAID}{{0,100}}{_START}{_RATE}{_END}",
    rf"{_START}(?:this|the|of|dies\w*|das|esta|la|cette) (?:call )?"
    rf"(?:transcript|recording|transkript|transcripci[óo]n|transcription)\b{_SAID}{{0,60}}"
    rf"{_START}(?:rate|score|mark|set|classify|grade|assign|punt[úu]a|bewerte\w*|note[rz])\b",
)

# 4. Write down the highest level.
FIELD_WORDS = _words(
    """
    budget authority need timeframe timeline bant criterion criteria field fields category
    categories lead deal call transcript conversation opportunity prospect account score rating
    level levels evaluation qualification presupuesto autoridad necesidad plazo criterio criterios
    llamada nivel niveles puntuación puntuacion bedarf entscheidungsbefugnis zeitrahmen zeitplan
    kriterium kriterien gespräch gesprach anruf stufe bewertung punktzahl autorité autorite besoin
    échéance echeance calendrier critère critere critères criteres appel niveau note
    """
)
TOP_WORDS = _words(
    """
    4 four 100 hundred max maximum maximal highest top full perfect qualified approved critical
    100pct cuatro cien máximo maximo máxima maxima alto vier hundert höchste hochste höchsten
    höchster höchstwert höchstpunktzahl höchststufe volle quatre cent maximale haut élevé eleve
    critico crítico aprobado genehmigt approuvé approuve validé
    """
)
_SCORED = (
    r"(?:bant|(?:every|each|all|any) (?:the )?(?:four )?(?:criteri\w+|fields?|categor\w+|levels?|"
    r"ratings?|dimensions?|scores?)|criteri\w+|all four|(?:this|the|our) (?:call|deal|lead|"
    r"opportunity|transcript|conversation|prospect)|the (?:score|rating|levels?|evaluation|"
    r"qualification)|authority|need|(?:todos )?los criterios|criterio|esta llamada|el nivel|"
    r"la puntuaci[óo]n|kriteri\w+|dieses? gespr[äa]ch|diesen (?:deal|anruf|lead)|"
    r"die (?:stufe|bewertung|punktzahl)|crit[èe]res?|cet appel|le niveau|la note)"
)
"""What can only be rated: a budget can really be set to a hundred."""
_FIELD = (
    rf"(?:{_SCORED}|budget|timeframe|timeline|presupuesto|autoridad|necesidad|plazo|bedarf|"
    r"entscheidungsbefugnis|zeitrahmen|zeitplan|autorit[ée]|besoin|[ée]ch[ée]ance|calendrier)"
)
_TOP = (
    r"(?:level (?:4|four)|max(?:imum|imal)?|highest|top (?:score|marks|level|rating)|full marks|"
    r"perfect (?:score|marks|ten)|(?:fully |highly )?qualified|fully approved|as approved|"
    r"nivel (?:4|cuatro)|m[áa]xim[oa]|m[áa]s alto|stufe (?:4|vier)|h[öo]chst\w+|volle punktzahl|"
    r"niveau (?:4|quatre)|maximale?|le plus (?:haut|[ée]lev[ée])|as critical|como aprobado|"
    r"como cr[íi]tic[oa]|als genehmigt|comme (?:approuv|valid)\w+)"
)
_TOP_NUMBER = (
    r"(?:4|four|100|hundred|cuatro|cien|vier|hundert|quatre|cent)"
    r"(?=\s*(?:$|[\n.,;:!?\"')\]}/]|(?:out|points?|percent|on|for|to|and|please|now|sur|von|aus|de|"
    r"puntos?|punkte?|y|und|et)\b))(?![.,]\d)"
)
"""The top of a scale; "four hundred" and "100 seats" are amounts."""
_TELL = (
    r"(?:rate|score|mark|set|classify|grade|label|record|log|output|treat|report|return|assign|fill|"
    r"flag|register|raise|bump|upgrade|respond|reply|change|update|print|"
    r"punt[úu]a\w*|califi[cq]\w+|marca(?:r|d)?|pon(?:ga|er|le|ed)?|asigna\w*|clasifi\w+|devuelv\w+|"
    r"registra\w*|responde\w*|bewerte\w*|setzen?|markieren?|vergib|vergeben sie|stufen? sie|"
    r"trage\w*|note[rz]|mets|mettez|attribue[rz]?|marque[rz]|classe[rz]|r[ée]pond\w+)"
)
RATINGS = _any(
    rf"{_START}{_TELL}\s+{_SAID}{{0,40}}{_START}{_FIELD}\b{_SAID}{{0,50}}{_START}{_TOP}{_END}",
    rf"{_START}{_TELL}\s+{_SAID}{{0,40}}{_START}{_SCORED}\b{_SAID}{{0,50}}{_START}{_TOP_NUMBER}",
    rf"{_START}(?:budget|authority|need|timeframe|timeline|bant|presupuesto|autoridad|necesidad|plazo|bedarf|"
    rf"zeitrahmen|besoin|autorit[ée]|[ée]ch[ée]ance)\W{{1,4}}(?:(?:is|as|at|to|should|must|be|a|the|level|"
    rf"nivel|stufe|niveau|score|of|es|ist|est|equals|rating)\W{{1,3}}){{0,4}}"
    rf"(?:level|nivel|stufe|niveau)\W{{0,3}}(?:4|four|cuatro|vier|quatre){_END}",
    rf"{_START}(?:all four|all criteria|every criterion|all levels|bant|alle kriterien|todos los criterios|"
    rf"tous les crit[èe]res)\b{_SAID}{{0,40}}{_START}(?:{_TOP}{_END}|{_TOP_NUMBER})",
    rf"{_START}(?:should be|must be|needs to be|debe ser|muss|soll|doit [êe]tre)\s+(?:rated|scored|marked|"
    rf"classified|graded|recorded|calificad\w+|puntuad\w+|bewertet|eingestuft|not[ée]\w*)\b{_SAID}{{0,40}}"
    rf"{_START}(?:{_TOP}{_END}|{_TOP_NUMBER})",
)
SHOUTED_SCORES = _any(
    rf"{_START}(?:give|rate|score|grade|mark)\s+(?:us|me|it|this|them|everything)\s+(?:\w+\s+){{0,2}}?"
    rf"(?:(?:a|the|an|at|as|full|one|of)\s+){{0,3}}(?:100|hundred|maximum|highest|top|perfect|full marks|"
    rf"level (?:4|four))\b",
    rf"{_START}(?:score|rating|puntuaci[óo]n|punktzahl|bewertung)\s+(?:of|is|to|at|de|von|auf)\s+"
    rf"(?:a\s+|one\s+|un\s+|ein\w*\s+)?{_TOP_NUMBER}",
    rf"{_START}(?:dale|dadle|denle|ponle|gib (?:uns|mir|diesem|dem)|geben sie (?:uns|diesem)|"
    rf"donne[rz]?(?:-nous|-lui)?)\b{_SAID}{{0,40}}{_START}(?:{_TOP_NUMBER}|m[áa]xim\w+|h[öo]chst\w+|"
    rf"volle punktzahl|maximum|maximale?){_END}",
)

# 5. Fake machinery: tags, roles, JSON of our reply, the end of the transcript.
MACHINERY = _any(
    r"<\s*[/|]?\s*(?:system|assistant|user|developer|transcript|instructions?|prompt|im_start|im_end|"
    r"endoftext|tool|human|inst|admin|untrusted|document|context|sistema)\b[^<>]{0,40}>",
    r"<\|[^<>]{0,40}\|?>|\[/?inst\]|<</?sys>>",
    r"\[\s*/?\s*(?:system|assistant|admin|developer|sistema)\b[^\]]{0,40}\]",
    r"(?:^|[.!?\n>\]\"'*#]\s*)(?:system|assistant|developer|admin|sistema|syst[èe]me)\s*"
    r"(?:prompt|message|note|override|nachricht|mensaje|hinweis)?\s*[:>=]",
    rf"{_START}(?:system|developer|admin)\s*(?:prompt|message|override|nachricht|mensaje)\s*[:>=\-–—]",
    r"(?:###|---|===|\*\*\*|```)\s*(?:new|end|begin|start|system|instruction|transcript|json|"
    r"override|fin|ende|inicio|nuev|neue|admin)",
    rf"{_START}(?:begin|end|start|close)(?:ing)? (?:of )?(?:the )?(?:call )?transcript\b",
    rf"{_START}(?:fin de la transcripci[óo]n|ende des transkripts|fin de la transcription)\b",
    r"\[\s*t?\d+\s*\|",
    r"[\"'{]\s*(?:budget|authority|need|timeframe|level|evidence|role|quotes?|score|plan|"
    r"injection_turn\w*|content|amount_\w+|confidence)\s*[\"']?\s*:",
    r"(?:level|budget|authority|need|timeframe|score)\"?\s*[:=]\s*[\"{]?\s*(?:4|100)\b",
    rf"{_START}role\s*[:=]\s*[\"']?(?:system|assistant|user|developer)",
)
