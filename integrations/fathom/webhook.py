"""Fathom's webhooks: the Standard Webhooks form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from integrations.fathom.client import NAME
from integrations.fathom.mapping import call_id
from integrations.standard_webhooks import require_signed
from integrations.webhooks import Hint, json_object


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> Hint:
    """Check the signatures, of which one must match, and return what the webhook tells.

    The body holds the whole meeting; only its id is believed, the words are read again.

    Args:
        headers: of the request.
        body: raw, as it came.
        secret: "whsec_..." as Fathom gave it when the webhook was made.
        now: aware UTC time.

    Raises:
        WebhookError: no signature matches, it is too old, or the body cannot be read.
    """
    delivery_id = require_signed(NAME, headers, body, secret=secret, now=now)
    found = json_object(NAME, body).get("recording_id")
    return Hint(
        vendor=NAME,
        delivery_id=delivery_id,
        event="new_meeting_content_ready",
        call_id=call_id(found) if isinstance(found, int) else None,
    )
