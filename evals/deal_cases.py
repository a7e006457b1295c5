"""Deals joined with what was known of them at a landmark: the unit of every outcome eval.

Only what was known at the landmark counts. Whatever could leak the ending is left out and listed:
calls after the landmark or the close, AE scores and CRM fields that were written later or carry
no time stamp, and calls in which a contract is spoken of as signed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from bantam.deal_reading import as_extraction, read_deal
from bantam.domain.bant import Criterion, Extraction, ExtractionOutcome, Level, Reading
from bantam.domain.calls import Call, CallId, DealId
from bantam.domain.deals import AeView, AeWord
from bantam.domain.fit import KnownBuyer, buyer_of_deal
from bantam.domain.score import ScoreModel
from bantam.domain.value import Value
from bantam.scoring import score
from evals.deal_table import Deal

_SECONDS_A_DAY = 86_400.0
_DISCOVERY = re.compile(
    r"\b(disco(very)?|qualif\w*|intro(duction|ductory)?|erstgespräch|découverte)\b", re.IGNORECASE
)
_SIGNED = re.compile(
    r"\b(counter-?signed|docusign (is|was|has been|came back) (complete|signed)\w*"
    r"|(contract|agreement|order form|deal|paperwork|msa)('s| is| was| has been| got) "
    r"(now |already |finally |fully )?(signed|executed)"
    r"|(we|i|they)('ve| have| just| already|'ve already| have already|'ve just| have just)? "
    r"signed (the|your|our) (contract|agreement|order form|order|deal|paperwork|msa))\b",
    re.IGNORECASE,
)


class Landmark(StrEnum):
    """The moment at which a deal is looked at."""

    FIRST_CALL = "first_call"
    FIRST_DISCOVERY = "first_discovery"
    LAST_BEFORE_CLOSE = "last_before_close"
    """The last call before a number of days before the close; open deals have none."""


class LandmarkRule(Value):
    """How the landmark is set, and what counts as won from there."""

    landmark: Landmark = Landmark.FIRST_CALL
    as_of: AwareDatetime
    """The day of the study: open deals are followed up to here."""
    grace_days: float = Field(default=2.0, ge=0)
    """Time that an AE has after the landmark call to write a score. The system uses no call
    from it; a deal that closes within it is excluded."""
    days_before_close: float = Field(default=30.0, ge=0)
    horizon_days: float | None = Field(default=365.0, gt=0)
    """Won means won within so many days of the landmark; None for ever."""


class RecordedCall(Value):
    """What evals need of a call: no transcript."""

    call_id: CallId
    deal_id: DealId
    started_at: AwareDatetime
    title: str = ""
    discovery: bool = False
    signed_language: bool = False
    """Somebody says that the contract is signed."""
    extraction: Extraction | None = None
    """Reviews are not applied: they may have been written after the close."""
    buyer: KnownBuyer | None = None
    """Counts only when it was asked for before the landmark."""
    points: int | None = Field(default=None, ge=1, le=100)
    """The deal's score as of this call, when scores are imported without their readings."""

    @classmethod
    def from_call(
        cls,
        call: Call,
        deal_id: DealId,
        extraction: Extraction,
        buyer: KnownBuyer | None = None,
    ) -> RecordedCall:
        """Return a call of the ledger without its words."""
        return cls(
            call_id=call.id,
            deal_id=deal_id,
            started_at=call.started_at,
            title=call.title,
            discovery=_DISCOVERY.search(call.title) is not None,
            signed_language=any(_SIGNED.search(turn.text) for turn in call.turns),
            extraction=extraction,
            buyer=buyer,
        )


class Leak(StrEnum):
    """Why something was left out."""

    NO_CALLS = "deal without a recorded call"
    NO_LANDMARK = "deal without a call that fits the landmark"
    CLOSED_BEFORE_LANDMARK = "deal closed before the landmark"
    OPEN_HAS_NO_CLOSE = "open deal: no close date to count back from"
    AFTER_STUDY = "deal whose landmark lies after the day of the study"
    CALL_AFTER_CLOSE = "call after the close"
    CALL_AFTER_LANDMARK = "call after the landmark"
    CALL_SAYS_SIGNED = "call in which the contract is spoken of as signed"
    CALL_OF_UNKNOWN_DEAL = "call of a deal that is not in the table"
    AE_SCORE_LATER = "AE score written after the landmark"
    AE_SCORE_UNDATED = "AE score without a time stamp"
    FIT_LATER = "facts about the buyer asked for after the landmark"
    STAGE_LATER = "stage modified after the landmark"
    STAGE_UNDATED = "stage without a time stamp"


class LeftOut(Value):
    """One thing that was left out, and why."""

    kind: Literal["deal", "call", "field"]
    id: str
    """Deal id, or call id of a call or of what was asked about its buyer."""
    why: Leak


