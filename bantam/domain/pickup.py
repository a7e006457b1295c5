"""A call that is to be fetched from its source: announced by a webhook, found by a poll."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field

from bantam.domain.calls import CallId, DealId
from bantam.domain.scheduled import CallRequest
from bantam.domain.value import Value

MEETING = "meeting"
"""What a notice is about when a meeting or call took place: a recorder may have it."""


class PickupState(StrEnum):
    """Where a pickup stands. There is no "running": a lease says who has it, and ends."""

    WAITING = "waiting"
    DONE = "done"
    """Fetched and recorded, scored or not."""
    NEVER_CAME = "never_came"
    """The source has no transcript and never will, or did not have one for 48 hours."""
    FAILED = "failed"
    """The source refuses it for good; visible, with the reason."""


class Pickup(Value):
    """One call to fetch."""

    call_id: CallId
    source: str
    """Name of a `CallSource`."""
    state: PickupState = PickupState.WAITING
    found_at: AwareDatetime
    """When it was announced, or announced again."""
    attempts: int = Field(default=0, ge=0)
    """How often a worker took it since `found_at`."""
    due_at: AwareDatetime
    """Not before this."""
    last_error: str = ""


class Notice(Value):
    """A verified message that came in by webhook. A hint: what it is about is read by id."""

    source: str
    """Who sent it: "gong", "hubspot", "generic", ..."""
    delivery_id: str
    """Equal on every delivery of the same event."""
    event: str
    call_id: CallId | None = None
    """The call to fetch."""
    call_source: str | None = None
    """Where to fetch it; None for `source` itself."""
    request: CallRequest | None = None
    """What a form asked for, where no other place holds it."""
    about: str | None = None
    """What a flow is to look at: "deal:<the CRM's id>", or `MEETING`; None when nothing follows."""

    @property
    def deal_id(self) -> DealId | None:
        """The deal to look at, if it is about one."""
        kind, _, deal = (self.about or "").partition(":")
        return DealId(deal) if kind == "deal" and deal else None
