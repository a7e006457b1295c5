"""Vendor stand-ins on loopback: stateful, validating, and failing on command.

A stand-in is a class with routes and state::

    class Gong(StandIn):
        @route("GET", "/v2/calls")
        def calls(self, request: Received) -> Reply: ...

    with serve(Gong()) as server:
        server.faults.next(too_many(retry_after="0"))
        client = ...(base_url=server.url)

Names of operations are the handlers' names. Where `spec` names a document of `../shared/specs`,
each request is held against it before the handler sees it, and each answer after.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from tests.faults import Fault, Faults
from tests.openapi import RefusedError, document
from tests.replies import Reply

__all__ = ["Fault", "Faults", "Received", "Reply", "Server", "StandIn", "route", "serve"]

_LONGEST_HOLD = 5.0


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    method: str
    path: str
    """Raw: still percent-encoded."""
    query: dict[str, list[str]]
    headers: dict[str, str]
    """Lower-case names."""
    body: bytes
    params: dict[str, str] = field(default_factory=dict)
    """From the route's path, percent-decoded once, as servers do."""
    operation: str = ""

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(self.body.decode()).items()}

    def one(self, name: str, default: str = "") -> str:
        """Return a query parameter."""
        return self.query.get(name, [default])[0]


Handler = Callable[[Any, Received], Reply]


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Mark a method of a StandIn as the handler of `method path`; `{name}` matches a segment."""

    def marked(handler: Handler) -> Handler:
        handler.route = (method, path)  # type: ignore[attr-defined]
        return handler

    return marked


class StandIn:
    """A vendor that behaves. Subclasses add routes and state."""

    spec: ClassVar[str | None] = None
    """A document's name; its server's path goes before its operations' paths."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.complaints: list[str] = []
        """What the stand-in itself did wrong; a server with complaints fails its test."""
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.lock = threading.RLock()

    @property
    def base_path(self) -> str:
        return document(self.spec).base_path if self.spec else ""

    def refuse(self, status: int, why: str) -> Reply:
        """Return the vendor's own way to refuse a request that validation does not allow."""
        return Reply(status, {"error": why})

    def authorise(self, request: Received) -> Reply | None:
        """Return a refusal when the credentials are wrong; None lets the request in."""
        return None

    def count(self, operation: str) -> int:
        """Return how many requests of an operation arrived."""
        return sum(r.operation == operation for r in self.received)

    def answer(self, request: Received) -> Reply:
        """Find the route, validate, authorise, handle, validate again."""
        found = self._routed(request)
        if found is None:
            return self.refuse(404, "no such path")
        handler, request = found
        checks = document(self.spec) if self.spec and self._in_document(handler) else None
        if checks is None:
            return self.authorise(request) or handler(self, request)
        asked = checks.request(
            request.method, request.path, request.query, request.headers, request.body
        )
        try:
            checks.check_request(asked)
        except RefusedError as refused:
            return self.refuse(refused.status, str(refused))
        reply = self.authorise(request) or handler(self, request)
        self._check_own_answer(checks, asked, request, reply)
        return reply

    def operation_of(self, request: Received) -> str:
        found = self._routed(request)
        return found[1].operation if found else ""

    def _check_own_answer(self, checks: Any, asked: Any, request: Received, reply: Reply) -> None:
        try:
            checks.check_answer(asked, reply.status, reply.headers, reply.content)
        except Exception as error:
            self.complaints.append(f"{request.operation}: {error!r} {error.__cause__!r}")

    def _in_document(self, handler: Handler) -> bool:
        method, path = handler.route  # type: ignore[attr-defined]
        return (method, path) in document(self.spec or "").operations

    def _routed(self, request: Received) -> tuple[Handler, Received] | None:
        for name in dir(type(self)):
            handler = getattr(type(self), name)
            if not hasattr(handler, "route"):
                continue
            method, path = handler.route
            params = _matched(self._full(handler, path), request.path)
            if method == request.method and params is not None:
                return handler, replace(request, params=params, operation=name)
        return None

    def _full(self, handler: Handler, path: str) -> str:
        in_document = self.spec is not None and self._in_document(handler)
        return self.base_path + path if in_document else path


def _matched(pattern: str, path: str) -> dict[str, str] | None:
    wanted, got = pattern.split("/"), path.split("/")
    if len(wanted) != len(got):
        return None
    params = {}
    for part, segment in zip(wanted, got, strict=True):
        name, _, rest = part.partition("}")
        if part.startswith("{"):
            if not segment.endswith(rest) or len(segment) <= len(rest):
                return None
            params[name[1:]] = unquote(segment[: len(segment) - len(rest)])
        elif part != segment:
            return None
    return params


@dataclass
class Server:
    """A stand-in that is listening."""

    stand_in: StandIn
    url: str
    """Without the base path and without a slash at the end."""
    faults: Faults

    @property
    def base_url(self) -> str:
        return self.url + self.stand_in.base_path


@contextlib.contextmanager
def serve(stand_in: StandIn, *, host: str = "127.0.0.1") -> Iterator[Server]:
    """Listen on a free loopback port for the length of a with-block."""
    faults = Faults()
    released = threading.Event()
    handler = type(
        "_Bound", (_Handler,), {"stand_in": stand_in, "faults": faults, "released": released}
    )
    listening = _Listening((host, 0), handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Server(stand_in, f"http://{host}:{listening.server_address[1]}", faults)
    finally:
        released.set()
        listening.shutdown()
        listening.server_close()
        thread.join()
    assert not stand_in.complaints, stand_in.complaints


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: a client that gave up is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Else headers and body, written apart, wait 40 ms for each other."""
    stand_in: StandIn
    faults: Faults
    released: threading.Event

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Keep quiet."""

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            # The client died while it was sending.
            self.close_connection = True
            return
        request = Received(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        request = replace(request, operation=self.stand_in.operation_of(request))
        with self.stand_in.lock:
            self.stand_in.received.append(request)
            fault = self.faults.take(request.operation)
            reply = self._reply(request, fault)
        self._write(reply, fault)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - the base class names them

    def _reply(self, request: Received, fault: Fault | None) -> Reply:
        if fault is None:
            return self._honest(request)
        if fault.instead is not None:
            return fault.instead
        if fault.unseen:
            return Reply(500)
        reply = self._honest(request)
        if fault.twice:
            reply = self._honest(request)
        return fault.changed(reply) if fault.changed else reply

    def _honest(self, request: Received) -> Reply:
        try:
            return self.stand_in.answer(request)
        except Exception as error:
            self.stand_in.complaints.append(f"{request.operation}: {error!r}")
            return Reply(500, {"error": "the stand-in broke"})

    def _write(self, reply: Reply, fault: Fault | None) -> None:
        if fault and fault.hold:
            self.released.wait(_LONGEST_HOLD)
            self.close_connection = True
            return
        if fault and fault.silent_cut:
            self._reset()
            return
        content = reply.content
        self.send_response_only(reply.status)
        self.send_header("Date", format_datetime(self.stand_in.now(), usegmt=True))
        self.send_header("Content-Length", str(len(content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if fault and fault.half_body:
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self.wfile.write(content)

    def _reset(self) -> None:
        """Close without an answer, as a crash does (RST)."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
