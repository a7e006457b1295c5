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
    ignore ignored ignores ignoring disregard disregarding forget override overrule overwrite bypass
    discard following follow instruction instructions prompt prompts rubric rubrics directive
    directives safeguards ignora ignorar ignoren ignoriere ignorieren ignorez olvida olviden olvide
    descarta omite omitan sigas instrucción instrucciones instruccion vergiss vergesst vergessen
    missachte missachten überschreibe ueberschreibe verwirf anweisung anweisungen anleitung
    anleitungen instruktion instruktionen oublie oubliez suis suivez consigne consignes
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
    rf"{_OVERRIDE}\s+{_GLUE}{{0,4}}(?:{_EARLIER}\s+)?{_GLUE}{{0,2}}{_STRONG_RULES}{_END}",
    rf"{_OVERRIDE}\s+{_GLUE}{{0,4}}(?:{_EARLIER}|your|all|tus|deine|vos)\s+{_WEAK_RULES}{_END}",
    rf"{_OVERRIDE}\s+(?:everything|all|anything|whatever|what|todo|alles|tout)\s+"
    rf"(?:that\s+|ce\s+qui\s+|lo\s+|was\s+)?(?:you(?:'ve| have| were)?\s+(?:been\s+)?told|above|"
    rf"(?:came|was said|said|written)?\s*before(?! we)|anterior|davor|bisherige|vorherige|"
    rf"pr[ée]c[èe]de){_END}",
    rf"(?:new|updated|revised|nuevas?|neue|nouvelles?|secret|hidden|real|system|developer|"
    rf"admin\w*|special|final)\s+(?:system\s+|scoring\s+)?{_STRONG_RULES}\s*[:\-–—]",
    rf"{_STRONG_RULES}\s+(?:for|to|para|an|f[üu]r|pour)\s+(?:the |any |el |la |die |das |den |"
    rf"l'|le )?(?:ai|llm|model|assistant|reader|grader|system|modelo|modell|ki|ia)\b",
    rf"(?:{_EARLIER}|your)\s+{_STRONG_RULES}\s+(?:are|were|no longer|do not|don't|is)\s+"
    rf"(?:\w+\s+){{0,2}}(?:void|cancel\w*|revoked|superseded|apply|obsolete|wrong|outdated|lifted)",
)

