"""What the readers of dates share: the items, the day of the call, and what they hand back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from extractors.dates.items import Item
from extractors.dates.periods import Interval
from extractors.dates.roles import Role

Kind = Literal[
    "exact",
    "month",
    "quarter",
    "half",
    "year",
    "season",
    "relative",
    "fiscal",
    "event",
    "asap",
    "vague",
]


@dataclass(frozen=True, slots=True)
class Scene:
    """A text cut into items, and what its dates count from."""

    text: str
    items: Sequence[Item]
    said_on: date
    start_month: int
    """First month of the fiscal year, 1 to 12."""
    language: str
    anchors: Mapping[str, date]
    """Lower-case words for events whose day is known."""

    def role(self, at: int) -> Role:
        """Return the role of an item; a break behind the last."""
        return self.items[at].role if 0 <= at < len(self.items) else Role.BREAK

    def number(self, at: int) -> int:
        """Return the number that an item holds."""
        value = self.items[at].value
        return value if isinstance(value, int) else 0

    def name(self, at: int) -> str:
        """Return the word that an item holds; empty when it holds none."""
        value = self.items[at].value if 0 <= at < len(self.items) else ""
        return value if isinstance(value, str) else ""

    def numbers(self, at: int) -> tuple[int, ...]:
        """Return the numbers that a code or an explicit date holds."""
        value = self.items[at].value
        return value if isinstance(value, tuple) else ()

    def words(self, at: int) -> str:
        """Return an item as written, in lower case."""
        if not 0 <= at < len(self.items):
            return ""
        return self.text[self.items[at].start : self.items[at].end].lower()

    def is_unit(self, at: int, *names: str) -> bool:
        """True for a unit ("quarter") of one of the names."""
        return self.role(at) is Role.UNIT and self.name(at) in names


@dataclass(frozen=True, slots=True)
class Lead:
    """The words in front of a period: "by the end of", "not before early"."""

    next: int
    """Index of the item behind them."""
    mods: frozenset[Role] = frozenset()
    part: str = ""
    """"start", "mid", "end", or empty."""
    negated: bool = False
    event: bool = False
    """True for "before our renewal in March": the period is that of an event."""
    word: str = ""
    """The last preposition as written."""
    past: bool = False
    """True when the clause speaks of what was."""

    @property
    def points(self) -> bool:
        """True when the words point at a time, so that "may" behind them is a month."""
        return bool(self.part or self.mods - {Role.FOR, Role.NOT, Role.WITHIN})


NO_LEAD = Lead(0)


@dataclass(frozen=True, slots=True)
class Core:
    """A period as read, before the words in front of it are applied."""

    interval: Interval | None
    kind: Kind
    next: int
    """Index of the item behind it."""
    past: bool = False
    """True when the words say so ("last March", "ago")."""
    year_said: bool = False
