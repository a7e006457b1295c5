"""A deal over time: its readings built from its calls in order, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

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
