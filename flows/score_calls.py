"""THE MAIN PATH: calls in, scores and deliveries owed in the ledger, counts out.

    read -> skip what is done -> extract -> (fit) -> score -> plan deliveries -> one transaction

Plain functions: `bantam score` and `bantam demo` call them as they are, `flows/engine.py` wraps
them for Prefect. A run that is killed is run again and does only what is missing: an extraction
that was paid for is in the answer cache, a result that was recorded is skipped, and anything
between the two is done again with the same outcome.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from bantam.domain.activity import scored_activities
from bantam.domain.bant import Extraction, ExtractionOutcome, RunRecord
from bantam.domain.calls import Call, CallId
from bantam.domain.delivery import Delivery, DeliveryState
from bantam.domain.fit import KnownBuyer
from bantam.domain.notes import build_note, plan_deliveries
from bantam.domain.score import Score, ScoreModel
from bantam.domain.value import Value
from bantam.errors import BantamError, CallFileError, ExtractionError
from bantam.ledger.rows import Entry
from bantam.ledger.store import Ledger
from bantam.ports import Clock, Extractor
from bantam.scoring import score
from flows.fitting import Fitting

_log = logging.getLogger(__name__)


class Fate(StrEnum):
    """What became of one call in a run."""

    SCORED = "scored"
    UNSCORED = "unscored"
    SKIPPED = "skipped"
    """The ledger already has this call's words read by this reader and scored by this model."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CallResult:
    """One call's way through the run. `error` is set exactly when it failed."""

    call_id: CallId | None
    fate: Fate
    call: Call | None = None
    extraction: Extraction | None = None
    score: Score | None = None
    buyer: KnownBuyer | None = None
    """Who was asked about, where the score model wants to know."""
    error: BantamError | None = None


class RunCounts(Value):
    """What a run did. `read` is the sum of the four fates."""

    read: int = 0
    scored: int = 0
    unscored: int = 0
    skipped: int = 0
    failed: int = 0
    deliveries: int = 0
    """Owed because of this run."""
    held: int = 0
    """Of these, waiting for a person."""
    unscored_by_reason: Mapping[str, int] = {}

    def __add__(self, other: RunCounts) -> RunCounts:
        mine, theirs = self.model_dump(), other.model_dump()
        reasons = Counter(mine.pop("unscored_by_reason"))
        reasons.update(theirs.pop("unscored_by_reason"))
        total = {name: mine[name] + theirs[name] for name in mine}
        return RunCounts(**total, unscored_by_reason=dict(sorted(reasons.items())))

    @property
    def adds_up(self) -> bool:
        """True when no call was lost on the way."""
        return self.read == self.scored + self.unscored + self.skipped + self.failed


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The parts of the main path, put together by `flows/wiring.py`."""

    ledger: Ledger | None
    """None on a dry run: nothing is looked up and nothing is written."""
    extractor: Extractor
    score_model: ScoreModel
    targets: Sequence[str]
    clock: Clock
    concurrency: int = 16
    """Calls that are read at once."""
    chunk: int = 25
    """Calls that are looked up, and recorded, in one transaction."""
    review_url: Callable[[CallId], str | None] = lambda _: None
    consent_required: bool = False
    """True: a call whose source does not state consent is not read, and nothing of it is kept."""
    fitting: Fitting | None = None
    """Asks about buyers; None where the score model does not ask, and on a dry run."""


MOST_UNANSWERED = 50
"""So many calls in a row without an answer end a run."""


@dataclass(slots=True)
class _Run:
    """The moving part of a run: what is in flight, what is to be recorded, what was counted."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unrecorded: list[tuple[CallResult, tuple[Delivery, ...]]] = field(default_factory=list)
    unanswered: list[Extraction] = field(default_factory=list)
    """Of calls in a row that the model server did not answer."""

    def finished(self, result: CallResult, owed: tuple[Delivery, ...]) -> None:
        """Take what one call came to."""
        self.unrecorded.append((result, owed))
        found = result.extraction
        if found is not None and found.outcome is ExtractionOutcome.TRANSPORT_ERROR:
            self.unanswered.append(found)
        else:
            self.unanswered.clear()

    def give_up_a_dead_server(self) -> None:
        """Stop where nothing is answered: to try it for each further call takes hours.

        Raises:
            ExtractionError: `MOST_UNANSWERED` calls in a row got no answer.
        """
        if len(self.unanswered) >= MOST_UNANSWERED:
            last = self.unanswered[-1]
            raise ExtractionError(
                f"model {last.run.model}: no answer for {len(self.unanswered)} calls in a row"
                f" ({last.detail}); run the same command again when the server is back"
            )


