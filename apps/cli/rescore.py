"""`bantam rescore`: new weights over old readings; the language model is not asked again."""

from __future__ import annotations

import click

from apps.cli import exit_codes
from apps.cli.main import settings_of
from apps.cli.terminal import line, stderr, stdout
from flows import wiring
from flows.rescore import rescore


@click.command()
@click.option("--score-model", help="Score model of bantam.toml, or bant or anum.")
@click.option("--dry-run", is_flag=True, help="Show who would move; write nothing.")
@click.option(
    "--ask-fit",
    is_flag=True,
    help="Ask the CRM, or the data vendor, about buyers whom the ledger does not know yet.",
)
@click.pass_context
def rescore_command(
    ctx: click.Context, score_model: str | None, dry_run: bool, ask_fit: bool
) -> int:
    """Score every call of the ledger again under the present score model."""
    settings = wiring.with_options(settings_of(ctx), score_model=score_model)
    with wiring.pipeline(settings) as pipeline:
        moves = rescore(pipeline, dry_run=dry_run, ask_fit=ask_fit)
    console = stdout()
    for move in moves.largest:
        console.print(line(f"{move.call_id}  {move.before} -> {move.after}"), soft_wrap=True)
    stderr().print(
        f"{moves.looked_at} calls: {moves.changed} scores change, {moves.band_changes} change "
        f"band, {moves.deliveries} deliveries owed"
        + ("; dry run: nothing was written" if dry_run else "")
    )
    return exit_codes.OK
