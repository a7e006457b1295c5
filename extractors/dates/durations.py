"""Spans counted from the day of the call: "in three weeks", "within ninety days", "a year ago"."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from extractors.dates.periods import Interval, one_day, shift
from extractors.dates.roles import Role
from extractors.dates.scene import Core, Lead, Scene

_COUNTS_FROM_NOW = frozenset(
    {
        *("in", "within", "inside", "inside of", "in under", "in less than", "in about"),
        *("innerhalb", "innerhalb von", "binnen", "in den nächsten", "in den kommenden"),
        *("dans", "dans les", "sous", "d'ici", "d’ici", "en", "en los", "en las", "dentro de"),
    }
)
COUNTS = frozenset(
    {
        *(Role.NUMBER, Role.YEAR, Role.A, Role.SOME, Role.HALF_OF, Role.AGO_BEFORE, Role.UNIT),
    }
)
"""What a counted span can begin with."""
HALVES_IN_WORDS = frozenset({"anderthalb", "eineinhalb"})
_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12, "fiscal year": 12}
_DAYS = {"day": 1, "week": 7, "fortnight": 14}
_MOST = 36_500


class _Span(NamedTuple):
    months: int
    days: int
    business_days: int
    next: int


def read_duration(scene: Scene, at: int, lead: Lead) -> Core | None:
    """Read a counted span at an item, if the words around it count it from the call."""
    ago_before = scene.role(at) is Role.AGO_BEFORE
    begin = at + ago_before
    from_, to = _spans(scene, begin)
    if to is None:
        return None
    after = scene.role(to.next)
    ago = after is Role.AGO or ago_before
    ago = ago or (scene.language == "de" and Role.BEFORE in lead.mods)
    if ago:
        then = _moved(scene.said_on, to, -1)
        behind = to.next + (after is Role.AGO)
        return Core(one_day(then), "relative", behind, past=True)
    if after is Role.HENCE:
        behind = to.next + 1
    elif lead.word in _COUNTS_FROM_NOW:
        behind = to.next
    else:
        return None
    last = _moved(scene.said_on, to, 1)
    first = _moved(scene.said_on, from_, 1) if from_ is not None else last
    if Role.WITHIN in lead.mods and scene.language != "es":
        first = scene.said_on
    if first is None or last is None or first > last:
        return Core(None, "relative", behind)
    return Core(Interval(first, last), "relative", behind)


def read_coming(scene: Scene, at: int, direction: int) -> Core | None:
    """Read the "three months" behind "next" or "last": the whole span counts.

    Args:
        scene: the text.
        at: index of the number.
        direction: 1 for what comes, -1 for what was.
    """
    _, to = _spans(scene, at)
    if to is None:
        return None
    then = _moved(scene.said_on, to, direction)
    if then is None:
        return Core(None, "relative", to.next, past=direction < 0)
    ends = sorted((scene.said_on, then))
    return Core(Interval(*ends), "relative", to.next, past=direction < 0)


def _spans(scene: Scene, at: int) -> tuple[_Span | None, _Span | None]:
    """Read "six weeks", or both ends of "six to nine weeks" and "six months to a year"."""
    low = _count(scene, at)
    if low is not None and scene.role(low[1]) is Role.TO:
        high = _span(scene, low[1] + 1)
        if high is not None:
            unit_at = high.next - 1
            return _times(scene, low[0], unit_at), high
    one = _span(scene, at)
    if one is not None and scene.role(one.next) is Role.TO:
        high = _span(scene, one.next + 1)
        if high is not None:
            return one, high
    return one, one


def _count(scene: Scene, at: int) -> tuple[float, int] | None:
    """Read a number of something: "three", "a", "a couple of", "one and a half"."""
    role = scene.role(at)
    if role is Role.A and scene.role(at + 1) in {Role.SOME, Role.NUMBER}:
        return _count(scene, at + 1)
    if scene.is_unit(at, "fortnight"):
        return 1.0, at
    if role not in {Role.NUMBER, Role.YEAR, Role.A, Role.SOME}:
        return _half_count(scene, at)
    value = float(scene.number(at))
    behind = at + 1
    if _is_and_a_half(scene, behind):
        return value + 0.5, behind + _and_a_half_length(scene, behind)
    if role is Role.A and scene.role(behind) is Role.HALF_OF:
        return 0.5, behind + 1  # "einem halben Jahr"
    return value, behind


def _half_count(scene: Scene, at: int) -> tuple[float, int] | None:
    if scene.words(at) in HALVES_IN_WORDS:
        return 1.5, at + 1
    if scene.role(at) is Role.HALF_OF and scene.name(at) == "half":
        return 0.5, at + 1 + (scene.role(at + 1) is Role.A)
    return None


def _is_and_a_half(scene: Scene, at: int) -> bool:
    if scene.role(at) is not Role.AND:
        return False
    skip = 1 + (scene.role(at + 1) is Role.A)
    return scene.role(at + skip) is Role.HALF_OF


def _and_a_half_length(scene: Scene, at: int) -> int:
    return 2 + (scene.role(at + 1) is Role.A)


def _span(scene: Scene, at: int) -> _Span | None:
    count = _count(scene, at)
    if count is None or scene.role(count[1]) is not Role.UNIT:
        return None
    value, unit_at = count
    behind = unit_at + 1
    if _is_and_a_half(scene, behind):
        value += 0.5
        behind += _and_a_half_length(scene, behind)
    span = _times(scene, value, unit_at)
    return span and span._replace(next=behind)


def _times(scene: Scene, value: float, unit_at: int) -> _Span | None:
    """Return a number of units; half a month is 15 days, half a week 4."""
    if scene.role(unit_at) is not Role.UNIT or not 0 <= value <= _MOST:
        return None
    unit = scene.name(unit_at)
    if unit == "business day":
        return _Span(0, 0, round(value), unit_at + 1)
    if unit in _DAYS:
        return _Span(0, int(value * _DAYS[unit] + 0.5), 0, unit_at + 1)
    months = value * _MONTHS[unit]
    return _Span(int(months), int((months % 1) * 30 + 0.5), 0, unit_at + 1)


def _moved(on: date, span: _Span, direction: int) -> date | None:
    if span.business_days:
        return _business_days(on, span.business_days, direction)
    return shift(on, months=direction * span.months, days=direction * span.days)


def _business_days(on: date, count: int, direction: int) -> date | None:
    """Return the day so many days from Monday to Friday away; holidays are not known."""
    weeks, rest = divmod(count, 5)
    moved = shift(on, days=direction * weeks * 7)
    while moved is not None and rest:
        moved = shift(moved, days=direction)
        if moved is not None and moved.weekday() < 5:
            rest -= 1
    return moved
