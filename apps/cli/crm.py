"""`bantam crm`: make Bantam's fields in a CRM, and say which deal a call belongs to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.text import Text

from apps.cli import exit_codes
from apps.cli.actor import actor
from apps.cli.main import settings_of
from apps.cli.terminal import stderr, stdout
from bantam.domain.calls import CallId
from bantam.errors import SettingsError
from flows import crm_commands


@click.group()
def crm_command() -> None:
    """Prepare a CRM for Bantam."""


@crm_command.command("setup")
@click.argument("vendor")
@click.option("--dry-run", is_flag=True, help="Only say what would be made.")
@click.option(
    "--package",
    type=click.Path(path_type=Path, file_okay=False),
    help="Salesforce: write a metadata package for an admin to this folder, and make nothing.",
)
@click.pass_context
def setup_command(ctx: click.Context, vendor: str, dry_run: bool, package: Path | None) -> int:
    """Make Bantam's own fields in VENDOR; what is there already is left alone."""
    settings = settings_of(ctx)
    if package is not None:
        return _write_package(vendor, package, settings.salesforce.version)
    steps = crm_commands.set_up(settings, vendor, dry_run=dry_run)
    console = stdout()
    for step in steps:
        mark = "    " if step.ready else "FIX "
        console.print(Text(f"{mark}{step.name}: {step.state}"), soft_wrap=True)
    left = sum(not step.ready for step in steps)
    made = sum(step.state in {"created", "would create"} for step in steps)
    word = "would be made" if dry_run else "made"
    stderr().print(f"{vendor}: {made} {word}, {len(steps) - made - left} there, {left} for you")
    return exit_codes.UNAVAILABLE if left else exit_codes.OK


@crm_command.command("link")
@click.argument("vendor")
@click.argument("call")
@click.argument("deal")
@click.pass_context
def link_command(ctx: click.Context, vendor: str, call: str, deal: str) -> int:
    """Say that CALL belongs to DEAL in VENDOR, and release what waited for it."""
    settings = settings_of(ctx)
    released = crm_commands.link_call(settings, vendor, CallId(call), deal, actor=actor())
    stderr().print(
        f"{vendor}: call {call} belongs to deal {deal}; {released} released, "
        "`bantam deliver` sends them",
        soft_wrap=True,
    )
    return exit_codes.OK


@crm_command.command("outcomes")
@click.argument("vendor")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Deals closed on this day (UTC) or later; default: since the last run, else two years.",
)
@click.pass_context
def outcomes_command(ctx: click.Context, vendor: str, since: datetime | None) -> int:
    """Read how deals ended in VENDOR, and what their AEs wrote of them, into the ledger."""
    start = since.replace(tzinfo=UTC) if since else None
    read = crm_commands.read_closed_deals(settings_of(ctx), vendor, start)
    stderr().print(f"{vendor}: {read}")
    return exit_codes.OK


def _write_package(vendor: str, folder: Path, version: str) -> int:
    from integrations.salesforce.package import package_files  # noqa: PLC0415 - only for this

    if vendor != "salesforce":
        raise SettingsError(f"--package: {vendor} needs none; leave it out")
    for name, text in package_files(version).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    stderr().print(f"{folder}: written; its README.md says how to deploy it")
    return exit_codes.OK