class DealCase(Value):
    """A deal at its landmark."""

    deal_id: DealId
    account_id: str | None
    landmark: AwareDatetime
    call_ids: tuple[CallId, ...]
    """The calls behind the score."""
    points: int | None = Field(ge=1, le=100)
    """None when unscored: then it is not flagged, ranks last, and is counted apart."""
    p_win: float | None = Field(default=None, ge=0, le=1)
    levels: Mapping[Criterion, Level] = {}
    confidences: Mapping[Criterion, float] = {}
    won: bool | None
    """Won within the horizon; None when it is too early to say (censored)."""
    ended: Literal["won", "lost", "open"]
    days: float = Field(ge=0)
    """From the landmark to the close, or to the day of the study."""
    closed_at: AwareDatetime | None = None
    amount: float | None = None
    ae_score: float | None = None
    """None when blank, or when it was written too late to count."""
    ae_qualified: bool | None = None
    stage: str | None = None
    owner: str | None = None
    segment: str | None = None

    @property
    def cluster(self) -> str:
        """What the bootstrap draws: the account, else the deal."""
        return f"account:{self.account_id}" if self.account_id else f"deal:{self.deal_id}"

    @property
    def rank(self) -> int:
        """The score for ranking: 0 when there is none."""
        return self.points or 0


class CaseSet(Value):
    """Deals at their landmarks, and everything that was left out."""

    rule: LandmarkRule
    cases: tuple[DealCase, ...]
    """Deals whose ending within the horizon is known."""
    censored: tuple[DealCase, ...] = ()
    """Open deals, younger than the horizon."""
    left_out: tuple[LeftOut, ...] = ()

    @property
    def counts(self) -> dict[Leak, int]:
        """How many things were left out, by reason."""
        return dict(Counter(item.why for item in self.left_out))


def build_cases(
    deals: Iterable[Deal],
    calls: Iterable[RecordedCall],
    *,
    rule: LandmarkRule,
    model: ScoreModel,
) -> CaseSet:
    """Return each deal at its landmark, scored on the calls up to there.

    Args:
        deals: each deal once.
        calls: of all deals, in any order.
        rule: the landmark and what counts as won.
        model: scores the readings; not used for calls that bring their points.
    """
    by_deal: dict[DealId, list[RecordedCall]] = {}
    for call in calls:
        by_deal.setdefault(call.deal_id, []).append(call)
    left_out: list[LeftOut] = []
    found: list[DealCase] = []
    for listed in deals:
        deal = _as_known(listed, rule.as_of)
        own = sorted(by_deal.pop(deal.deal_id, ()), key=lambda c: (c.started_at, c.call_id))
        case = _case(deal, own, rule, model, left_out)
        if case is not None:
            found.append(case)
    for strangers in by_deal.values():
        left_out += [_left(call, Leak.CALL_OF_UNKNOWN_DEAL) for call in strangers]
    return CaseSet(
        rule=rule,
        cases=tuple(c for c in found if c.won is not None),
        censored=tuple(c for c in found if c.won is None),
        left_out=tuple(left_out),
    )


def _as_known(deal: Deal, as_of: datetime) -> Deal:
    """Return the deal as it stood on the day of the study: one that closed later was open."""
    if deal.closed_at is None or deal.closed_at <= as_of:
        return deal
    return deal.model_copy(update={"won": None, "closed_at": None})


def _left(call: RecordedCall, why: Leak) -> LeftOut:
    return LeftOut(kind="call", id=call.call_id, why=why)


def _case(
    deal: Deal,
    calls: Sequence[RecordedCall],
    rule: LandmarkRule,
    model: ScoreModel,
    left_out: list[LeftOut],
) -> DealCase | None:
    usable, leaks = _before_close(deal, calls)
    left_out += leaks
    found = _landmark(deal, usable, rule) if usable else Leak.NO_CALLS
    if isinstance(found, Leak):
        left_out.append(LeftOut(kind="deal", id=deal.deal_id, why=found))
        return None
    last_call, moment = found
    seen, late = _fields_at(deal, moment)
    known, later = _calls_at(usable, last_call, moment, fit=model.fit is not None)
    left_out += [*later, *late]
    points, p_win, readings = _score(deal.deal_id, known, model, moment)
    days = ((deal.closed_at or rule.as_of) - moment).total_seconds() / _SECONDS_A_DAY
    return DealCase(
        deal_id=deal.deal_id,
        account_id=deal.account_id,
        landmark=moment,
        call_ids=tuple(c.call_id for c in known),
        points=points,
        p_win=p_win,
        levels={c: r.level for c, r in readings.items()},
        confidences={c: r.confidence for c, r in readings.items()},
        won=_label(deal, days, rule),
        ended="open" if deal.won is None else "won" if deal.won else "lost",
        days=days,
        closed_at=deal.closed_at,
        amount=deal.amount,
        ae_score=seen.ae_score,
        ae_qualified=seen.ae_qualified,
        stage=seen.stage,
        owner=deal.owner,
        segment=deal.segment,
    )


