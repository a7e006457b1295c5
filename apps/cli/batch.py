"""`bantam batch`: read calls through request files, by the Batch API or by any other way."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from apps.cli import exit_codes
from apps.cli.backfill import window_of
from apps.cli.gathering import gathered
from apps.cli.main import settings_of
from apps.cli.terminal import stderr, stdout
from bantam.domain.calls import CallWindow
from bantam.settings import Settings
from extractors.models.batch_api import ENDED
from extractors.models.batch_files import RequestFiles
from flows import batch_remote, wiring
from flows.backfill import Backfill, survey
from flows.batch import Batching, Collected, Exported, export
from integrations.files.sides import SideRules
from integrations.files.source import iter_calls

_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])


@click.group()
def batch_command() -> None:
    """Read calls through request files: cheaper, within a day, or answered elsewhere."""


def _window_of(since: datetime | None, until: datetime | None) -> CallWindow | None:
    return window_of(since, until) if since else None


@batch_command.command("export")
@click.argument("paths", nargs=-1)
@click.option("--source", help="Instead of files: gong, fireflies, zoom or fathom.")
@click.option("--since", type=_DAY, help="With --source: first day, UTC.")
@click.option("--until", type=_DAY, help="With --source: the day after the last; default: now.")
@click.option("--model", help="Language model to ask; default: model.name of the settings.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("bantam-data/batch"),
    show_default=True,
    help="Folder for request files. They hold transcripts.",
)
@gathered("window", _window_of)
@click.pass_context
def export_command(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    source: str | None,
    window: CallWindow | None,
    model: str | None,
    folder: Path,
) -> int:
    """Write what is to be asked about calls that the ledger lacks; no server is needed."""
    if bool(paths) == bool(source) or (source and window is None):
        raise click.UsageError("name files, or --source with --since")
    settings = wiring.with_options(settings_of(ctx), extractor="model", model=model)
    with wiring.batching(settings) as parts:
        if source and window:
            recorder = wiring.build_source(settings, source, parts.pipeline.ledger)
            found = survey(recorder, window, parts.pipeline)
            written = export(Backfill(found, parts.pipeline).calls(), parts, RequestFiles(folder))
        else:
            sides = SideRules.of(settings.sides.seller_domains, settings.sides.seller_names)
            written = export(iter_calls(paths, sides=sides), parts, RequestFiles(folder))
    for file in written.files:
        stdout().print(file, soft_wrap=True, markup=False)
    _say(_exported(written, settings))
    return exit_codes.SOME_FAILED if written.failed else exit_codes.OK


@batch_command.command("submit")
@click.pass_context
def submit_command(ctx: click.Context) -> int:
    """Send request files that were not sent yet to the Batch API of model.base_url."""
    settings = settings_of(ctx)
    with wiring.open_ledger(settings) as ledger:
        for stand in batch_remote.submit(ledger, wiring.batch_api(settings), wiring.utc_now):
            assert stand.remote is not None
            stdout().print(f"{stand.run.id}  {stand.remote.id}  {stand.remote.status}")
    return exit_codes.OK


@batch_command.command("status")
@click.option("--offline", is_flag=True, help="Ask no server.")
@click.pass_context
def status_command(ctx: click.Context, offline: bool) -> int:
    """Show the request files that were not read back yet."""
    settings = settings_of(ctx)
    with wiring.open_ledger(settings) as ledger:
        for stand in batch_remote.look(ledger, None if offline else wiring.batch_api(settings)):
            remote = stand.remote
            said = (
                "not sent, or not asked"
                if remote is None
                else f"{remote.id} {remote.status}: {remote.completed} answered,"
                f" {remote.failed} failed of {remote.total}"
                + ("; collect it" if remote.status in ENDED else "")
            )
            line = f"{stand.run.id}  {stand.run.parameters['requests']} requests  {said}"
            stdout().print(line, soft_wrap=True, markup=False)
    return exit_codes.OK


@batch_command.command("collect")
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Read answers from this output or error file; no server is asked.",
)
@click.option("--model", help="Language model that was asked, as for export.")
@click.pass_context
def collect_command(ctx: click.Context, files: tuple[Path, ...], model: str | None) -> int:
    """Read answers back, through the same gates and scoring as a live reading."""
    settings = wiring.with_options(settings_of(ctx), extractor="model", model=model)
    with wiring.batching(settings) as parts:
        results = _collected(parts, files, settings)
    for batch_id, result in results:
        stdout().print(f"{batch_id}  {_read_back(result)}", soft_wrap=True, markup=False)
    if not results:
        _say("nothing to read back: `bantam batch status` says what is open")
    return exit_codes.OK


def _collected(
    parts: Batching, files: tuple[Path, ...], settings: Settings
) -> list[tuple[str, Collected]]:
    if files:
        return [(run.id, got) for run, got in batch_remote.collect_files(list(files), parts)]
    api = wiring.batch_api(settings)
    return [(stand.run.id, got) for stand, got in batch_remote.collect(api, parts)]


def _exported(written: Exported, settings: Settings) -> str:
    costs = wiring.reading_costs(settings, price_factor=settings.batch.price_factor)
    usd = costs.usd(written.input_tokens, costs.output_tokens * written.requests)
    cost = "cost unknown: set its price in model.prices" if usd is None else f"about ${usd:,.2f}"
    return (
        f"{written.read} calls: {written.asked} to ask in {written.requests} requests, "
        f"{written.done} done already, {written.waiting} asked before, {written.unasked} need no "
        f"asking, {written.failed} could not be read; at most about {written.input_tokens:,} "
        f"tokens in, {cost}"
    )


def _read_back(result: Collected) -> str:
    counts = result.counts
    reasons = ", ".join(f"{n} {why}" for why, n in counts.unscored_by_reason.items())
    return (
        f"{result.matched} calls answered: {counts.scored} scored, {counts.unscored} unscored"
        + (f" ({reasons})" if reasons else "")
        + f", {counts.skipped} done already, {result.again} without an answer (export again)"
    )


def _say(line: str) -> None:
    stderr().print(line, markup=False, soft_wrap=True)
