"""Close's webhooks: an HMAC under a hex key that Close shows once."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bantam.domain.pickup import MEETING
from bantam.errors import WebhookError
from integrations.webhooks import (
    Hint,
    body_digest,
    header,
    json_object,
    require_fresh,
    require_same,
)

_NAME = "close"
_ENDING = frozenset(
    {"status_id", "status_type", "status_label", "date_won", "date_lost", "value", "value_currency"}
)


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> Hint:
    """Check the signature and return what the webhook tells.

    Args:
        headers: of the request.
        body: raw, as it came.
        secret: `signature_key` as Close answered when the webhook was made: hex.
        now: aware UTC time.

    Raises:
        WebhookError: the signature is wrong or too old, or the body cannot be read.
    """
    stamp = header(_NAME, headers, "close-sig-timestamp")
    require_fresh(_NAME, stamp, now)
    expected = hmac.new(_key(secret), stamp.encode() + body, hashlib.sha256).hexdigest()
    require_same(_NAME, header(_NAME, headers, "close-sig-hash").lower(), expected)
    event = json_object(_NAME, body).get("event")
    event = event if isinstance(event, dict) else {}
    return Hint(
        vendor=_NAME,
        delivery_id=str(event.get("id") or body_digest(body)),
        event=f"{event.get('object_type') or 'unknown'}.{event.get('action') or 'unknown'}",
        about=_about(event),
    )


def _about(event: Mapping[str, Any]) -> str | None:
    """Return what is to be looked at because of an event; None when nothing is."""
    what, action = event.get("object_type"), event.get("action")
    if what == "opportunity" and action in {"created", "updated"}:
        record = event.get("object_id")
        changed = event.get("changed_fields")
        names = changed if isinstance(changed, list) else None
        wanted = names is None or any(n in _ENDING or str(n).startswith("custom.") for n in names)
        return f"deal:{record}" if isinstance(record, str) and record and wanted else None
    took_place = what in {"activity.call", "activity.meeting"} and action != "deleted"
    return MEETING if took_place else None


def _key(secret: str) -> bytes:
    try:
        key = bytes.fromhex(secret)
    except ValueError:
        key = b""
    if not key:
        raise WebhookError(f"{_NAME} webhook: webhooks.close_secret is not the hex signature_key")
    return key
