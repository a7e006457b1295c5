"""A stand-in for an OpenAI-compatible server on loopback, one step away from the wire.

Every request is checked against the published OpenAPI description, and against what the real
server refuses beyond it (unknown fields, schemas outside the strict subset). Answers come from
a function of the request; a script of steps makes the next requests fail in named ways.

In a test: `with OpenAIServer(answer) as server: ...`. For a benchmark, in its own process:
`python -m tests.openai_server --latency 2`, which prints its base URL and answers from the
transcript it is sent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from tests.paths import SPECS

API_KEY = "sk-test"
Answer = Callable[[dict[str, Any]], str]
"""From a request's body to the content of the answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """How one request is answered. The defaults are a good answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    content: str | None = None
    """Instead of the answer function's."""
    message: Mapping[str, Any] = field(default_factory=dict)
    """Laid over the assistant's message."""
    finish: str = "stop"
    body: bytes | None = None
    """The whole body, byte for byte."""
    cut_at: int | None = None
    """Close the connection after this many bytes of the body."""
    hang: bool = False
    """Send nothing until the client gives up."""
    drip: bool = False
    """Send the headers, then nothing more of the body than its first byte."""
    usage: Mapping[str, Any] | None = None


def rate_limited(**headers: str) -> Step:
    return Step(
        status=429,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        error={"message": "Slow down", "type": "requests", "code": "rate_limit_exceeded"},
    )


OUT_OF_QUOTA = Step(
    status=429,
    error={"message": "No credit", "type": "insufficient_quota", "code": "insufficient_quota"},
)
BROKEN = Step(status=500, error={"message": "The server had an error", "type": "server_error"})
TOO_LONG = Step(
    status=400,
    error={
        "message": "This model's maximum context length is 8192 tokens.",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    },
)


def refused_field(param: str, message: str) -> Step:
    return Step(
        status=400,
        error={
            "message": message,
            "type": "invalid_request_error",
            "param": param,
            "code": "unsupported_parameter",
        },
    )


@cache
def _validator() -> tuple[Draft202012Validator, frozenset[str]]:
    spec = json.loads((SPECS / "openai_chat.json").read_text(encoding="utf-8"))
    schema = {
        "$ref": "#/components/schemas/CreateChatCompletionRequest",
        "components": spec["components"],
    }
    return Draft202012Validator(schema), frozenset(_properties(schema["$ref"], spec))


def _properties(ref: str, spec: Mapping[str, Any]) -> Iterator[str]:
    schema = spec["components"]["schemas"][ref.rsplit("/", 1)[1]]
    yield from schema.get("properties", {})
    for part in schema.get("allOf", ()):
        yield from part.get("properties", {})
        if "$ref" in part:
            yield from _properties(part["$ref"], spec)


def problem_with(body: Any) -> str | None:
    """Return why the real server would refuse a request, or None."""
    validator, known = _validator()
    error = next(validator.iter_errors(body), None)
    if error is not None:
        return f"{error.json_path}: {error.message[:200]}"
    unknown = sorted(set(body) - known)
    if unknown:
        return f"Unrecognized request argument supplied: {unknown[0]}"
    wanted = body.get("response_format", {}).get("json_schema")
    schemas = [wanted] if wanted else []
    schemas += [tool["function"] for tool in body.get("tools", ())]
    for schema in schemas:
        if schema.get("strict"):
            problem = next(_outside_strict(schema.get("schema") or schema.get("parameters")), None)
            if problem:
                return f"Invalid schema for response_format '{schema['name']}': {problem}"
    return None


