"""Any OpenAI-compatible server as a `LanguageModel`: ladder, repair, deadline, accounting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, SecretStr

from bantam.domain.bant import ExtractionOutcome, Usage
from bantam.domain.value import Value
from extractors.asking import ANSWER_TOKENS, Answer, Price
from extractors.models.ladder import Mode, Said, read_completion, request_parts
from extractors.models.pacing import Pacing
from extractors.models.transport import (
    FilteredError,
    FormatRefusedError,
    LimitNameRefusedError,
    RequestFailedError,
    TooLongError,
    Transport,
    make_client,
)
from extractors.prompts import Prompt, estimated_tokens

LimitName = Literal["max_tokens", "max_completion_tokens"]

_REPAIR = (
    "That was not a valid answer ({problem}). Answer again with the one JSON object that the "
    "instructions describe, complete and with nothing around it."
)
_SHOWN_AGAIN = 20_000
"""Code points of a malformed answer that are sent back at most."""


class ChatSettings(Value):
    """One model on one server."""

    model: str
    base_url: str
    api_key: SecretStr
    parameters: Mapping[str, Any] = {}
    """Sent as they are; what is not here is not sent."""
    max_tokens: int = Field(default=4096, ge=16)
    """Output tokens of the first attempt; a truncated answer is asked for again with twice."""
    max_tokens_name: LimitName = "max_completion_tokens"
    mode: Mode = Mode.JSON_SCHEMA
    """First rung of the ladder."""
    timeout_seconds: float = Field(default=120.0, gt=0)
    """For one answer in all: waiting, retries and repair included."""
    prices: Mapping[str, Price] = {}
    """By model name, as configured or as served."""

    @property
    def deciding(self) -> Mapping[str, object]:
        """All that is sent beside the prompt and decides the answer."""
        return {**self.parameters, "max_tokens": self.max_tokens}


@dataclass(slots=True)
class _Asking:
    """One answer in the making."""

    prompt: Prompt
    deadline: float
    max_tokens: int
    extra_turns: list[dict[str, str]] = field(default_factory=list)
    repaired: bool = False
    lengthened: bool = False
    mode: str = ""
    served: str = ""
    usage: Usage = field(default_factory=Usage)


class OpenAIChat:
    """Asks a chat server for the four readings. Thread-safe; share one per server and model."""

    def __init__(
        self,
        settings: ChatSettings,
        pacing: Pacing,
        *,
        transport: Transport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect lazily: nothing is sent before the first question.

        Args:
            settings: the model and the server.
            pacing: shared with everybody who asks this server.
            transport: stands in for one on the openai SDK.
            clock: monotonic seconds, the transport's.
        """
        self._settings = settings
        self._pacing = pacing
        self._clock = clock
        self._transport = transport or Transport(
            make_client(settings.base_url, settings.api_key.get_secret_value()), pacing
        )
        # What this server turned out to take, found by the first thread that was refused.
        self._lock = threading.Lock()
        self._mode = settings.mode
        self._limit_name: LimitName = settings.max_tokens_name

    @property
    def name(self) -> str:
        """The model's name as configured."""
        return self._settings.model

    @property
    def parameters(self) -> Mapping[str, object]:
        """All that is sent beside the prompt and decides the answer."""
        return self._settings.deciding

    @property
    def mode(self) -> Mode:
        """The rung that this server is asked on now."""
        return self._mode

    def ask(self, prompt: Prompt) -> Answer:
        """Return the model's answer, or an outcome that says why there is none.

        Raises:
            ExtractionError: no call can be read: wrong key, unknown model.
            QuotaExhaustedError: the account has no quota left.
        """
        with self._pacing.slot():
            started = self._clock()
            asking = _Asking(
                prompt, started + self._settings.timeout_seconds, self._settings.max_tokens
            )
            try:
                said = self._said(asking)
            except RequestFailedError as error:
                answer = Answer(
                    outcome=ExtractionOutcome.CONTENT_FILTER
                    if isinstance(error, FilteredError)
                    else ExtractionOutcome.TRANSPORT_ERROR,
                    detail=str(error),
                    too_long=isinstance(error, TooLongError),
                )
            else:
                answer = Answer(
                    outcome=said.outcome,
                    reply=said.reply,
                    detail=said.problem,
                    recovered_from_reasoning=said.from_reasoning,
                )
            return answer.model_copy(
                update={
                    "mode": asking.mode,
                    "served_model": asking.served,
                    "repaired": asking.repaired,
                    "usage": self._usage(asking, self._clock() - started),
                }
            )

    def _said(self, asking: _Asking) -> Said:
        """Ask, and once more where that can help: for a longer answer, and for a repair."""
        while True:
            said = read_completion(self._completion(asking))
            if said.outcome is ExtractionOutcome.TRUNCATED and not asking.lengthened:
                # Without the partial text: models go on from it, and pay for it again.
                asking.lengthened = True
                asking.max_tokens *= 2
            elif said.outcome in _REPAIRABLE and not asking.repaired:
                asking.repaired = True
                asking.extra_turns = [
                    {"role": "assistant", "content": said.text[:_SHOWN_AGAIN]},
                    {"role": "user", "content": _REPAIR.format(problem=said.problem)},
                ]
            else:
                return said

    def _completion(self, asking: _Asking) -> dict[str, Any]:
        """Send one question, stepping down the ladder while the server refuses the rung."""
        renamed = False
        while True:
            mode, limit_name = self._mode, self._limit_name
            user = {"role": "user", "content": asking.prompt.user}
            body = {
                "model": self._settings.model,
                **request_parts(mode, asking.prompt.system, [user, *asking.extra_turns]),
                **self._settings.parameters,
                limit_name: asking.max_tokens,
            }
            try:
                completion = self._transport.send(body, self._estimate(asking), asking.deadline)
            except FormatRefusedError:
                if not self._step_down(mode):
                    raise
            except LimitNameRefusedError:
                if renamed:
                    raise
                renamed = True
                self._rename_limit(limit_name)
            else:
                asking.mode = mode
                asking.served = str(completion.get("model") or "")
                asking.usage += usage_of(completion)
                return completion

    def _usage(self, asking: _Asking, seconds: float) -> Usage:
        usage = asking.usage.model_copy(update={"seconds": max(0.0, seconds)})
        return priced(usage, self._settings, asking.served)

    def _step_down(self, refused: Mode) -> bool:
        with self._lock:
            if self._mode is refused and refused.below is not None:
                self._mode = refused.below
            return self._mode is not refused

    def _rename_limit(self, refused: LimitName) -> None:
        with self._lock:
            if self._limit_name == refused:
                self._limit_name = (
                    "max_completion_tokens" if refused == "max_tokens" else "max_tokens"
                )

    @staticmethod
    def _estimate(asking: _Asking) -> int:
        return (
            estimated_tokens(asking.prompt.system)
            + estimated_tokens(asking.prompt.user)
            + ANSWER_TOKENS
        )


