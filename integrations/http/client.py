"""The one HTTP client: limits, retries, redirects, sizes and errors are settled here.

Retries happen here and nowhere else. A request is sent again only when that is harmless: it
is repeatable (reads, and writes that set rather than add), or the vendor cannot have acted on
it (429, no connection). A wait longer than `Patience.longest_wait` is not slept: the caller
gets `VendorBusyError.retry_at` and parks the work.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import unquote, urljoin

import httpx
from pydantic import TypeAdapter, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from bantam.domain.limits import RequestLimit
from bantam.errors import VendorBusyError, VendorDownError, VendorError, VendorRejectedError
from bantam.ports import Clock, RateLimiter
from integrations.http.credentials import Credentials
from integrations.http.problems import (
    Answer,
    ReadProblem,
    as_error,
    request_id,
    standard_problem,
    transport_error,
)

T = TypeVar("T")
_log = logging.getLogger(__name__)

_REPEATABLE_METHODS = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
_MOST_REDIRECTS = 5
_HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)


def _no_problem(answer: Answer, now: datetime) -> None:  # noqa: ARG001 - a ReadProblem
    return None


@dataclass(frozen=True)
class Vendor:
    """Whom we talk to, and its habits."""

    name: str
    base_url: str
    limit: RequestLimit | None = None
    """The allowance of the whole API; `Ask.limit` names that of a part of it."""
    read_problem: ReadProblem = _no_problem
    """Asked before the standard reading, for every answer, 2xx included."""
    trusted_hosts: Sequence[str] = ()
    """Host names, besides that of `base_url`, whose https addresses may get the credentials;
    ".zoom.us" means every host under it."""


@dataclass(frozen=True)
class Patience:
    """How long and how often to try. Times are seconds."""

    attempts: int = 4
    longest_wait: float = 10.0
    """A single wait longer than this is handed to the caller instead of slept."""
    first_wait: float = 0.5
    """Doubles with each attempt, with jitter, when the vendor names no time."""
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    """Between two pieces of an answer."""
    deadline: float = 120.0
    """For one whole answer, however slowly it drips."""
    most_bytes: int = 50_000_000
    """Of one answer, after decompression."""


@dataclass(frozen=True)
class Surroundings:
    """The world around a client: everything that a test may want to replace."""

    clock: Clock
    limiter: RateLimiter | None = None
    """Counts the requests of all workers; None sends without counting."""
    patience: Patience = Patience()
    transport: httpx.BaseTransport | None = None
    """Stands in for the network."""
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    """A random number in [0, 1), for jitter."""


@dataclass(frozen=True)
class Ask:
    """One request. Its repr shows neither parameters nor body."""

    method: str
    path: str
    """Below the base URL, or an absolute URL which the vendor handed out."""
    params: Mapping[str, str | int | bool] | None = field(default=None, repr=False)
    json: Any = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    repeatable: bool | None = None
    """True when sending it twice does no more than once; None decides by the method (not POST)."""
    limit: RequestLimit | None = None
    """Taken besides the vendor's own."""

    @property
    def may_repeat(self) -> bool:
        """Whether it may be sent again after it may have arrived."""
        if self.repeatable is not None:
            return self.repeatable
        return self.method in _REPEATABLE_METHODS

    @property
    def shown(self) -> str:
        """For logs and errors: no query, no host of a handed-out URL, no e-mail address."""
        path = httpx.URL(self.path).path if "://" in self.path else self.path.partition("?")[0]
        parts = ("…" if "@" in unquote(part) else part for part in path.split("/"))
        return f"{self.method} {'/'.join(parts)}"


