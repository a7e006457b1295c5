"""Fathom's webhooks: the Standard Webhooks form."""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from bantam.errors import WebhookError
from integrations.fathom.client import NAME
from integrations.fathom.mapping import call_id
from integrations.webhooks import Hint, header, json_object, require_fresh


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
    delivery_id = header(NAME, headers, "webhook-id")
    stamp = header(NAME, headers, "webhook-timestamp")
    require_fresh(NAME, stamp, now)
    expected = _signature(secret, delivery_id, stamp, body).encode()
    given = header(NAME, headers, "webhook-signature").split()
    if not any(hmac.compare_digest(one.encode(), expected) for one in given):
        raise WebhookError(f"{NAME} webhook: no signature matches; check the secret")
    found = json_object(NAME, body).get("recording_id")
    return Hint(
        vendor=NAME,
        delivery_id=delivery_id,
        event="new_meeting_content_ready",
        call_id=call_id(found) if isinstance(found, int) else None,
    )


def _signature(secret: str, delivery_id: str, stamp: str, body: bytes) -> str:
    # The library's own verify() asks the system clock; only its signing is used.
    try:
        at = datetime.fromtimestamp(float(stamp), UTC)
        return Webhook(secret).sign(delivery_id, at, body.decode())
    except (EmptyWebhookSecretError, binascii.Error):
        raise WebhookError(f"{NAME} webhook: fathom.webhook_secret is not whsec_...") from None
    except (UnicodeDecodeError, ValueError, OverflowError, OSError):
        raise WebhookError(f"{NAME} webhook: the body or timestamp cannot be read") from None
