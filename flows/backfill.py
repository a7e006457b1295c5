"""Score the calls of the past: look at what is missing, say what it costs, then do it.

    survey (ids only) -> estimate (a few transcripts) -> fetch ahead -> the main path -> report

Of 100,000 calls only ids are held (some 10 MB), and transcripts of what is being fetched and
read now. The ledger decides what is missing, so a run that dies is started again and reads
nothing twice; a cursor spares it the listings of stretches that are settled.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from bantam.domain.calls import Call, CallId, CallWindow
from bantam.domain.score import Unscored
from bantam.domain.value import Value, digest
from bantam.errors import (
    BantamError,
    SettingsError,
    VendorAuthError,
    VendorBusyError,
    VendorDownError,
    VendorNotFoundError,
    VendorRejectedError,
)
from bantam.ledger.store import Ledger
from bantam.ports import CallSource, LeavesOut, TranscriptNotReady
from flows.score_calls import CallResult, Pipeline, RunCounts

_log = logging.getLogger(__name__)

STEP = timedelta(days=1)
"""Calls are listed by stretches this long; a cursor stands at the end of one."""
FETCHERS = 8
"""Transcripts fetched at once; the source's own client keeps its rate."""
SAMPLED = 12
"""Transcripts that an estimate reads."""
GIVE_UP_AFTER = 10
"""Calls in a row that the source could not answer: then it is down, and the run stops."""


class LeftOut(StrEnum):
    """Why a call of the window got no score from this run."""

    ALREADY_DONE = "already done"
    PRIVATE = "private"
    NOT_READY = "transcript not ready"
    NO_TRANSCRIPT = "no transcript will come"
    NOT_THERE = "not at the source any more"
    REFUSED = "refused by the source"
    UNREADABLE = "unreadable"
    SOURCE_DOWN = "source did not answer"
    NO_CONSENT = "no consent"


class Estimate(Value):
    """What a back-fill will use at most, from a few transcripts."""

    calls: int = Field(ge=0)
    sampled: int = Field(ge=0)
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cost_usd: float | None = None
    """None when no price is set for the model."""


class BackfillReport(Value):
    """What became of the calls of a window. `listed` is `scored` + `unscored` + left out."""

    listed: int = 0
    scored: int = 0
    unscored: int = 0
    """Read, without a number; those without consent are left out."""
    left_out: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Costs:
    """What reading one call takes."""

    input_tokens: Callable[[Call], int]
    output_tokens: int
    usd: Callable[[int, int], float | None]
    """From input and output tokens; None without a price."""


@dataclass(slots=True)
class Stretch:
    """A part of the window, and the calls of it that are missing."""

    until: datetime
    missing: deque[CallId]
    open: int
    """Calls that are not settled yet."""
    holds: bool = False
    """True when a call of it must be asked for again: the cursor stays before it."""


@dataclass(slots=True)
class Survey:
    """What is there, and what is missing."""

    source: CallSource
    window: CallWindow
    cursor: str
    """Name under which the ledger keeps how far this back-fill has come."""
    stretches: deque[Stretch] = field(default_factory=deque)
    listed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def missing(self) -> int:
        """How many calls are to be read."""
        return sum(len(stretch.missing) for stretch in self.stretches)


def survey(source: CallSource, window: CallWindow, pipeline: Pipeline) -> Survey:
    """List the calls of a window and keep the ids of those that the ledger lacks.

    Args:
        source: is asked for ids only.
        window: in which the calls started.
        pipeline: its reader and score model say what is done.

    Raises:
        SettingsError: the pipeline has no ledger.
        BantamError: the source cannot be asked.
    """
    ledger = _ledger(pipeline)
    reader = digest(pipeline.extractor.version_key, pipeline.score_model.version)[:16]
    name = f"backfill:{source.name}:{window.since.isoformat()}:{window.until.isoformat()}:{reader}"
    found = Survey(source, window, cursor=name)
    stands = ledger.cursor(name)
    since = datetime.fromisoformat(stands) if stands else window.since
    if since >= window.until:
        # It went through once; what was left out then may be there now.
        since = window.since
    before = _left_out_by(source)
    seen: set[CallId] = set()
    while since < window.until:
        until = min(since + STEP, window.until)
        ids = [i for i in source.call_ids(CallWindow(since=since, until=until)) if i not in seen]
        seen.update(ids)
        done = _done(ledger, ids, pipeline)
        missing = deque(i for i in ids if i not in done)
        found.listed += len(ids)
        found.left_out[LeftOut.ALREADY_DONE] += len(done)
        found.stretches.append(Stretch(until, missing, open=len(missing)))
        since = until
    hidden = _left_out_by(source) - before
    found.listed += hidden.total()
    found.left_out.update(hidden)
    return found


