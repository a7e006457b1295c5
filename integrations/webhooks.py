"""What a verified webhook tells us. Verification itself is each vendor's own, pure, given `now`.

A webhook is a hint, never the truth: the call is read again by its id.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from bantam.domain.calls import CallId
from bantam.domain.scheduled import CallRequest
from bantam.domain.value import Value
from bantam.errors import WebhookError

MAX_SKEW_SECONDS = 300
"""Older or newer than this is a replay, or a clock that is wrong."""


class Hint(Value):
    """Something that happened at a vendor."""

    vendor: str
    delivery_id: str
    """Equal on every delivery of the same event: the key to drop repeats by."""
    event: str
    call_id: CallId | None = None
    """The call to read; None when the event is about none (a test, a handshake)."""
    call_source: str | None = None
    """Where to read it, when that is not `vendor`."""
    request: CallRequest | None = None
    """What a form asked for, where no other place holds it."""
    about: str | None = None
    """What a flow is to look at: "deal:<id>", or `MEETING`; see `Notice.about`."""
    answer: Mapping[str, str] | None = None
    """What the vendor wants to read in our 200; None for an empty body."""


def body_digest(body: bytes) -> str:
    """Return the hex SHA-256 of the raw body: the delivery id where a vendor gives none."""
    return hashlib.sha256(body).hexdigest()


def hmac_hex(secret: str, signed: bytes) -> str:
    """Return hex HMAC-SHA-256."""
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def require_same(vendor: str, given: str, expected: str) -> None:
    """Compare a signature in constant time.

    Raises:
        WebhookError: they differ.
    """
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise WebhookError(f"{vendor} webhook: the signature does not match; check the secret")


def require_fresh(vendor: str, seconds: str, now: datetime) -> None:
    """Refuse a timestamp (epoch seconds) that is more than five minutes from now.

    Raises:
        WebhookError: it is, or it is no number.
    """
    try:
        age = abs(now.timestamp() - float(seconds))
    except ValueError:
        raise WebhookError(f"{vendor} webhook: the timestamp is not a number") from None
    if not age <= MAX_SKEW_SECONDS:
        raise WebhookError(f"{vendor} webhook: sent more than 5 minutes ago, or a clock is wrong")


def header(vendor: str, headers: Mapping[str, str], name: str) -> str:
    """Return a header by its lower-case name.

    Raises:
        WebhookError: it is not there.
    """
    found = next((v for k, v in headers.items() if k.lower() == name), None)
    if found is None:
        raise WebhookError(f"{vendor} webhook: header {name} is missing; is signing switched on?")
    return found


def json_object(vendor: str, body: bytes) -> dict[str, Any]:
    """Return the body as a JSON object.

    Raises:
        WebhookError: it is none.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        raise WebhookError(f"{vendor} webhook: the body is not a JSON object")
    return parsed
