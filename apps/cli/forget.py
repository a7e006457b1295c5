"""`bantam forget`: erase words on request, here and where they were written to."""

from __future__ import annotations

import click

from apps.cli import exit_codes
from apps.cli.actor import actor
from apps.cli.main import settings_of
from apps.cli.terminal import stderr
from bantam.errors import SettingsError
from flows import wiring
from flows.forget import Request, Subject, forget, sweep_old


@click.command()
@click.argument("name", required=False)
@click.option(
    "--as",
    "subject",
    type=click.Choice([s.value for s in Subject]),
    help="What NAME is; default: a call, else a deal, else a person.",
)
@click.option("--expired", is_flag=True, help="Instead: all calls older than retention.days.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def forget_command(
    ctx: click.Context, name: str | None, subject: str | None, expired: bool, yes: bool
) -> int:
    """Erase the words of a CALL, of a DEAL's calls, or of the calls that a PERSON was on.

    Numbers stay, and the fact that something was erased. A person is named by e-mail address or
    full name.
    """
    if bool(name) == expired:
        raise click.UsageError("name a call, a deal or a person, or say --expired")
    settings = settings_of(ctx)
    if expired and settings.retention.days is None:
        raise SettingsError("retention.days: not set; set it to the age at which words are erased")
    if not yes and not click.confirm("Erased words cannot be brought back. Go on?", err=True):
        return exit_codes.INTERRUPTED
    with wiring.open_ledger(settings) as ledger:
        if name is None:
            assert settings.retention.days is not None
            total = 0
            while swept := sweep_old(ledger, days=settings.retention.days, clock=wiring.utc_now):
                total += swept
            stderr().print(f"{total} calls erased")
            return exit_codes.OK
        request = Request(name, actor(), Subject(subject) if subject else None)
        gateways = wiring.build_gateways(settings, ledger)
        report = forget(request, ledger, gateways, wiring.utc_now)
    stderr().print(
        f"{len(report.calls)} calls erased, with {report.answers} kept answers, "
        f"{report.deliveries} deliveries and {report.bookings} bookings and leads; "
        f"{report.cleared} taken back where they were delivered",
        soft_wrap=True,
    )
    for line in report.left:
        stderr().print(f"left: {line}", markup=False, soft_wrap=True)
    return exit_codes.SOME_FAILED if report.left else exit_codes.OK
