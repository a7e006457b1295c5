"""`bantam connect`: whether a vendor's credentials work and allow what Bantam needs."""

from __future__ import annotations

import click
from rich.text import Text

from apps.cli import exit_codes
from apps.cli.main import settings_of
from apps.cli.terminal import stdout
from flows import crm_commands


@click.command()
@click.argument("vendor")
@click.pass_context
def connect_command(ctx: click.Context, vendor: str) -> int:
    """Check VENDOR's credentials with requests that change nothing; say what is missing."""
    console = stdout()
    healthy = True
    for check in crm_commands.vendor_checks(settings_of(ctx), vendor):
        said = f": {check.detail}" if check.detail else ""
        console.print(Text(f"{'ok  ' if check.ok else 'FIX '}{check.name}{said}"), soft_wrap=True)
        healthy &= check.ok
    return exit_codes.OK if healthy else exit_codes.UNAVAILABLE
