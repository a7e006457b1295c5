"""The whole study in one call: scores against closed deals, against the AEs, and time to close.

"1,500 calls, system against AEs, recall at like precision, cycle time of 80 and above."
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from bantam.domain.score import ScoreModel
from bantam.domain.value import Value
from evals.against_ae import CAVEATS, AeComparison, against_ae
from evals.conversion import Conversions, conversions
from evals.deal_cases import CaseSet, LandmarkRule, RecordedCall, build_cases
from evals.deal_table import Deal
from evals.outcome import OutcomeFigures, outcome_figures
from evals.power import PowerLine, power_line
from evals.rates import ROUNDS, Bootstrap, Estimate, Rate
from evals.time_to_close import HIGH_SCORE, TimeToClose, time_to_close

FEW_WON = 30
"""Below so many won deals, recall is hardly known."""


class StudyOptions(Value):
    """What the study is asked."""

    threshold: float = Field(default=75, ge=1, le=100)
    """The frozen one: a score at or above it is flagged."""
    high_score: float = Field(default=HIGH_SCORE, ge=1, le=100)
    """Whose time to close is looked at."""
    ae_threshold: float | None = Field(default=50, ge=0, le=100)
    """An AE score at or above it is a yes, where the AE gave no plain yes or no."""
    precision_floor: float | None = Field(default=None, gt=0, le=1)
    """Choose a threshold for this precision; None takes the AEs' own, if there is one."""
    capacity_a_week: float | None = Field(default=None, gt=0)
    """Choose the threshold that flags at most so many deals a week."""
    rounds: int = Field(default=ROUNDS, ge=100)
    """Of every bootstrap."""


class Study(Value):
    """Everything found. The cases are inside, so that every figure leads to its deals."""

    options: StudyOptions
    score_model: str
    """Name and version."""
    cases: CaseSet
    calls: int = Field(ge=0)
    """Calls behind the scores."""
    outcomes: OutcomeFigures
    against_ae: tuple[AeComparison, ...]
    """Empty without a usable AE score; two when some are blank."""
    times: TimeToClose
    conversions: Conversions
    power: tuple[PowerLine, ...]
    """How many deals the comparison with the AEs takes, at the recalls seen."""
    caveats: tuple[str, ...]
    answer: tuple[str, ...]
    """Plain sentences, the answer first."""


def study(
    deals: Iterable[Deal],
    calls: Iterable[RecordedCall],
    *,
    rule: LandmarkRule,
    model: ScoreModel,
    options: StudyOptions,
) -> Study:
    """Join deals and calls at the landmark and evaluate the scores.

    Args:
        deals: each once.
        calls: of all deals.
        rule: the landmark and what counts as won.
        model: scores the readings.
        options: thresholds and capacity.
    """
    return study_of(build_cases(deals, calls, rule=rule, model=model), model, options)


def study_of(found: CaseSet, model: ScoreModel, options: StudyOptions) -> Study:
    """Evaluate cases that are built already."""
    cases = found.cases
    boot = Bootstrap([c.cluster for c in cases], rounds=options.rounds)
    comparisons = against_ae(cases, ae_threshold=options.ae_threshold, rounds=options.rounds)
    floor = options.precision_floor
    if floor is None and comparisons:
        floor = comparisons[0].ae.precision.value
    outcomes = outcome_figures(
        cases,
        boot,
        threshold=options.threshold,
        precision_floor=floor or None,
        capacity=_capacity(found, options.capacity_a_week),
    )
    times = time_to_close(
        (*cases, *found.censored),
        landmark=found.rule.landmark,
        threshold=options.high_score,
        rounds=options.rounds,
    )
    return Study(
        options=options,
        score_model=f"{model.name} {model.version}",
        cases=found,
        calls=sum(len(c.call_ids) for c in cases),
        outcomes=outcomes,
        against_ae=comparisons,
        times=times,
        conversions=conversions(cases, model.bands),
        power=_power(comparisons, outcomes.base_rate),
        caveats=_caveats(found, outcomes, comparisons, times),
        answer=tuple(_answer(outcomes, comparisons, times)),
    )


