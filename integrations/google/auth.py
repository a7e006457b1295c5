"""Access to Google: a service account, or a refresh token of a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import jwt

from bantam.errors import SettingsError, VendorAuthError
from bantam.ports import Clock
from integrations.google.wire import TokenAnswer
from integrations.http import (
    Ask,
    Fixed,
    Renewable,
    Surroundings,
    Token,
    Vendor,
    VendorClient,
    oauth_problem,
)
from integrations.http.credentials import Credentials

NAME = "google"
TOKEN_URL = "https://oauth2.googleapis.com"  # noqa: S105 - an address
SCOPES = (
    "https://www.googleapis.com/auth/forms.body.readonly",
    "https://www.googleapis.com/auth/forms.responses.readonly",
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.freebusy",
)
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LONGEST_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class ServiceAccount:
    """A service account that acts for a person (domain-wide delegation)."""

    client_email: str
    private_key: str = field(repr=False)
    key_id: str | None = None
    subject: str | None = None
    """The person's address. Without one the account acts for itself and cannot invite anybody."""

    @classmethod
    def from_json(cls, text: str, subject: str | None = None) -> ServiceAccount:
        """Read the JSON key file that Google Cloud hands out.

        Raises:
            SettingsError: it is no such file.
        """
        try:
            data = json.loads(text)
            return cls(
                data["client_email"], data["private_key"], data.get("private_key_id"), subject
            )
        except (ValueError, KeyError, TypeError):
            raise SettingsError(
                "google.service_account_json: not a service account's JSON key; make one at"
                " Google Cloud > IAM > Service accounts > Keys"
            ) from None


@dataclass(frozen=True)
class RefreshToken:
    """A person's consent, given once in a browser."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


def google_credentials(
    who: ServiceAccount | RefreshToken, around: Surroundings, *, token_url: str = TOKEN_URL
) -> Credentials:
    """Return credentials that fetch and renew access tokens; nothing is sent yet."""
    issuer = VendorClient(Vendor(NAME, token_url, read_problem=oauth_problem), Fixed({}), around)
    form = _assertion(who, around.clock) if isinstance(who, ServiceAccount) else _refresh(who)

    def fetch() -> Token:
        asked_at = around.clock()
        ask = Ask("POST", "/token", form=form(), repeatable=True)
        got = issuer.read(ask, TokenAnswer)
        return Token(got.access_token, asked_at + timedelta(seconds=got.expires_in))

    return Renewable(fetch, around.clock)


def _refresh(who: RefreshToken) -> Callable[[], Mapping[str, str]]:
    return lambda: {
        "grant_type": "refresh_token",
        "client_id": who.client_id,
        "client_secret": who.client_secret,
        "refresh_token": who.refresh_token,
    }


def _assertion(who: ServiceAccount, clock: Clock) -> Callable[[], Mapping[str, str]]:
    def form() -> Mapping[str, str]:
        now = clock()
        claims = {
            "iss": who.client_email,
            "scope": " ".join(SCOPES),
            "aud": f"{TOKEN_URL}/token",
            "iat": int(now.timestamp()),
            "exp": int((now + _LONGEST_LIFE).timestamp()),
            **({"sub": who.subject} if who.subject else {}),
        }
        headers = {"kid": who.key_id} if who.key_id else None
        try:
            signed = jwt.encode(claims, who.private_key, "RS256", headers=headers)
        except (ValueError, TypeError, jwt.PyJWTError):
            raise VendorAuthError(
                NAME, "google.service_account_json: its private key cannot be read"
            ) from None
        return {"grant_type": _JWT_GRANT, "assertion": signed}

    return form