def estimate(found: Survey, costs: Costs) -> Estimate:
    """Return what reading the missing calls will use at most.

    Args:
        found: by `survey`.
        costs: of one call. A few transcripts, spread over the window, stand for all.

    Raises:
        BantamError: the source cannot be asked.
    """
    ids = [i for stretch in found.stretches for i in stretch.missing]
    chosen = ids[:: max(1, len(ids) // SAMPLED)][:SAMPLED]
    sizes = [costs.input_tokens(call) for call in _sampled(found.source, chosen)]
    if not sizes:
        return Estimate(calls=len(ids), sampled=0)
    read = round(sum(sizes) / len(sizes) * len(ids))
    written = costs.output_tokens * len(ids)
    return Estimate(
        calls=len(ids),
        sampled=len(sizes),
        input_tokens=read,
        output_tokens=written,
        cost_usd=costs.usd(read, written),
    )


def _sampled(source: CallSource, ids: Sequence[CallId]) -> Iterator[Call]:
    for call_id in ids:
        try:
            yield source.fetch(call_id)
        except TranscriptNotReady:
            continue
        except VendorAuthError:
            raise
        except BantamError:
            continue


class Backfill:
    """A back-fill under way: `calls` feeds the main path, `on_result` hears what came of them."""

    def __init__(
        self,
        found: Survey,
        pipeline: Pipeline,
        *,
        tell: Callable[[int], None] = lambda _: None,
        fetchers: int = FETCHERS,
    ) -> None:
        """Take what is missing; nothing is fetched yet.

        Args:
            found: by `survey`; used up by the run.
            pipeline: whose ledger keeps the cursor and what failed.
            tell: hears the number of calls that were settled.
            fetchers: transcripts that are fetched at once.
        """
        self._found = found
        self._ledger = _ledger(pipeline)
        self._clock = pipeline.clock
        self._tell = tell
        self._fetchers = fetchers
        self._settled = 0
        self._down_in_a_row = 0
        self._of: dict[CallId, Stretch] = {}
        self._fates: Counter[str] = Counter()
        self._lock = threading.Lock()

    def calls(self) -> Iterator[Call]:
        """Yield the missing calls with their transcripts; some are fetched ahead.

        Raises:
            VendorAuthError: the source refuses the credentials.
            VendorBusyError | VendorDownError: it does not answer, call after call.
        """
        ahead: deque[tuple[CallId, Stretch, Future[Call]]] = deque()
        with ThreadPoolExecutor(self._fetchers, thread_name_prefix="fetch-call") as pool:
            try:
                for stretch in list(self._found.stretches):
                    while stretch.missing:
                        call_id = stretch.missing.popleft()
                        future = pool.submit(self._found.source.fetch, call_id)
                        ahead.append((call_id, stretch, future))
                        if len(ahead) > 4 * self._fetchers:
                            yield from self._fetched(*ahead.popleft())
                    self._move_cursor()
                while ahead:
                    yield from self._fetched(*ahead.popleft())
            finally:
                for _, _, future in ahead:
                    future.cancel()

    def on_result(self, result: CallResult) -> None:
        """Note that the main path has recorded a call. Thread-safe."""
        assert result.call_id is not None
        stretch = self._of.pop(result.call_id)
        reason = None if result.score is None else result.score.unscored_reason
        if reason is Unscored.NO_CONSENT:
            self._left_out(LeftOut.NO_CONSENT)
        self._settle(stretch, again=result.error is not None)

    def report(self, counts: RunCounts) -> BackfillReport:
        """Return what became of all calls of the window.

        Args:
            counts: of the main path.
        """
        left_out = Counter(self._found.left_out)
        left_out[LeftOut.UNREADABLE] += counts.failed
        left_out[LeftOut.ALREADY_DONE] += counts.skipped
        return BackfillReport(
            listed=self._found.listed,
            scored=counts.scored,
            unscored=counts.unscored - left_out[LeftOut.NO_CONSENT],
            left_out={reason: n for reason, n in sorted(left_out.items()) if n},
        )

    def _fetched(self, call_id: CallId, stretch: Stretch, future: Future[Call]) -> Iterator[Call]:
        try:
            call = future.result()
        except (BantamError, TranscriptNotReady) as error:
            self._not_fetched(call_id, stretch, error)
            return
        self._down_in_a_row = 0
        self._of[call.id] = stretch
        yield call

    def _not_fetched(
        self, call_id: CallId, stretch: Stretch, error: BantamError | TranscriptNotReady
    ) -> None:
        down = isinstance(error, VendorBusyError | VendorDownError)
        self._down_in_a_row = self._down_in_a_row + 1 if down else 0
        if isinstance(error, VendorAuthError) or self._down_in_a_row >= GIVE_UP_AFTER:
            stretch.holds = True
            assert isinstance(error, BantamError)
            raise error
        self._left_out(_why(error))
        _log.warning("call %s: %s", call_id, error, extra={"call_id": call_id})
        if isinstance(error, BantamError):
            now = self._clock()
            self._ledger.add_failure(call_id, stage="fetch", reason=str(error), now=now)
        self._settle(stretch, again=down)

    def _left_out(self, why: LeftOut) -> None:
        with self._lock:
            self._found.left_out[why] += 1

    def _settle(self, stretch: Stretch, *, again: bool) -> None:
        with self._lock:
            stretch.open -= 1
            stretch.holds |= again
            self._settled += 1
        self._tell(self._settled)
        if not stretch.open:
            self._move_cursor()

    def _move_cursor(self) -> None:
        """Note the end of the last stretch before which everything is settled."""
        settled: datetime | None = None
        with self._lock:
            stretches = self._found.stretches
            while stretches and not stretches[0].open and not stretches[0].holds:
                settled = stretches.popleft().until
        if settled is not None:
            name = self._found.cursor
            self._ledger.move_cursor(name, settled.isoformat(), now=self._clock())


_REASONS: tuple[tuple[type[BantamError], LeftOut], ...] = (
    (VendorNotFoundError, LeftOut.NOT_THERE),
    (VendorRejectedError, LeftOut.REFUSED),
    (VendorBusyError, LeftOut.SOURCE_DOWN),
    (VendorDownError, LeftOut.SOURCE_DOWN),
)


def _why(error: BantamError | TranscriptNotReady) -> LeftOut:
    if isinstance(error, TranscriptNotReady):
        return LeftOut.NO_TRANSCRIPT if error.final else LeftOut.NOT_READY
    return next((why for kind, why in _REASONS if isinstance(error, kind)), LeftOut.UNREADABLE)


def _left_out_by(source: CallSource) -> Counter[str]:
    return Counter(source.left_out) if isinstance(source, LeavesOut) else Counter()


def _done(ledger: Ledger, ids: Sequence[CallId], pipeline: Pipeline) -> set[CallId]:
    return ledger.done_keys(
        dict.fromkeys(ids),
        reader=pipeline.extractor.version_key,
        model=pipeline.score_model.name,
        model_version=pipeline.score_model.version,
    )


def _ledger(pipeline: Pipeline) -> Ledger:
    if pipeline.ledger is None:
        raise SettingsError("backfill: needs a ledger; it keeps what is done")
    return pipeline.ledger
