"""Deals and calls for whatever is measured on closed deals: from the ledger, or from tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from apps.cli.gathering import gathered
from apps.cli.terminal import stderr
from bantam.domain.value import Value
from bantam.errors import EvalError
from bantam.settings import Settings
from evals.deal_cases import Landmark, LandmarkRule, RecordedCall
from evals.deal_table import BadRow, Deal, read_deals
from evals.score_table import read_scores
from flows import wiring

Command = Callable[..., Any]
_TABLE = click.Path(path_type=Path, dir_okay=False, exists=True)


@dataclass(frozen=True)
class Tables:
    """Files to take instead of the ledger."""

    deals: Path | None = None
    scores: Path | None = None


class Material(Value):
    """What was found, and what could not be used."""

    deals: tuple[Deal, ...]
    calls: tuple[RecordedCall, ...]
    bad_rows: int = 0


def table_options(command: Command) -> Command:
    """Add --deals and --scores; the command gets `tables`, a `Tables`."""
    deals = click.option(
        "--deals",
        type=_TABLE,
        help="CSV of deals: deal_id, won, closed_at, and more if known; default: the outcomes in "
        "the ledger (`bantam outcomes sync`).",
    )
    scores = click.option(
        "--scores",
        type=_TABLE,
        help="CSV of scores: call_id, deal_id, started_at, points; default: the ledger's calls.",
    )
    return deals(scores(gathered("tables", Tables)(command)))


def landmark_options(command: Command) -> Command:
    """Add --landmark, --grace-days, --horizon-days and --as-of; the command gets `rule`."""
    options = (
        click.option(
            "--landmark",
            type=click.Choice([m.value for m in Landmark]),
            default=Landmark.FIRST_CALL.value,
            show_default=True,
            help="The moment at which a deal is looked at.",
        ),
        click.option(
            "--grace-days",
            type=click.FloatRange(min=0),
            default=2.0,
            show_default=True,
            help="Time an AE has after the landmark call to write a score.",
        ),
        click.option(
            "--horizon-days",
            type=click.FloatRange(min=0, min_open=True),
            default=365.0,
            show_default=True,
            help="Won means won within so many days.",
        ),
        click.option(
            "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the study; default: today."
        ),
    )
    command = gathered("rule", _rule)(command)
    for option in reversed(options):
        command = option(command)
    return command


def _rule(
    *, landmark: str, grace_days: float, horizon_days: float, as_of: datetime | None
) -> LandmarkRule:
    now = wiring.utc_now()
    return LandmarkRule(
        landmark=Landmark(landmark),
        as_of=now if as_of is None else as_of.replace(tzinfo=now.tzinfo),
        grace_days=grace_days,
        horizon_days=horizon_days,
    )


def material_of(settings: Settings, tables: Tables) -> Material:
    """Read deals and calls; rows that cannot be used are named on stderr.

    Raises:
        EvalError: a table lacks a column, or neither table nor ledger holds a deal.
    """
    rows: list[BadRow] = []
    ignored: tuple[str, ...] = ()
    if tables.deals is None:
        known = ledger_deals(settings)
    else:
        table = read_deals(text_of(tables.deals), str(tables.deals))
        known, rows, ignored = table.deals, [*table.bad_rows], table.ignored_columns
    if tables.scores is None:
        calls = tuple(ledger_calls(settings))
    else:
        imported = read_scores(text_of(tables.scores), str(tables.scores))
        calls, rows = imported.calls, [*rows, *imported.bad_rows]
    tell_bad_rows(rows, len(known), ignored)
    return Material(deals=known, calls=calls, bad_rows=len(rows))


def ledger_deals(settings: Settings) -> tuple[Deal, ...]:
    """Return the deals of the ledger: those that closed, and as open ones those with calls.

    Raises:
        EvalError: no deal of the ledger has closed.
    """
    ledger = wiring.open_ledger(settings)
    try:
        views = {v.deal_id: v for v in ledger.ae_views()}
        closed = {o.deal_id: Deal.from_outcome(o, views.get(o.deal_id)) for o in ledger.outcomes()}
        still_open = [Deal(deal_id=d) for d in ledger.deal_ids() if d not in closed]
    finally:
        ledger.close()
    if not closed:
        raise EvalError(
            "ledger: no deal has closed yet; bring them in with `bantam outcomes sync`, or give "
            "a table with --deals"
        )
    return (*closed.values(), *still_open)


def ledger_calls(settings: Settings) -> Iterable[RecordedCall]:
    """Yield the ledger's calls that belong to a deal, without their words."""
    ledger = wiring.open_ledger(settings)
    try:
        for result in ledger.results():
            if result.call.deal_id is not None:
                yield RecordedCall.from_call(
                    result.call, result.call.deal_id, result.extraction, result.buyer
                )
    finally:
        ledger.close()


def tell_bad_rows(rows: list[BadRow], deals: int, ignored: tuple[str, ...]) -> None:
    """Name every row that could not be used, on stderr."""
    console = stderr()
    for row in rows:
        console.print(str(row), soft_wrap=True)
    if rows:
        console.print(f"{len(rows)} rows could not be used; {deals} deals could", soft_wrap=True)
    if ignored:
        console.print(f"columns that mean nothing here: {', '.join(ignored)}", soft_wrap=True)


def text_of(path: Path) -> str:
    """Return a table's text.

    Raises:
        EvalError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise EvalError(f"{path}: not UTF-8; save the table as UTF-8 and try again") from None
