"""What an extractor claims of a call, before anybody has checked it."""

from __future__ import annotations

from pydantic import Field

from bantam.domain.bant import Criterion, Level, ReadingValue
from bantam.domain.value import Value


class ClaimedQuote(Value):
    """Words that an extractor says stand in the transcript."""

    turn: int | None
    """0-based number of the turn cited; None when none was. May be out of range."""
    text: str
    supports: bool = True
    """False for words that speak against the claimed level."""


class Claim(Value):
    """What an extractor says of one criterion. The gates turn it into a `Reading`."""

    criterion: Criterion
    level: Level
    """For timeframe: as the extractor's own words resolve; checked like any other."""
    quotes: tuple[ClaimedQuote, ...] = ()
    value: ReadingValue | None = None
    summary: str = ""
    certainty: float = Field(default=1.0, ge=0, le=1)
    """How sure the extractor is; multiplied into the confidence that the evidence carries."""
