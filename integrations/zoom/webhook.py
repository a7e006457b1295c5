"""Zoom's webhooks and its handshake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bantam.domain.value import digest
from bantam.errors import WebhookError
from integrations.webhooks import (
    Hint,
    header,
    hmac_hex,
    json_object,
    require_fresh,
    require_same,
)
from integrations.zoom.client import NAME
from integrations.zoom.mapping import call_id

_HANDSHAKE = "endpoint.url_validation"
_READY = "recording.transcript_completed"


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> Hint:
    """Check the signature, made over the raw bytes, and return what the webhook tells.

    Args:
        headers: of the request.
        body: raw, as it came.
        secret: the app's Secret Token.
        now: aware UTC time.

    Raises:
        WebhookError: the signature is wrong or too old, or the body cannot be read.
    """
    if not secret:
        raise WebhookError(f"{NAME} webhook: no secret token is set; set zoom.webhook_secret")
    stamp = header(NAME, headers, "x-zm-request-timestamp")
    require_fresh(NAME, stamp, now)
    signed = b"v0:" + stamp.encode() + b":" + body
    require_same(NAME, header(NAME, headers, "x-zm-signature"), f"v0={hmac_hex(secret, signed)}")
    data = json_object(NAME, body)
    event = str(data.get("event") or "unknown")
    payload = data.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    if event == _HANDSHAKE:
        return _handshake(payload, secret, stamp)
    return _hint(event, data, payload)


def _handshake(payload: Mapping[str, Any], secret: str, stamp: str) -> Hint:
    plain = str(payload.get("plainToken") or "")
    answer = {"plainToken": plain, "encryptedToken": hmac_hex(secret, plain.encode())}
    return Hint(vendor=NAME, delivery_id=digest(plain, stamp), event=_HANDSHAKE, answer=answer)


def _hint(event: str, data: Mapping[str, Any], payload: Mapping[str, Any]) -> Hint:
    meeting = payload.get("object")
    uuid = meeting.get("uuid") if isinstance(meeting, dict) else None
    return Hint(
        vendor=NAME,
        # A repeated delivery may carry a fresh download token: the body is not the key.
        delivery_id=digest(event, str(data.get("event_ts")), str(uuid)),
        event=event,
        call_id=call_id(str(uuid)) if uuid and event == _READY else None,
    )
