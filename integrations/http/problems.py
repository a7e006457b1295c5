"""What went wrong, as one of our errors: a total table over HTTP statuses and httpx exceptions.

Error messages name the operation and the fix. They never hold the vendor's free text, which
may repeat what we sent; a vendor's short code is kept when it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import orjson

from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from integrations.http.later import retry_after

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
_REQUEST_ID_HEADERS = (
    "x-request-id",
    "x-correlation-id",
    "x-hubspot-correlation-id",
    "x-zm-trackingid",
    "x-slack-req-id",
)

BY_STATUS: Mapping[int, type[VendorError]] = {
    401: VendorAuthError,
    403: VendorAuthError,
    404: VendorNotFoundError,
    407: VendorAuthError,
    408: VendorDownError,
    409: VendorConflictError,
    410: VendorNotFoundError,
    412: VendorConflictError,
    421: VendorDownError,
    423: VendorBusyError,
    425: VendorDownError,
    429: VendorBusyError,
    501: VendorRejectedError,
    505: VendorRejectedError,
}
"""Statuses that differ from their hundred: 3xx and 4xx are refused for good, 5xx may pass."""

_FIX: Mapping[type[VendorError], str] = {
    VendorAuthError: "check the credentials and their scopes",
    VendorNotFoundError: "no such record, or not visible to these credentials",
    VendorConflictError: "it exists already or was changed by somebody else",
    VendorBusyError: "asks to come back later",
    VendorDownError: "may work later",
    VendorRejectedError: "refused; the same request cannot work",
}


@dataclass(frozen=True)
class Answer:
    """A vendor's whole answer, read and bounded. Its repr shows no body and no headers."""

    status: int
    headers: httpx.Headers
    content: bytes

    def json(self) -> Any:
        """Return the parsed body.

        Raises:
            ValueError: the body is not JSON.
        """
        return orjson.loads(self.content)

    def fields(self) -> dict[str, Any]:
        """Return the body if it is a JSON object, else an empty one; for reading errors."""
        try:
            body = self.json()
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, {len(self.content)} bytes)"


@dataclass(frozen=True)
class Problem:
    """Why an answer is not a success."""

    kind: type[VendorError]
    code: str | None = None
    """The vendor's own word for it."""
    retry_at: datetime | None = None
    """Only for `VendorBusyError`."""
    request_id: str | None = None
    """Where the vendor puts it into the body; else it is looked for in the headers."""
    fix: str = ""
    """What to do about it, in a few words of ours; empty takes the general advice."""


ReadProblem = Callable[[Answer, datetime], Problem | None]
"""A vendor's own reading of an answer; None where the standard one holds."""


def standard_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read an answer by its status alone; None for 2xx."""
    kind = kind_of_status(answer.status)
    if kind is None:
        return None
    later = retry_after(answer.headers, now) if kind is VendorBusyError else None
    if answer.status == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in answer.headers:
        return Problem(VendorBusyError, retry_at=retry_after(answer.headers, now))
    return Problem(kind, retry_at=later)


def kind_of_status(status: int) -> type[VendorError] | None:
    """Return the error that a status stands for, or None for success. Total over integers."""
    if 200 <= status < 300:
        return None
    if status in BY_STATUS:
        return BY_STATUS[status]
    return VendorRejectedError if 300 <= status < 500 else VendorDownError


def as_error(problem: Problem, vendor: str, what: str, answer: Answer) -> VendorError:
    """Return the exception for a problem; `what` names the operation, such as "GET /v2/calls"."""
    code = problem.code if problem.code and _CODE.fullmatch(problem.code) else None
    shown = f" {code}" if code else ""
    message = f"{what}: {answer.status}{shown}: {problem.fix or _FIX[problem.kind]}"
    facts: dict[str, Any] = {
        "status": answer.status,
        "request_id": problem.request_id or request_id(answer.headers),
        "code": code,
    }
    if problem.kind is VendorBusyError:
        return VendorBusyError(vendor, message, retry_at=problem.retry_at, **facts)
    return problem.kind(vendor, message, **facts)


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the vendor's id of the request, for its support."""
    found = next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)
    return found[:80] if found else None


def oauth_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read a token endpoint's errors, which come as 400 even when the credentials are wrong."""
    code = answer.fields().get("error")
    if answer.status in {400, 401, 403} and isinstance(code, str):
        return Problem(VendorAuthError, code)
    return standard_problem(answer, now)


NEVER_ARRIVED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
OUR_FAULT = (
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.TooManyRedirects,
    httpx.InvalidURL,
    httpx.CookieConflict,
)


def transport_error(error: Exception, vendor: str, what: str) -> VendorError:
    """Return our error for any of httpx's; its text is left out, as it may hold a header."""
    name = type(error).__name__
    if isinstance(error, OUR_FAULT):
        return VendorRejectedError(
            vendor, f"{what}: {name}: the request cannot be sent; check the base URL and the key"
        )
    arrived = not isinstance(error, NEVER_ARRIVED)
    return VendorDownError(vendor, f"{what}: {name}: no answer", may_have_arrived=arrived)
