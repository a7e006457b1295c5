"""A deal over time: its readings built from its calls in order, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from bantam.domain.bant import Criterion, Reading
from bantam.domain.calls import CallId, DealId
from bantam.domain.value import Value


class Outcome(Value):
    """How a deal ended."""

    deal_id: DealId
    account_id: str | None = None
    won: bool
    closed_at: AwareDatetime
    amount: float | None = Field(default=None, ge=0)
    currency: str | None = None


class AeWord(Value):
    """What a deal's account executive (AE) typed into a field of the CRM about it."""

    about: Literal["score", "qualified"]
    score: float | None = Field(default=None, ge=0, le=100)
    """None when the field was cleared, or holds no number of the scale."""
    qualified: bool | None = None
    """None when the field was cleared."""
    at: AwareDatetime | None = None
    """When it was typed; None where the CRM keeps no history of the field."""


class AeView(Value):
    """What an AE thought of a deal over time."""

    deal_id: DealId
    words: tuple[AeWord, ...]
    """Oldest first; words without a time stand first."""

    def as_of(self, about: Literal["score", "qualified"], moment: datetime) -> AeWord | None:
        """Return the word that stood in a field at a moment, as far as that is known."""
        then = [w for w in self.words if w.about == about and w.at is not None and w.at <= moment]
        return then[-1] if then else None


class Change(Value):
    """A criterion that moved between two calls of a deal."""

    criterion: Criterion
    call_id: CallId
    on: date
    before: Reading
    after: Reading
    contradiction: bool = False
    """The newer words say the opposite; the older ones are kept and shown."""


class DealReading(Value):
    """What a deal's calls say together, as of a day."""

    deal_id: DealId
    as_of: date
    readings: Mapping[Criterion, Reading]
    from_call: Mapping[Criterion, CallId] = {}
    """Which call each discussed reading comes from."""
    changes: tuple[Change, ...] = ()
    expired: tuple[Criterion, ...] = ()
    """Criteria whose newest words are too old to count in full."""
    calls: int = Field(default=0, ge=0)