def request_body(settings: ChatSettings, prompt: Prompt) -> dict[str, Any]:
    """Return the body of the first request that asks a question."""
    return {
        "model": settings.model,
        **request_parts(settings.mode, prompt.system, [{"role": "user", "content": prompt.user}]),
        **settings.parameters,
        settings.max_tokens_name: settings.max_tokens,
    }


def priced(usage: Usage, settings: ChatSettings, served: str, *, factor: float = 1.0) -> Usage:
    """Return usage with its cost, where a price is set.

    Args:
        usage: tokens as the server counted them.
        settings: hold the prices.
        served: the model's name as the server reports it.
        factor: of the price.
    """
    price = settings.prices.get(settings.model) or settings.prices.get(served)
    cost = None if price is None else factor * price.cost(usage)
    return usage.model_copy(update={"cost_usd": cost})


_REPAIRABLE = frozenset({ExtractionOutcome.INVALID_JSON, ExtractionOutcome.SCHEMA_MISMATCH})


def usage_of(completion: Mapping[str, Any]) -> Usage:
    """Return the tokens that a completion says it took."""
    usage = completion.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    asked = _count(usage.get("prompt_tokens"))
    return Usage(
        requests=1,
        input_tokens=asked,
        cached_tokens=min(asked, _count(details.get("cached_tokens"))),
        output_tokens=_count(usage.get("completion_tokens")),
    )


def _count(value: object) -> int:
    return max(0, value) if isinstance(value, int) else 0
