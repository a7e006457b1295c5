"""`Name: text`: which words before a colon are a speaker, decided over the whole transcript."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_WORDS = 5
_LABELLED = 0.6
"""Share of lines with a name from which on a transcript counts as labelled throughout."""
_FULLY_LABELLED = 0.9
_WRAPPED = 0.3
"""Share from which on two different names make a transcript, whose long lines are wrapped."""

_NAME = r"[^\W\d_][^:：\n\[\]<>{}()\"?!]{0,58}?"
_PHONE = r"\+?\d[\d\s.*-]{5,18}"
_ASIDE = r"(?:\s*(?P<aside>\([^()\n]{0,40}\)|\[[^\[\]\n]{0,40}\]))?"
_MAIL = r"(?:\s*<(?P<mail>[^<>\s@]+@[^<>\s@]+)>)?"
_LABEL = re.compile(
    rf"\s{{0,20}}(?:[-–>*•]\s+)?(?P<name>{_NAME}|{_PHONE}){_MAIL}{_ASIDE}\s{{0,5}}(?::(?=\s|\Z)|：)",
)
_PARTICLES = frozenset({
    "al", "and", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el",
    "la", "le", "of", "ten", "ter", "van", "von", "y", "&", "-", "|", "/",
})  # fmt: skip
_SELDOM_NAMES = frozenset({
    "action", "actions", "agenda", "answer", "background", "budget", "conclusion",
    "context", "edit", "example", "fact", "fwd", "goal", "idea", "info", "issue", "next",
    "note", "notes", "option", "options", "ps", "price", "problem", "question", "reason",
    "result", "so", "solution", "step", "steps", "subject", "summary", "then", "timeline",
    "tip", "todo", "topic", "update", "warning",
}) | {"action items", "next steps", "bottom line", "key takeaways"}  # fmt: skip
"""Words that stand before a colon in speech and notes; a speaker only when they keep recurring."""


@dataclass(frozen=True, slots=True)
class Label:
    """A name before a colon, and where the words begin."""

    name: str
    written: str
    """The name and what stands in brackets after it: a time, a role, a company."""
    mail: str | None
    words_at: int
    key: str
    """What two spellings of one label have in common."""


def label_of(line: str) -> Label | None:
    """Return what stands before the first colon when it could be a name, else None."""
    if ":" not in line and "：" not in line:
        return None
    found = _LABEL.match(line)
    if not found:
        return None
    words = found["name"].split()
    if len(words) > _MOST_WORDS:
        return None
    name = " ".join(words)
    written = f"{name} {found['aside'].strip()}" if found["aside"] else name
    return Label(name, written, found["mail"], found.end(), name.casefold())


def speakers_among(labels: Iterable[Label], beginnings: int) -> frozenset[str]:
    """Return the keys of the labels that are speakers.

    A line may begin with "Budget: we have forty" as well as with "Ana: we have forty". What
    decides is how the whole transcript looks: where most lines begin with a name, names count
    even when they stand once; elsewhere a name has to recur, or to be a full name.

    Args:
        labels: what stands before a colon, once for each line.
        beginnings: how many lines would begin with a name if every stretch of speech did.
    """
    shapes: dict[str, str] = {}
    counts: dict[str, int] = {}
    for label in labels:
        shapes.setdefault(label.key, label.name)
        counts[label.key] = counts.get(label.key, 0) + 1
    share = sum(counts.values()) / beginnings if beginnings else 0.0
    names = [n for key, n in counts.items() if is_capitalised(shapes[key]) and _often_name(key)]
    labelled = (
        share >= _LABELLED or any(n > 1 for n in names) or (len(names) > 1 and share >= _WRAPPED)
    )
    return frozenset(
        key for key, n in counts.items() if _is_speaker(shapes[key], n, share, labelled=labelled)
    )


def _is_speaker(name: str, times: int, share: float, *, labelled: bool) -> bool:
    words = name.split()
    if not _often_name(name.casefold()):
        return times > 2 and share >= _LABELLED
    if is_capitalised(name):
        return labelled or len(words) > 1
    if share < _LABELLED:
        return len(words) == 1 and times > 2
    return len(words) == 1 or times > 1 or (share >= _FULLY_LABELLED and len(words) <= 3)


def _often_name(key: str) -> bool:
    return key not in _SELDOM_NAMES


def is_capitalised(name: str) -> bool:
    """Return whether each word has a capital, a digit ("Speaker 1") or a script without them."""
    return all(
        not word[0].islower() or word.casefold() in _PARTICLES or any(c.isdigit() for c in word)
        for word in name.split()
    )
