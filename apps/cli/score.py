"""`bantam score` and `bantam demo`: calls in, a table (or JSON lines, or CSV) out."""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
from rich.text import Text

from apps.cli import exit_codes
from apps.cli.gathering import gathered
from apps.cli.lines import CSV_COLUMNS, ErrorLine, ScoreLine, as_json, csv_row, error_line
from apps.cli.lines import score_line as line_of
from apps.cli.main import settings_of
from apps.cli.terminal import LEGEND, line, score_table, stderr, stdout
from bantam.domain.bant import Extraction, ExtractionOutcome
from bantam.domain.calls import Call
from bantam.domain.score import Score, Unscored
from bantam.errors import BantamError
from bantam.ledger.store import READ_AGAIN
from bantam.settings import Settings
from flows import wiring
from flows.score_calls import CallResult, Pipeline, RunCounts, score_calls
from integrations.files.sides import SideRules
from integrations.files.source import iter_calls
from integrations.files.tally import Tally

SAMPLES = Path(__file__).parent / "samples"
_MOST_ROWS = 60
"""A table longer than this is no longer read; JSON and CSV hold all."""

_MOST_TROUBLES = 5

Scored = tuple[Call, Extraction, Score]


@dataclass(frozen=True)
class Form:
    """How `bantam score` prints."""

    as_lines: bool
    as_csv: bool

    def __post_init__(self) -> None:
        """Refuse two forms at once."""
        if self.as_lines and self.as_csv:
            raise click.UsageError("--json and --csv exclude each other")


@dataclass(frozen=True)
class Readers:
    """Who reads the calls, and whose scale weighs them; None as in the settings."""

    extractor: str | None
    model: str | None
    score_model: str | None

    def __post_init__(self) -> None:
        """Refuse a language model that would not read."""
        if self.model is not None and self.extractor == "embedded":
            raise click.UsageError("--model and --extractor embedded exclude each other")


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line on stdout.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header on stdout.")
@click.option("--dry-run", is_flag=True, help="Write nothing: no ledger, no deliveries.")
@click.option("--extractor", type=click.Choice(["embedded", "model"]), help="Who reads the calls.")
@click.option("--model", help="Language model to read with; implies --extractor model.")
@click.option("--score-model", help="Score model of bantam.toml, or bant or anum.")
@click.option(
    "--seller",
    multiple=True,
    metavar="NAME|DOMAIN",
    help="A seller's name or e-mail domain; may be given several times.",
)
@gathered("form", Form)
@gathered("readers", Readers)
@click.pass_context
def score_command(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    form: Form,
    dry_run: bool,
    readers: Readers,
    seller: tuple[str, ...],
) -> int:
    """Read and score calls from files, folders, globs, or - for stdin.

    Calls that the ledger already holds are not read again. Files that cannot be read are named,
    stop nothing, and make the exit code 3.
    """
    settings = wiring.with_options(settings_of(ctx), **asdict(readers))
    sides = SideRules.of(settings.sides.seller_domains, settings.sides.seller_names, seller)
    with wiring.pipeline(settings, dry_run=dry_run) as pipeline:
        told = _Told(_sink(form))
        try:
            counts = _run(paths, pipeline, sides, told)
            told.sink.close()
        except BrokenPipeError:
            stderr().print("stopped: nobody reads stdout any more; run again to go on")
            raise
        _narrate(counts, settings, dry_run=dry_run)
        _narrate_troubles(told.troubles)
        _narrate_left_out(told.tally)
    unread = counts.failed or counts.unscored_by_reason.get(Unscored.TRANSPORT_ERROR)
    return exit_codes.SOME_FAILED if unread else exit_codes.OK


@click.command()
@click.pass_context
def demo_command(ctx: click.Context) -> int:
    """Score the bundled sample calls with the embedded extractor: no key, no server."""
    settings = wiring.with_options(settings_of(ctx), extractor="embedded")
    with wiring.pipeline(settings) as pipeline:
        told = _Told(_TableSink())
        counts = _run((str(SAMPLES),), pipeline, SideRules(), told)
        told.sink.close()
        wiring.deliver_due(settings, pipeline)
        _narrate(counts, settings, dry_run=False)
    stderr().print(
        "\nWhere to look next:\n"
        "  bantam show d1-02            the readings behind a score, with quotes and times\n"
        "  bantam deals                 deals over time; D-d2-10 has three calls\n"
        "  bantam score FILE...         your own calls: JSON, VTT, SRT, text, Gong, Zoom, ...\n"
        "  bantam deliver --csv -       what the CRM would hold\n"
        "  README.md                    a language model instead of the embedded extractor",
        soft_wrap=True,
    )
    return exit_codes.SOME_FAILED if counts.failed else exit_codes.OK


