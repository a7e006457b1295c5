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
    with wiring.pipeline(settings, asks_fit=ask_fit) as pipeline:
        moves = rescore(pipeline, dry_run=dry_run, ask_fit=ask_fit)
        model = pipeline.score_model.name
    console = stdout()
    for move in moves.largest:
        before = f"first score under {model}:" if move.is_first else f"{_shown(move.before)} ->"
        console.print(line(f"{move.call_id}  {before} {_shown(move.after)}"), soft_wrap=True)
    first = f"{moves.first} scored under {model} for the first time, " if moves.first else ""
    stderr().print(
        f"{moves.looked_at} calls: {first}{moves.changed} scores change, {moves.band_changes} "
        f"change band, {moves.deliveries} deliveries owed"
        + ("; dry run: nothing was written" if dry_run else ""),
        soft_wrap=True,
    )
    return exit_codes.OK


def _shown(points: int | None) -> str:
    return "unscored" if points is None else str(points)
