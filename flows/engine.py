"""The main path as Prefect flows: what runs, when, with what progress; nothing else.

Thin `async def` wrappers over the plain functions (a sync flow costs a flat second). Work goes in
chunks, a task per chunk with threads inside, because a task per call costs the server more than
the call does. Parameters, results and artifacts carry ids and counts, never transcript text:
calls reach a chunk task through memory. State that must survive lives in the ledger, so a killed
run is simply run again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

# Prefect's client and server report to its makers unless told not to before they are imported.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")

from prefect import flow, task
from prefect.artifacts import acreate_table_artifact
from prefect.cache_policies import NO_CACHE

from bantam.domain.calls import Call, CallWindow
from bantam.domain.value import Value
from bantam.errors import BantamError
from flows import wiring
from flows.backfill import Backfill, survey
from flows.score_calls import CallResult, Pipeline, RunCounts, score_calls
from integrations.files.sides import SideRules
from integrations.files.source import iter_calls
from integrations.files.tally import Tally

CALLS_PER_TASK = 200
TASKS_AT_ONCE = 2
_MOST_FAILURES_SHOWN = 200


@dataclass(frozen=True)
class Injected:
    """Parts that a caller in this process hands to a flow, instead of building them anew."""

    pipeline: Pipeline
    on_result: Callable[[CallResult], None] | None = None
    sides: SideRules = field(default_factory=SideRules)
    tally: Tally = field(default_factory=Tally)


injected: ContextVar[Injected | None] = ContextVar("injected", default=None)


class FlowResult(Value):
    """What a scoring flow hands back."""

    counts: RunCounts
    failures: tuple[str, ...] = ()
    """One line each, at most 200: file, place and what was expected."""


@flow(name="score-calls", persist_result=False, validate_parameters=True)
async def score_files(paths: list[str], config: str | None = None) -> dict[str, object]:
    """Score calls from files.

    Args:
        paths: files, folders and globs, on the machine that runs the flow.
        config: bantam.toml to use; None for the one of the working folder.

    Returns:
        `FlowResult` as plain JSON values.
    """
    parts = injected.get()
    if parts is not None:
        calls = iter_calls(tuple(paths), sides=parts.sides, tally=parts.tally)
        result = await _score(calls, parts)
        return result.model_dump(mode="json")
    settings = wiring.settings_from(Path(config) if config else None)
    sides = SideRules.of(settings.sides.seller_domains, settings.sides.seller_names)
    with wiring.pipeline(settings) as pipeline:
        result = await _score(iter_calls(tuple(paths), sides=sides), Injected(pipeline))
    return result.model_dump(mode="json")


@flow(name="deliver", persist_result=False)
async def deliver_due(limit: int | None = None, config: str | None = None) -> dict[str, int]:
    """Drain the outbox.

    Args:
        limit: at most so many deliveries; None for all that are due.
        config: bantam.toml to use.
    """
    settings = wiring.settings_from(Path(config) if config else None)
    embedded = settings.model_copy(update={"extractor": "embedded"})
    with wiring.pipeline(embedded, asks_fit=False) as pipeline:
        counts = await asyncio.to_thread(wiring.deliver_due, settings, pipeline, limit)
    return counts.model_dump()


@flow(name="backfill", persist_result=False)
async def backfill_source(
    source: str, since: str, until: str, config: str | None = None
) -> dict[str, object]:
    """Score the calls of a window that the ledger lacks.

    Args:
        source: name of a call recorder.
        since: ISO 8601 with offset, inclusive.
        until: ISO 8601 with offset, exclusive.
        config: bantam.toml to use.

    Returns:
        `BackfillReport` as plain JSON values.
    """
    settings = wiring.settings_from(Path(config) if config else None)
    window = CallWindow(since=datetime.fromisoformat(since), until=datetime.fromisoformat(until))
    with wiring.pipeline(settings) as pipeline:
        recorder = wiring.build_source(settings, source, pipeline.ledger)
        found = await asyncio.to_thread(survey, recorder, window, pipeline)
        run = Backfill(found, pipeline)
        result = await _score(run.calls(), Injected(pipeline, run.on_result))
    report = run.report(result.counts)
    rows = [{"left out": why, "calls": n} for why, n in report.left_out.items()]
    if rows:
        await acreate_table_artifact(
            table=rows, key="bantam-left-out", description="Calls left out, and why"
        )
    return report.model_dump(mode="json")


async def _score(calls: Iterable[Call | BantamError], parts: Injected) -> FlowResult:
    """Run chunk tasks, two at a time, and write the run's artifact."""
    held: dict[int, list[Call | BantamError]] = {}
    failures: list[str] = []

    def on_result(result: CallResult) -> None:
        if result.error is not None and len(failures) < _MOST_FAILURES_SHOWN:
            failures.append(str(result.error))
        if parts.on_result is not None:
            parts.on_result(result)

    @task(name="score-chunk", retries=0, cache_policy=NO_CACHE, persist_result=False)
    async def score_chunk(number: int) -> RunCounts:
        narrow = replace(
            parts.pipeline, concurrency=max(1, parts.pipeline.concurrency // TASKS_AT_ONCE)
        )
        return await asyncio.to_thread(score_calls, held.pop(number), narrow, on_result)

    counts = await _in_chunks(calls, held, score_chunk)
    await _artifact(counts, failures)
    return FlowResult(counts=counts, failures=tuple(failures))


async def _in_chunks(
    calls: Iterable[Call | BantamError],
    held: dict[int, list[Call | BantamError]],
    score_chunk: Callable[[int], Awaitable[RunCounts]],
) -> RunCounts:
    source = iter(calls)
    total = RunCounts()
    running: set[asyncio.Task[RunCounts]] = set()
    number = 0
    while chunk := await asyncio.to_thread(lambda: list(islice(source, CALLS_PER_TASK))):
        held[number] = chunk
        running.add(asyncio.ensure_future(score_chunk(number)))
        number += 1
        if len(running) >= TASKS_AT_ONCE:
            finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            total = sum((f.result() for f in finished), start=total)
    return sum(await asyncio.gather(*running), start=total)


async def _artifact(counts: RunCounts, failures: list[str]) -> None:
    flat = counts.model_dump(exclude={"unscored_by_reason"})
    rows: list[dict[str, object]] = [{"what": name, "calls": n} for name, n in flat.items()]
    rows += [{"what": f"unscored: {r}", "calls": n} for r, n in counts.unscored_by_reason.items()]
    await acreate_table_artifact(table=rows, key="bantam-run", description="What the run did")
    if failures:
        await acreate_table_artifact(
            table=[{"failure": line} for line in failures],
            key="bantam-failures",
            description="What could not be read, and why",
        )


def run_calls(calls: Iterable[Call], parts: Injected) -> RunCounts:
    """Run the flow `backfill-calls` in this process over calls that come one by one.

    Args:
        calls: reach the flow through memory.
        parts: pipeline and listener.
    """

    @flow(name="backfill-calls", persist_result=False)
    async def backfill_calls() -> dict[str, object]:
        return (await _score(calls, parts)).model_dump(mode="json")

    return FlowResult.model_validate(asyncio.run(backfill_calls())).counts


def run_files(paths: tuple[str, ...], parts: Injected) -> RunCounts:
    """Run the flow `score-calls` in this process with parts that are built already.

    Args:
        paths: files, folders and globs.
        parts: pipeline, listener, and the sides' rules.
    """
    token = injected.set(parts)
    try:
        answer = asyncio.run(score_files(list(paths)))
    finally:
        injected.reset(token)
    return FlowResult.model_validate(answer).counts
