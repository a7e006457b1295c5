"""Fireflies' webhooks, version 2 and the older one that is still on."""

from __future__ import annotations

from collections.abc import Mapping

from bantam.errors import WebhookError
from integrations.fireflies.client import NAME
from integrations.fireflies.mapping import call_id
from integrations.webhooks import Hint, body_digest, header, hmac_hex, json_object, require_same

_READY = {"meeting.transcribed", "Transcription completed"}


def verify(headers: Mapping[str, str], body: bytes, *, secret: str) -> Hint:
    """Check the signature and return what the webhook tells.

    There is no signed timestamp: repeats are dropped by `Hint.delivery_id`.

    Args:
        headers: of the request.
        body: raw, as it came.
        secret: as entered at Fireflies, which signs only if one is set.

    Raises:
        WebhookError: the signature is missing or wrong, or the body cannot be read.
    """
    if not secret:
        raise WebhookError(f"{NAME} webhook: no secret is set; set fireflies.webhook_secret")
    given = header(NAME, headers, "x-hub-signature")
    # Version 1 documents no prefix.
    require_same(NAME, given.removeprefix("sha256=").lower(), hmac_hex(secret, body))
    data = json_object(NAME, body)
    event = str(data.get("event") or data.get("eventType") or "unknown")
    found = data.get("meeting_id") or data.get("meetingId")
    return Hint(
        vendor=NAME,
        delivery_id=body_digest(body),
        event=event,
        call_id=call_id(str(found)) if found and event in _READY else None,
    )
