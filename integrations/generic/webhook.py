"""Our own endpoint, for forms and recorders that Bantam does not know.

The body is one JSON object::

    {"type": "call.ready", "source": "gong", "call_id": "gong:123"}
    {"type": "call.requested", "form_id": "site", "response_id": "r-1", "email": "bo@buyer.example",
     "submitted_at": "2026-11-24T09:00:00+00:00", "name": "Bo", "company": "Acme"}
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from bantam.domain.calls import CallId
from bantam.domain.scheduled import CallRequest, Lead
from bantam.errors import WebhookError
from integrations.http import Wire
from integrations.standard_webhooks import require_signed
from integrations.webhooks import Hint

_NAME = "generic"


class _CallReady(Wire):
    """A recording has its transcript now."""

    type: Literal["call.ready"]
    source: str = Field(min_length=1)
    call_id: str = Field(min_length=1)


class _CallRequested(Wire):
    """Somebody filled in a form."""

    type: Literal["call.requested"]
    form_id: str = Field(min_length=1)
    response_id: str = Field(min_length=1)
    submitted_at: AwareDatetime
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)
    name: str = Field(default="", max_length=200)
    company: str = Field(default="", max_length=200)
    wanted_at: AwareDatetime | None = None


_BODY: TypeAdapter[_CallReady | _CallRequested] = TypeAdapter(
    Annotated[_CallReady | _CallRequested, Field(discriminator="type")]
)


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> Hint:
    """Check the signature (Standard Webhooks) and return what the message tells.

    Args:
        headers: of the request.
        body: raw, as it came.
        secret: "whsec_..." in base64, chosen by whoever runs Bantam.
        now: aware UTC time.

    Raises:
        WebhookError: no signature matches, it is too old, or the body is not as described.
    """
    delivery_id = require_signed(_NAME, headers, body, secret=secret, now=now)
    try:
        told = _BODY.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise WebhookError(f"{_NAME} webhook: {place}: {first['type']}") from None
    if isinstance(told, _CallReady):
        return Hint(
            vendor=_NAME,
            delivery_id=delivery_id,
            event=told.type,
            call_id=CallId(told.call_id),
            call_source=told.source,
        )
    return Hint(vendor=_NAME, delivery_id=delivery_id, event=told.type, request=_requested(told))


def _requested(told: _CallRequested) -> CallRequest:
    return CallRequest(
        form_id=told.form_id,
        response_id=told.response_id,
        submitted_at=told.submitted_at,
        lead=Lead(email=told.email.lower(), name=told.name, company=told.company),
        wanted_at=told.wanted_at,
    )
