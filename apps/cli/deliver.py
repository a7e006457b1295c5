"""`bantam deliver`: send what is owed; look at or export the embedded CRM."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import click

from apps.cli import exit_codes
from apps.cli.actor import actor
from apps.cli.lines import csv_cell
from apps.cli.main import settings_of
from apps.cli.outbox_lines import stuck_lines
from apps.cli.terminal import line, stderr, stdout
from apps.cli.written import OutputFile
from bantam.domain.bant import Criterion
from bantam.domain.calls import CallId
from bantam.domain.delivery import DeliveryState, ScoreNote
from bantam.domain.merge import MergeAction, Merged
from bantam.errors import NotInLedgerError, OutputError
from bantam.ledger.rows import CrmScore
from bantam.ledger.store import Ledger
from flows import wiring
from flows.deliver import Previewed

MOST_SHOWN = 60
"""Characters of a value in a dry run."""

_COLUMNS = (
    "deal_id",
    "call_id",
    "title",
    "called_at",
    "score",
    "band",
    "grade",
    *(f"{c.value}{suffix}" for c in Criterion for suffix in ("", "_quote")),
    "next_question",
    "extractor",
    "model",
    "score_model",
)


@click.command()
@click.option("--dry-run", is_flag=True, help="Print what would change, field by field.")
@click.option("--limit", type=click.IntRange(min=1), help="Send at most so many.")
@click.option(
    "--csv",
    "csv_path",
    type=OutputFile(allow_dash=True),
    help="Write the embedded CRM as CSV to this file, or - for stdout.",
)
@click.option("--retry", is_flag=True, help="Also try again what failed for good.")
@click.option("--release", metavar="CALL", help="Release the held deliveries of a call, and send.")
@click.pass_context
def deliver_command(
    ctx: click.Context,
    dry_run: bool,
    limit: int | None,
    csv_path: Path | None,
    retry: bool,
    release: str | None,
) -> int:
    """Send what is owed to the delivery targets."""
    settings = settings_of(ctx)
    if dry_run:
        return _show_changes(wiring.preview_due(settings, limit))
    embedded = wiring.with_options(settings, extractor="embedded")
    with wiring.pipeline(embedded, asks_fit=False) as pipeline:
        ledger = pipeline.ledger
        assert ledger is not None
        if retry:
            again = ledger.retry_failed(now=pipeline.clock(), actor=actor())
            stderr().print(f"{again} failed ones try again")
        if release is not None:
            held = list(ledger.deliveries(states=[DeliveryState.HELD], call_id=CallId(release)))
            if not held:
                raise NotInLedgerError(f"ledger: nothing is held for call {release!r}")
            keys = [delivery.key for delivery in held]
            for key in keys:
                ledger.release(key, now=pipeline.clock(), actor=actor())
            stderr().print(f"{len(keys)} held ones released")
        counts = wiring.deliver_due(settings, pipeline, limit)
        if csv_path is not None:
            _export(ledger.crm_scores(), csv_path)
        waiting, stuck = _outbox(ledger), list(stuck_lines(ledger))
    stderr().print(
        f"{counts.claimed} due: {counts.sent} sent, {counts.delayed} delayed, "
        f"{counts.held} held, {counts.failed} failed; outbox: {waiting}",
        soft_wrap=True,
    )
    for told in stuck:
        stderr().print(line(told), soft_wrap=True)
    return exit_codes.SOME_FAILED if counts.failed else exit_codes.OK


def _show_changes(previews: Iterable[Previewed]) -> int:
    """Print what sending would change; results on stdout."""
    console, owing = stdout(), 0
    for preview in previews:
        owing += 1
        owed = preview.delivery
        console.print(line(f"{owed.target} call {owed.call_id}: {preview.said}"), soft_wrap=True)
        for change in preview.changes:
            console.print(line(f"  {_change_line(change)}"), soft_wrap=True)
    stderr().print(f"{owing} owed; nothing was sent")
    return exit_codes.OK


def _change_line(change: Merged) -> str:
    before, after = _shown(change.before), _shown(change.after)
    if change.action is MergeAction.KEEP:
        return f"keep  {change.field}: {before} stays ({change.reason}); ours: {after}"
    return f"write {change.field}: {before} -> {after}"


def _shown(value: str) -> str:
    line = " / ".join(value.splitlines()) or "(empty)"
    return line if len(line) <= MOST_SHOWN else line[: MOST_SHOWN - 1] + "…"


def _outbox(ledger: Ledger) -> str:
    """Return how many deliveries of each target stand where, in one line."""
    parts = [
        f"{target} " + ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
        for target, states in sorted(ledger.delivery_counts().items())
    ]
    return "; ".join(parts) or "empty"


def _export(rows: Iterable[CrmScore], path: Path) -> None:
    if str(path) == "-":
        _write_rows(rows, sys.stdout)
        return
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            _write_rows(rows, file)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


def _write_rows(rows: Iterable[CrmScore], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([csv_cell(cell) for cell in _cells(row.note)])


def _cells(note: ScoreNote) -> list[object]:
    by_criterion = {reason.criterion: reason for reason in note.reasons}
    cells: list[object] = [
        note.deal_id,
        note.call_id,
        note.call_title,
        note.called_at.isoformat(),
        note.points,
        note.band,
        note.grade,
    ]
    for criterion in Criterion:
        reason = by_criterion.get(criterion)
        cells += [reason.level if reason else None, reason.quote if reason else None]
    return [*cells, note.next_question, note.extractor, note.model, note.score_model]
