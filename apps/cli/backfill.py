"""`bantam backfill`: what is missing, what it costs, and then the calls of the past."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from apps.cli import exit_codes
from apps.cli.gathering import gathered
from apps.cli.main import settings_of
from apps.cli.terminal import stderr, stdout
from apps.logs import set_up
from bantam.domain.calls import CallWindow
from flows import wiring
from flows.backfill import Backfill, BackfillReport, Estimate, LeftOut, Survey, estimate, survey
from flows.score_calls import Pipeline, RunCounts, score_calls

_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])


def window_of(since: datetime, until: datetime | None) -> CallWindow:
    """Return the time from one day up to another, or up to now; both UTC."""
    end = until.replace(tzinfo=UTC) if until else wiring.utc_now()
    if end <= since.replace(tzinfo=UTC):
        raise click.UsageError("--until must be after --since")
    return CallWindow(since=since.replace(tzinfo=UTC), until=end)


@click.command()
@click.option("--source", required=True, help="gong, fireflies, zoom or fathom.")
@click.option("--since", type=_DAY, required=True, help="First day, UTC.")
@click.option("--until", type=_DAY, help="The day after the last one, UTC; default: now.")
@click.option("--yes", is_flag=True, help="Begin without asking.")
@click.option("--extractor", type=click.Choice(["embedded", "model"]), help="Who reads the calls.")
@click.option("--model", help="Language model to read with; implies --extractor model.")
@gathered("window", window_of)
@click.pass_context
def backfill_command(
    ctx: click.Context,
    source: str,
    window: CallWindow,
    yes: bool,
    extractor: str | None,
    model: str | None,
) -> int:
    """Score the calls that a recorder has and the ledger lacks; tell the cost first.

    Interrupted, run the same command again: it goes on where it was. Run it again when it is
    through, and it asks again for what was left out.
    """
    settings = wiring.with_options(settings_of(ctx), extractor=extractor, model=model)
    set_up(settings.log.model_copy(update={"level": "warning"}))
    with wiring.pipeline(settings) as pipeline:
        recorder = wiring.build_source(settings, source, pipeline.ledger)
        found = survey(recorder, window, pipeline)
        missing = found.missing
        _say(_found(found))
        if missing:
            _say(_cost(estimate(found, wiring.reading_costs(settings))))
        if missing and not yes and not click.confirm("Begin?", err=True):
            return exit_codes.INTERRUPTED
        report = _run(found, pipeline)
    for line in _lines(report):
        stdout().print(line, markup=False)
    failed = {LeftOut.UNREADABLE, LeftOut.SOURCE_DOWN, LeftOut.REFUSED} & set(report.left_out)
    return exit_codes.SOME_FAILED if failed else exit_codes.OK


def _run(found: Survey, pipeline: Pipeline) -> BackfillReport:
    from rich.progress import (  # noqa: PLC0415 - late, for a quick --help
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TimeRemainingColumn,
    )

    console = stderr()
    bar = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bar, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("calls", total=found.missing)
        run = Backfill(found, pipeline, tell=lambda n: progress.update(task, completed=n))
        return run.report(_main_path(run, pipeline))


def _main_path(run: Backfill, pipeline: Pipeline) -> RunCounts:
    """Run as a Prefect flow where a server is set, else as it is."""
    if os.environ.get("PREFECT_API_URL"):
        from flows import engine  # noqa: PLC0415 - Prefect takes a second

        return engine.run_calls(run.calls(), engine.Injected(pipeline, run.on_result))
    return score_calls(run.calls(), pipeline, run.on_result)


def _found(found: Survey) -> str:
    done = found.left_out[LeftOut.ALREADY_DONE]
    return f"{found.source.name}: {found.listed} calls, {done} done already, {found.missing} to do"


def _cost(expected: Estimate) -> str:
    if not expected.input_tokens:
        return "no tokens: the embedded extractor reads them, or no transcript could be sampled"
    cost = (
        "cost unknown: set its price in model.prices"
        if expected.cost_usd is None
        else f"at most about ${expected.cost_usd:,.2f}"
    )
    return (
        f"at most about {expected.input_tokens:,} tokens in and {expected.output_tokens:,} out, "
        f"by {expected.sampled} sampled transcripts; {cost}"
    )


def _lines(report: BackfillReport) -> list[str]:
    head = f"{report.listed} calls: {report.scored} scored, {report.unscored} unscored"
    return [head, *(f"left out: {n} {why}" for why, n in report.left_out.items())]


def _say(line: str) -> None:
    stderr().print(line, markup=False, soft_wrap=True)
