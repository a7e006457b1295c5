"""`bantam show` and `bantam deals`: a number traced to the buyer's words, and deals over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from apps.cli import exit_codes
from apps.cli.lines import as_json, score_line
from apps.cli.main import settings_of
from apps.cli.outbox_lines import delivery_line
from apps.cli.terminal import LEGEND, LEVEL_MARKS, clock_time, line, stdout
from bantam.deal_reading import as_extraction, read_deal
from bantam.domain.bant import (
    NOT_DISCUSSED,
    AuthorityValue,
    BudgetValue,
    Criterion,
    Extraction,
    NeedValue,
    Reading,
    ReadingValue,
    TimeframeValue,
)
from bantam.domain.calls import Call, CallId, DealId
from bantam.domain.deals import DealReading
from bantam.domain.evidence import Rejection
from bantam.domain.fit import buyer_of_deal, fit_in_words
from bantam.domain.notes import next_question
from bantam.domain.review import apply_reviews
from bantam.domain.rubric import meaning
from bantam.domain.score import Score
from bantam.errors import NotInLedgerError
from bantam.ledger.rows import Result
from bantam.ledger.store import Ledger
from bantam.scoring import score
from bantam.settings import Settings
from flows import wiring

WHY_REJECTED: Mapping[Rejection, str] = {
    Rejection.NOT_FOUND: "these words do not stand in the transcript",
    Rejection.SPLICED: "its parts do not stand together in one turn",
    Rejection.TOO_SHORT: "too short to mean anything",
    Rejection.SELLER_SAID_IT: "the seller said it",
    Rejection.NOT_AGREEMENT: "a bare acknowledgement is no agreement",
    Rejection.INJECTION: "addresses whoever reads the transcript",
    Rejection.HYPOTHETICAL: "a hypothetical",
    Rejection.OTHER_MONEY: "money, but no budget: a price, a rival's cost, or past spending",
    Rejection.OTHER_DATE: "a date, but not of the purchase",
}


@click.command()
@click.argument("call_id")
@click.option("--json", "as_lines", is_flag=True, help="The call's JSON line.")
@click.pass_context
def show_command(ctx: click.Context, call_id: str, as_lines: bool) -> int:
    """Show one call: readings, quotes with times, what was rejected and why, contributions."""
    ledger = wiring.open_ledger(settings_of(ctx))
    try:
        stored = ledger.latest_result(CallId(call_id))
        owed = list(ledger.deliveries(call_id=stored.call.id))
    finally:
        ledger.close()
    assert stored.score is not None
    if as_lines:
        print(as_json(score_line(stored.call, stored.extraction, stored.score)))
        return exit_codes.OK
    _print_call(stdout(), stored, stored.score)
    for delivery in owed:
        stdout().print(line(delivery_line(delivery)), soft_wrap=True)
    return exit_codes.OK


@click.command()
@click.argument("deal_id", required=False)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Look from this day: only calls up to it count. Default: today.",
)
@click.pass_context
def deals_command(ctx: click.Context, deal_id: str | None, as_of: datetime | None) -> int:
    """List deals by score, or show one deal over time."""
    settings = settings_of(ctx)
    ledger = wiring.open_ledger(settings)
    day = as_of.date() if as_of else wiring.utc_now().date()
    try:
        if deal_id is None:
            _print_deals(stdout(), ledger, settings, day)
        else:
            _print_deal(stdout(), _read(ledger, settings, DealId(deal_id), day))
    finally:
        ledger.close()
    return exit_codes.OK


def _print_call(console: Console, stored: Result, result: Score) -> None:
    call = stored.call
    extraction = apply_reviews(stored.extraction, stored.reviews)
    console.print(line(f"{call.id}  {call.title}", style="bold"))
    people = ", ".join(
        f"{p.name} ({p.side.value}{', ' + p.title if p.title else ''})" for p in call.participants
    )
    deal = f"  deal {call.deal_id}" if call.deal_id else ""
    console.print(line(f"{call.started_at:%Y-%m-%d %H:%M}{deal}  {people}"))
    console.print(line(_headline(result, extraction.detail), style="bold"))
    for criterion in Criterion:
        if criterion in extraction.readings:
            _print_reading(console, extraction.readings[criterion], result)
    if result.fit is not None:
        console.print()
        console.print(line(f"Fit: {fit_in_words(result.fit)}"), soft_wrap=True)
    for adjustment in result.adjustments:
        console.print(line(f"  {adjustment.points:+.1f}  {adjustment.kind}: {adjustment.reason}"))
    if question := next_question(result.contributions):
        console.print()
        console.print(line(f"Ask next: {question}"))
    run = extraction.run
    reader = run.extractor + (f" {run.model} ({run.mode})" if run.model else "")
    console.print(
        line(
            f"Read by {reader}, version {run.extractor_version}; "
            f"score model {result.model} {result.model_version}",
            style="dim",
        )
    )


def _headline(result: Score, detail: str = "") -> str:
    if result.points is None:
        return f"Unscored: {result.unscored_reason}" + (f" ({detail})" if detail else "")
    enough = "" if result.enough_said else "  (not enough said)"
    chance = f"  p(win) {result.p_win:.0%}" if result.p_win is not None else ""
    return (
        f"Score {result.points}  {result.band}  grade {result.grade}  "
        f"coverage {result.coverage:.0%}{enough}{chance}  {result.action}"
    )


def _print_reading(console: Console, reading: Reading, result: Score) -> None:
    part = next((c for c in result.contributions if c.criterion is reading.criterion), None)
    points = f"  {part.points:+.1f} points" if part else ""
    flags = f"  [{', '.join(reading.flags)}]" if reading.flags else ""
    level = LEVEL_MARKS[reading.level]
    console.print()
    console.print(
        line(
            f"{reading.criterion.value.capitalize()} {level}: "
            f"{meaning(reading.criterion, reading.level)}{points}{flags}",
            style="bold" if reading.level != NOT_DISCUSSED else "dim",
        )
    )
    if told := value_in_words(reading.value):
        console.print(line(f"  {told}"))
    for evidence in reading.evidence:
        at = f" {clock_time(evidence.start)}" if evidence.start is not None else ""
        where = f"turn {evidence.turn}{at}, {evidence.speaker} ({evidence.side.value})"
        console.print(line(f'  "{evidence.quote}"'))
        console.print(line(f"      {where}", style="dim"))
    for rejected in reading.rejected:
        turn = f"turn {rejected.turn}" if rejected.turn is not None else "no turn"
        why = WHY_REJECTED[rejected.reason]
        console.print(line(f'  rejected: "{rejected.quote}" ({turn}): {why}', style="dim"))


def value_in_words(value: ReadingValue | None) -> str:
    """Return a reading's value for people; empty when there is none."""
    if isinstance(value, BudgetValue) and value.amount_max is not None:
        low, high = value.amount_min or value.amount_max, value.amount_max
        amount = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        period = {"year": " a year", "month": " a month", "one_time": " once"}.get(value.period, "")
        return f"{value.currency or ''} {amount}{period}".strip()
    if isinstance(value, AuthorityValue):
        return ", ".join(value.decision_makers)
    if isinstance(value, NeedValue):
        return "; ".join(value.pains)
    if isinstance(value, TimeframeValue) and value.target_date is not None:
        return f"by {value.target_date}" + (f' ("{value.text}")' if value.text else "")
    return ""


