"""The JSONL files of the OpenAI Batch API: requests out, answers in, by any way between."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import orjson

from bantam.domain.bant import ExtractionOutcome
from bantam.domain.value import digest
from bantam.errors import CallFileError
from extractors.asking import Answer
from extractors.models.ladder import read_completion
from extractors.models.openai_chat import ChatSettings, priced, usage_of

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
MAX_REQUESTS = 50_000
MAX_BYTES = 200_000_000
"""Of one file, as the API takes it."""

_NEVER_READ = frozenset({"batch_expired", "batch_cancelled"})
"""Error codes of requests that nobody looked at: ask again."""


@dataclass(frozen=True, slots=True)
class RequestFile:
    """One written file."""

    id: str
    path: Path
    requests: int
    calls: tuple[str, ...]
    """Ids of the calls that the requests are about, each once."""


def _random_mark() -> str:
    return secrets.token_hex(8)


@dataclass(slots=True)
class _Open:
    path: Path
    lines: int = 0
    size: int = 0
    ids: list[str] = field(default_factory=list)
    calls: dict[str, None] = field(default_factory=dict)


class RequestFiles:
    """Writes requests into as many files as the API's limits ask for."""

    def __init__(
        self,
        folder: Path,
        *,
        max_requests: int = MAX_REQUESTS,
        max_bytes: int = MAX_BYTES,
        mark: Callable[[], str] = _random_mark,
    ) -> None:
        """Take the folder; it is made with the first request.

        Args:
            folder: that the files go to. They hold transcripts: only the owner may read them.
            max_requests: of one file.
            max_bytes: of one file.
            mark: tells a file from an earlier one with the same questions.
        """
        self._folder = folder
        self._limits = (max_requests, max_bytes)
        self._mark = mark
        self._open: _Open | None = None
        self.written: list[RequestFile] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._close()

    def add(self, call_id: str, requests: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Write the requests of one call, all into one file.

        Args:
            call_id: of the call.
            requests: `custom_id` and body of each; empty when they stand there already, for
                another call with the same words.
        """
        lines = [_line(custom_id, body) for custom_id, body in requests]
        size = sum(map(len, lines))
        most_lines, most_bytes = self._limits
        now = self._open
        if now and (now.lines + len(lines) > most_lines or now.size + size > most_bytes):
            self._close()
        if self._open is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._open = _Open(self._folder / f"requests-{len(self.written)}.part")
            self._open.path.unlink(missing_ok=True)
        with os.fdopen(_private(self._open.path), "ab") as file:
            file.writelines(lines)
        self._open.lines += len(lines)
        self._open.size += size
        self._open.ids += [custom_id for custom_id, _ in requests]
        self._open.calls[call_id] = None

    def _close(self) -> None:
        done, self._open = self._open, None
        if done is None:
            return
        name = f"batch-{digest(done.ids, self._mark())[:12]}"
        path = self._folder / f"{name}.jsonl"
        done.path.replace(path)
        self.written.append(RequestFile(name, path, done.lines, tuple(done.calls)))


class AnswerFiles:
    """Finds answers in output and error files by `custom_id`; holds places, not words."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Read the files once through.

        Args:
            paths: output and error files, in any order.

        Raises:
            CallFileError: a file is not there, or a line of it is no answer of a batch.
        """
        self._places: dict[str, tuple[Path, int]] = {}
        for path in paths:
            for custom_id, offset in _places(path):
                self._places[custom_id] = (path, offset)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, custom_id: object) -> bool:
        return custom_id in self._places

    def entry(self, custom_id: str) -> Mapping[str, Any] | None:
        """Return one line, None when no file holds it."""
        place = self._places.get(custom_id)
        if place is None:
            return None
        path, offset = place
        with path.open("rb") as file:
            file.seek(offset)
            entry: Mapping[str, Any] = orjson.loads(file.readline())
        return entry


def answer_of(
    entry: Mapping[str, Any], settings: ChatSettings, *, price_factor: float = 1.0
) -> Answer | None:
    """Return what a line of an output or error file says, as a live question would end.

    Args:
        entry: one parsed line.
        settings: hold the prices.
        price_factor: of the listed prices.

    Returns:
        None when nobody read the request: it expired or was cancelled.
    """
    error = entry.get("error") or {}
    if error.get("code") in _NEVER_READ:
        return None
    response = entry.get("response") or {}
    body = response.get("body") or {}
    status = response.get("status_code")
    try:
        if status != 200:
            return _failed(status, error or body.get("error") or {})
        said = read_completion(body)
    except (LookupError, TypeError, AttributeError):
        return _failed(status, {"code": "malformed"})
    served = str(body.get("model") or "")
    return Answer(
        outcome=said.outcome,
        reply=said.reply,
        detail=said.problem,
        mode=settings.mode,
        served_model=served,
        recovered_from_reasoning=said.from_reasoning,
        usage=priced(usage_of(body), settings, served, factor=price_factor),
    )


def _failed(status: object, error: Mapping[str, Any]) -> Answer:
    # The code only: messages of servers quote requests.
    code = str(error.get("code") or error.get("type") or "unknown")
    outcome = ExtractionOutcome.TRANSPORT_ERROR
    if code == "content_filter":
        outcome = ExtractionOutcome.CONTENT_FILTER
    known = code if code.replace("_", "").isalnum() and len(code) <= 60 else "unknown"
    return Answer(
        outcome=outcome,
        detail=f"batch: HTTP {status} ({known})",
        too_long=code == "context_length_exceeded",
    )


def _line(custom_id: str, body: Mapping[str, Any]) -> bytes:
    request = {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": dict(body)}
    return orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE)


def _places(path: Path) -> Iterator[tuple[str, int]]:
    offset = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _custom_id(path, number, line), offset
                offset += len(line)
    except OSError as error:
        raise CallFileError(path, "the file", f"readable ({error.strerror})") from None


def _custom_id(path: Path, number: int, line: bytes) -> str:
    try:
        return str(orjson.loads(line)["custom_id"])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        raise CallFileError(
            path, f"line {number}", "a JSON object with custom_id and response"
        ) from None


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