def score_calls(
    calls: Iterable[Call | BantamError],
    pipeline: Pipeline,
    on_result: Callable[[CallResult], None] | None = None,
) -> RunCounts:
    """Score calls as they come; memory does not grow with their number.

    Args:
        calls: calls, and errors in the place of calls that could not be read. Errors are
            counted and recorded; they stop nothing.
        pipeline: extractor, score model, ledger, targets.
        on_result: told of each call once its result is safely recorded, in order of completion.

    Returns:
        Counts that add up: read = scored + unscored + skipped + failed.

    Raises:
        ExtractionError: the extractor cannot run at all, or no longer. What was finished
            before is recorded.
        KeyboardInterrupt: as above; answers in flight are not waited for.
    """
    run = _Run()
    tell = on_result or (lambda _: None)
    waiting: set[Future[CallResult]] = set()
    with _readers(pipeline.concurrency) as pool:
        try:
            for item in _missing(calls, pipeline, run, tell):
                if len(waiting) >= 2 * pipeline.concurrency:
                    waiting = _collect(waiting, pipeline, run, tell)
                waiting.add(pool.submit(_read_one, item, pipeline))
            while waiting:
                waiting = _collect(waiting, pipeline, run, tell)
        finally:
            for future in waiting:
                future.cancel()
            _record(pipeline, run, tell)
    return _counted(run)


@contextmanager
def _readers(concurrency: int) -> Iterator[ThreadPoolExecutor]:
    """Give threads that read; who interrupts does not wait minutes for a silent server."""
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="read-call")
    patient = True
    try:
        yield pool
    except KeyboardInterrupt:
        patient = False
        raise
    finally:
        pool.shutdown(wait=patient, cancel_futures=True)


def _missing(
    calls: Iterable[Call | BantamError],
    pipeline: Pipeline,
    run: _Run,
    tell: Callable[[CallResult], None],
) -> Iterator[Call]:
    """Yield the calls that still have to be read; count and tell of all others."""
    source = iter(calls)
    while chunk := list(islice(source, pipeline.chunk)):
        found = [item for item in chunk if isinstance(item, Call)]
        done = _already_done(found, pipeline)
        for item in chunk:
            run.counts["read"] += 1
            if isinstance(item, BantamError):
                run.counts[Fate.FAILED] += 1
                _note_failure(pipeline, "read", item)
                tell(CallResult(call_id=None, fate=Fate.FAILED, error=item))
            elif item.id in done:
                run.counts[Fate.SKIPPED] += 1
                tell(CallResult(call_id=item.id, fate=Fate.SKIPPED, call=item))
            else:
                yield item


def _already_done(calls: Sequence[Call], pipeline: Pipeline) -> set[CallId]:
    if pipeline.ledger is None or not calls:
        return set()
    return pipeline.ledger.done_keys(
        {call.id: call.transcript_digest for call in calls},
        reader=pipeline.extractor.version_key,
        model=pipeline.score_model.name,
        model_version=pipeline.score_model.version,
    )


def _read_one(call: Call, pipeline: Pipeline) -> CallResult:
    if pipeline.consent_required and call.consent is not True:
        extraction = _not_read(call, pipeline)
        call = call.model_copy(update={"title": "", "participants": (), "turns": ()})
        return _scored(call, extraction, pipeline)
    try:
        extraction = pipeline.extractor.extract(call)
    except ExtractionError:
        raise
    except BantamError as error:
        return CallResult(call_id=call.id, fate=Fate.FAILED, call=call, error=error)
    except Exception as error:
        # A defect of ours in one call must not stop the others. Its message may hold their words.
        unforeseen = f"call {call.id}: unexpected {type(error).__name__} while reading; report it"
        failed = BantamError(unforeseen)
        return CallResult(call_id=call.id, fate=Fate.FAILED, call=call, error=failed)
    return _scored(call, extraction, pipeline)


def _not_read(call: Call, pipeline: Pipeline) -> Extraction:
    """Return what stands in the place of readings when consent is required and not stated."""
    now = pipeline.clock()
    stated = "refused" if call.consent is False else "not stated by its source"
    return Extraction(
        call_id=call.id,
        transcript_digest=call.transcript_digest,
        outcome=ExtractionOutcome.NO_CONSENT,
        detail=f"consent is {stated}; consent.required is set",
        readings={},
        run=RunRecord(extractor="none", extractor_version="1", started_at=now, finished_at=now),
    )


