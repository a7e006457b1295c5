"""What Slack sends: buttons and events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs

from bantam.errors import WebhookError
from integrations.slack.client import NAME
from integrations.webhooks import (
    Hint,
    body_digest,
    header,
    hmac_hex,
    json_object,
    require_fresh,
    require_same,
)


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> Hint:
    """Check the signature of an event or interaction and return what it tells.

    Slack repeats what it thinks was lost (X-Slack-Retry-Num) under the same `event_id`.

    Args:
        headers: of the request.
        body: raw, as it came.
        secret: the app's Signing Secret.
        now: aware UTC time.

    Raises:
        WebhookError: the signature is wrong or too old, or the body is no JSON object.
    """
    if not secret:
        raise WebhookError(f"{NAME} webhook: no signing secret is set; set slack.signing_secret")
    stamp = header(NAME, headers, "x-slack-request-timestamp")
    require_fresh(NAME, stamp, now)
    signed = b"v0:" + stamp.encode() + b":" + body
    require_same(NAME, header(NAME, headers, "x-slack-signature"), f"v0={hmac_hex(secret, signed)}")
    data = json_object(NAME, _payload(headers, body))
    event = str(data.get("type") or "unknown")
    challenge = data.get("challenge")
    is_handshake = event == "url_verification" and isinstance(challenge, str)
    return Hint(
        vendor=NAME,
        delivery_id=str(data.get("event_id") or body_digest(body)),
        event=event,
        answer={"challenge": str(challenge)} if is_handshake else None,
    )


def _payload(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the JSON: events are JSON themselves, interactions a form with one field."""
    kind = next((v for k, v in headers.items() if k.lower() == "content-type"), "")
    if not kind.startswith("application/x-www-form-urlencoded"):
        return body
    return parse_qs(body).get(b"payload", [b""])[0]
