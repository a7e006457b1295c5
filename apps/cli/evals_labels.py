"""What the ledger adds to `bantam evals run`: reviews as labels, and the check on closed deals."""

from __future__ import annotations

from pathlib import Path

from apps.cli.deal_source import Tables, material_of
from bantam.errors import EvalError
from bantam.ports import Extractor
from bantam.settings import Settings
from evals.compare import Check
from evals.deal_cases import CaseSet, LandmarkRule, RecordedCall, build_cases
from evals.gate_outcomes import outcome_check
from evals.gold import GoldCall
from evals.outcome import as_arrays
from evals.reviewed import ReviewedCall, gold_of_reviews
from flows import wiring


def reviewed_calls(settings: Settings) -> list[GoldCall]:
    """Return the reviewed calls of the ledger as labelled ones.

    Raises:
        EvalError: nobody has reviewed a call yet.
    """
    ledger = wiring.open_ledger(settings)
    try:
        found = list(
            gold_of_reviews(ReviewedCall(r.call, r.extraction, r.reviews) for r in ledger.results())
        )
    finally:
        ledger.close()
    if not found:
        raise EvalError("--reviews: no call of the ledger has been reviewed yet; leave it out")
    return found


def closed_deals_check(settings: Settings, reader: Extractor, deals: Path | None) -> Check:
    """Read the calls of closed deals anew and check that no fewer of the won ones are found.

    Recall is compared at the AEs' precision; without AE scores, half-way between the win rate and
    the precision that the top band has now: at that precision itself, chance would move the
    baseline's own threshold in half of the rounds.

    Args:
        settings: ledger and score model.
        reader: the candidate.
        deals: a table; None takes the ledger's outcomes.

    Raises:
        EvalError: no deal has closed.
    """
    material = material_of(settings, Tables(deals))
    wanted = {d.deal_id for d in material.deals if d.won is not None}
    rule = LandmarkRule(as_of=wiring.utc_now())
    model = settings.score_model()
    before = build_cases(material.deals, material.calls, rule=rule, model=model)
    used = {call_id for case in before.cases for call_id in case.call_ids}
    again: list[RecordedCall] = []
    ledger = wiring.open_ledger(settings)
    try:
        for stored in ledger.results():
            deal = stored.call.deal_id
            if deal is None or deal not in wanted or stored.call.id not in used:
                continue
            extraction = reader.extract(stored.call)
            again.append(RecordedCall.from_call(stored.call, deal, extraction, stored.buyer))
    finally:
        ledger.close()
    after = build_cases(material.deals, again, rule=rule, model=model)
    top = float(max(band.at_least for band in model.bands))
    return outcome_check(before.cases, after.cases, precision=_precision(before, top))


def _precision(found: CaseSet, threshold: float) -> float | None:
    """Return the precision to compare at; None when AE scores give a better one."""
    if any(c.ae_score is not None or c.ae_qualified is not None for c in found.cases):
        return None
    ranks, won = as_arrays(found.cases)
    flagged = ranks >= threshold
    if not flagged.any():
        return None
    return float(won[flagged].mean() + won.mean()) / 2