Seen = tuple[DealReading, Score, Sequence[tuple[Call, Extraction]]]


def _read(ledger: Ledger, settings: Settings, deal_id: DealId, day: date) -> Seen:
    stored = list(ledger.results(deal_id=deal_id))
    if not stored:
        raise NotInLedgerError(f"ledger: no call of deal {deal_id!r} is in it; score one first")
    calls = [(s.call, apply_reviews(s.extraction, s.reviews)) for s in stored]
    deal = read_deal(deal_id, calls, as_of=day)
    readable = [e for c, e in calls if e.readings and c.started_at.date() <= day]
    whole = as_extraction(deal, readable or [e for _, e in calls])
    newest_first = reversed([s for s in stored if s.call.started_at.date() <= day])
    buyer = buyer_of_deal([s.buyer for s in newest_first if s.buyer is not None])
    model = settings.score_model()
    return deal, score(whole, model, scored_at=wiring.utc_now(), buyer=buyer), calls


def _print_deals(console: Console, ledger: Ledger, settings: Settings, day: date) -> None:
    every = (_read(ledger, settings, deal_id, day) for deal_id in ledger.deal_ids())
    seen = [read for read in every if read[0].calls]
    seen.sort(key=lambda s: (-(s[1].points or 0), s[0].deal_id))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Deal", "Score", "Band", "Calls", "B", "A", "N", "T", "Changed"):
        table.add_column(name, justify="right" if name in {"Score", "Calls"} else "left")
    for deal, result, _ in seen:
        marks = [LEVEL_MARKS[deal.readings[c].level] for c in Criterion]
        points = "-" if result.points is None else str(result.points)
        table.add_row(
            line(deal.deal_id), points, result.band or "", str(deal.calls), *marks, _changes(deal)
        )
    console.print(table)
    console.print(LEGEND, style="dim")


def _changes(deal: DealReading) -> str:
    parts = [
        f"{c.criterion.value} {c.before.level}->{c.after.level}" + ("!" if c.contradiction else "")
        for c in deal.changes
    ]
    parts += [f"{c.value} expired" for c in deal.expired]
    return ", ".join(parts)


def _print_deal(console: Console, seen: Seen) -> None:
    deal, result, calls = seen
    console.print(line(f"{deal.deal_id} as of {deal.as_of}, {deal.calls} calls", style="bold"))
    console.print(line(_headline(result), style="bold"))
    by_id = {call.id: call for call, _ in calls}
    for criterion in Criterion:
        _print_reading(console, deal.readings[criterion], result)
        source = deal.from_call.get(criterion)
        if source is not None:
            call = by_id[source]
            console.print(line(f"      from {source}, {call.started_at:%Y-%m-%d}", style="dim"))
    for told in _history(deal):
        console.print(told)


def _history(deal: DealReading) -> Iterable[Text]:
    if deal.changes:
        yield Text()
        yield Text("Over time:", style="bold")
    for change in deal.changes:
        against = "  contradicts what was said before" if change.contradiction else ""
        yield line(
            f"  {change.on}  {change.criterion.value} {change.before.level} -> "
            f"{change.after.level}  ({change.call_id}){against}"
        )
    for criterion in deal.expired:
        yield line(f"  {criterion.value}: what was said is too old to count in full")
