"""A recorded conversation: who was there, on which side, and what was said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, NewType

from pydantic import AwareDatetime, Field, model_validator

from bantam.domain.value import Value, digest

CallId = NewType("CallId", str)
DealId = NewType("DealId", str)


EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Calls start in [EARLIEST, LATEST): other times are mistakes, and no arithmetic overflows."""

_NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]+$"
"""Ids are typed, looked up and printed on one line."""


class Side(StrEnum):
    """Which side of the table a participant sits on. Unknown stays unknown."""

    SELLER = "seller"
    BUYER = "buyer"
    UNKNOWN = "unknown"


class Participant(Value):
    """One person (or one unnamed voice) of a call."""

    id: str
    """Unique within the call; turns refer to it."""
    name: str
    email: str | None = None
    side: Side = Side.UNKNOWN
    title: str | None = None


class Turn(Value):
    """One speaker's stretch of speech."""

    speaker: str
    """A `Participant.id` of the same call."""
    text: str
    start: float | None = None
    """Seconds from the start of the call, or None when the source has no times."""
    end: float | None = None
    """Seconds; never before `start`."""


class Call(Value):
    """A recorded conversation with its transcript: turns numbered from 0."""

    id: Annotated[CallId, Field(min_length=1, pattern=_NO_CONTROLS)]
    title: str = ""
    started_at: Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)]
    language: str = "en"
    """BCP 47 primary tag, lower case ("en", "de"), as the source says it."""
    deal_id: Annotated[DealId, Field(min_length=1, pattern=_NO_CONTROLS)] | None = None
    participants: tuple[Participant, ...] = ()
    turns: tuple[Turn, ...] = ()
    source: str = "file"
    """Where it came from: "file", "gong", "zoom", ..."""
    url: str | None = None
    """A link to the recording, if the source has one."""
    crm_ids: tuple[str, ...] = ()
    """CRM records that the recorder itself links to this call, as "vendor:type:id"."""
    consent: bool | None = None
    """True or False when the source states the participants' consent, None when it does not."""
    started_at_is_guess: bool = False
    """True when the source states no date and the age of its file stands in."""

    @model_validator(mode="after")
    def _speakers_exist(self) -> Call:
        known = {p.id for p in self.participants}
        if len(known) != len(self.participants):
            raise ValueError("participants: two participants have the same id")
        for number, turn in enumerate(self.turns):
            if turn.speaker not in known:
                raise ValueError(f"turns[{number}].speaker: expected the id of a participant")
        return self

    @cached_property
    def _by_id(self) -> dict[str, Participant]:
        return {p.id: p for p in self.participants}

    def speaker_of(self, turn: int) -> Participant:
        """Return who speaks turn number `turn` (0-based)."""
        return self._by_id[self.turns[turn].speaker]

    def side_of(self, turn: int) -> Side:
        """Return the side of turn number `turn` (0-based); from metadata, never from words."""
        return self.speaker_of(turn).side

    def on_side(self, side: Side) -> Iterator[Participant]:
        """Yield the participants of one side."""
        return (p for p in self.participants if p.side is side)

    @cached_property
    def transcript_digest(self) -> str:
        """Hex SHA-256 of all that a reading may depend on: words, speakers, sides, date."""
        return digest(
            self.language,
            self.started_at.isoformat(),
            [(p.id, p.name, p.side, p.title) for p in self.participants],
            [(t.speaker, t.text) for t in self.turns],
        )


class DealRef(Value):
    """What a call is about: a deal, and the account it belongs to."""

    deal_id: DealId
    account_id: str | None = None


class CallWindow(Value):
    """Half-open stretch of time [since, until) in which calls started."""

    since: AwareDatetime
    until: AwareDatetime = Field(description="exclusive")

    @model_validator(mode="after")
    def _runs_forward(self) -> CallWindow:
        if self.until <= self.since:
            raise ValueError("until: must be after since")
        return self
