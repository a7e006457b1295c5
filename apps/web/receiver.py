"""Receives webhooks: checks the raw bytes, writes the message down, answers. Nothing else.

What a message leads to is done by the flows: it is a hint, and the work is read by id. A
sender that gets no 2xx sends again, and the same delivery twice is one row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from apps.web.metrics import CONTENT_TYPE, metrics_text
from apps.web.signatures import Check, Incoming
from bantam.domain.pickup import Notice
from bantam.errors import LedgerError, WebhookError
from bantam.ledger.store import Ledger
from bantam.ports import Clock
from integrations.webhooks import Hint

_log = logging.getLogger(__name__)

READ_SECONDS = 5.0
"""A sender that drips its body longer than this is cut off."""


@dataclass(frozen=True)
class Receiver:
    """What the receiver needs."""

    ledger: Ledger
    checks: Mapping[str, Check]
    """By sender; one that is not here has no secret set and is refused."""
    clock: Clock
    max_bytes: int = 2_000_000
    on_new: Callable[[], None] = lambda: None
    """Told after something new was written; must return at once."""


def create_app(receiver: Receiver) -> Starlette:
    """Return the application: `POST /webhooks/{sender}`, `/healthz`, `/readyz`, `/metrics`."""

    async def webhook(request: Request) -> Response:
        return await _receive(receiver, request)

    async def ready(_: Request) -> Response:
        return await _readiness(receiver)

    async def metrics(_: Request) -> Response:
        return await _metrics(receiver)

    return Starlette(
        routes=[
            Route("/webhooks/{sender}", webhook, methods=["POST"]),
            Route("/healthz", _health),
            Route("/readyz", ready),
            Route("/metrics", metrics),
        ]
    )


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _readiness(receiver: Receiver) -> Response:
    try:
        await asyncio.to_thread(receiver.ledger.revision)
    except LedgerError as error:
        return PlainTextResponse(f"{error}\n", status_code=503)
    return PlainTextResponse("ready\n")


async def _metrics(receiver: Receiver) -> Response:
    try:
        text = await asyncio.to_thread(metrics_text, receiver.ledger, receiver.clock())
    except LedgerError as error:
        return PlainTextResponse(f"{error}\n", status_code=503)
    return Response(text, media_type=CONTENT_TYPE)


async def _receive(receiver: Receiver, request: Request) -> Response:
    sender = request.path_params["sender"]
    check = receiver.checks.get(sender)
    if check is None:
        # The same whether the sender is unknown or has no secret: nothing to learn from it.
        return JSONResponse({"error": "no such webhook, or no secret is set"}, 404)
    try:
        body = await _limited_body(request, receiver.max_bytes)
    except _TooLargeError:
        return JSONResponse({"error": f"more than {receiver.max_bytes} bytes"}, 413)
    except (TimeoutError, ClientDisconnect):
        return JSONResponse({"error": "the body did not come in time"}, 408)
    try:
        hints = check(_incoming(receiver, request, body))
        notices = [_notice(hint) for hint in hints if hint.answer is None]
        new = await asyncio.to_thread(receiver.ledger.receive, notices, now=receiver.clock())
    except WebhookError as error:
        _log.warning("%s", error)
        return JSONResponse({"error": "refused"}, 401)
    except LedgerError as error:
        _log.error("webhook of %s not written: %s", sender, error)
        return JSONResponse({"error": "try again"}, 503, {"Retry-After": "30"})
    if new:
        receiver.on_new()
    return _answer(hints, new)


class _TooLargeError(Exception):
    pass


async def _limited_body(request: Request, most: int) -> bytes:
    """Read the body, and stop as soon as it is longer than allowed.

    Raises:
        _TooLargeError: it is.
        TimeoutError: it did not come within `READ_SECONDS`.
    """
    told = request.headers.get("content-length", "0")
    if told.isdigit() and int(told) > most:
        raise _TooLargeError
    parts, size = [], 0
    async with asyncio.timeout(READ_SECONDS):
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise _TooLargeError
            parts.append(part)
    return b"".join(parts)


def _incoming(receiver: Receiver, request: Request, body: bytes) -> Incoming:
    # As it came: signatures over our URL are made over these very characters.
    raw_path = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope["query_string"].decode("latin-1")
    path = raw_path.decode("latin-1").partition("?")[0]
    return Incoming(
        headers=request.headers,
        body=body,
        path=f"{path}?{query}" if query else path,
        secret=parse_qs(query).get("secret", [""])[0],
        now=receiver.clock(),
    )


def _notice(hint: Hint) -> Notice:
    return Notice(
        source=hint.vendor,
        delivery_id=hint.delivery_id,
        event=hint.event,
        call_id=hint.call_id,
        call_source=hint.call_source,
        request=hint.request,
        about=hint.about,
    )


def _answer(hints: Sequence[Hint], new: int) -> Response:
    """Answer a handshake with what the sender wants to read, all else with a count."""
    for hint in hints:
        if hint.answer is not None:
            return JSONResponse(dict(hint.answer))
    return JSONResponse({"new": new})