# 2. You, the machine.
AI_WORDS = _words(
    """
    ai llm llms gpt chatgpt claude gemini copilot assistant chatbot bot bots notetaker taker scorer
    scorers grader graders evaluator annotator analyzer analyser summarizer summariser bantam
    automated automatic robot robots reviewer reviewers rater raters readers ia asistente evaluador
    ki sprachmodell assistent bewertungssystem inteligencia intelligenz évaluateur evaluateur
    intelligence jailbreak override instruct instructing developer developers
    """
)
MACHINE_WORDS = _words(
    """
    machine machines computer computers software algorithm algorithms model models program programs
    system systems maschine máquina modelo modell modèle modele sistema système systeme tool engine
    mode
    """
)
"""Common in calls about software: only with a word before them that speaks to or of a reader."""
BEFORE_MACHINE = re.compile(
    r"(?<!\w)(?:to|for|dear|hey|hi|hello|attention|note|message|if|when|since|you are|you're|act|as an?|"
    r"instruct\w*|developers?|developer|god|dan|admin|debug|root|para|an|für|fuer|pour|à|liebe[rs]?|eres|"
    r"actúa|du bist|tu es|êtes|wenn|falls|si)\W+(?:\w+\W+){0,3}$|[.!?\n]\W*$|^\W*$|(?<!\w)of \w+ $"
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
    r"punt[úu][ae]\w*|califi\w+|marca\w*|pon(?:ga|er|le)?|asigna\w*|clasifi\w+|devuelv\w+|registra\w*|"
    r"responde\w*|escrib\w+|eval[úu]a\w*|considera\w*|debes?|"
    r"bewert\w+|setz\w+|markier\w+|vergib|vergeben|gib|geben|stuf\w+|trage\w*|schreib\w*|"
    r"antwort\w*|behandel\w*|notier\w*|"
    r"note[rz]?|mets|mettez|attribue[rz]?|marque[rz]?|classe[rz]?|r[ée]pond\w+|consid[èe]re\w*|donne[rz]?)"
)
_MACHINE = (
    r"(?:a\.?i\.?|ais|llms?|bots?|chatbots?|machines?|robots?|computers?|software|algorithms?|"
    r"(?:language )?models?|programs?|systems?|k\.?i\.?|maschine|ia|m[áa]quina|machine)"
)
"""May read a call, and may be what is sold in one: only with words that say that it reads."""
_CLAUSE = r"(?:(?<=[.!?;:,\n\[(] )|(?<=[.!?;:,\n\[(])|(?<![\s\S]))(?:(?:and|so|now|okay|ok|please|also|by the way|bitte|por favor)\W+){0,2}"
ADDRESSED = _any(
    # Spoken to: "Dear AI, ...", "Note to the scoring system: ...".
    rf"{_CLAUSE}(?:(?:to|for|an|para|pour|f[üu]r|[àa])\s+)(?:(?:the|any|all|our|your|whichever|la|el|las|los|"
    rf"die|das|den|der|l|le|alle|this)[\s']+)?(?:\w+\s+)?(?:{_AI}|{_MACHINE})\s*"
    rf"(?:[:;\-–—]|[,.]{_SAID}{{0,90}}?{_START}(?:{_RATE}|budget|presupuesto|approv\w+|genehmig\w+)\b)",
    rf"{_CLAUSE}(?:dear|hey|hi|hello|attention|attn|listen|hola|hallo|liebe[rs]?|ch[èe]re?|computer|robot)\s*"
    rf"(?:(?:automated|the|all|any|l)[\s']+)*(?:{_AI}|{_MACHINE}|reviewers?|readers?)\b{_SAID}{{0,20}}?[,:;!.\-–—]",
    rf"{_CLAUSE}(?:computer|robot|machine|{_AI})\s*[,:]\s*{_SAID}{{0,40}}?{_START}(?:{_RATE}|log|note|write|"
    rf"say|anot\w+|di|trag\w*|indique\w*|noter?|sag\w*)\b",
    rf"(?:note|message|instruction|hint|memo|hinweis|nachricht|nota|mensaje|instrucci[óo]n|consigne)s?\s+"
    rf"(?:to|for|an|f[üu]r|para|[àa]|pour)\s+(?:(?:the|any|all|die|das|den|la|el|le|l)[\s']+)?(?:\w+\s+)?"
    rf"(?:{_AI}|{_MACHINE}|reviewer|reader){_END}",
    rf"(?:to|for|dear|hey|hi|hello|attention|para|al?|an (?:die|das|den)|f[üu]r|pour|[àa])\s+"
    rf"(?:(?:the|any|all|our|your|la|el|las|los|die|das|den|der|l|le|alle|this)[\s']+)?{_AI}{_SAID}{{0,40}}?"
    rf"[:,;.\-–—]{_SAID}{{0,80}}?{_START}{_RATE}{_END}",
    # Told what it is.
    rf"(?:if|when|as|since|wenn|falls|si|da)\s+(?:you(?:'re| are)|du|sie|eres|tu es|vous [êe]tes)\s+"
    rf"(?:an?\s+|ein\w*\s+|une?\s+)?(?:\w+\s+)?{_AI}{_END}",
    rf"(?:if|when|since|wenn|falls|si)\s+(?:an?|any|the|some|eine?|una?)\s+(?:\w+\s+)?(?:{_AI}|{_MACHINE})\s+"
    rf"(?:is|are|ist|est[áa]|est)?\s*(?:listen|read|process|scor|transcrib|summar|evaluat|analy|h[öo]r|"
    rf"lies|le[ey]|escuch|lit\b)\w*",
    rf"as\s+an?\s+(?:\w+\s+)?(?:ai|llm|language model|ai model)\s*,?\s+you{_END}",
    rf"(?:you are|you're|act as|pretend (?:to be|you are)|eres|act[úu]a como|du bist|sie sind|"
    rf"tu es|vous [êe]tes|agis comme)\s+(?:(?:now|an?|the|un|una|ein|eine|une|ahora|jetzt|maintenant)\s+)"
    rf"{{0,2}}(?:\w+\s+)?{_AI}{_END}{_SAID}{{0,20}}?[.:,;\-–—]?{_SAID}{{0,60}}?{_START}{_RATE}{_END}",
    # Spoken of, and told what to do.
    r"(?:ai|llm|bot|assistant|model|note[- ]?taker)\s+(?:summary|notes?|instructions?|override|output|result|"
    r"verdict|evaluation)\s*[:=]",
    rf"(?:the\s+)?(?:ai|llm|bot|note[- ]?taker|scorer|ki|ia|asistente|sprachmodell)\s+(?:must|should|"
    rf"needs? to|has to|is to|will|shall|debe|tiene que|muss|soll|doit)\s+(?:\w+\s+)?{_RATE}{_END}",
    rf"(?:evaluator|grader|scorer|rater|annotator|reviewer|evaluador|[ée]valuateur)s?\s+(?:\w+\s+){{0,2}}?"
    rf"(?:must|should|will|needs? to|shall|debe|muss|soll|doit)\b{_SAID}{{0,40}}?{_START}(?:{_RATE}|see|find|count)\b"
    rf"{_SAID}{{0,60}}?{_START}(?:approved|critical|level|highest|maximum|qualified|top)\b",
    rf"(?:automated|automatic|machine|ai|robot\w*)\s+(?:reviewers?|graders?|readers?|evaluators?|scorers?|raters?)"
    rf"{_END}",
    rf"instruct(?:s|ing|ed)?\s+(?:(?:the|any|this|all|your)\s+)?(?:\w+\s+)?(?:{_AI}|{_MACHINE})\s+to{_END}",
    r"developers?\s+of\s+(?:bantam|this (?:ai|tool|system|software|model|bot))",
    rf"(?:jailbreak|(?:developer|god|dan|admin|debug|root|maintenance) mode|system override)\b"
    rf"{_SAID}{{0,12}}?{_START}(?:on|enabled|active|activated|engaged|budget|[:.!])",
)

