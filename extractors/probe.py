"""Finds out what a model server really does with structured output, for `bantam doctor`.

Servers take the schema and ignore it, so the probe asks for what the schema forbids: a colour
outside of the enum, keys in another order. What comes back tells which of the two was stronger.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from bantam.domain.value import Value
from extractors.models.ladder import Mode, bare_json, format_fields, text_of
from extractors.models.openai_chat import ChatSettings, LimitName
from extractors.models.pacing import Pacing
from extractors.models.transport import (
    FormatRefusedError,
    LimitNameRefusedError,
    RequestFailedError,
    Transport,
    make_client,
)

_COLOURS = ["red", "green"]
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "zone": {"type": "string", "enum": _COLOURS},
        "amount": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string", "enum": ["one", "two"]}},
    },
    "required": ["zone", "amount", "tags"],
    "additionalProperties": False,
}
_QUESTION = (
    "Answer with a JSON object with the keys amount, tags and zone in alphabetical order. "
    'amount is null, tags is a list of one word, zone is the colour "purple".'
)
_MAX_TOKENS = 400
_TOKENS = 500


class Capabilities(Value):
    """What a probe found. Facts about one server and model at one time."""

    reachable: bool
    detail: str = ""
    """Why the server gave no answer at all."""
    mode: Mode = Mode.TEXT
    """Highest rung that the server honours."""
    refused: tuple[Mode, ...] = ()
    """Rungs that it refuses outright."""
    ignored: tuple[Mode, ...] = ()
    """Rungs that it takes and does not hold: every answer there is checked and repaired."""
    enum_obeyed: bool = False
    order_kept: bool = False
    nullable_ok: bool = False
    usage_present: bool = False
    """False: tokens and cost cannot be counted."""
    limit_name: LimitName = "max_completion_tokens"
    served_model: str = ""
    seconds: float = 0.0
    """Of the whole probe."""


class _Probe:
    """One probe in progress."""

    def __init__(self, settings: ChatSettings, transport: Transport, deadline: float) -> None:
        self._settings = settings
        self._transport = transport
        self._deadline = deadline
        self.limit_name: LimitName = settings.max_tokens_name

    def ask(self, mode: Mode) -> dict[str, Any]:
        """Return the completion on one rung, with whatever name of the limit is taken.

        Raises:
            RequestFailedError: there is none; `FormatRefusedError` when the rung is refused.
        """
        body = {
            "model": self._settings.model,
            "messages": [{"role": "user", "content": _QUESTION}],
            **format_fields(mode, "probe", _SCHEMA),
            **self._settings.parameters,
        }
        try:
            return self._transport.send(
                {**body, self.limit_name: _MAX_TOKENS}, _TOKENS, self._deadline
            )
        except LimitNameRefusedError:
            other: LimitName = (
                "max_tokens" if self.limit_name != "max_tokens" else "max_completion_tokens"
            )
            self.limit_name = other
            return self._transport.send({**body, other: _MAX_TOKENS}, _TOKENS, self._deadline)


def probe(settings: ChatSettings, transport: Transport | None = None) -> Capabilities:
    """Ask the server the same question on each rung until one is honoured.

    Args:
        settings: the model and the server.
        transport: stands in for one on the openai SDK.

    Raises:
        ExtractionError: wrong key, unknown model, or no quota.
    """
    started = time.monotonic()
    transport = transport or Transport(
        make_client(settings.base_url, settings.api_key.get_secret_value()), Pacing(1)
    )
    running = _Probe(settings, transport, started + settings.timeout_seconds)
    refused: list[Mode] = []
    ignored: list[Mode] = []
    found: dict[str, Any] = {}
    for mode in Mode:
        try:
            completion = running.ask(mode)
        except FormatRefusedError:
            refused.append(mode)
            continue
        except RequestFailedError as error:
            return Capabilities(reachable=False, detail=str(error), refused=tuple(refused))
        found = _judged(completion)
        if mode is Mode.TEXT or found["enum_obeyed"]:
            found["mode"] = mode
            break
        ignored.append(mode)
    return Capabilities(
        reachable=True,
        refused=tuple(refused),
        ignored=tuple(ignored),
        limit_name=running.limit_name,
        seconds=round(time.monotonic() - started, 3),
        **found,
    )


def _judged(completion: Mapping[str, Any]) -> dict[str, Any]:
    usage = completion.get("usage") or {}
    facts: dict[str, Any] = {
        "usage_present": bool(usage.get("prompt_tokens")),
        "served_model": str(completion.get("model") or ""),
        "enum_obeyed": False,
    }
    try:
        answer = json.loads(bare_json(text_of(completion["choices"][0]["message"])))
    except ValueError:
        return facts
    if not isinstance(answer, dict):
        return facts
    facts["enum_obeyed"] = answer.get("zone") in _COLOURS
    facts["order_kept"] = list(answer) == list(_SCHEMA["properties"])
    facts["nullable_ok"] = "amount" in answer and (
        answer["amount"] is None or isinstance(answer["amount"], int)
    )
    return facts