def _scored(call: Call, extraction: Extraction, pipeline: Pipeline) -> CallResult:
    model = pipeline.score_model
    result = score(extraction, model, scored_at=pipeline.clock())
    if result.points is None:
        return CallResult(call.id, Fate.UNSCORED, call, extraction, result)
    buyer = pipeline.fitting.buyer(call) if pipeline.fitting else None
    if buyer is not None:
        result = score(extraction, model, scored_at=result.scored_at, buyer=buyer)
    return CallResult(call.id, Fate.SCORED, call, extraction, result, buyer)


def _collect(
    waiting: set[Future[CallResult]],
    pipeline: Pipeline,
    run: _Run,
    tell: Callable[[CallResult], None],
) -> set[Future[CallResult]]:
    """Take what has finished; record it when a chunk is full. Returns what is still in flight."""
    finished, still = wait(waiting, return_when=FIRST_COMPLETED)
    broken = [f.exception() for f in finished if f.exception() is not None]
    for future in finished:
        if future.exception() is None:
            result = future.result()
            run.finished(result, plan(result, pipeline))
    if broken and broken[0] is not None:
        raise broken[0]
    run.give_up_a_dead_server()
    if len(run.unrecorded) >= pipeline.chunk or not still:
        _record(pipeline, run, tell)
    return still


def plan(result: CallResult, pipeline: Pipeline) -> tuple[Delivery, ...]:
    """Return what a result owes to the pipeline's targets."""
    if result.call is None or result.extraction is None or result.score is None:
        return ()
    note = build_note(
        result.call,
        result.extraction,
        result.score,
        review_url=pipeline.review_url(result.call.id),
    )
    return plan_deliveries(note, result.extraction, pipeline.targets, now=pipeline.clock())


def _record(pipeline: Pipeline, run: _Run, tell: Callable[[CallResult], None]) -> None:
    """Write finished results in one transaction, then count and tell of them."""
    finished, run.unrecorded = run.unrecorded, []
    if pipeline.ledger is not None and finished:
        pipeline.ledger.record_many([_entry(r, owed) for r, owed in finished if r.score])
    for result, _ in finished:
        if result.error is not None:
            _note_failure(pipeline, "extract", result.error, result.call_id)
        if result.buyer is not None and result.buyer.trouble:
            _note_failure(pipeline, "fit", BantamError(result.buyer.trouble), result.call_id)
    for result, deliveries in finished:
        run.counts[result.fate] += 1
        run.counts["deliveries"] += len(deliveries)
        run.counts["held"] += sum(d.state is DeliveryState.HELD for d in deliveries)
        if result.score is not None and result.score.unscored_reason is not None:
            run.reasons[result.score.unscored_reason] += 1
        _log.info("call %s: %s", result.call_id, result.fate, extra=_logged(result))
        tell(result)


def _logged(result: CallResult) -> dict[str, object]:
    """Return the fields of a call's log line: ids and numbers, no words."""
    fields: dict[str, object] = {"call_id": result.call_id, "fate": result.fate.value}
    if result.score is not None:
        fields |= {"score": result.score.points, "unscored": result.score.unscored_reason}
    if result.error is not None:
        fields["error"] = type(result.error).__name__
    return fields


def _entry(result: CallResult, owed: tuple[Delivery, ...]) -> Entry:
    """Return what one transaction stores: call, readings, score, what is owed, what happened."""
    call, extraction, scored = result.call, result.extraction, result.score
    assert call is not None
    assert extraction is not None
    assert scored is not None
    return Entry(
        score=scored,
        call=call,
        extraction=extraction,
        deliveries=owed,
        activities=scored_activities(call, extraction, scored),
        buyer=result.buyer,
    )


def _note_failure(
    pipeline: Pipeline, stage: str, error: BantamError, call_id: CallId | None = None
) -> None:
    """Keep a failure in the ledger, where `bantam status` shows it."""
    if pipeline.ledger is None:
        return
    subject = call_id or (error.path if isinstance(error, CallFileError) else "unknown")
    pipeline.ledger.add_failure(subject, stage=stage, reason=str(error), now=pipeline.clock())


def _counted(run: _Run) -> RunCounts:
    return RunCounts(
        read=run.counts["read"],
        scored=run.counts[Fate.SCORED],
        unscored=run.counts[Fate.UNSCORED],
        skipped=run.counts[Fate.SKIPPED],
        failed=run.counts[Fate.FAILED],
        deliveries=run.counts["deliveries"],
        held=run.counts["held"],
        unscored_by_reason=dict(sorted(run.reasons.items())),
    )