def _capacity(found: CaseSet, a_week: float | None) -> int | None:
    """Deals that can be worked over the weeks in which these landmarks fall."""
    if a_week is None or not found.cases:
        return None
    moments = [c.landmark for c in found.cases]
    weeks = max(1.0, (max(moments) - min(moments)).total_seconds() / (7 * 86_400))
    return max(1, round(a_week * weeks))


def _power(comparisons: tuple[AeComparison, ...], base_rate: Rate) -> tuple[PowerLine, ...]:
    lines = []
    for view in comparisons:
        ours, theirs = view.at_ae_precision.system.recall.value, view.ae.recall.value
        if ours is None or theirs is None or not base_rate.value:
            continue
        lines.append(power_line(ours, theirs, phi=0.0, win_rate=base_rate.value))
    return tuple(lines)


def _caveats(
    found: CaseSet,
    outcomes: OutcomeFigures,
    comparisons: tuple[AeComparison, ...],
    times: TimeToClose,
) -> tuple[str, ...]:
    out = []
    if outcomes.base_rate.hits < FEW_WON:
        out.append(f"Only {outcomes.base_rate.hits} deals were won: recall is hardly known.")
    if outcomes.roc_auc.value is not None and outcomes.roc_auc.value > 0.90:
        out.append("An AUC above .90 from calls alone is leakage until proven otherwise.")
    out += [
        f"Recall at the threshold chosen for {choice.rule} is overstated by about "
        f"{choice.optimism:.1%}, as it was chosen on these deals."
        for choice in outcomes.choices
        if choice.optimism is not None and choice.optimism > 0.01
    ]
    if found.censored:
        out.append(f"{len(found.censored)} open deals are too young to count as won or not.")
    if times.caveat:
        out.append(f"Time to close: {times.caveat}.")
    return (*out, *(CAVEATS if comparisons else ()))


def _answer(
    outcomes: OutcomeFigures, comparisons: tuple[AeComparison, ...], times: TimeToClose
) -> Iterable[str]:
    now = outcomes.at_threshold
    yield (
        f"{outcomes.deals} closed deals, {outcomes.base_rate.hits} won. At a score of "
        f"{now.confusion.threshold:g} or more: precision {_told(now.precision)}, "
        f"recall {_told(now.recall)}; flagging at random would have a precision of "
        f"{_percent(outcomes.base_rate.value)}."
    )
    for view in comparisons:
        yield _against(view)
    high, other = times.high.median_days_won, times.other.median_days_won
    if high.value is not None and other.value is not None:
        yield (
            f"Won deals that scored {times.threshold:g} or more closed in {high.value:.0f} days "
            f"(median, {times.high.won} deals), the others in {other.value:.0f} "
            f"({times.other.won} deals); the difference is {_days(times.days_saved)}."
        )


def _against(view: AeComparison) -> str:
    ours, gap = view.at_ae_precision, view.at_ae_precision.difference.recall
    if ours.threshold is None:
        return (
            f"Blank AE scores {view.blanks}: no threshold reaches the AEs' precision of "
            f"{_told(view.ae.precision)}."
        )
    surer = "cannot be told apart from"
    if gap.low is not None and gap.high is not None:
        surer = "is better than" if gap.low > 0 else "is worse than" if gap.high < 0 else surer
    return (
        f"Blank AE scores {view.blanks}: at the AEs' precision of {_told(view.ae.precision)} the "
        f"system finds {_told(ours.system.recall)} of the won deals, the AEs "
        f"{_told(view.ae.recall)}; the system {surer} the AEs here."
    )


def _told(figure: Rate) -> str:
    if figure.value is None:
        return "undefined"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.0%} (n = {figure.n})"
    return f"{figure.value:.0%} ({figure.low:.0%} to {figure.high:.0%}, n = {figure.n})"


def _percent(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.0%}"


def _days(figure: Estimate) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.0f} days"
    return f"{figure.value:.0f} days ({figure.low:.0f} to {figure.high:.0f})"