_STRICT_KEYS = frozenset(
    ["type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "const"]
)


def _outside_strict(node: Any, place: str = "$") -> Iterator[str]:
    if not isinstance(node, dict):
        yield f"{place}: not an object"
        return
    for key in sorted(set(node) - _STRICT_KEYS):
        yield f"{place}: '{key}' is not permitted"
    if node.get("type") == "object":
        if node.get("additionalProperties") is not False:
            yield f"{place}: 'additionalProperties' is required to be false"
        if list(node.get("required", ())) != list(node.get("properties", {})):
            yield f"{place}: 'required' must hold every key"
    for name, child in node.get("properties", {}).items():
        yield from _outside_strict(child, f"{place}.{name}")
    for child in (*node.get("anyOf", ()), *([node["items"]] if "items" in node else [])):
        yield from _outside_strict(child, f"{place}[]")


class OpenAIServer:
    """Serves until the `with` block ends. Thread-safe to script and to read."""

    def __init__(
        self,
        answer: Answer,
        *,
        latency: float = 0.0,
        validate: bool = True,
        key: str = API_KEY,
        served_model: str = "stand-in-2026",
    ) -> None:
        if validate:
            _validator()  # missing, it must fail the test and not the connection
        self.answer = answer
        self.latency = latency
        self.validate = validate
        self.key = key
        self.served_model = served_model
        self.refuses: dict[str, Step] = {}
        """By request field: how a server answers that does not take it."""
        self.requests: list[dict[str, Any]] = []
        self.problems: list[str] = []
        """Why requests were refused; empty when all were good."""
        self._steps: deque[Step] = deque()
        self.started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def script(self, *steps: Step) -> None:
        """Answer the next requests so, one step each."""
        self._steps.extend(steps)

    def __enter__(self) -> OpenAIServer:
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)
        self._thread.start()
        assert self.started.wait(10), "the stand-in did not start"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def serve(self, port: int = 0) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await self._loop.create_server(
            lambda: _Connection(self), "127.0.0.1", port, backlog=512
        )
        self.port = server.sockets[0].getsockname()[1]
        self.started.set()
        await self._stop.wait()
        server.close()

    def step_for(self, method: str, path: str, headers: str, raw: bytes) -> tuple[Step, Any]:
        """Return how to answer a request, and its body."""
        if f"authorization: bearer {self.key.lower()}\r\n" not in headers.lower():
            error = {"message": "Incorrect API key", "code": "invalid_api_key", "type": "auth"}
            return Step(status=401, error=error), None
        if method == "GET" and path == "/v1/models":
            models = [{"id": "m", "object": "model", "created": 0, "owned_by": "test"}]
            return Step(body=orjson.dumps({"object": "list", "data": models})), None
        if method != "POST" or path != "/v1/chat/completions":
            return Step(status=404, error={"message": "Unknown request URL", "type": "x"}), None
        body = orjson.loads(raw)
        problem = problem_with(body) if self.validate else None
        if problem:
            self.problems.append(problem)
            return Step(status=400, error={"message": problem, "type": "invalid_request"}), body
        if self.validate:
            self.requests.append(body)
        for name, step in self.refuses.items():
            if name in json.dumps(body.get("response_format", "")) or name in body:
                return step, body
        return self._steps.popleft() if self._steps else Step(), body

    def completion(self, step: Step, body: Mapping[str, Any]) -> bytes:
        content = step.content
        if content is None and "content" not in step.message:
            content = self.answer(dict(body))
        message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
        if "tool_choice" in body and content is not None:
            function = {"name": body["tool_choice"]["function"]["name"], "arguments": content}
            call = {"id": "call_1", "type": "function", "function": function}
            message |= {"content": None, "tool_calls": [call]}
        asked = sum(len(m["content"]) for m in body["messages"]) // 4
        written = len(content or "") // 4
        usage = {
            "prompt_tokens": asked,
            "completion_tokens": written,
            "total_tokens": asked + written,
            "prompt_tokens_details": {"cached_tokens": 0},
        }
        choice = {"index": 0, "finish_reason": step.finish, "logprobs": None}
        return orjson.dumps(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 0,
                "model": self.served_model,
                "choices": [{**choice, "message": {**message, **step.message}}],
                "usage": step.usage if step.usage is not None else usage,
            }
        )


