"""Readings and a score model in, a score out. Pure.

    e(f)  = c * v(level) + (1 - c) * m          what a criterion is worth, unknown counts as m
    score = 1 + round_half_up(99 * sum(w * e))

`c` is the reading's confidence (0 when not discussed). Among the levels 0 to 4, at equal
confidence, a higher level never lowers a score. Contributions are measured against knowing
nothing (`baseline`), so they add up exactly: baseline + contributions = the raw score. This
equals the Shapley value of an additive model. Deductions, fit and caps follow in this order, each
shown apart; who the buyer is also has a part in the grade's letter, where a model asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Extraction, ExtractionOutcome, Reading
from bantam.domain.fit import JudgedFit, KnownBuyer, judge
from bantam.domain.rubric import meaning
from bantam.domain.score import Adjustment, Contribution, Score, ScoreModel, Unscored

_LETTERS = "ABCD"
_GRADE_CUTS = (0.75, 0.50, 0.25)
"""Lower ends of A, B and C (1, 2 and 3) on the 0..1 scale."""

BANT = ScoreModel(
    name="bant",
    weights={
        Criterion.BUDGET: 0.25,
        Criterion.AUTHORITY: 0.25,
        Criterion.NEED: 0.30,
        Criterion.TIMEFRAME: 0.20,
    },
)
ANUM = ScoreModel(
    name="anum",
    weights={
        Criterion.AUTHORITY: 0.35,
        Criterion.NEED: 0.30,
        Criterion.TIMEFRAME: 0.20,
        Criterion.BUDGET: 0.15,
    },
)
"""Authority, Need, Urgency, Money: the same readings, ranked by who can say yes."""

SHIPPED_MODELS: Mapping[str, ScoreModel] = {m.name: m for m in (BANT, ANUM)}


def score(
    extraction: Extraction,
    model: ScoreModel,
    *,
    scored_at: datetime,
    buyer: KnownBuyer | None = None,
) -> Score:
    """Return the score of one call, or an unscored one with the reason.

    Args:
        extraction: the call's readings; reviews already applied.
        model: weights, level values, caps, bands, fit.
        scored_at: aware UTC time, stamped on the score.
        buyer: what is known of the buyer; counts only where the model asks for fit.
    """
    common = {
        "extraction_id": extraction.id,
        "call_id": extraction.call_id,
        "model": model.name,
        "model_version": model.version,
        "scored_at": scored_at,
    }
    if extraction.outcome is not ExtractionOutcome.OK:
        return Score(unscored_reason=Unscored(extraction.outcome.value), **common)
    contributions = tuple(contribution(extraction.readings[c], model) for c in Criterion)
    coverage = math.fsum(c.weight * c.confidence for c in contributions)
    if all(c.level == NOT_DISCUSSED for c in contributions):
        return Score(unscored_reason=Unscored.NOTHING_SAID, contributions=contributions, **common)
    baseline = 1 + 99 * model.missing
    raw = baseline + math.fsum(c.points for c in contributions)
    fit = judge(buyer, model.fit) if model.fit else None
    adjusted, adjustments = _adjust(raw, extraction.readings, model, fit)
    points = round_half_up(adjusted)
    band = model.band_of(points)
    return Score(
        points=points,
        band=band.name,
        action=band.action,
        grade=_grade(contributions, _beside(model, fit)),
        baseline=baseline,
        contributions=contributions,
        adjustments=adjustments,
        fit=fit,
        coverage=min(1.0, coverage),
        enough_said=coverage >= model.min_coverage,
        p_win=model.calibration.chance(points) if model.calibration else None,
        **common,
    )


def contribution(reading: Reading, model: ScoreModel) -> Contribution:
    """Return what one reading adds to the score, against knowing nothing about it."""
    weight = model.weights[reading.criterion]
    known = 0.0
    if reading.level != NOT_DISCUSSED:
        known = reading.confidence * (
            model.value_of(reading.criterion, reading.level) - model.missing
        )
    return Contribution(
        criterion=reading.criterion,
        level=reading.level,
        weight=weight,
        confidence=reading.confidence,
        effective=min(1.0, max(0.0, model.missing + known)),
        points=99 * weight * known,
        reason=_reason(reading),
    )


def round_half_up(value: float) -> int:
    """Round to the nearest integer, halves up: 62.5 -> 63, and 62.4999999999 -> 63 too.

    Python's `round` goes half to even, a surprise to meet at a threshold; binary fractions that
    should be a half may lie a hair below it, hence the tolerance of 1e-9.
    """
    return math.floor(value + 0.5 + 1e-9)


def _reason(reading: Reading) -> str:
    said = meaning(reading.criterion, reading.level)
    if reading.evidence:
        first = reading.evidence[0]
        return f'{said} ({first.speaker}: "{first.quote}")'
    return said


def _adjust(
    raw: float, readings: Mapping[Criterion, Reading], model: ScoreModel, fit: JudgedFit | None
) -> tuple[float, tuple[Adjustment, ...]]:
    """Apply deductions, fit, then caps; keep the result within 1..100."""
    adjustments: list[Adjustment] = []
    value = raw
    for deduction in model.deductions:
        if _at_most(readings[deduction.criterion], deduction.level_at_most):
            lowered = max(1.0, value - deduction.points)
            reason = f"{deduction.criterion} is at level {deduction.level_at_most} or lower"
            adjustments.append(Adjustment(kind="deduction", points=lowered - value, reason=reason))
            value = lowered
    if fit is not None and fit.points:
        moved = min(100.0, max(1.0, value + fit.points))
        adjustments.append(Adjustment(kind="fit", points=moved - value, reason=_fit_reason(fit)))
        value = moved
    for cap in model.caps:
        if _at_most(readings[cap.criterion], cap.level_at_most) and value > cap.score_at_most:
            reason = (
                f"{cap.criterion} is at level {cap.level_at_most} or lower: "
                f"at most {cap.score_at_most}"
            )
            points = cap.score_at_most - value
            adjustments.append(Adjustment(kind="cap", points=points, reason=reason))
            value = float(cap.score_at_most)
    return min(100.0, max(1.0, value)), tuple(adjustments)


def _at_most(reading: Reading, level: int) -> bool:
    return reading.level != NOT_DISCUSSED and reading.level <= level


def _fit_reason(fit: JudgedFit) -> str:
    """Name the facts that move the score, not what they are: those can be erased."""
    return ", ".join(
        f"{part.fact} is {'as' if part.as_wanted else 'not as'} wanted ({part.points:+g})"
        for part in fit.parts
        if part.points
    )


def _beside(model: ScoreModel, fit: JudgedFit | None) -> tuple[float, float]:
    """Return weight and value of fit in the letter: the less is known, the less it counts."""
    if model.fit is None or fit is None or fit.value is None:
        return 0.0, 0.0
    return model.fit.weight * fit.known_share, fit.value


def _grade(contributions: Iterable[Contribution], fit: tuple[float, float]) -> str:
    """Letter from budget, authority and fit, number from need and timeframe, by fixed cuts.

    Args:
        contributions: of the four criteria.
        fit: its weight and its value, 0 to 1.
    """
    by_criterion = {c.criterion: (c.weight, c.effective) for c in contributions}

    def axis(*parts: tuple[float, float]) -> int:
        weight = math.fsum(w for w, _ in parts)
        if not weight:
            return len(_GRADE_CUTS)
        mean = math.fsum(w * value for w, value in parts) / weight
        return sum(mean < cut - 1e-9 for cut in _GRADE_CUTS)

    letter = axis(by_criterion[Criterion.BUDGET], by_criterion[Criterion.AUTHORITY], fit)
    number = axis(by_criterion[Criterion.NEED], by_criterion[Criterion.TIMEFRAME])
    return f"{_LETTERS[letter]}{1 + number}"
