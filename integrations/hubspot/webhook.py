"""HubSpot's webhooks (of a project app): a JSON array of events under one signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from bantam.domain.pickup import MEETING
from bantam.errors import WebhookError
from integrations.webhooks import Hint, header, require_fresh, require_same

_NAME = "hubspot"
_OURS = "bant_"
_BY_TYPE_ID: Mapping[str, str] = {"0-3": "deal", "0-47": "meeting", "0-48": "call"}
"""HubSpot's own ids of object types, in subscriptions that are alike for all of them."""
_ENDING = frozenset(
    {"dealstage", "hs_is_closed", "hs_is_closed_won", "hs_is_closed_lost", "closedate", "amount"}
)
_TOOK_PLACE = frozenset({"hs_meeting_outcome", "hs_call_status", "hs_call_recording_url"})


def verify(
    headers: Mapping[str, str], body: bytes, *, secret: str, url: str, now: datetime
) -> tuple[Hint, ...]:
    """Check the v3 signature and return what each event tells.

    Args:
        headers: of the request.
        body: raw, as it came.
        secret: the app's client secret.
        url: our public URL as HubSpot called it, with the query.
        now: aware UTC time.

    Raises:
        WebhookError: the signature is wrong or too old, or the body cannot be read.
    """
    if not secret:
        raise WebhookError(f"{_NAME} webhook: no secret is set; set webhooks.hubspot_secret")
    stamp = header(_NAME, headers, "x-hubspot-request-timestamp")
    require_fresh(_NAME, _seconds(stamp), now)
    signed = b"POST" + url.encode() + body + stamp.encode()
    expected = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
    require_same(_NAME, header(_NAME, headers, "x-hubspot-signature-v3"), expected.decode())
    return tuple(_hint(event) for event in _events(body))


def _seconds(milliseconds: str) -> str:
    try:
        return str(int(milliseconds) / 1000)
    except (ValueError, OverflowError):
        raise WebhookError(f"{_NAME} webhook: the timestamp is not a number") from None


def _events(body: bytes) -> list[dict[str, Any]]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, list) or not all(isinstance(e, dict) for e in parsed):
        raise WebhookError(f"{_NAME} webhook: the body is not a JSON array of events")
    return parsed


def _hint(event: Mapping[str, Any]) -> Hint:
    # attemptNumber is left out: a repeat is the same delivery.
    parts = [event.get(k) for k in ("eventId", "subscriptionId", "objectId", "occurredAt")]
    kind = str(event.get("subscriptionType") or event.get("eventType") or "unknown")
    return Hint(
        vendor=_NAME,
        delivery_id=":".join(str(part) for part in parts),
        event=kind,
        about=_about(kind, event),
    )


def _about(kind: str, event: Mapping[str, Any]) -> str | None:
    """Return what is to be looked at because of an event; None when nothing is."""
    what, _, action = kind.partition(".")
    if what == "object":
        what = _BY_TYPE_ID.get(str(event.get("objectTypeId")), "")
    changed = str(event.get("propertyName") or "")
    if what == "deal" and action == "propertyChange":
        ours_or_ending = changed.startswith(_OURS) or changed in _ENDING
        record = str(event.get("objectId") or "")
        return f"deal:{record}" if ours_or_ending and record.isdecimal() else None
    took_place = action == "creation" or changed in _TOOK_PLACE
    return MEETING if what in {"meeting", "call"} and took_place else None