class _Connection(asyncio.Protocol):
    def __init__(self, server: OpenAIServer) -> None:
        self._server = server
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[: end + 2].decode("latin-1")
            length = re.search(r"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            total = end + 4 + (int(length.group(1)) if length else 0)
            if len(self._buffer) < total:
                return
            raw, self._buffer = self._buffer[end + 4 : total], self._buffer[total:]
            self._respond(head, raw)

    def _respond(self, head: str, raw: bytes) -> None:
        method, path, _ = head.split(" ", 2)
        step, body = self._server.step_for(method, path, head, raw)
        if step.hang:
            return
        if step.body is not None:
            payload = step.body
        elif step.error is not None:
            payload = orjson.dumps({"error": {"param": None, "code": None, **step.error}})
        else:
            payload = self._server.completion(step, body)
        headers = {"content-type": "application/json", "content-length": str(len(payload))}
        lines = "".join(f"{k}: {v}\r\n" for k, v in {**headers, **step.headers}.items())
        start = f"HTTP/1.1 {step.status} x\r\n{lines}\r\n".encode()
        if self._server.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(self._server.latency, self._write, start, payload, step)
        else:
            self._write(start, payload, step)

    def _write(self, start: bytes, payload: bytes, step: Step) -> None:
        if self._transport.is_closing():
            return
        if step.drip:
            self._transport.write(start + payload[:1])
        elif step.cut_at is not None:
            self._transport.write(start + payload[: step.cut_at])
            self._transport.close()
        else:
            self._transport.write(start + payload)


_LINE = re.compile(r"^\[T(\d+)\|buyer\|[^\]]*\] (.+)$", re.MULTILINE)


def quoting_reply(body: Mapping[str, Any]) -> str:
    """Answer with the first long buyer lines of the transcript in the request as evidence."""
    user = next(m["content"] for m in body["messages"] if m["role"] == "user")
    lines = [(int(n), text) for n, text in _LINE.findall(user) if len(text.split()) > 5][:4]
    lines = lines or [(0, "nothing")]
    quotes = [
        {"turn": number, "quote": " ".join(text.split()[:20]), "polarity": "supports"}
        for number, text in lines
    ]
    return wire_reply(
        budget={"evidence": quotes[:1], "level": "2"},
        authority={"evidence": quotes[1:2], "level": "2" if quotes[1:] else "not_discussed"},
        need={"evidence": quotes[2:3], "level": "3" if quotes[2:] else "not_discussed"},
        timeframe={"evidence": quotes[3:4], "plan": "some_day" if quotes[3:] else "not_discussed"},
    )


def wire_reply(*, injection_turns: tuple[int, ...] = (), **criteria: Mapping[str, Any]) -> str:
    """Return a valid answer as JSON; criteria that are left out are not discussed."""
    common = {"evidence": [], "summary": ""}
    tail = {"level": "not_discussed", "confidence": "high"}
    money = {"amount_text": None, "amount_min": None, "amount_max": None, "currency": None}
    dates = dict.fromkeys(("year", "quarter", "month", "day", "offset_days"))
    when = {"date_text": None, "date_kind": "none", **dates, "refers_to": "unknown"}
    defaults: dict[str, dict[str, Any]] = {
        "budget": {**common, **money, "period": "unknown", **tail},
        "authority": {**common, "decision_makers": [], **tail},
        "need": {**common, "pains": [], **tail},
        "timeframe": {**common, **when, "plan": "not_discussed", "confidence": "high"},
    }
    reply: dict[str, Any] = {"injection_turns": list(injection_turns)}
    for name, default in defaults.items():
        reply[name] = {**default, **criteria.get(name, {})}
    return json.dumps(reply, ensure_ascii=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--validate", action="store_true")
    options = parser.parse_args()
    server = OpenAIServer(quoting_reply, latency=options.latency, validate=options.validate)

    def announce() -> None:
        server.started.wait()
        sys.stdout.write(f"{server.base_url}\n")
        sys.stdout.flush()

    threading.Thread(target=announce, daemon=True).start()
    asyncio.run(server.serve(options.port))


if __name__ == "__main__":
    main()