class VendorClient:
    """Sends requests to one vendor for one tenant. Thread-safe; close it when done."""

    def __init__(self, vendor: Vendor, credentials: Credentials, around: Surroundings) -> None:
        """Take whom to talk to, what proves who we are, and the world around; nothing is sent."""
        # httpx logs whole URLs at INFO; their queries hold e-mail addresses.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.vendor = vendor
        self.clock = around.clock
        self._credentials = credentials
        self._around = around
        self._patience = around.patience
        self._base = httpx.URL(vendor.base_url.rstrip("/") + "/")
        timeout = httpx.Timeout(
            around.patience.read_timeout, connect=around.patience.connect_timeout
        )
        self._http = httpx.Client(
            transport=around.transport, timeout=timeout, follow_redirects=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, ask: Ask) -> Answer:
        """Send a request and return the whole answer, a success.

        Raises:
            VendorError: anything else, as the subclass that says what to do about it.
        """
        return self._tried(ask, lambda answer: answer)

    def read(self, ask: Ask, shape: type[T]) -> T:
        """Send a request and return the answer's JSON in the shape of a wire type.

        Raises:
            VendorError: no success, or (`VendorDownError`) a body that has another shape.
        """
        adapter = TypeAdapter(shape)

        def parse(answer: Answer) -> T:
            try:
                return adapter.validate_json(answer.content)
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                place = ".".join(str(part) for part in first["loc"]) or "body"
                raise ValueError(f"{place}: {first['type']}") from None

        return self.read_with(ask, parse)

    def read_with(self, ask: Ask, parse: Callable[[Answer], T]) -> T:
        """Send a request and return what `parse` makes of the answer.

        Args:
            ask: the request.
            parse: raises ValueError, without the vendor's words, for a body of another form.

        Raises:
            VendorError: no success, or (`VendorDownError`) a body of another form.
        """

        def parsed(answer: Answer) -> T:
            try:
                return parse(answer)
            except ValueError as error:
                raise VendorDownError(
                    self.vendor.name,
                    f"{ask.shown}: unexpected answer at {error}",
                    status=answer.status,
                    request_id=request_id(answer.headers),
                ) from None

        return self._tried(ask, parsed)

    def _tried(self, ask: Ask, finish: Callable[[Answer], T]) -> T:
        retrying = Retrying(
            stop=stop_after_attempt(self._patience.attempts),
            retry=retry_if_exception(lambda error: self._may_try_again(ask, error)),
            wait=self._wait,
            sleep=self._around.sleep,
            reraise=True,
        )
        return retrying(lambda: finish(self._once_authorised(ask)))

    def _may_try_again(self, ask: Ask, error: BaseException) -> bool:
        if isinstance(error, VendorBusyError):
            if error.retry_at is None:
                return True
            wait = (error.retry_at - self.clock()).total_seconds()
            return wait <= self._patience.longest_wait
        if isinstance(error, VendorDownError):
            return ask.may_repeat or not error.may_have_arrived
        return False

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, VendorBusyError) and error.retry_at:
            return max((error.retry_at - self.clock()).total_seconds(), 0.0)
        doubled = self._patience.first_wait * 2.0 ** (state.attempt_number - 1)
        return float(min(doubled * (0.5 + self._around.chance()), self._patience.longest_wait))

    def _once_authorised(self, ask: Ask) -> Answer:
        """Send once; a refused token is renewed and tried once more."""
        proof = self._credentials.headers()
        answer = self._once(ask, proof)
        if answer.status == httpx.codes.UNAUTHORIZED and self._credentials.renew(proof):
            answer = self._once(ask, self._credentials.headers())
        now = self.clock()
        problem = self.vendor.read_problem(answer, now) or standard_problem(answer, now)
        if problem is None:
            return answer
        limit = ask.limit or self.vendor.limit
        if problem.kind is VendorBusyError and problem.retry_at and limit and self._around.limiter:
            self._around.limiter.pause(limit, problem.retry_at)
        raise as_error(problem, self.vendor.name, ask.shown, answer)

    def _once(self, ask: Ask, proof: Mapping[str, str]) -> Answer:
        for limit in (self.vendor.limit, ask.limit):
            if limit:
                self._take(limit, ask)
        started = time.monotonic()
        answer = self._followed(ask, proof)
        _log.info(
            "%s: %s -> %d in %d ms, request %s",
            self.vendor.name,
            ask.shown,
            answer.status,
            (time.monotonic() - started) * 1000,
            request_id(answer.headers) or "-",
        )
        return answer

    def _take(self, limit: RequestLimit, ask: Ask) -> None:
        limiter = self._around.limiter
        if limiter is None:
            return
        while (wait := limiter.acquire(limit, self.clock())) > 0:
            if wait > self._patience.longest_wait:
                retry_at = self.clock() + timedelta(seconds=wait)
                raise VendorBusyError(
                    self.vendor.name,
                    f"{ask.shown}: our own limit; next at {retry_at.astimezone(UTC):%H:%M:%S} UTC",
                    retry_at=retry_at,
                )
            self._around.sleep(wait)

    def _followed(self, ask: Ask, proof: Mapping[str, str]) -> Answer:
        """Send, and follow redirects of reads; another host never sees the credentials."""
        url = self._url(ask)
        request = self._request(ask, url, proof)
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._received(request, ask)
            place = answer.headers.get("location")
            if not 300 <= answer.status < 400 or place is None or ask.method != "GET":
                return answer
            target = httpx.URL(urljoin(str(request.url), place))
            if request.url.scheme == "https" and target.scheme != "https":
                raise self._refused(ask, "redirected from https to an unprotected address")
            headers = {**ask.headers, **proof} if self._is_trusted(target) else {}
            request = self._http.build_request("GET", target, headers=headers)
        raise self._refused(ask, f"more than {_MOST_REDIRECTS} redirects")

    def _url(self, ask: Ask) -> httpx.URL:
        try:
            if "://" in ask.path:
                return httpx.URL(ask.path)
            # Plain joining, as urljoin would drop the base's path and eat encoded slashes.
            return httpx.URL(str(self._base) + ask.path.lstrip("/"))
        except httpx.InvalidURL as error:
            raise transport_error(error, self.vendor.name, ask.method) from None

    def _request(self, ask: Ask, url: httpx.URL, proof: Mapping[str, str]) -> httpx.Request:
        headers = {"User-Agent": "bantam", "Accept": "application/json, */*;q=0.5", **ask.headers}
        if self._is_trusted(url):
            headers.update(proof)
        try:
            return self._http.build_request(
                ask.method, url, params=ask.params, json=ask.json, data=ask.form, headers=headers
            )
        except (UnicodeEncodeError, *_HTTPX_ERRORS):
            raise self._refused(ask, "the request cannot be written; check the key") from None

    def _is_trusted(self, url: httpx.URL) -> bool:
        same = (url.scheme, url.host, url.port) == (
            self._base.scheme,
            self._base.host,
            self._base.port,
        )
        return same or (
            url.scheme == "https"
            and any(
                url.host == host or (host.startswith(".") and url.host.endswith(host))
                for host in self.vendor.trusted_hosts
            )
        )

    def _received(self, request: httpx.Request, ask: Ask) -> Answer:
        """Read the whole answer, within the size limit and the deadline."""
        ends_at = time.monotonic() + self._patience.deadline
        pieces, size = [], 0
        try:
            response = self._http.send(request, stream=True)
            try:
                for piece in response.iter_bytes():
                    size += len(piece)
                    if size > self._patience.most_bytes:
                        raise self._refused(
                            ask, f"the answer is larger than {self._patience.most_bytes} bytes"
                        )
                    if time.monotonic() > ends_at:
                        raise VendorDownError(self.vendor.name, f"{ask.shown}: deadline passed")
                    pieces.append(piece)
            finally:
                response.close()
        except _HTTPX_ERRORS as error:
            failure = transport_error(error, self.vendor.name, ask.shown)
            _log.info("%s: %s -> %s", self.vendor.name, ask.shown, type(error).__name__)
            raise failure from None
        return Answer(response.status_code, response.headers, b"".join(pieces))

    def _refused(self, ask: Ask, why: str) -> VendorError:
        return VendorRejectedError(self.vendor.name, f"{ask.shown}: {why}")
