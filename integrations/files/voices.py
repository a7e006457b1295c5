"""From stretches of speech to a call: who is who, and on which side."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from bantam.domain.calls import Call, Participant, Side
from integrations.files.names import STRANGER, name_key, same_people
from integrations.files.origin import Origin
from integrations.files.sides import SideRules, side_of_role, with_sides
from integrations.speech import NOBODY, Said, turns_of, with_unknown_voices, without_controls
from integrations.transcripts.lines import Spoken

MAX_NAMES = 1000
_ASIDE = re.compile(r"(?P<name>[^()\[\]]{1,80}?)\s{0,5}[(\[](?P<aside>[^()\[\]]{1,60})[)\]]\s{0,5}")
_MAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")


def call_of(said: Sequence[Spoken], origin: Origin, rules: SideRules, **stated: object) -> Call:
    """Return the call that stretches of speech make.

    Args:
        said: in order; names as written.
        origin: lends id, title and time when nothing else states them.
        rules: which participants are sellers.
        stated: fields of the call that its document states; None for those that it does not.

    Raises:
        CallFileError: nobody says anything, or more people than a call can have.
    """
    written = {s.name for s in said if s.name is not None}
    if len(written) > MAX_NAMES:
        raise origin.error("", f"expected a call; this has {len(written)} speakers")
    names = _without_asides(written)
    person = same_people(name for s in said if s.name in names and (name := names[s.name][0]))
    ids = {name: f"p{number}" for number, name in enumerate(dict.fromkeys(person.values()), 1)}

    def voice(written: str | None) -> str:
        name = names[written][0] if written is not None else ""
        return ids[person[name]] if name else NOBODY

    turns = turns_of(Said(voice(s.name), s.text, s.start, s.end) for s in said)
    if not turns:
        raise origin.error("", "holds no speech; expected lines that somebody says")
    asides = {person[name]: aside for name, aside in names.values() if name and aside}
    mails = {person[name]: s.mail for s in said if s.mail and s.name and (name := names[s.name][0])}
    people = [_participant(i, name, asides.get(name), mails.get(name)) for name, i in ids.items()]
    known = {key: value for key, value in stated.items() if value is not None}
    if "started_at" not in known:
        known["started_at"], known["started_at_is_guess"] = origin.started_at
    fields = {"id": origin.call_id, "title": origin.title, "turns": turns, **known}
    participants = with_unknown_voices(with_sides(people, rules), turns)
    return Call.model_validate({**fields, "participants": participants})


def _without_asides(written: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return for each name as written the name, empty for nobody's, and what stands in brackets.

    Where one name has several brackets they stay part of it: "Maria Lopez (Acme)" and "Maria
    Lopez (Beta)" are two people.
    """
    names = {name: _without_aside(name) for name in sorted(written)}
    asides: defaultdict[str, set[str]] = defaultdict(set)
    for name, aside in names.values():
        if aside:
            asides[name_key(name)].add(aside)
    return {
        spelling: (spelling, "") if aside and len(asides[name_key(name)]) > 1 else (name, aside)
        for spelling, (name, aside) in names.items()
    }


def _without_aside(written: str) -> tuple[str, str]:
    name, aside = " ".join(without_controls(written).split()), ""
    if found := _ASIDE.fullmatch(name):
        name, aside = found["name"].strip(), found["aside"].strip()
    if not name_key(name) or (STRANGER.fullmatch(name) and not any(c.isdigit() for c in name)):
        return "", ""
    return name, aside


def _participant(own_id: str, name: str, aside: str | None, mail: str | None) -> Participant:
    side = side_of_role(aside) if aside else Side.UNKNOWN
    email = mail or (name if _MAIL.fullmatch(name) else None)
    return Participant(id=own_id, name=name, email=email, side=side, title=aside)
