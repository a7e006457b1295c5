"""Authority over people: each buyer is weighed apart, and the one who carries most counts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from bantam.domain.bant import AuthorityValue, Criterion
from bantam.domain.calls import Call, Participant
from extractors.embedded.cues import Cue
from extractors.embedded.weighing import RULES, Weighed, weigh

_SIGNS_ALONE = 4
_SHARES = 3
_ROLE = re.compile(
    r"\b(?:my|our|the|his|her|mein\w*|unser\w*|der|die|"
    r"mon|ma|mes|notre|le|la|les|mi|nuestr[oa]|el)\s+"
    r"(?:\w+\s){0,2}?"
    r"(?:boss|board|managing director|director|cfo|ceo|coo|cto|cio|owner|partners?|"
    r"committee|council|"
    r"head of \w+|vp of \w+|finance director|manager|treasurer|trustees|governors|husband|wife|"
    r"brother|sister|father|mother|founders?|procurement|headquarters|head office|"
    r"chef\w*|geschäftsführ\w+|vorstand\w*|inhaber\w*|einkauf|"
    r"patron\w*|directeur\w*|direction|conseil|directric\w+|gérant\w*|associés?|"
    r"jef[ea]|director\w*|dueñ[oa]|consejo|gerente|socios?|comité)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![.!?…]\s)(?<!^)\b[A-ZÀ-Þ][a-zà-ÿ]+(?:\s[A-ZÀ-Þ][a-zà-ÿ]+)?\b")
_NOT_NAMES = frozenset(
    """
    I I'm January February March April May June July August September October November December
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Christmas Easter English German French
    Spanish Europe Zoom Teams Excel Yes No And But So Well Okay The
    """.split()  # noqa: SIM905 - a list of words reads better so
)


def weigh_authority(call: Call, cues: Sequence[Cue]) -> Weighed | None:
    """Return what the most powerful person's own words come to, or None.

    Args:
        call: tells who speaks.
        cues: of authority, all speakers mixed.
    """
    rule = RULES[Criterion.AUTHORITY]
    by_speaker: dict[str, list[Cue]] = defaultdict(list)
    for cue in cues:
        by_speaker[call.turns[cue.turn].speaker].append(cue)
    weighed = [found for own in by_speaker.values() if (found := weigh(own, rule)) is not None]
    return max(weighed, key=lambda found: (found.expected, found.certainty), default=None)


def deciders(call: Call, weighed: Weighed) -> AuthorityValue:
    """Return who decides, as far as names and roles in the words tell: a best effort."""
    names: list[str] = []
    if weighed.expected >= _SHARES:
        names.append(_described(call.speaker_of(weighed.cues[0].turn)))
    if weighed.expected != _SIGNS_ALONE:
        for cue in weighed.cues:
            names += _people_in(cue.text)
    return AuthorityValue(decision_makers=tuple(dict.fromkeys(names))[:4])


def _described(person: Participant) -> str:
    return f"{person.name} ({person.title})" if person.title else person.name


def _people_in(text: str) -> Iterator[str]:
    for match in _ROLE.finditer(text):
        yield match.group()
    if text[:1].islower() or text.isupper():
        return
    for match in _NAME.finditer(text):
        if not _NOT_NAMES & set(match.group().split()):
            yield match.group()
