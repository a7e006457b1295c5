"""`bantam doctor`: what is set, what answers, and how to mend what does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import click

from apps.cli import exit_codes
from apps.cli.main import settings_of
from apps.cli.terminal import line, stdout
from bantam.errors import BantamError
from bantam.settings import Settings
from flows import crm_commands, wiring


class Finding(NamedTuple):
    """One line of the report."""

    ok: bool | None
    """None: worth knowing, nothing to mend."""
    what: str
    said: str


@click.command()
@click.option("--base-url", help="Probe this model server instead of the configured one.")
@click.option("--model", help="Probe with this model name.")
@click.pass_context
def doctor_command(ctx: click.Context, base_url: str | None, model: str | None) -> int:
    """Check settings, ledger and model server; say what is missing and the fix."""
    settings = settings_of(ctx)
    changes = {k: v for k, v in {"base_url": base_url, "name": model}.items() if v is not None}
    if changes:
        settings = settings.model_copy(
            update={"model": settings.model.model_copy(update=changes), "extractor": "model"}
        )
    console = stdout()
    healthy = True
    for finding in _findings(settings):
        mark = {True: "ok  ", False: "FIX ", None: "    "}[finding.ok]
        console.print(line(f"{mark} {finding.what}: {finding.said}"))
        healthy &= finding.ok is not False
    return exit_codes.OK if healthy else exit_codes.UNAVAILABLE


def _findings(settings: Settings) -> Iterator[Finding]:
    model = settings.score_model()
    yield Finding(True, "settings", f"extractor {settings.extractor}; score model {model.name}")
    yield _ledger(settings)
    yield from _model(settings)
    targets = ", ".join(settings.delivery.targets) or "none: scores stay in the ledger"
    yield Finding(None, "delivery targets", targets)
    for target in settings.delivery.targets:
        yield from _vendor(settings, target)


def _vendor(settings: Settings, name: str) -> Iterator[Finding]:
    """Try the credentials of a target that is a vendor's, as `bantam connect` does."""
    if not crm_commands.can_be_checked(name):
        return
    try:
        for check in crm_commands.vendor_checks(settings, name):
            yield Finding(check.ok, f"{name}: {check.name}", check.detail or "yes")
    except BantamError as error:
        yield Finding(False, name, str(error))


def _ledger(settings: Settings) -> Finding:
    try:
        with wiring.open_ledger(settings) as ledger:
            said = f"{wiring.ledger_name(settings)}, revision {ledger.revision()}"
    except BantamError as error:
        return Finding(False, "ledger", str(error).removeprefix("ledger "))
    return Finding(True, "ledger", said)


def _model(settings: Settings) -> Iterator[Finding]:
    if settings.extractor == "embedded":
        yield Finding(
            None,
            "model server",
            "not used; set OPENAI_API_KEY, or model.base_url for your own server, "
            "and extractor = 'model'",
        )
        return
    try:
        found = wiring.probe_model(settings)
    except BantamError as error:
        yield Finding(False, "model server", f"{settings.model.base_url}: {error}")
        return
    if not found.reachable:
        yield Finding(False, "model server", f"{settings.model.base_url}: {found.detail}")
        return
    refused = f"; refuses {', '.join(found.refused)}" if found.refused else ""
    ignored = f"; takes and ignores {', '.join(found.ignored)}" if found.ignored else ""
    served = f"{found.served_model or settings.model.name} answered in {found.seconds:.1f} s"
    yield Finding(True, "model server", f"{settings.model.base_url}: {served}")
    yield Finding(True, "structured output", f"honours {found.mode}{refused}{ignored}")
    yield Finding(None, "key order", "kept" if found.order_kept else "not kept")
    yield Finding(None, "limit of output", f"set by {found.limit_name}")
    if not found.usage_present:
        yield Finding(None, "usage", "not reported: tokens and cost cannot be counted")
