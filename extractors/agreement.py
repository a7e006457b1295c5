"""When does a buyer's turn make the seller's words the buyer's own?"""

from __future__ import annotations

import re

from bantam.domain.calls import Side
from extractors.call_index import CallIndex, fold

_REPLY_REACH = 4
"""How many turns after the seller's may hold the agreement."""
_NUDGE_WORDS = 3
"""A seller who says more than this has moved on: an answer is to the new words."""

_CLEAR = re.compile(
    r"^\W*(?:(?:yes|yeah|yep|yup|oh|uh|um|so|well|okay|ok|sí|ja|oui)\W+){0,3}"
    r"(?:exactly|precisely|correct|absolutely|definitely|agreed|that's (?:right|correct|it|true|"
    r"fair|approved|us|the (?:number|plan|one|date))|that is (?:right|correct|true|approved)|"
    r"it is|it does|it has|we do|we have|we are|we will|we would|i do|i am|i can|i will|"
    r"you're right|you are right|spot on|approved|confirmed|signed off|100 percent|hundred percent|"
    r"exacto|exactamente|correcto|así es|eso es|efectivamente|aprobado|totalmente|"
    r"genau|richtig|korrekt|stimmt|das stimmt|absolut|genehmigt|auf jeden fall|so ist es|"
    r"exactement|tout à fait|c'est (?:ça|exact|correct|bien ça|validé)|absolument|effectivement)"
    r"(?!\w)"
)
_YES = re.compile(r"^\W*(?:(?:oh|uh|um|well|so)\W+)?(?:yes|yeah|yep|yup|sí|si|ja|jawohl|oui)(?!\w)")
_WITHDRAWN = re.compile(
    r"(?<!\w)(?:but|except|although|though|not|no|n't|never|don't|isn't|depends|maybe|perhaps|aber|"
    r"nicht|nein|pero|mais|pas|peut-être|vielleicht|quizás?)(?!\w)|\w+n't(?!\w)"
)
_NEGATED_QUESTION = re.compile(
    r"(?<!\w)(?:no|not|never|without|nicht|kein\w*|nunca|sin|pas|aucun\w*)(?!\w)|n't(?!\w)"
)
_ALTERNATIVES = re.compile(r"(?<!\w)(?:or|oder|ou|o)(?!\w)")
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
_BACKCHANNEL = re.compile(
    r"^\W*(?:(?:yes|yeah|yep|yup|right|ok|okay|sure|mm|mhm|mm-?hm+|uh-?huh|hm+|got it|i see|"
    r"alright|all right|great|cool|fine|nice|perfect|good|sounds (?:good|great)|makes sense|"
    r"fair enough|ja|genau|gut|klar|okey|sí|vale|claro|bueno|oui|d'accord|bien sûr|voilà|ah|oh)"
    r"\W*){1,4}$"
)


def _first_sentences(folded: str) -> str:
    return " ".join(m.group() for m in list(_SENTENCE.finditer(folded))[:2])


def is_backchannel(text: str) -> bool:
    """Return whether a whole turn is "mm-hm", "right", "sounds great" and nothing more."""
    return bool(_BACKCHANNEL.match(fold(text)))


def is_clear_agreement(reply: str, said: str) -> bool:
    """Return whether `reply` clearly agrees with the seller's words `said` before it.

    "Exactly", "that's right" and their like agree with anything. A bare "yes" agrees with a
    single direct question that holds neither a negation nor an "or". Neither counts when the
    reply goes on to take it back.
    """
    reply, said = fold(reply).strip(), fold(said).strip()
    opening = _first_sentences(reply)
    if _WITHDRAWN.search(opening):
        return False
    asked = [m.group() for m in _SENTENCE.finditer(said)]
    question = asked[-1].strip() if asked else ""
    if _NEGATED_QUESTION.search(question) and not _CLEAR.match(opening):
        return False
    if _CLEAR.match(opening):
        return True
    return (
        bool(_YES.match(opening)) and question.endswith("?") and not _ALTERNATIVES.search(question)
    )


def agreeing_turn(index: CallIndex, seller_turn: int, quote_end: int) -> int | None:
    """Return the buyer's turn that clearly agrees with a seller's words, or None.

    Args:
        index: the call.
        seller_turn: number of the turn the seller's words stand in.
        quote_end: where in that turn the words end; all but the turn's last two sentences are
            too far from the answer to be what it answers.
    """
    said = index.call.turns[seller_turn].text
    if len(_SENTENCE.findall(said[quote_end:].strip(" .!?…"))) > 1:
        return None
    for turn in range(seller_turn + 1, min(seller_turn + 1 + _REPLY_REACH, len(index))):
        text = index.call.turns[turn].text
        if index.side(turn) is not Side.BUYER:
            if len(text.split()) > _NUDGE_WORDS:
                return None
        elif is_clear_agreement(text, said):
            return turn
        elif not is_backchannel(text):
            return None
    return None