@dataclass
class _Told:
    """Where results go, and what is told when the run is through."""

    sink: _TableSink | _LineSink
    tally: Tally = field(default_factory=Tally)
    troubles: Counter[tuple[ExtractionOutcome, str]] = field(default_factory=Counter)
    """Why there was no answer, by outcome and detail."""


def _run(paths: tuple[str, ...], pipeline: Pipeline, sides: SideRules, told: _Told) -> RunCounts:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = stderr()
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.completed} calls"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("calls", total=None)

        def on_result(result: CallResult) -> None:
            progress.advance(task)
            if result.error is not None:
                console.print(_complaint(result.error), soft_wrap=True)
                told.sink.failed(result.error)
            elif (scored := _scored(result, pipeline)) is not None:
                told.sink.scored(scored)
                if (read := scored[1]).detail:
                    told.troubles[read.outcome, read.detail] += 1

        if os.environ.get("PREFECT_API_URL"):
            from flows import engine  # noqa: PLC0415 - Prefect takes a second to import

            return engine.run_files(paths, engine.Injected(pipeline, on_result, sides, told.tally))
        return score_calls(iter_calls(paths, sides=sides, tally=told.tally), pipeline, on_result)


def _complaint(error: BantamError) -> Text:
    return Text.assemble(("cannot read", "red"), " ", line(str(error)))


def _scored(result: CallResult, pipeline: Pipeline) -> Scored | None:
    """Return a result's values; those of a skipped call come from the ledger."""
    if result.call and result.extraction and result.score:
        return result.call, result.extraction, result.score
    if pipeline.ledger is None or result.call_id is None:
        return None
    stored = pipeline.ledger.latest_result(result.call_id, model=pipeline.score_model.name)
    return (stored.call, stored.extraction, stored.score) if stored.score else None


class _LineSink:
    """Prints each call when it is done, as JSON or CSV."""

    def __init__(self, write: Callable[[ScoreLine | ErrorLine], None]) -> None:
        self._write = write

    def scored(self, scored: Scored) -> None:
        self._write(line_of(*scored))

    def failed(self, error: BantamError) -> None:
        self._write(error_line(error))

    def close(self) -> None:
        sys.stdout.flush()


class _TableSink:
    """Keeps the best rows and prints them, best first, at the end."""

    def __init__(self) -> None:
        self._rows: list[Scored] = []
        self._left_out = 0

    def scored(self, scored: Scored) -> None:
        self._rows.append(scored)
        if len(self._rows) > 2 * _MOST_ROWS:
            self._trim()

    def failed(self, error: BantamError) -> None:
        """Errors are narrated on stderr; the table holds calls only."""

    def close(self) -> None:
        self._trim()
        if not self._rows:
            return
        console = stdout()
        console.print(score_table(self._rows))
        if self._left_out:
            console.print(f"... and {self._left_out} lower ones; --csv or --json hold all")
        console.print(LEGEND, style="dim")

    def _trim(self) -> None:
        self._rows.sort(key=lambda row: (-(row[2].points or 0), row[0].id))
        self._left_out += len(self._rows[_MOST_ROWS:])
        del self._rows[_MOST_ROWS:]


def _sink(form: Form) -> _TableSink | _LineSink:
    if form.as_lines:
        return _LineSink(lambda line: print(as_json(line)))
    if form.as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        return _LineSink(lambda line: writer.writerow(csv_row(line)))
    return _TableSink()


def _narrate(counts: RunCounts, settings: Settings, *, dry_run: bool) -> None:
    reasons = ", ".join(f"{n} {reason}" for reason, n in counts.unscored_by_reason.items())
    unscored = f"{counts.unscored} unscored" + (f" ({reasons})" if reasons else "")
    where = "dry run: nothing was written" if dry_run else f"ledger: {wiring.ledger_name(settings)}"
    stderr().print(
        f"{counts.read} calls: {counts.scored} scored, {unscored}, "
        f"{counts.skipped} already done, {counts.failed} could not be read; {where}",
        soft_wrap=True,
    )
    if counts.held:
        stderr().print(f"{counts.held} held for review: most of their readings lost their evidence")


def _narrate_troubles(troubles: Counter[tuple[ExtractionOutcome, str]]) -> None:
    for (outcome, detail), count in troubles.most_common(_MOST_TROUBLES):
        stderr().print(f"{count} {outcome}: {detail}", soft_wrap=True)
    if any(outcome in READ_AGAIN for outcome, _ in troubles):
        stderr().print("run the same command again: what got no answer is read once more")


def _narrate_left_out(tally: Tally) -> None:
    said = {
        "read before with the same content": tally.repeated,
        "other files in the folders left out": tally.left_out,
        "dated by the age of their file, since nothing states when they were": tally.undated,
    }
    for what, count in said.items():
        if count:
            stderr().print(f"{count} {what}", soft_wrap=True)
