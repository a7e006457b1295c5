"""Which check each webhook path gets. The checks themselves are vendor code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from bantam.errors import SettingsError
from bantam.settings import Settings
from integrations.webhooks import Hint


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came, before anything of it is believed."""

    headers: Mapping[str, str]
    body: bytes
    path: str
    """With the query."""
    secret: str
    """`?secret=` of the URL, for senders that cannot sign."""
    now: datetime


Check = Callable[[Incoming], Sequence[Hint]]


class _Verify(Protocol):
    def __call__(
        self, headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime
    ) -> Hint: ...


def checks(settings: Settings) -> Mapping[str, Check]:
    """Return the check of each sender that has a secret; the others are refused."""
    # Late: standard webhooks, PyJWT and the vendors' clients are not for `--help`.
    from integrations.close import webhook as close  # noqa: PLC0415
    from integrations.fathom import webhook as fathom  # noqa: PLC0415
    from integrations.generic import webhook as generic  # noqa: PLC0415
    from integrations.slack import webhook as slack  # noqa: PLC0415
    from integrations.zoom import webhook as zoom  # noqa: PLC0415

    stamped: Mapping[str, tuple[_Verify, SecretStr | None]] = {
        "close": (close.verify, settings.webhooks.close_secret),
        "fathom": (fathom.verify, settings.fathom.webhook_secret),
        "generic": (generic.verify, settings.webhooks.generic_secret),
        "slack": (slack.verify, settings.slack.signing_secret),
        "zoom": (zoom.verify, settings.zoom.webhook_secret),
    }
    found = {
        name: _stamped(verify, secret.get_secret_value())
        for name, (verify, secret) in stamped.items()
        if secret is not None
    }
    others = {
        "fireflies": _fireflies(settings),
        "gong": _gong(settings),
        "hubspot": _hubspot(settings),
    }
    return {**found, **{name: check for name, check in others.items() if check is not None}}


def _stamped(verify: _Verify, secret: str) -> Check:
    return lambda i: (verify(i.headers, i.body, secret=secret, now=i.now),)


def _fireflies(settings: Settings) -> Check | None:
    from integrations.fireflies.webhook import verify  # noqa: PLC0415

    if settings.fireflies.webhook_secret is None:
        return None
    secret = settings.fireflies.webhook_secret.get_secret_value()
    return lambda i: (verify(i.headers, i.body, secret=secret),)


def _gong(settings: Settings) -> Check | None:
    from integrations.gong.webhook import verify_signed, verify_url_secret  # noqa: PLC0415

    key = settings.gong.webhook_public_key
    if key is not None:
        base = _base(settings)
        return lambda i: (
            verify_signed(i.headers, i.body, public_key=key, url=base + i.path, now=i.now),
        )
    if settings.gong.webhook_secret is not None:
        secret = settings.gong.webhook_secret.get_secret_value()
        return lambda i: (verify_url_secret(i.secret, i.body, secret=secret),)
    return None


def _hubspot(settings: Settings) -> Check | None:
    from integrations.hubspot.webhook import verify  # noqa: PLC0415

    if settings.webhooks.hubspot_secret is None:
        return None
    secret = settings.webhooks.hubspot_secret.get_secret_value()
    base = _base(settings)
    return lambda i: verify(i.headers, i.body, secret=secret, url=base + i.path, now=i.now)


def _base(settings: Settings) -> str:
    """Return what stands before the path in the URL that senders sign.

    Raises:
        SettingsError: nobody said what our public address is.
    """
    if settings.webhooks.public_url is None:
        raise SettingsError(
            "webhooks.public_url: not set; Gong and HubSpot sign the address that they call,"
            " such as https://bantam.example"
        )
    return settings.webhooks.public_url.rstrip("/")