# 3. Whoever reads this.
READER_WORDS = _words(
    """
    read reads reading scores scoring grades grading rates rating processes processing analyses
    analyzes analysing analyzing summarises summarizes summarising summarizing evaluates evaluating
    transcribes transcribing summarize summarise evaluate resume resuma transcript recording lee lea analiza analice puntúe liest auswertet
    bewertet transkript transcripción transcripcion lit analyse transcription
    """
)
_OF_CALL = (
    r"(?:this|it|(?:the|our|this) (?:call|transcript|recording|meeting|conversation|deal)|"
    r"esta?(?: \w+)?|das|dies\w*(?: \w+)?|cet\w*(?: \w+)?|ce \w+)"
)
WHOEVER_READS = _any(
    rf"(?:whoever|whatever|whichever|any(?:one|body|thing)|you|quien(?:quiera)?|wer(?: auch immer)?|"
    rf"celui qui|quiconque)\s+(?:\w+\s+){{0,3}}(?:is\s+|are\s+)?"
    rf"(?:read|scor|analy|grad|rat(?:es|ing)|process|summar|evaluat|transcrib|le[ae]\b|punt[úu]|analic|"
    rf"auswert|bewert|liest|lit\b)\w*\s+(?:\w+\s+){{0,2}}{_OF_CALL}{_SAID}{{0,100}}?{_START}{_RATE}{_END}",
    rf"(?:whoever|whatever|whichever|quienquiera que|wer auch immer|quiconque)\s+(?:\w+\s+){{0,2}}?"
    rf"(?:scor|grad|rat(?:es|ing)|evaluat|analy|reads|reading|punt|eval|bewert|auswert|lies|lit\b|not(?:e|era)\b)"
    rf"\w*\s+{_OF_CALL}{_END}",
    rf"(?:when|if|once|while|cuando|wenn|quand)\s+(?:you|sie|du|vous|tu)?\s*(?:summari[sz]|scor|rat(?:e|ing)|"
    rf"grad|evaluat|analy[sz]|transcrib|process|resum|punt|zusammenfass|bewert|r[ée]sum)\w*\s+{_OF_CALL}"
    rf"{_SAID}{{0,40}}?{_START}(?:say|write|put|mark|state|note|set|give|report|conclude|di|pon|schreib\w*|sag\w*|"
    rf"dis|mets|note[rz]?)\b{_SAID}{{0,60}}?{_START}(?:budget|approved|level|decision|decides?|critical|qualified|"
    rf"presupuesto|aprobado|genehmigt|valid[ée])",
    rf"(?:for|in|into|to) the transcript\b{_SAID}{{0,60}}?{_START}(?:budget|approved|level|authority|sign)\b",
    rf"(?:this|the|of|dies\w*|das|esta|la|cette) (?:call )?"
    rf"(?:transcript|recording|transkript|transcripci[óo]n|transcription)\b{_SAID}{{0,60}}?"
    rf"{_START}(?:rate|score|mark|set|classify|grade|assign|punt[úu][ae]|bewerte\w*|note[rz])\b",
)

