"""The Standard Webhooks form of signing: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from bantam.errors import WebhookError
from integrations.webhooks import header, require_fresh


def require_signed(
    vendor: str, headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime
) -> str:
    """Check the signatures, of which one must match, and return the delivery id.

    Args:
        vendor: whose webhook it is, for errors.
        headers: of the request.
        body: raw, as it came.
        secret: "whsec_..." in base64.
        now: aware UTC time.

    Raises:
        WebhookError: no signature matches, it is too old, or a header is missing.
    """
    delivery_id = header(vendor, headers, "webhook-id")
    stamp = header(vendor, headers, "webhook-timestamp")
    require_fresh(vendor, stamp, now)
    expected = _signature(vendor, secret, (delivery_id, stamp), body).encode()
    given = header(vendor, headers, "webhook-signature").split()
    if not any(hmac.compare_digest(one.encode(), expected) for one in given):
        raise WebhookError(f"{vendor} webhook: no signature matches; check the secret")
    return delivery_id


def _signature(vendor: str, secret: str, signed: tuple[str, str], body: bytes) -> str:
    # The library's own verify() asks the system clock; only its signing is used.
    delivery_id, stamp = signed
    try:
        at = datetime.fromtimestamp(float(stamp), UTC)
        return Webhook(secret).sign(delivery_id, at, body.decode())
    except (EmptyWebhookSecretError, binascii.Error):
        raise WebhookError(f"{vendor} webhook: its secret is not whsec_ and base64") from None
    except (UnicodeDecodeError, ValueError, OverflowError, OSError):
        raise WebhookError(f"{vendor} webhook: the body or timestamp cannot be read") from None
