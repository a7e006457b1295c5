"""Gong's webhooks: a signed JWT in the Authorization header, or a secret in our URL."""

from __future__ import annotations

import base64
import binascii
import textwrap
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt

from bantam.errors import WebhookError
from integrations.gong.client import NAME
from integrations.gong.mapping import call_id
from integrations.webhooks import Hint, body_digest, header, json_object, require_same


def verify_signed(
    headers: Mapping[str, str], body: bytes, *, public_key: str, url: str, now: datetime
) -> Hint:
    """Check the JWT of a rule with "Signed JWT header" and return what it tells.

    Args:
        headers: of the request.
        body: raw, as it came.
        public_key: as Gong's page shows it: bare base64 DER, one per rule; PEM is fine too.
        url: our public URL, as entered at Gong.
        now: aware UTC time.

    Raises:
        WebhookError: the token is not Gong's, is for another URL or body, or has ended.
    """
    token = header(NAME, headers, "authorization").removeprefix("Bearer ").strip()
    claims = _claims(token, public_key)
    if not isinstance(claims["exp"], int | float) or claims["exp"] < now.timestamp():
        raise WebhookError(f"{NAME} webhook: the token has ended, or a clock is wrong")
    require_same(NAME, str(claims["webhook_url"]), url)
    require_same(NAME, str(claims["body_sha256"]).lower(), body_digest(body))
    return _hint(body)


def verify_url_secret(given: str, body: bytes, *, secret: str) -> Hint:
    """Check the secret of a rule with "URL includes key" and return what it tells.

    Raises:
        WebhookError: it is another secret, or the body cannot be read.
    """
    if not secret:
        raise WebhookError(f"{NAME} webhook: no secret is set; set gong.webhook_secret")
    require_same(NAME, given, secret)
    return _hint(body)


def _claims(token: str, public_key: str) -> dict[str, Any]:
    try:
        # The age is judged against the `now` that was passed in.
        options: Any = {
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
            "verify_aud": False,
            "require": ["exp", "webhook_url", "body_sha256"],
        }
        return dict(jwt.decode(token, _pem(public_key), algorithms=["RS256"], options=options))
    except (jwt.PyJWTError, ValueError, TypeError):
        raise WebhookError(
            f"{NAME} webhook: the token is not signed by this rule; check gong.webhook_public_key"
        ) from None


def _pem(key: str) -> str:
    if "BEGIN PUBLIC KEY" in key:
        return key
    try:
        der = base64.b64decode("".join(key.split()), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"


def _hint(body: bytes) -> Hint:
    data = json_object(NAME, body)
    call = data.get("callData")
    meta = call.get("metaData") if isinstance(call, dict) else None
    found = meta.get("id") if isinstance(meta, dict) else None
    test = bool(data.get("isTest"))
    return Hint(
        vendor=NAME,
        delivery_id=body_digest(body),
        event="test" if test else "call.ready",
        call_id=call_id(str(found)) if found and not test else None,
    )
