"""Finding dates in what was said, each resolved to days.

What is decided here, since words leave it open:
- The target of a period is its last day: "in March" and "by March" are 31 March, "by the
  summer" is 31 August. "Before March" is the end of February.
- "Before our renewal in March" names a month, not a day: 31 March is the last day that can
  be before it. "Before our renewal on 1 September" is 31 August.
- "After Q1" is the quarter that follows, "after the summer" the autumn. "Not before Q3" is Q3.
- Quarters and halves follow the fiscal year of the settings unless called "calendar";
  "the second half of 2026" names a calendar year.
- A month is the next one, that of the call included, unless the words speak of what was.
- "5/6" in English may be either day: the interval spans both, the later one is the target.
- "Next Friday" is that of the following week, "Friday" the next to come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from extractors.dates.cores import read_core
from extractors.dates.durations import COUNTS, HALVES_IN_WORDS, read_duration
from extractors.dates.items import items_of
from extractors.dates.lexicon import triggers
from extractors.dates.periods import Interval, following, part_of, shift
from extractors.dates.roles import Role
from extractors.dates.scene import Core, Kind, Lead, Scene
from extractors.number_words import language_of, rough_words

_FIGURES = re.compile(
    r"(?<![^\W_])[QqTHhS][ ]?[1-4](?!\w)|[1-4][Qq]|[12][Hh][0-9]|FY|CY|(?:19|20)[0-9]{2}"
    r"|[0-9][./-][0-9]|[0-9](?:st|nd|rd|th)(?!\w)"
)
_MODS = frozenset(
    {
        *(Role.BY, Role.BEFORE, Role.AFTER, Role.IN, Role.FOR, Role.WITHIN, Role.BETWEEN),
        *(Role.SINCE, Role.NOT),
    }
)
_POINTLESS = frozenset({Role.BY, Role.BEFORE, Role.AFTER})
_WORDS_OF_AN_EVENT = 4
_BEGINS_NOTHING = frozenset(
    {
        *(Role.WORD, Role.BREAK, Role.TO, Role.AND, Role.AGO, Role.PAST_TENSE, Role.FUTURE_TENSE),
        Role.EVENT,
    }
)
_NEEDS_MORE = frozenset({Role.IN, Role.FOR, Role.A, Role.NOT, Role.WITHIN, Role.AFTER, Role.PART})
_HAS_TENSE = frozenset(
    {
        *(Role.MONTH, Role.DOUBTFUL_MONTH, Role.WEEKDAY, Role.SEASON, Role.NUMBER, Role.ORDINAL),
        *(Role.QUARTER, Role.HALF, Role.DATE),
    }
)


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date as said. Where it resolves, `first` <= `last`, both included."""

    first: date | None
    last: date | None
    kind: Kind
    target: date | None
    """The last day of the period meant; None where the words name none ("someday")."""
    start: int
    end: int
    """text[start:end] are the words, in code points."""
    past: bool = False
    """True when the words speak of what was, or the period has ended."""
    negated: bool = False
    """True for "not in Q1"."""


def may_hold_date(text: str, language: str = "en") -> bool:
    """Return False for text that `find_dates` finds nothing in, at a fraction of its cost.

    Words of the caller's own anchors are not looked for.
    """
    words = rough_words(text)
    telling, units, beside_units = triggers(language)
    if not telling.isdisjoint(words):
        return True
    if not units.isdisjoint(words) and not beside_units.isdisjoint(words):
        return True
    return _FIGURES.search(text) is not None or "wenty twenty" in text


def find_dates(
    text: str,
    *,
    said_on: date,
    fiscal_year_start_month: int = 1,
    language: str = "en",
    anchors: Mapping[str, date] | None = None,
) -> tuple[DateMention, ...]:
    """Return every mention of a date, in the order of the text.

    Args:
        text: a sentence or a turn.
        said_on: the day of the call.
        fiscal_year_start_month: 1 to 12. Fiscal years are named by the year they end in.
        language: BCP 47 tag; English is read for any but de, fr and es.
        anchors: events whose day is known, such as {"renewal": date(2026, 3, 12)}.

    Raises:
        ValueError: `fiscal_year_start_month` is no month.
    """
    if not 1 <= fiscal_year_start_month <= 12:
        raise ValueError(f"fiscal_year_start_month: {fiscal_year_start_month} is not 1 to 12")
    language = language_of(language)
    if not anchors and not may_hold_date(text, language):
        return ()
    known = {words.lower(): on for words, on in (anchors or {}).items()}
    items = items_of(text, language, every_word=bool(known))
    scene = Scene(text, items, said_on, fiscal_year_start_month, language, known)
    found = []
    at = 0
    while at < len(items):
        mention, at = _read(scene, at)
        if mention is not None:
            found.append(mention)
    return tuple(found)


