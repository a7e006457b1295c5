"""One request to a chat server through the openai SDK: the only layer that retries."""

from __future__ import annotations

import importlib
import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import openai
import orjson

from bantam.errors import ExtractionError, QuotaExhaustedError
from extractors.models.pacing import Pacing

ATTEMPTS = 5
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 20.0
_CONNECTIONS = 128
_RETRIED = frozenset({408, 409, 425, 429})
_NO_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_TOO_LONG = re.compile(
    r"context[_ ](?:length|size|window)|maximum context|too many tokens|prompt is too long|"
    r"exceed\w* (?:the )?(?:context|maximum)|longer than the maximum model length",
    re.IGNORECASE,
)
_FORMAT = re.compile(
    r"response_format|json_schema|json_object|structured[_ ]output|guided|grammar|"
    r"tool_choice|\btools\b|\bschema\b",
    re.IGNORECASE,
)
_LIMIT_NAME = re.compile(r"max_(?:completion_)?tokens", re.IGNORECASE)
_http: Any = importlib.import_module(openai.DefaultHttpxClient.__mro__[1].__module__.split(".")[0])
_MALFORMED = (ValueError, TypeError, AttributeError, LookupError, OSError, _http.HTTPError)
"""What the SDK and its HTTP library raise on broken answers that are no `OpenAIError`."""


class RequestFailedError(Exception):
    """The request did not bring a completion and asking again would not help."""


class TooLongError(RequestFailedError):
    """The server says that the prompt does not fit its window."""


class FilteredError(RequestFailedError):
    """The server's content filter refuses the prompt."""


class FormatRefusedError(RequestFailedError):
    """The server does not take this way of asking for structured output."""


class LimitNameRefusedError(RequestFailedError):
    """The server does not take this name for the limit of output tokens."""


def make_client(base_url: str, api_key: str) -> openai.OpenAI:
    """Return an SDK client with room for 128 requests at once and no retries of its own.

    The SDK's debug log holds whole requests: it is raised to INFO unless somebody set it.
    """
    log = logging.getLogger("openai")
    if log.level == logging.NOTSET:
        log.setLevel(logging.INFO)
    limits = _http.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    return openai.OpenAI(
        base_url=base_url,
        api_key=api_key,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(limits=limits),
    )


class Transport:
    """Sends chat requests with a total deadline. Thread-safe."""

    def __init__(
        self,
        client: openai.OpenAI,
        pacing: Pacing,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Wrap a client.

        Args:
            client: with `max_retries=0`.
            pacing: shared with everybody who asks this server.
            clock: monotonic seconds; deadlines are on it.
            sleep: waits for seconds.
            jitter: returns 0 to 1; spreads retries of many threads.
        """
        self._client = client
        self._pacing = pacing
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter

    def send(self, body: Mapping[str, Any], tokens: int, deadline: float) -> dict[str, Any]:
        """Return the completion as parsed JSON with at least one choice.

        Args:
            body: of `POST /chat/completions`.
            tokens: estimate of what it costs, for pacing.
            deadline: on the transport's clock; a read in flight may finish after it.

        Raises:
            RequestFailedError: there is none; the subclass says what would help.
            ExtractionError: no request can succeed: wrong key, unknown model, no quota.
        """
        failure = "no time left before the first attempt"
        for attempt in range(ATTEMPTS):
            if not self._pacing.wait_for(tokens, deadline):
                break
            try:
                completion = self._exchange(body, deadline)
            except openai.APIStatusError as error:
                failure = _classified(error, body)
                asked = retry_after(error.response.headers)
                wait = self._backoff(attempt) if asked is None else asked
                if error.status_code == 429:
                    self._pacing.pause(wait)
            except (openai.OpenAIError, *_MALFORMED) as error:
                failure = f"{type(error).__name__} instead of a completion"
                wait = self._backoff(attempt)
            else:
                self._pacing.settle(tokens, _total_tokens(completion) or tokens)
                return completion
            self._pacing.settle(tokens, 0)
            if attempt + 1 == ATTEMPTS:
                failure += f"; {ATTEMPTS} attempts"
            elif self._clock() + wait >= deadline:
                failure += "; waiting longer would pass the deadline"
                break
            else:
                self._sleep(wait)
        raise RequestFailedError(failure)

    def _exchange(self, body: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        # Streamed so that a server which drips its answer cannot outlast the deadline: the
        # timeout is for each read. All goes in as extra_body, which replaces the arguments:
        # those the SDK walks field by field, for a third of its time.
        with self._client.chat.completions.with_streaming_response.create(
            model=body["model"],
            messages=[],
            extra_body=dict(body),
            timeout=max(0.001, deadline - self._clock()),
        ) as response:
            chunks = []
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                if self._clock() > deadline:
                    raise TimeoutError
        completion = orjson.loads(b"".join(chunks))
        if not completion["choices"][0]["message"]:
            raise ValueError
        assert isinstance(completion, dict)
        return completion

    def _backoff(self, attempt: int) -> float:
        wait: float = min(_FIRST_WAIT * 2**attempt, _LONGEST_WAIT)
        return wait * (0.75 + 0.5 * self._jitter())


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, from `retry-after-ms` or `Retry-After`."""
    try:
        return max(0.0, float(headers["retry-after-ms"]) / 1000)
    except (KeyError, ValueError):
        pass
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _total_tokens(completion: Mapping[str, Any]) -> int:
    usage = completion.get("usage") or {}
    return int(usage.get("prompt_tokens") or 0) + int(usage.get("completion_tokens") or 0)


def _classified(error: openai.APIStatusError, body: Mapping[str, Any]) -> str:
    """Raise what an error status means, or return how to name it when it is worth a retry.

    Decides by status, code and what the server's message names; the message itself goes no
    further, because servers quote requests in it.
    """
    status = error.status_code
    code = str(error.code or error.type or "")
    said = f"{code} {error.param or ''} {error.message}"
    named = f"HTTP {status}" + (f" ({code})" if re.fullmatch(r"[\w.\-]{1,60}", code) else "")
    if _NO_QUOTA & {error.code, error.type}:
        raise QuotaExhaustedError(
            f"model {body['model']}: the account has no quota left ({code}); "
            "add credit at the provider or set another model"
        )
    if status in {401, 403}:
        raise ExtractionError(
            f"model {body['model']}: the server refuses the API key ({named}); "
            "set BANTAM_MODEL__API_KEY"
        )
    if status == 404:
        raise ExtractionError(
            f"model {body['model']}: the server does not know it ({named}); "
            "check model.name and model.base_url"
        )
    if status in {400, 413, 422, 500, 501}:
        if code == "content_filter":
            raise FilteredError(named)
        if status != 500 and _TOO_LONG.search(said):
            raise TooLongError(named)
        if status != 500 and _LIMIT_NAME.search(f"{error.param or error.message}"):
            raise LimitNameRefusedError(named)
        if _FORMAT.search(said):
            raise FormatRefusedError(named)
    if status not in _RETRIED and status < 500:
        raise RequestFailedError(named)
    return named
