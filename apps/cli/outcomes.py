"""`bantam outcomes`: how deals ended, from a CRM or a table, into the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from apps.cli import exit_codes
from apps.cli.deal_source import tell_bad_rows, text_of
from apps.cli.main import settings_of
from apps.cli.terminal import stderr
from bantam.domain.calls import DealId
from bantam.domain.deals import AeView, Outcome
from bantam.settings import Settings
from evals.deal_table import Deal, read_deals
from flows import crm_commands, outcomes, wiring

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@click.group()
def outcomes_command() -> None:
    """Keep how deals ended: what the evals hold the scores against."""


@outcomes_command.command("sync")
@click.argument("vendor", required=False)
@click.option(
    "--table",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Read this CSV (deal_id, won, closed_at, and more) instead of a CRM.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Deals closed on this day (UTC) or later; default: all of a table, and of a CRM since "
    "the last run, else two years.",
)
@click.pass_context
def sync_command(
    ctx: click.Context, vendor: str | None, table: Path | None, since: datetime | None
) -> int:
    """Read closed deals of VENDOR (hubspot, salesforce, pipedrive, close) into the ledger.

    Running it twice is harmless; what a CRM changed since is written over. What AEs thought of
    their deals is read too where settings name the fields (`[hubspot.ae]`, ...), and from a table's
    columns ae_score, ae_qualified and scored_at.
    """
    if (vendor is None) == (table is None):
        raise click.UsageError("name a CRM, or a table with --table; one of the two")
    settings = settings_of(ctx)
    start = since.replace(tzinfo=UTC) if since else None
    if vendor is not None:
        read, bad = crm_commands.read_closed_deals(settings, vendor, start), 0
    else:
        assert table is not None
        read, bad = _read_table(settings, table, start)
    stderr().print(f"{vendor or table}: {read}", soft_wrap=True)
    return exit_codes.SOME_FAILED if bad else exit_codes.OK


class _Table:
    """Closed deals of a table: an `OutcomeSource`, and `AeViews`."""

    def __init__(self, deals: tuple[Deal, ...]) -> None:
        self._deals = deals

    def closed_deals(self, since: datetime) -> Iterator[Outcome]:
        known = set(Outcome.model_fields)
        for deal in self._deals:
            if deal.closed_at is not None and deal.closed_at >= since:
                yield Outcome.model_validate(deal.model_dump(include=known))

    def ae_views(self, deal_ids: Sequence[DealId]) -> Sequence[AeView]:
        wanted = set(deal_ids)
        views = (deal.as_ae_view() for deal in self._deals if deal.deal_id in wanted)
        return [view for view in views if view is not None]


def _read_table(
    settings: Settings, path: Path, since: datetime | None
) -> tuple[outcomes.OutcomesRead, int]:
    found = read_deals(text_of(path), str(path))
    tell_bad_rows(list(found.bad_rows), len(found.deals), found.ignored_columns)
    ledger = wiring.open_ledger(settings)
    try:
        read = outcomes.read_outcomes(
            ledger, _Table(found.deals), "table", clock=wiring.utc_now, since=since or _EVER
        )
    finally:
        ledger.close()
    return read, len(found.bad_rows)
