"""Whether a score is worth a message, and where the message goes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import Field

from bantam.domain.delivery import ScoreNote
from bantam.domain.value import Value

OWNER = "@owner"
"""As a channel: a direct message to the account executive."""


class AlertPolicy(Value):
    """When a score is worth a message."""

    thresholds: tuple[int, ...] = (75,)
    """A score that reaches or falls below one of these is told."""
    change: int = Field(default=15, ge=1, le=99)
    """So is one that moved by as many points since the deal's last score."""
    quiet_after: timedelta = timedelta(days=7)
    """Calls older than this are never told anew: a back-fill is not news."""


class Route(Value):
    """One line of the routing table; what is None matches everything."""

    channel: str
    """A channel id, or "@owner"."""
    band: str | None = None
    owner: str | None = None
    """The account executive's e-mail address."""


def why_alert(points: int, previous: int | None, policy: AlertPolicy) -> str | None:
    """Return the reason for a message, or None for silence.

    Args:
        points: the new score.
        previous: the last score that was sent for the same deal; None when there was none.
        policy: what is worth a message.
    """
    for threshold in sorted(policy.thresholds, reverse=True):
        before = previous if previous is not None else 0
        if before < threshold <= points:
            return f"reached {threshold}" + _was(previous)
    for threshold in sorted(policy.thresholds):
        if previous is not None and points < threshold <= previous:
            return f"fell below {threshold}" + _was(previous)
    if previous is not None and abs(points - previous) >= policy.change:
        return f"{'up' if points > previous else 'down'} {abs(points - previous)}" + _was(previous)
    return None


def _was(previous: int | None) -> str:
    return "" if previous is None else f" (was {previous})"


def channel_for(note: ScoreNote, owner: str | None, routes: Sequence[Route], default: str) -> str:
    """Return the channel of the first route that fits, else the default.

    Args:
        note: its band is compared.
        owner: the account executive's address, if known.
        routes: in order of precedence.
        default: a channel id, or "@owner".
    """
    address = (owner or "").lower()
    for route in routes:
        fits_band = route.band is None or route.band == note.band
        fits_owner = route.owner is None or route.owner.lower() == address
        if fits_band and fits_owner:
            return route.channel
    return default
