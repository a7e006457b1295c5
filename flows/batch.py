"""Reading calls through request files: write them, send them, read the answers back.

    export -> (submit -> wait) or (answered elsewhere) -> collect -> the main path

`custom_id` is the digest under which the answer cache keeps the answer: of call, prompt, schema,
model, parameters and sample. Reading answers back is the main path with the files in front of the
cache and nobody to ask, so that gates, scoring and ledger are the same as for a live reading. What
expired or failed has no score afterwards, and stands in the next export.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from bantam.domain.bant import ExtractionOutcome, Usage
from bantam.domain.calls import Call, CallId
from bantam.domain.value import Value
from bantam.errors import BantamError, NotInLedgerError, SettingsError
from bantam.ledger.rows import Run
from bantam.ledger.store import Ledger
from bantam.ports import AnswerCache
from extractors.asking import Answer
from extractors.bant import ModelExtractor
from extractors.models.batch_files import AnswerFiles, RequestFiles, answer_of
from extractors.models.openai_chat import ChatSettings, request_body
from extractors.prompts import Prompt, estimated_tokens
from flows.score_calls import Pipeline, RunCounts, score_calls

FLOW = "batch"
MOST_BATCHES = 1000
_CHUNK = 25


class Exported(Value):
    """What an export wrote. `read` is `asked` + `done` + `waiting` + `unasked` + `failed`."""

    read: int = 0
    asked: int = 0
    """Calls whose questions stand in the files."""
    done: int = 0
    waiting: int = 0
    """Calls whose questions stand in an earlier file that was not read back yet."""
    unasked: int = 0
    """Calls that need no model: without consent, or without words. They are recorded."""
    failed: int = 0
    requests: int = 0
    input_tokens: int = 0
    files: tuple[str, ...] = ()


class Collected(Value):
    """What was read back."""

    matched: int = 0
    """Calls that the files say something about."""
    counts: RunCounts = RunCounts()
    again: int = 0
    """Calls without an answer: they expired, were cancelled or are missing. Export them again."""


@dataclass(frozen=True, slots=True)
class Batching:
    """The parts of it, put together by `flows/wiring.py`."""

    pipeline: Pipeline
    """Its extractor is a `ModelExtractor` that has nobody to ask."""
    chat: ChatSettings
    answers: AnswerCache
    price_factor: float = 1.0

    @property
    def ledger(self) -> Ledger:
        """The ledger that the pipeline writes to."""
        if self.pipeline.ledger is None:
            raise SettingsError("batch: needs a ledger; it keeps what was asked")
        return self.pipeline.ledger

    def reader(self, cache: AnswerCache | None = None) -> ModelExtractor:
        """Return the reader, with another cache in front when given."""
        reader = self.pipeline.extractor
        assert isinstance(reader, ModelExtractor)
        return reader if cache is None else reader.with_cache(cache)


@dataclass(frozen=True, slots=True)
class NobodyToAsk:
    """A `LanguageModel` that stands for one whose answers come by file."""

    settings: ChatSettings

    @property
    def name(self) -> str:
        """The model's name as configured."""
        return self.settings.model

    @property
    def parameters(self) -> Mapping[str, object]:
        """All that is sent beside the prompt and decides the answer."""
        return self.settings.deciding

    def ask(self, prompt: Prompt) -> Answer:  # noqa: ARG002 - the protocol
        """Answer that there is no answer."""
        return Answer(
            outcome=ExtractionOutcome.TRANSPORT_ERROR, detail="batch: no answer in the files"
        )


def export(calls: Iterable[Call | BantamError], parts: Batching, files: RequestFiles) -> Exported:
    """Write the questions of calls that the ledger has no answer to; keep the calls.

    Args:
        calls: calls, and errors in the place of calls that could not be read.
        parts: reader, ledger.
        files: are written and closed.
    """
    run = _Export(parts, files, {i for b in open_batches(parts.ledger) for i in calls_of(b)})
    source = iter(calls)
    with files:
        while chunk := list(islice(source, _CHUNK)):
            run.take(chunk)
    now = parts.pipeline.clock()
    for file in files.written:
        about = {"file": str(file.path), "requests": file.requests, "calls": list(file.calls)}
        parts.ledger.start_run(file.id, flow=FLOW, parameters=about, now=now)
    return Exported(**run.counts, files=tuple(str(f.path) for f in files.written))