def _read(scene: Scene, at: int) -> tuple[DateMention | None, int]:
    """Read the mention that starts at an item; return the index to go on from."""
    if _begins_nothing(scene, at):
        return None, at + 1
    alone = _standalone(scene, at)
    if alone is not None:
        return alone, at + 1
    lead = _lead(scene, at)
    core = _core(scene, lead)
    if core is None:
        return None, at + 1
    mention = _applied(scene, at, lead, core)
    joined = _range(scene, lead, core, mention)
    return joined if joined is not None else (mention, core.next)


def _begins_nothing(scene: Scene, at: int) -> bool:
    """Tell nearly all words that no date begins with, fast: "for us", "in a meeting", "not"."""
    role = scene.items[at].role
    if role in _BEGINS_NOTHING:
        return True
    if scene.anchors or role not in _NEEDS_MORE:
        return False
    after = scene.role(at + 1)
    if after is Role.A:
        after = scene.role(at + 2)
    return after in _BEGINS_NOTHING and scene.words(at + 1) not in HALVES_IN_WORDS


def _standalone(scene: Scene, at: int) -> DateMention | None:
    item = scene.items[at]
    match item.role:
        case Role.ASAP:
            on = scene.said_on
            return DateMention(on, on, "asap", on, item.start, item.end)
        case Role.HENCE if scene.words(at).startswith("down"):
            return DateMention(None, None, "vague", None, item.start, item.end)
        case Role.VAGUE:
            return DateMention(None, None, "vague", None, item.start, item.end)
        case Role.TOMORROW | Role.YESTERDAY:
            on = scene.said_on + timedelta(days=scene.number(at))
            past = item.role is Role.YESTERDAY
            return DateMention(on, on, "relative", on, item.start, item.end, past=past)
        case _:
            return None


def _lead(scene: Scene, at: int) -> Lead:
    """Read the words in front of a period."""
    begin = at
    mods: set[Role] = set()
    part, word = "", ""
    while True:
        role = scene.role(at)
        if role in _MODS:
            mods.add(role)
            word = scene.words(at)
        elif role is Role.PART:
            part = scene.name(at)
        elif not (role is Role.TO and scene.role(at + 1) is Role.PART and part):
            break
        at += 1
    event = False
    if mods & {Role.BEFORE, Role.BY}:
        behind = _event_in_front(scene, at)
        event = behind > at
        at = behind
    if scene.role(at) is Role.A and scene.role(at + 1) not in {Role.UNIT, Role.SOME, Role.NUMBER}:
        at += scene.role(at + 1) is not Role.HALF_OF
    spoke = Role.SINCE in mods or (
        not mods & _POINTLESS
        and not event
        and scene.role(at) in _HAS_TENSE
        and _speaks_of_past(scene, begin, at)
    )
    return Lead(at, frozenset(mods - {Role.NOT}), part, Role.NOT in mods, event, word, spoke)


def _event_in_front(scene: Scene, at: int) -> int:
    """Step over the "our renewal in" of "before our renewal in March"."""
    for length in range(1, _WORDS_OF_AN_EVENT + 1):
        role = scene.role(at + length - 1)
        if role not in {Role.WORD, Role.EVENT, Role.UNIT, Role.A, Role.NEXT, Role.FUTURE_TENSE}:
            return at
        if scene.role(at + length) is Role.IN:
            behind = at + length + 1
            behind += scene.role(behind) is Role.PART
            dated = scene.role(behind) not in {Role.WORD, Role.A, Role.BREAK}
            return at + length + 1 if dated else at
    return at


