"""From named stretches of speech to a call: who is who, when spellings change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bantam.domain.calls import Call, Participant
from bantam.errors import CallFileError
from integrations.files.origin import call_id_of, started_at_of, title_of
from integrations.files.sides import SideRules, with_sides
from integrations.speech import NOBODY, Said, language_tag, turns_of, with_unknown_voices


def call_of(
    said: Sequence[Said], file: Path, rules: SideRules, *, language: str | None = None
) -> Call:
    """Return the call that stretches of speech make; their voices are names as written.

    Args:
        said: in order; a voice is a speaker's name, or `NOBODY`.
        file: lends id, title and time.
        rules: which participants are sellers.
        language: as the source says it.

    Raises:
        CallFileError: nobody says anything.
    """
    names = same_people(s.voice for s in said if s.voice != NOBODY)
    ids = {name: f"p{number}" for number, name in enumerate(dict.fromkeys(names.values()), 1)}
    voiced = [
        Said(ids[names[s.voice]] if s.voice in names else NOBODY, s.text, s.start, s.end)
        for s in said
    ]
    turns = turns_of(voiced)
    if not turns:
        raise CallFileError(file, "file", "holds no speech; expected lines that somebody says")
    people = with_sides([Participant(id=i, name=name) for name, i in ids.items()], rules)
    return Call(
        id=call_id_of(file),
        title=title_of(file),
        started_at=started_at_of(file),
        language=language_tag(language),
        participants=with_unknown_voices(people, turns),
        turns=turns,
    )


def same_people(names: Iterable[str]) -> dict[str, str]:
    """Return for each spelling of a name the one that stands for the person.

    Spellings are one person when they differ in case or spaces only, when one is the other turned
    round ("Lopez, Maria"), or when one shortens the last name ("Maria L.") of exactly one other.
    Anything less certain stays two people.
    """
    found: dict[str, str] = {}
    by_key: dict[str, str] = {}
    spellings = list(dict.fromkeys(names))
    for spelling in spellings:
        found[spelling] = by_key.setdefault(_key(spelling), " ".join(spelling.split()))
    for spelling in spellings:
        if full := _only_expansion(_key(spelling), by_key):
            found[spelling] = by_key[full]
    return found


def _key(name: str) -> str:
    last, comma, first = name.partition(",")
    turned = f"{first} {last}" if comma and "," not in first else name
    return " ".join(turned.split()).casefold()


def _only_expansion(key: str, keys: Iterable[str]) -> str | None:
    short = re.fullmatch(r"(\w+) (\w)\.?", key)
    if not short:
        return None
    start = f"{short[1]} {short[2]}"
    full = [k for k in keys if k.startswith(start) and len(k.rstrip(".")) > len(start)]
    return full[0] if len(full) == 1 else None