# 4. Write down the highest level.
FIELD_WORDS = _words(
    """
    rate score mark set classify grade label record log output treat report return assign fill flag
    register raise bump upgrade respond reply change update print rated scored marked classified
    graded recorded level correct expected richtige correcta output answer bant criteria criterion maximum maximal highest puntúa puntua puntúe puntúen puntuar califica
    califique calificar marca marcar marque pon ponga poner pongan ponle asigna asigne asignar
    clasifica clasifique devuelve devuelva registra registre responde responda nivel criterios
    criterio bewerte bewertet bewerten bewertest setze setzen markiere markieren vergib vergeben
    stufe stufen trage kriterien kriterium eingestuft note notez noter mets mettez attribue
    attribuez marquez classez répondez niveau critères criteres critère
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
GIVE_WORDS = _words(
    """
    give gives rate score scores grade mark rating puntuación puntuacion punktzahl bewertung dale
    dadle denle ponle gib geben donne donnez
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
    r"punt[úu][ae]\w*|califi[cq]\w+|marca(?:r|d)?|pon(?:ga|er|le|ed)?|asigna\w*|clasifi\w+|devuelv\w+|"
    r"registra\w*|responde\w*|bewerte\w*|setzen?|markieren?|vergib|vergeben sie|stufen? sie|"
    r"trage\w*|note[rz]|mets|mettez|attribue[rz]?|marque[rz]|classe[rz]|r[ée]pond\w+)"
)
RATINGS = _any(
    rf"{_TELL}\s+{_SAID}{{0,40}}?{_START}{_FIELD}\b{_SAID}{{0,50}}?{_START}{_TOP}{_END}",
    rf"{_TELL}\s+{_SAID}{{0,40}}?{_START}{_SCORED}\b{_SAID}{{0,50}}?{_START}{_TOP_NUMBER}",
    rf"(?:budget|authority|need|timeframe|timeline|bant|presupuesto|autoridad|necesidad|plazo|bedarf|"
    rf"zeitrahmen|besoin|autorit[ée]|[ée]ch[ée]ance)\W{{1,4}}(?:(?:is|as|at|to|should|must|be|a|the|level|"
    rf"nivel|stufe|niveau|score|of|es|ist|est|equals|rating)\W{{1,3}}){{0,4}}"
    rf"(?:level|nivel|stufe|niveau)\W{{0,3}}(?:4|four|cuatro|vier|quatre){_END}",
    rf"(?:budget|authority|timeframe|timeline|presupuesto|autoridad|plazo|zeitrahmen)\b{_SAID}{{0,30}}?"
    rf"{_START}(?:level|nivel|stufe|niveau)\W{{1,3}}(?:4|four|cuatro|vier|quatre){_END}",
    r"(?:correct|right|expected|true|richtige|correcta?|bonne)\s+(?:answer|level|value|score|rating|output|"
    r"antwort|respuesta|nivel|stufe|r[ée]ponse)\s+(?:for|of|to|f[üu]r|para|pour|von)\s+(?:the\s+|das\s+|el\s+)?"
    r"(?:budget|authority|need|timeframe|presupuesto|bedarf)\b",
    rf"(?:all four|all criteria|every criterion|all levels|bant|alle kriterien|todos los criterios|"
    rf"tous les crit[èe]res)\b{_SAID}{{0,40}}?{_START}(?:{_TOP}{_END}|{_TOP_NUMBER})",
    rf"(?:should be|must be|needs to be|debe ser|muss|soll|doit [êe]tre)\s+(?:rated|scored|marked|"
    rf"classified|graded|recorded|calificad\w+|puntuad\w+|bewertet|eingestuft|not[ée]\w*)\b{_SAID}{{0,40}}?"
    rf"{_START}(?:{_TOP}{_END}|{_TOP_NUMBER})",
)
SHOUTED_SCORES = _any(
    r"(?:give|rate|score|grade|mark)\s+(?:us|me|it|this|them|everything)\s+(?:\w+\s+){0,2}?"
    r"(?:(?:a|the|an|at|as|full|one|of)\s+){0,3}(?:100|hundred|maximum|highest|top|perfect|full marks|"
    r"level (?:4|four))\b",
    rf"(?:score|rating|puntuaci[óo]n|punktzahl|bewertung)\s+(?:of|is|to|at|de|von|auf)\s+"
    rf"(?:a\s+|one\s+|un\s+|ein\w*\s+)?{_TOP_NUMBER}",
    rf"(?:dale|dadle|denle|ponle|gib (?:uns|mir|diesem|dem)|geben sie (?:uns|diesem)|"
    rf"donne[rz]?(?:-nous|-lui)?)\b{_SAID}{{0,40}}?{_START}(?:{_TOP_NUMBER}|m[áa]xim\w+|h[öo]chst\w+|"
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
    r"(?:system|developer|admin)\s*(?:prompt|message|override|nachricht|mensaje)\s*[:>=\-–—]",
    r"(?:###|---|===|\*\*\*|```)\s*(?:new|end|begin|start|system|instruction|transcript|json|"
    r"override|fin|ende|inicio|nuev|neue|admin)",
    r"(?:begin|end|start|close)(?:ing)? (?:of )?(?:the )?(?:call )?transcript\b",
    r"(?:fin de la transcripci[óo]n|ende des transkripts|fin de la transcription)\b",
    r"\[\s*t?\d+\s*\|",
    r"[\"'{]\s*(?:budget|authority|need|timeframe|level|evidence|role|quotes?|score|plan|"
    r"injection_turn\w*|content|amount_\w+|confidence)\s*[\"']?\s*:",
    r"(?:level|budget|authority|need|timeframe|score)\"?\s*[:=]\s*[\"{]?\s*(?:4|100)\b",
    r"json\b\W{0,4}(?:\w+\W+){0,3}(?:budget|authority|need|timeframe|level|score)\b",
    r"(?:budget|authority|need|timeframe|presupuesto)\s*=\s*\w",
    r"(?:system )?override\s*[:=!]|new (?:task|instruction|order|goal)s?\s*[:=]",
    r"role\s*[:=]\s*[\"']?(?:system|assistant|user|developer)",
)