def _speaks_of_past(scene: Scene, begin: int, end: int) -> bool:
    """True when the clause around a date has a verb of what was, and none of what will be."""
    roles = set()
    for step, at_side in ((-1, begin - 1), (1, end + 1)):
        at = at_side
        while 0 <= at < len(scene.items) and scene.role(at) is not Role.BREAK:
            roles.add(scene.role(at))
            at += step
    return Role.PAST_TENSE in roles and Role.FUTURE_TENSE not in roles


def _core(scene: Scene, lead: Lead) -> Core | None:
    at = lead.next
    if scene.role(at) is Role.PART:  # "before our renewal in early March"
        lead = replace(lead, part=scene.name(at), next=at + 1)
        at += 1
    anchored = _anchored(scene, at, lead)
    if anchored is not None:
        return anchored
    core = read_core(scene, at, lead)
    if core is None and (scene.role(at) in COUNTS or scene.words(at) in HALVES_IN_WORDS):
        core = read_duration(scene, at, lead)
    if core is None and scene.role(at) is Role.EVENT and lead.mods & _POINTLESS:
        return Core(None, "event", at + 1)
    return core


def _anchored(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read an event whose day the caller knows."""
    if not scene.anchors or at >= len(scene.items) or not (lead.mods or lead.part):
        return None
    rest = scene.text[scene.items[at].start :].lower()
    for words, on in scene.anchors.items():
        if words and rest.startswith(words) and not rest[len(words) : len(words) + 1].isalpha():
            ends = scene.items[at].start + len(words)
            behind = at
            while behind < len(scene.items) and scene.items[behind].start < ends:
                behind += 1
            return Core(Interval(on, on), "event", behind, past=on < scene.said_on)
    return None


def _applied(scene: Scene, at: int, lead: Lead, core: Core) -> DateMention:
    """Return a mention: the period with the words in front of it applied."""
    interval = core.interval
    if interval is not None:
        if lead.part and core.kind not in {"exact", "relative"}:
            interval = part_of(interval, lead.part)
        interval = _moved(scene, interval, lead)
    kind: Kind = "event" if lead.event else core.kind
    last = None if interval is None else interval.last
    return DateMention(
        first=None if interval is None else interval.first,
        last=last,
        kind=kind,
        target=last,
        start=scene.items[at].start,
        end=scene.items[core.next - 1].end,
        past=core.past or lead.past,
        negated=lead.negated,
    )


def _moved(scene: Scene, period: Interval, lead: Lead) -> Interval | None:
    """Return what "before" or "after" a period is; the period itself for all other words."""
    if Role.AFTER in lead.mods:
        return following(period)
    if Role.BEFORE not in lead.mods or lead.part == "end":
        return period
    if lead.event and period.first != period.last:
        return period
    ends = shift(period.first, days=-1)
    return None if ends is None else Interval(min(scene.said_on, ends), ends)


def _range(
    scene: Scene, lead: Lead, core: Core, first: DateMention
) -> tuple[DateMention, int] | None:
    """Join "between April and June", "Q2 or Q3", "March to May" to one mention."""
    at = core.next
    between = Role.BETWEEN in lead.mods and scene.role(at) is Role.AND
    connects = scene.role(at) is Role.TO or scene.words(at) in {"à", "a", "bis"} or between
    if not connects or lead.mods & {Role.BEFORE, Role.AFTER} or first.first is None:
        return None
    begin = at + 1
    inner = _lead(scene, begin)
    inner = replace(inner, mods=inner.mods | lead.mods, past=lead.past, word=lead.word)
    second = _core(scene, inner)
    if second is None or second.interval is None:
        return None
    if core.kind == "year" and second.kind != "year":
        return None
    end = _applied(scene, begin, inner, second)
    if end.last is None or end.first is None:
        return None
    begins = _in_same_year(first.first, end.first) if not core.year_said else first.first
    if begins > end.last:
        return None
    joined = replace(end, first=begins, start=first.start, negated=first.negated)
    return joined, second.next


def _in_same_year(first: date, second: date) -> date:
    """Carry the year of a range's end over to its beginning."""
    while (later := shift(first, months=12)) is not None and later <= second:
        first = later
    return first
