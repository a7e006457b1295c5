"""Webhooks as vendors sign them, for the receiver and the checks behind it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

SECRET = "a-shared-secret-16"
STANDARD_SECRET = "whsec_" + base64.b64encode(b"standard-secret").decode()
CLOSE_KEY = "00ff" * 16


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def hmac_of(secret: bytes, signed: bytes) -> bytes:
    return hmac.new(secret, signed, hashlib.sha256).digest()


def zoom(body: bytes, stamp: str) -> dict[str, str]:
    signed = hmac_of(SECRET.encode(), f"v0:{stamp}:".encode() + body).hex()
    return {"x-zm-request-timestamp": stamp, "x-zm-signature": f"v0={signed}"}


def slack(body: bytes, stamp: str) -> dict[str, str]:
    signed = hmac_of(SECRET.encode(), f"v0:{stamp}:".encode() + body).hex()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={signed}"}


def fireflies(body: bytes, stamp: str = "") -> dict[str, str]:
    return {"x-hub-signature": "sha256=" + hmac_of(SECRET.encode(), body).hex()}


def standard(body: bytes, stamp: str, delivery_id: str = "msg_1") -> dict[str, str]:
    signed = hmac_of(b"standard-secret", f"{delivery_id}.{stamp}.".encode() + body)
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def hubspot(body: bytes, stamp: str, url: str) -> dict[str, str]:
    milliseconds = f"{stamp}000"
    signed = b"POST" + url.encode() + body + milliseconds.encode()
    return {
        "x-hubspot-request-timestamp": milliseconds,
        "x-hubspot-signature-v3": base64.b64encode(hmac_of(SECRET.encode(), signed)).decode(),
    }


def close(body: bytes, stamp: str) -> dict[str, str]:
    signed = hmac_of(bytes.fromhex(CLOSE_KEY), stamp.encode() + body).hex()
    return {"close-sig-timestamp": stamp, "close-sig-hash": signed}
