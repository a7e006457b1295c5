"""Words that carry a reading: where they stand, who said them, or why they do not count."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from bantam.domain.calls import Side
from bantam.domain.value import Value


class Span(Value):
    """A stretch of one turn's text, half-open: [start, end) in code points of `Turn.text`."""

    turn: int = Field(ge=0)
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Match(StrEnum):
    """Where a claimed quote was found; always token-exact, never fuzzy."""

    CITED = "cited"
    """In the turn that was cited."""
    NEAR = "near"
    """Within two turns of the cited one."""
    ELSEWHERE = "elsewhere"
    """Somewhere else in the call."""


class Rejection(StrEnum):
    """Why a claimed quote does not count as evidence."""

    NOT_FOUND = "not_found"
    """These words do not stand in the transcript."""
    SPLICED = "spliced"
    """Its parts do not stand together in one turn."""
    TOO_SHORT = "too_short"
    """Fewer than two words that mean anything: could stand anywhere."""
    SELLER_SAID_IT = "seller_said_it"
    NOT_AGREEMENT = "not_agreement"
    """A bare "mm-hm" or "right" after the seller's words."""
    INJECTION = "injection"
    """The turn addresses the reader of the transcript, not the people on the call."""
    HYPOTHETICAL = "hypothetical"
    OTHER_MONEY = "other_money"
    """A price, a rival's cost, a past purchase or the cost of the pain: not a budget."""
    OTHER_DATE = "other_date"
    """A pilot, a meeting or something past: not a purchase."""


class Evidence(Value):
    """The transcript's own words behind a reading, widened to their sentence."""

    turn: int = Field(ge=0)
    """0-based number of the turn."""
    quote: str
    """`Turn.text[span.start:span.end]`: the transcript's words, never the model's."""
    span: Span
    speaker: str
    """Name of who said it."""
    side: Side
    start: float | None = None
    """Seconds into the recording, if known."""
    end: float | None = None
    match: Match = Match.CITED


class RejectedEvidence(Value):
    """A claimed quote that did not pass the gates; kept and shown."""

    turn: int | None
    """The turn that was cited, None when none was."""
    quote: str
    """As claimed."""
    reason: Rejection