def _before_close(
    deal: Deal, calls: Sequence[RecordedCall]
) -> tuple[list[RecordedCall], list[LeftOut]]:
    usable, leaks = [], []
    for call in calls:
        if deal.closed_at is not None and call.started_at >= deal.closed_at:
            leaks.append(_left(call, Leak.CALL_AFTER_CLOSE))
        elif call.signed_language:
            leaks.append(_left(call, Leak.CALL_SAYS_SIGNED))
        else:
            usable.append(call)
    return usable, leaks


def _landmark(
    deal: Deal, calls: Sequence[RecordedCall], rule: LandmarkRule
) -> tuple[datetime, datetime] | Leak:
    """Return (start of the last call that counts, moment of the landmark), or why there is none."""
    if rule.landmark is Landmark.LAST_BEFORE_CLOSE:
        if deal.closed_at is None:
            return Leak.OPEN_HAS_NO_CLOSE
        moment = deal.closed_at - timedelta(days=rule.days_before_close)
        fitting = [c for c in calls if c.started_at < moment]
        return (fitting[-1].started_at, moment) if fitting else Leak.NO_LANDMARK
    first = rule.landmark is Landmark.FIRST_CALL
    fitting = [c for c in calls if first or c.discovery]
    if not fitting:
        return Leak.NO_LANDMARK
    moment = fitting[0].started_at + timedelta(days=rule.grace_days)
    if deal.closed_at is not None and deal.closed_at <= moment:
        return Leak.CLOSED_BEFORE_LANDMARK
    if moment > rule.as_of:
        return Leak.AFTER_STUDY
    return fitting[0].started_at, moment


def _score(
    deal_id: DealId, calls: Sequence[RecordedCall], model: ScoreModel, moment: datetime
) -> tuple[int | None, float | None, Mapping[Criterion, Reading]]:
    read = [(c, c.extraction) for c in calls if c.extraction is not None]
    parts = [e for _, e in read if e.outcome is ExtractionOutcome.OK]
    if not parts:
        imported = [c.points for c in calls if c.points is not None]
        return (imported[-1] if imported else None), None, {}
    pairs = [(Call(id=c.call_id, started_at=c.started_at, deal_id=deal_id), e) for c, e in read]
    together = as_extraction(read_deal(deal_id, pairs, as_of=moment.date()), parts)
    buyer = buyer_of_deal([c.buyer for c in reversed(calls) if c.buyer is not None])
    result = score(together, model, scored_at=moment, buyer=buyer)
    return result.points, result.p_win, together.readings


def _calls_at(
    calls: Sequence[RecordedCall], last_call: datetime, moment: datetime, *, fit: bool
) -> tuple[list[RecordedCall], list[LeftOut]]:
    """Return the calls up to the last that counts, without facts asked for after `moment`."""
    leaks = [_left(c, Leak.CALL_AFTER_LANDMARK) for c in calls if c.started_at > last_call]
    known = [c for c in calls if c.started_at <= last_call]
    for place, call in enumerate(known):
        if fit and call.buyer is not None and call.buyer.asked_at > moment:
            leaks.append(LeftOut(kind="field", id=call.call_id, why=Leak.FIT_LATER))
            known[place] = call.model_copy(update={"buyer": None})
    return known, leaks


def _fields_at(deal: Deal, moment: datetime) -> tuple[Deal, list[LeftOut]]:
    """Return the deal without the fields that were written after `moment`."""
    late: list[LeftOut] = []
    gone: dict[str, None] = {}

    def leave_out(why: Leak, *names: str) -> None:
        late.append(LeftOut(kind="field", id=deal.deal_id, why=why))
        gone.update(dict.fromkeys(names))

    view = deal.ae_view or deal.as_ae_view()
    then: dict[str, AeWord | None] = {}
    if view is not None:
        then = {about: view.as_of(about, moment) for about in ("score", "qualified")}
        if why := _late_view(view, then):
            leave_out(why)
    score, qualified = then.get("score"), then.get("qualified")
    known = {
        "ae_score": score.score if score else None,
        "ae_qualified": qualified.qualified if qualified else None,
    }
    if deal.stage is not None:
        if deal.stage_modified_at is None:
            leave_out(Leak.STAGE_UNDATED, "stage")
        elif deal.stage_modified_at > moment:
            leave_out(Leak.STAGE_LATER, "stage")
    return deal.model_copy(update={**known, **gone}), late


def _late_view(view: AeView, then: Mapping[str, AeWord | None]) -> Leak | None:
    """Return why something that an AE wrote does not count; a field is told of once."""
    missed = [w for w in view.words if then[w.about] is None]
    if any(w.at is not None for w in missed):
        return Leak.AE_SCORE_LATER
    return Leak.AE_SCORE_UNDATED if missed else None


def _label(deal: Deal, days: float, rule: LandmarkRule) -> bool | None:
    within = rule.horizon_days is None or days <= rule.horizon_days
    if deal.won is None:
        return None if within else False
    return deal.won and within
