"""What a language model is asked and what comes back, whoever serves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pydantic import Field

from bantam.domain.bant import ExtractionOutcome, Usage
from bantam.domain.value import Value
from extractors.prompts import Prompt
from extractors.reply import BantReply

ANSWER_TOKENS = 900
"""What an answer takes as a rule; for pacing and estimates, never a limit."""


class Price(Value):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    """None: cached tokens cost as much as others."""
    output: float = Field(ge=0)

    def cost(self, usage: Usage) -> float:
        """Return the cost of `usage` in US dollars."""
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = usage.input_tokens - usage.cached_tokens
        total = (
            fresh * self.input + usage.cached_tokens * cached + usage.output_tokens * self.output
        )
        return total / 1_000_000


class Answer(Value):
    """How asking a language model once ended, repairs and retries included."""

    outcome: ExtractionOutcome
    reply: BantReply | None = None
    """Set exactly when the outcome is OK."""
    detail: str = ""
    """Why it is not OK; never transcript text."""
    too_long: bool = False
    """True when the server says that the transcript does not fit its window: split it."""
    mode: str = ""
    """Which rung of the structured-output ladder answered."""
    served_model: str = ""
    repaired: bool = False
    recovered_from_reasoning: bool = False
    usage: Usage = Usage()


class LanguageModel(Protocol):
    """Answers the `extract_bant` prompt. Thread-safe."""

    @property
    def name(self) -> str:
        """The model's name as configured."""
        ...

    @property
    def parameters(self) -> Mapping[str, object]:
        """All that is sent beside the prompt and decides the answer."""
        ...

    def ask(self, prompt: Prompt) -> Answer:
        """Return the model's answer, or an outcome that says why there is none.

        Raises:
            ExtractionError: no call can be read: wrong key, unknown model, no quota.
        """
        ...