@dataclass(slots=True)
class _Export:
    """An export under way."""

    parts: Batching
    files: RequestFiles
    waiting: set[CallId]
    written: set[str] = field(default_factory=set)
    """Questions that stand in a file already: two calls may have the same words."""
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, chunk: Sequence[Call | BantamError]) -> None:
        """Write what has to be asked, record what needs no asking, count all of it."""
        calls = [item for item in chunk if isinstance(item, Call)]
        _note_failures(self.parts, [item for item in chunk if isinstance(item, BantamError)])
        self.counts.update(read=len(chunk), failed=len(chunk) - len(calls))
        done = _done(self.parts, calls)
        asked: list[Call] = []
        unasked: list[Call] = []
        for call in calls:
            if call.id in done or call.id in self.waiting:
                self.counts["done" if call.id in done else "waiting"] += 1
                continue
            self.waiting.add(call.id)
            missing = self._unanswered(call)
            (asked if missing else unasked).append(call)
            if missing:
                self._write(call, missing)
        self.counts.update(asked=len(asked), unasked=len(unasked))
        # Kept before the file is known to the ledger: what is read back finds its call.
        self.parts.ledger.record_calls(asked)
        score_calls(unasked, self.parts.pipeline)

    def _unanswered(self, call: Call) -> list[tuple[str, Prompt]]:
        if self.parts.pipeline.consent_required and call.consent is not True:
            return []
        asked = self.parts.reader().questions(call)
        return [(key, prompt) for key, prompt in asked if self.parts.answers.get(key) is None]

    def _write(self, call: Call, missing: Sequence[tuple[str, Prompt]]) -> None:
        new = [(key, prompt) for key, prompt in missing if key not in self.written]
        self.written.update(key for key, _ in new)
        self.files.add(call.id, [(k, request_body(self.parts.chat, p)) for k, p in new])
        self.counts["requests"] += len(new)
        self.counts["input_tokens"] += sum(
            estimated_tokens(prompt.system) + estimated_tokens(prompt.user) for _, prompt in new
        )


def read_back(run: Run, answers: AnswerFiles, parts: Batching) -> Collected:
    """Score the calls of one request file from files of answers; doing it again changes nothing.

    Args:
        run: the request file, as `export` noted it.
        answers: output and error files.
        parts: reader, ledger.
    """
    filed = FiledAnswers(answers, parts)
    pipeline = replace(parts.pipeline, extractor=parts.reader(filed))
    again: list[CallId] = []
    counts = score_calls(_answered(run, filed, parts, again), pipeline)
    return Collected(matched=filed.matched, counts=counts, again=len(again))


def close_batch(run: Run, result: Collected, parts: Batching) -> None:
    """Note that a request file was read back: what is left of it may be exported again."""
    counts = result.counts
    told = {"scored": counts.scored, "unscored": counts.unscored, "again": result.again}
    parts.ledger.finish_run(run.id, told, now=parts.pipeline.clock())


class FiledAnswers:
    """An `AnswerCache`: files of answers in front of the one that keeps what was paid for."""

    def __init__(self, files: AnswerFiles, parts: Batching) -> None:
        """Take the files, and where their answers are to be kept."""
        self._files = files
        self._parts = parts
        self._call_of: dict[str, CallId] = {}
        self.matched = 0
        """Calls that the files say something about."""

    def holds_all(self, call: Call) -> bool:
        """Say whether all questions of a call were answered, well or badly."""
        keys = [key for key, _ in self._parts.reader().questions(call)]
        self._call_of.update(dict.fromkeys(keys, call.id))
        self.matched += any(key in self._files for key in keys)
        return all(self._filed(k) is not None or self._parts.answers.get(k) for k in keys)

    def get(self, key: str) -> str | None:
        """Return the answer; one that can be used is kept the moment it is read."""
        answer = self._filed(key)
        if answer is None:
            return self._parts.answers.get(key)
        if answer.outcome is ExtractionOutcome.OK:
            free = answer.model_copy(update={"usage": Usage()}).model_dump_json()
            self._parts.answers.put(key, free, answer.usage, self._call_of[key])
        return answer.model_dump_json()

    def put(self, key: str, answer: str, usage: Usage, call_id: CallId) -> None:
        """Keep an answer."""
        self._parts.answers.put(key, answer, usage, call_id)

    def _filed(self, key: str) -> Answer | None:
        entry = self._files.entry(key)
        if entry is None:
            return None
        return answer_of(entry, self._parts.chat, price_factor=self._parts.price_factor)


def open_batches(ledger: Ledger) -> list[Run]:
    """Return the request files that were not read back yet, newest first."""
    return [run for run in _batches(ledger) if run.finished_at is None]


def incomplete_batches(ledger: Ledger) -> list[Run]:
    """Return the request files that lack an answer, newest first."""
    return [r for r in _batches(ledger) if r.finished_at is None or r.counts.get("again")]


def _batches(ledger: Ledger) -> list[Run]:
    return ledger.runs(limit=MOST_BATCHES, flow=FLOW)


def calls_of(run: Run) -> list[CallId]:
    """Return the calls that a request file is about."""
    ids = run.parameters.get("calls")
    return [CallId(str(i)) for i in ids] if isinstance(ids, list) else []


def _answered(
    run: Run, filed: FiledAnswers, parts: Batching, again: list[CallId]
) -> Iterator[Call]:
    """Yield the calls that can be read from the files; note the others in `again`."""
    for call_id in calls_of(run):
        try:
            call = parts.ledger.call(call_id)
        except NotInLedgerError:
            continue
        if not call.turns:
            continue  # forgotten meanwhile
        if filed.holds_all(call):
            yield call
        elif call.id not in _done(parts, [call]):
            again.append(call.id)


def _done(parts: Batching, calls: Sequence[Call]) -> set[CallId]:
    return parts.ledger.done_keys(
        {call.id: call.transcript_digest for call in calls},
        reader=parts.reader().version_key,
        model=parts.pipeline.score_model.name,
        model_version=parts.pipeline.score_model.version,
    )


def _note_failures(parts: Batching, errors: Sequence[BantamError]) -> None:
    # The main path counts and keeps them alike, wherever calls come from.
    if errors:
        score_calls(errors, parts.pipeline)
