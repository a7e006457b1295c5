"""`bantam evals replay`: what a change of weights or answers would do, before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from apps.cli import exit_codes
from apps.cli.deal_source import landmark_options, ledger_deals, text_of
from apps.cli.gathering import gathered
from apps.cli.main import settings_of
from apps.cli.written import FILE, print_lines, write
from bantam.domain.bant import Extraction
from bantam.domain.calls import CallId
from bantam.errors import EvalError, NotInLedgerError
from bantam.ledger.store import Ledger
from bantam.settings import Settings
from evals.deal_cases import LandmarkRule, RecordedCall, build_cases
from evals.deal_table import Deal, read_deals
from evals.replay import AtThreshold, Candidate, ReplayedCall, outcome_moves, replay
from evals.replay_summary import replay_lines
from flows import wiring

_TABLE = click.Path(path_type=Path, dir_okay=False, exists=True)


@dataclass(frozen=True)
class Tried:
    """What is to be tried; None is what is in use."""

    score_model: str | None
    answers: str | None

    def __post_init__(self) -> None:
        """Refuse to try nothing."""
        if self.score_model is None and self.answers is None:
            raise click.UsageError("nothing to try: give --score-model, --answers, or both")


@click.command("replay")
@click.option("--score-model", help="The candidate's weights; default: the ones in use.")
@click.option(
    "--answers",
    metavar="LEDGER",
    help="SQLAlchemy URL of a ledger into which a candidate prompt or model read the same calls.",
)
@click.option("--deals", type=_TABLE, help="CSV of deals; default: the outcomes in the ledger.")
@landmark_options
@click.option("--threshold", type=click.FloatRange(1, 100), help="Default: the top band's start.")
@click.option("--json", "json_path", type=FILE, help="Write every move and write to this file.")
@gathered("tried", Tried)
@click.pass_context
def replay_command(
    ctx: click.Context,
    *,
    tried: Tried,
    deals: Path | None,
    rule: LandmarkRule,
    threshold: float | None,
    json_path: Path | None,
) -> int:
    """Score history again under a candidate and show what would follow. Writes nothing.

    A candidate prompt's answers come from a ledger of its own: score the same calls with
    BANTAM_LEDGER__URL set to a new one, then name it with --answers.
    """
    settings = settings_of(ctx)
    now = wiring.utc_now()
    candidate = Candidate(
        before=settings.score_model(),
        after=settings.score_model(tried.score_model),
        targets=settings.delivery.targets,
        now=now,
    )
    calls = list(_calls(settings, tried.answers))
    if not calls:
        raise EvalError("ledger: no call has been read yet; score some first")
    top = float(max(band.at_least for band in candidate.before.bands))
    known = _deals(settings, deals)
    moves = _outcome(calls, known, (rule, candidate), threshold or top) if known else ()
    found = replay(calls, candidate, moves)
    print_lines(replay_lines(found))
    if json_path is not None:
        write(json_path, found.model_dump_json(indent=1) + "\n")
    return exit_codes.OK


def _calls(settings: Settings, answers: str | None) -> Iterator[ReplayedCall]:
    ledger = wiring.open_ledger(settings)
    other = Ledger.open(answers, create=False) if answers else None
    try:
        for stored in ledger.results():
            after = _answer(other, stored.call.id) if other else stored.extraction
            yield ReplayedCall(
                call=stored.call,
                before=stored.extraction,
                after=after,
                reviews=stored.reviews,
                buyer=stored.buyer,
            )
    finally:
        ledger.close()
        if other is not None:
            other.close()


def _answer(ledger: Ledger, call_id: CallId) -> Extraction | None:
    try:
        return ledger.latest_result(call_id).extraction
    except NotInLedgerError:
        return None


def _deals(settings: Settings, table: Path | None) -> tuple[Deal, ...]:
    if table is not None:
        return read_deals(text_of(table), str(table)).deals
    try:
        return ledger_deals(settings)
    except EvalError:
        return ()


def _outcome(
    calls: list[ReplayedCall],
    deals: tuple[Deal, ...],
    how: tuple[LandmarkRule, Candidate],
    threshold: float,
) -> tuple[AtThreshold, ...]:
    rule, candidate = how
    with_deal = [(c, c.call.deal_id) for c in calls if c.call.deal_id is not None]
    before = [RecordedCall.from_call(c.call, deal, c.before, c.buyer) for c, deal in with_deal]
    after = [
        RecordedCall.from_call(c.call, deal, c.after or c.before, c.buyer) for c, deal in with_deal
    ]
    return outcome_moves(
        build_cases(deals, before, rule=rule, model=candidate.before),
        build_cases(deals, after, rule=rule, model=candidate.after),
        threshold=threshold,
    )
