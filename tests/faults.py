"""What can go wrong between us and a vendor, injectable at any request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.replies import Reply


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with one request."""

    name: str
    instead: Reply | None = None
    """Answered in place of the vendor's answer; the vendor does not act on the request."""
    unseen: bool = False
    """The vendor does not act on the request."""
    twice: bool = False
    """The vendor acts on the request twice, as when a proxy repeats it."""
    changed: Callable[[Reply], Reply] | None = None
    """Alters the answer of a vendor that did act."""
    hold: bool = False
    """No answer comes until the client gives up."""
    silent_cut: bool = False
    """The connection is reset before any answer."""
    half_body: bool = False
    """The connection ends in the middle of the answer."""


class Faults:
    """The script of a server: which fault meets which request. Each happens once."""

    def __init__(self) -> None:
        self._queued: list[tuple[str | None, Fault]] = []
        self._by_number: dict[int, Fault] = {}
        self._seen = 0
        self._lock = threading.Lock()

    def next(self, fault: Fault, operation: str | None = None, times: int = 1) -> None:
        """Queue a fault for the next requests (of an operation)."""
        with self._lock:
            self._queued += [(operation, fault)] * times

    def at(self, number: int, fault: Fault) -> None:
        """Put a fault on the n-th request from now on (0-based), whatever it asks."""
        with self._lock:
            self._by_number[self._seen + number] = fault

    def clear(self) -> None:
        """Let all that is to come be well."""
        with self._lock:
            self._queued.clear()
            self._by_number.clear()

    @property
    def unused(self) -> list[str]:
        """Names of the faults that have not happened yet."""
        with self._lock:
            return [f.name for _, f in self._queued] + [f.name for f in self._by_number.values()]

    def take(self, operation: str) -> Fault | None:
        with self._lock:
            number, self._seen = self._seen, self._seen + 1
            if number in self._by_number:
                return self._by_number.pop(number)
            for place, (wanted, fault) in enumerate(self._queued):
                if wanted in {None, operation}:
                    del self._queued[place]
                    return fault
            return None


def status(code: int, body: Any = None, **headers: str) -> Fault:
    """A bare status with a body in the vendor's words; `Retry_After="0"` names a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(f"status {code}", instead=Reply(code, body, named))


def too_many(retry_after: str | None = "0", body: Any = None) -> Fault:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Fault("429 then well again", instead=Reply(429, body, headers))


def server_error(code: int = 500) -> Fault:
    return Fault(
        f"{code}", instead=Reply(code, b"<html>oops</html>", {"content-type": "text/html"})
    )


def expired_token(body: Any = None) -> Fault:
    return Fault("401 expired token", instead=Reply(401, body))


def conflict(body: Any = None) -> Fault:
    return Fault("409", instead=Reply(409, body))


def partial(change: Callable[[Any], Any]) -> Fault:
    """207: the vendor acted, and reports `change(its body)`."""
    return Fault(
        "207 partial", changed=lambda reply: Reply(207, change(reply.body), dict(reply.headers))
    )


CUT_BODY = Fault("cut mid-body", half_body=True)
LOST_ANSWER = Fault("done, and the answer lost", silent_cut=True)
REFUSED_CONNECTION = Fault("cut before it was seen", unseen=True, silent_cut=True)
SLOW = Fault("no answer in time", hold=True, unseen=True)
SLOW_BUT_DONE = Fault("done, and no answer in time", hold=True)
TWICE = Fault("delivered twice", twice=True)
NOT_JSON = Fault(
    "200 with a web page",
    instead=Reply(200, b"<html>sign in</html>", {"content-type": "text/html"}),
)
WRONG_JSON = Fault("200 with other JSON", instead=Reply(200, {"surprise": [1, 2]}))
BROKEN_JSON = Fault(
    "200 with half a JSON",
    instead=Reply(200, b'{"records": {"cur', {"content-type": "application/json"}),
)

PASSING: tuple[Fault, ...] = (
    too_many(),
    server_error(500),
    server_error(503),
    REFUSED_CONNECTION,
    SLOW,
    NOT_JSON,
    WRONG_JSON,
    BROKEN_JSON,
)
"""Faults of a vendor that is well a moment later and has done nothing in between."""

HALF_DONE: tuple[Fault, ...] = (CUT_BODY, LOST_ANSWER, SLOW_BUT_DONE, TWICE)
"""Faults after which the vendor has done what was asked, although it does not look like it."""
