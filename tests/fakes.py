"""Fakes that implement our ports; no behaviour of the real ones is assumed beyond the port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from bantam.domain.bant import Criterion, Extraction, ExtractionOutcome, Level, Usage
from bantam.domain.calls import Call, CallId, CallWindow
from bantam.domain.delivery import Delivery, Receipt
from bantam.errors import VendorNotFoundError
from bantam.ports import TranscriptNotReady
from extractors.asking import Answer
from extractors.prompts import Prompt
from extractors.reply import BantReply
from tests.factories import an_extraction


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, step: timedelta) -> None:
        self.now += step


class ScriptedExtractor:
    """Answers each call as told: levels, an outcome, or an error to raise."""

    name = "scripted"

    def __init__(
        self,
        answers: Mapping[str, Mapping[Criterion, Level] | ExtractionOutcome | Exception]
        | None = None,
        version: str = "1",
    ) -> None:
        self._answers = answers or {}
        self._version = version
        self.asked: list[CallId] = []

    @property
    def version_key(self) -> str:
        return self._extraction(None, {}).run.version_key

    def extract(self, call: Call) -> Extraction:
        self.asked.append(call.id)
        answer = self._answers.get(call.id, {})
        if isinstance(answer, Exception):
            raise answer
        return self._extraction(call, answer)

    def _extraction(
        self, call: Call | None, answer: Mapping[Criterion, Level] | ExtractionOutcome
    ) -> Extraction:
        failed = isinstance(answer, ExtractionOutcome)
        made = an_extraction(
            None if failed else answer,
            outcome=answer if failed else ExtractionOutcome.OK,
            call_id=call.id if call else CallId("none"),
            transcript_digest=call.transcript_digest if call else "",
        )
        run = made.run.model_copy(update={"extractor_version": self._version})
        return made.model_copy(update={"run": run})


class RecordingGateway:
    """Keeps what it was sent; `trouble` may raise in its place."""

    def __init__(
        self, name: str = "embedded", trouble: Callable[[Delivery], None] | None = None
    ) -> None:
        self.name = name
        self.sent: list[Delivery] = []
        self._trouble = trouble

    def send(self, delivery: Delivery) -> Receipt:
        if self._trouble is not None:
            self._trouble(delivery)
        self.sent.append(delivery)
        return Receipt(record_id=f"{self.name}/{delivery.call_id}")


class ScriptedModel:
    """A language model that answers each question as told, the last answer for ever."""

    name = "scripted"

    def __init__(self, *answers: str | Answer, parameters: Mapping[str, object] | None = None):
        self.parameters: Mapping[str, object] = parameters or {}
        self._answers = list(answers)
        self.asked: list[Prompt] = []

    def ask(self, prompt: Prompt) -> Answer:
        self.asked.append(prompt)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Answer):
            return answer
        return Answer(
            outcome=ExtractionOutcome.OK,
            reply=BantReply.model_validate_json(answer),
            mode="json_schema",
            served_model="scripted-1",
            usage=Usage(requests=1, input_tokens=100, output_tokens=10, cost_usd=0.01),
        )


class MemoryAnswers:
    """An answer cache in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.paid: list[tuple[CallId, Usage]] = []
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        return self.kept.get(key)

    def put(self, key: str, answer: str, usage: Usage, call_id: CallId) -> None:
        with self._lock:
            self.kept.setdefault(key, answer)
            self.paid.append((call_id, usage))


class FakeSource:
    """A call recorder: `there` holds calls, or what `fetch` raises in their place."""

    overlap = timedelta(days=1)

    def __init__(self, name: str = "gong", **there: Call | Exception) -> None:
        self.name = name
        self.there: dict[str, Call | Exception] = dict(there)
        self.fetched: list[CallId] = []
        self.windows: list[CallWindow] = []

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        self.windows.append(window)
        for call_id, call in self.there.items():
            if isinstance(call, TranscriptNotReady | Call):
                started = getattr(call, "started_at", window.since)
                if window.since <= started < window.until:
                    yield CallId(call_id)

    def fetch(self, call_id: CallId) -> Call:
        self.fetched.append(call_id)
        found = self.there.get(call_id)
        if found is None:
            raise VendorNotFoundError(self.name, f"call {call_id}: not there")
        if isinstance(found, Exception):
            raise found
        return found
