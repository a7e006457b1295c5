"""Request files at the provider's Batch API: send them once, look, bring the answers home."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bantam.ledger.rows import Run
from bantam.ledger.store import Ledger
from bantam.ports import Clock
from extractors.models.batch_api import ENDED, BatchApi, RemoteBatch
from extractors.models.batch_files import AnswerFiles
from flows.batch import (
    Batching,
    Collected,
    close_batch,
    incomplete_batches,
    open_batches,
    read_back,
)

_SUBMITTING = "submitting"
"""Stands in the place of the server's id while a file is on its way."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How a request file stands."""

    run: Run
    remote: RemoteBatch | None
    """None when it was not sent."""


def submit(ledger: Ledger, api: BatchApi, clock: Clock) -> list[Stand]:
    """Send the request files that were not sent yet.

    A run that died between sending and noting finds its batch again by our id, so that nothing
    is paid twice.

    Raises:
        ExtractionError: the server refuses or does not answer.
    """
    sent = []
    for run in reversed(open_batches(ledger)):
        stands = ledger.cursor(_cursor(run))
        if stands not in {None, _SUBMITTING}:
            continue
        remote = api.find(run.id) if stands == _SUBMITTING else None
        if remote is None:
            ledger.move_cursor(_cursor(run), _SUBMITTING, now=clock())
            remote = api.submit(run.id, Path(str(run.parameters["file"])))
        ledger.move_cursor(_cursor(run), remote.id, now=clock())
        sent.append(Stand(run, remote))
    return sent


def look(ledger: Ledger, api: BatchApi | None) -> Iterator[Stand]:
    """Yield the request files that were not read back yet, as they stand.

    Args:
        ledger: knows the files.
        api: is asked about those that were sent; None asks nobody.

    Raises:
        ExtractionError: the server refuses or does not answer.
    """
    for run in open_batches(ledger):
        remote_id = ledger.cursor(_cursor(run))
        sent = remote_id not in {None, _SUBMITTING}
        yield Stand(run, api.look(str(remote_id)) if api and sent else None)


def collect(api: BatchApi, parts: Batching) -> list[tuple[Stand, Collected]]:
    """Bring home and read back what has ended at the server.

    The files at the server are deleted once their answers are in the ledger, and so is the
    request file here: both hold transcripts.

    Raises:
        CallFileError | ExtractionError: a file cannot be brought or read.
    """
    results = []
    for stand in look(parts.ledger, api):
        if stand.remote is None or stand.remote.status not in ENDED:
            continue
        request_file = Path(str(stand.run.parameters["file"]))
        paths = []
        for number, file_id in enumerate(stand.remote.files):
            path = request_file.with_suffix(f".answers-{number}.jsonl")
            api.fetch(file_id, path)
            paths.append(path)
        result = read_back(stand.run, AnswerFiles(paths), parts)
        close_batch(stand.run, result, parts)
        results.append((stand, result))
        api.forget(stand.remote)
        for path in (request_file, *paths):
            path.unlink(missing_ok=True)
    return results


def collect_files(paths: list[Path], parts: Batching) -> list[tuple[Run, Collected]]:
    """Read back answers that came by another way than the server's.

    Raises:
        CallFileError: a file cannot be read.
    """
    answers = AnswerFiles(paths)
    results = []
    for run in incomplete_batches(parts.ledger):
        result = read_back(run, answers, parts)
        if result.matched:
            close_batch(run, result, parts)
            results.append((run, result))
    return results


def _cursor(run: Run) -> str:
    return f"batch:{run.id}"
