"""When two spellings of a name are one person."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

STRANGER = re.compile(
    r"(?:unknown|unidentified)(?:[ _-]?(?:speaker|person|participant))?(?:[ _-]?\d+)?",
    re.IGNORECASE,
)
"""What transcripts call a voice that they have no name for."""
_MARKS = re.compile(r"[.,;]+\Z|[\u200b-\u200f\u2060\ufeff]")


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """Return what all spellings of a name have in common.

    Case, spaces, accents, a trailing full stop and the order of "Lopez, Maria" do not count.
    """
    last, comma, first = name.partition(",")
    turned = f"{first} {last}" if comma and first.strip() and "," not in first else name
    bare = unicodedata.normalize("NFKD", _MARKS.sub("", turned.strip()))
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(letters.split()).casefold()


def same_people(names: Iterable[str]) -> dict[str, str]:
    """Return for each spelling of a name the one that stands for the person: the first full one.

    Spellings are one person when `name_key` says so, or when one shortens the last name
    ("Maria L.") of exactly one other. Anything less certain stays two people: words put into the
    wrong mouth are worse than one person twice.
    """
    spellings = list(dict.fromkeys(names))
    by_key: dict[str, str] = {}
    for spelling in spellings:
        by_key.setdefault(name_key(spelling), " ".join(spelling.split()))
    full = _expansions(by_key)
    keys = ((spelling, name_key(spelling)) for spelling in spellings)
    return {spelling: by_key[full.get(key, key)] for spelling, key in keys}


def _expansions(keys: Iterable[str]) -> dict[str, str]:
    """Return the full name of each shortened one ("maria l") that has exactly one."""
    longer: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        first, _, rest = key.partition(" ")
        if len(rest) > 1:
            longer[f"{first} {rest[0]}"].append(key)
    return {short: full[0] for short, full in longer.items() if len(full) == 1}
