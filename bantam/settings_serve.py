"""Sections of bantam.toml for `bantam serve`: what it listens to, and how often it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from bantam.domain.intake import OfficeHours, Questions
from bantam.settings_section import Section


class WebhookSettings(Section):
    """[webhooks]: messages from outside. A sender without a secret is refused.

    Recorders and Slack have their secrets in their own sections.
    """

    public_url: str | None = None
    """Our address as senders call it, such as https://bantam.example; Gong and HubSpot sign it."""
    hubspot_secret: SecretStr | None = None
    """The project app's client secret."""
    close_secret: SecretStr | None = None
    """`signature_key`, hex; Close shows it once."""
    generic_secret: SecretStr | None = None
    """whsec_ and base64, of your own making, for forms and recorders that Bantam does not know."""
    max_bytes: int = Field(default=2_000_000, ge=1024)
    """Longer messages are refused while they are read. Fathom sends whole meetings."""


class IntakeSettings(Section):
    """[intake]: forms that ask for a call. The forms themselves are named in `google.forms`."""

    calendar: Literal["embedded", "google"] = "embedded"
    """embedded: the ledger keeps the times, and nobody is invited."""
    also_free: tuple[str, ...] = ()
    """Calendars of colleagues who must be free too."""
    questions: Questions = Questions()
    hours: OfficeHours = OfficeHours()


class ServeSettings(Section):
    """`bantam serve`. Times are seconds."""

    host: str = "127.0.0.1"
    port: int = Field(default=8470, ge=0, le=65535)
    """0 takes a free one."""
    sources: tuple[str, ...] = ()
    """Call recorders to poll and to fetch from: gong, fireflies, zoom, fathom."""
    folder: Path | None = None
    """Call files that are dropped here are scored too."""
    poll_every: float = Field(default=300.0, ge=1)
    sweep_every: float = Field(default=60.0, ge=1)
    deliver_every: float = Field(default=15.0, ge=0.1)
    grace: float = Field(default=30.0, ge=0)
    """How long a stop waits for what is under way."""
    first_look: float = Field(default=7 * 86400.0, gt=0)
    """How far back the first poll of a source looks."""
