"""Sections of bantam.toml for call recorders, Slack and Google.

Secrets come from the environment (`BANTAM_GONG__ACCESS_KEY`) and never print. Nothing here is
needed until the vendor is used: what is missing then is named by its setting. Base addresses are
settings because some vendors give each customer his own, and for tests.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from bantam.settings_section import Section


class GongSettings(Section):
    """Section [gong]."""

    access_key: SecretStr | None = None
    access_key_secret: SecretStr | None = None
    access_token: SecretStr | None = None
    """An OAuth bearer, instead of the key pair."""
    base_url: str = "https://api.gong.io"
    """As shown beside the key; OAuth apps must use the customer's own."""
    workspace_id: str | None = None
    """Only calls of this workspace."""
    include_private: bool = False
    """Whether calls that somebody marked private are read."""
    webhook_public_key: str | None = None
    """Of the automation rule, as its page shows it."""
    webhook_secret: SecretStr | None = None
    """What stands in our URL, for rules without a signed header."""


class FirefliesSettings(Section):
    """Section [fireflies]."""

    api_key: SecretStr | None = None
    base_url: str = "https://api.fireflies.ai"
    requests_per_minute: float = Field(default=60.0, gt=0)
    webhook_secret: SecretStr | None = None


class ZoomSettings(Section):
    """Section [zoom]."""

    account_id: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    hosts: tuple[str, ...] = ()
    """Whose recordings are read: e-mail addresses of Zoom users."""
    base_url: str = "https://api.zoom.us/v2"
    auth_url: str = "https://zoom.us"
    webhook_secret: SecretStr | None = None
    """The app's Secret Token."""


class FathomSettings(Section):
    """Section [fathom]."""

    api_key: SecretStr | None = None
    base_url: str = "https://api.fathom.ai/external/v1"
    webhook_secret: SecretStr | None = None
    """whsec_..., given once when the webhook is made."""


class SlackRoute(Section):
    """[[slack.routes]]: the first line that fits decides."""

    channel: str
    """A channel id, or "@owner" for a direct message to the account executive."""
    band: str | None = None
    owner: str | None = None
    """E-mail address of the account executive."""


class SlackSettings(Section):
    """Section [slack]."""

    token: SecretStr | None = None
    """Bot token, xoxb-..."""
    channel: str | None = None
    """Where messages go that no route takes: a channel id, or "@owner"."""
    routes: tuple[SlackRoute, ...] = ()
    thresholds: tuple[int, ...] = (75,)
    """A score that reaches or falls below one of these is told."""
    change: int = Field(default=15, ge=1, le=99)
    """So is one that moved by as many points since the deal's last score."""
    quiet_after_days: int = Field(default=7, ge=1)
    """Calls older than this are never told anew."""
    signing_secret: SecretStr | None = None
    base_url: str = "https://slack.com/api"


class GoogleSettings(Section):
    """Section [google]."""

    service_account_json: SecretStr | None = None
    """The text of a service account's JSON key."""
    subject: str | None = None
    """Whom the service account acts for."""
    client_id: str | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    """With client_id and client_secret: a person's consent, instead of a service account."""
    forms: tuple[str, ...] = ()
    """Ids of forms whose responses are polled."""
    calendar: str = "primary"
    """Where meetings are booked."""
    token_url: str = "https://oauth2.googleapis.com"  # noqa: S105 - an address
    forms_url: str = "https://forms.googleapis.com"
    calendar_url: str = "https://www.googleapis.com/calendar/v3"
