"""Score models and scores: how readings become a number, and why it is that number."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field, model_validator

from bantam.domain.bant import Criterion, Level
from bantam.domain.calls import CallId
from bantam.domain.fit import FitModel, JudgedFit
from bantam.domain.value import Value, digest

_WEIGHT_TOLERANCE = 1e-6


def _is_none(value: object) -> bool:
    return value is None


class Band(Value):
    """A named stretch of the scale with what to do about it."""

    name: str
    at_least: int = Field(ge=1, le=100)
    """Lowest score of the band, inclusive."""
    action: str = ""


class Cap(Value):
    """An upper bound such as: no need, at most 40. Breaks additivity, so it is shown apart."""

    criterion: Criterion
    level_at_most: int = Field(ge=0, le=4)
    """Applies when the criterion is discussed and its level is this or lower."""
    score_at_most: int = Field(ge=1, le=100)


class Deduction(Value):
    """Points taken off when a criterion was discussed and came out at a level or lower."""

    criterion: Criterion
    level_at_most: int = Field(ge=0, le=4)
    points: float = Field(gt=0, le=99)


class Calibration(Value):
    """Platt scaling from a score to a probability of winning: 1 / (1 + exp(-(a*score + b)))."""

    slope: float = Field(ge=0)
    intercept: float
    deals: int = Field(ge=0)
    """How many closed deals it was learned from."""
    won: int = Field(ge=0)
    steps: tuple[tuple[float, float], ...] = ()
    """(score, probability), both rising: instead of the curve, straight lines between these."""

    @model_validator(mode="after")
    def _steps_rise(self) -> Calibration:
        scores, chances = [s for s, _ in self.steps], [c for _, c in self.steps]
        if scores != sorted(set(scores)) or chances != sorted(chances):
            raise ValueError("steps: scores must rise, and probabilities must not fall")
        if any(not 0 <= chance <= 1 for chance in chances):
            raise ValueError("steps: probabilities must lie between 0 and 1")
        return self

    def chance(self, points: float) -> float:
        """Return the probability of winning at a score of 1..100."""
        if not self.steps:
            logit = self.slope * points + self.intercept
            return 1 / (1 + math.exp(-max(-700.0, min(700.0, logit))))
        place = bisect_right(self.steps, (points, math.inf))
        if place in (0, len(self.steps)):
            return self.steps[max(0, place - 1)][1]
        (left, low), (right, high) = self.steps[place - 1], self.steps[place]
        return low + (high - low) * (points - left) / (right - left)


class ScoreModel(Value):
    """Weights, level values, caps, bands: a named, versioned part of bantam.toml."""

    name: str
    weights: Mapping[Criterion, float]
    """Sum to 1."""
    level_values: tuple[float, float, float, float, float] = (0.0, 0.25, 0.5, 0.75, 1.0)
    """v(0) .. v(4), non-decreasing, within [0, 1]."""
    criterion_values: Mapping[Criterion, tuple[float, float, float, float, float]] = {}
    """Level values of single criteria where they differ from `level_values`."""
    missing: float = Field(default=0.30, ge=0, le=1)
    """m: what an undiscussed criterion counts as."""
    min_coverage: float = Field(default=0.5, ge=0, le=1)
    """Below this share of weighted confidence the score says "not enough said"."""
    caps: tuple[Cap, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    bands: tuple[Band, ...] = (
        Band(name="hot", at_least=75, action="Work it this week"),
        Band(name="warm", at_least=50, action="Close the open questions"),
        Band(name="cool", at_least=25, action="Nurture"),
        Band(name="cold", at_least=1, action="Let it go unless something changes"),
    )
    calibration: Calibration | None = None
    # Left out where there is none: a model without it keeps the version that it always had.
    fit: FitModel | None = Field(default=None, exclude_if=_is_none)
    """What is wanted of buyers; None: nobody is asked about them."""

    @model_validator(mode="after")
    def _is_usable(self) -> ScoreModel:
        if set(self.weights) != set(Criterion):
            missing = ", ".join(sorted(set(Criterion) - set(self.weights)))
            raise ValueError(f"weights: every criterion needs one; missing: {missing}")
        if any(weight < 0 for weight in self.weights.values()):
            raise ValueError("weights: must not be negative")
        total = sum(self.weights.values())
        if abs(total - 1) > _WEIGHT_TOLERANCE:
            raise ValueError(f"weights: must sum to 1, they sum to {total:g}")
        for where, values in [("level_values", self.level_values), *self.criterion_values.items()]:
            if list(values) != sorted(values):
                raise ValueError(f"{where}: must not decrease from level 0 to level 4")
            if values[0] < 0 or values[-1] > 1:
                raise ValueError(f"{where}: must lie between 0 and 1")
        if not self.bands or min(band.at_least for band in self.bands) != 1:
            raise ValueError("bands: one band must start at 1")
        if len({band.at_least for band in self.bands}) != len(self.bands):
            raise ValueError("bands: two bands start at the same score")
        return self

    def value_of(self, criterion: Criterion, level: int) -> float:
        """Return v(level) of a criterion, within [0, 1]."""
        return self.criterion_values.get(criterion, self.level_values)[level]

    def band_of(self, points: int) -> Band:
        """Return the band that a score of 1..100 falls into."""
        return max((b for b in self.bands if points >= b.at_least), key=lambda b: b.at_least)

    @property
    def version(self) -> str:
        """First 12 hex digits of the digest of everything that moves a number."""
        return digest(self.model_dump(mode="json"))[:12]


class Unscored(StrEnum):
    """Why a call has no number. Never 0."""

    REFUSAL = "refusal"
    TRUNCATED = "truncated"
    CONTENT_FILTER = "content_filter"
    INVALID_JSON = "invalid_json"
    SCHEMA_MISMATCH = "schema_mismatch"
    EMPTY = "empty"
    TRANSPORT_ERROR = "transport_error"
    NOTHING_SAID = "nothing_said"
    """None of the four criteria was discussed: a number would rest on no evidence."""
    NO_TRANSCRIPT = "no_transcript"
    NO_CONSENT = "no_consent"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


class Contribution(Value):
    """What one criterion adds to the score, against knowing nothing about it."""

    criterion: Criterion
    level: Level
    weight: float
    confidence: float
    effective: float
    """e = c * v(level) + (1 - c) * m, within [0, 1]."""
    points: float
    """99 * w * (e - m). All of them plus `Score.baseline` give the raw score exactly."""
    reason: str
    """One line for people, with the buyer's words when there are any."""


class Adjustment(Value):
    """A cap, deduction or fit that moved the score after the additive part."""

    kind: Literal["cap", "deduction", "fit"]
    points: float
    """How much the score moved; only fit can raise it."""
    reason: str


class Score(Value):
    """1 to 100, or unscored with a reason."""

    extraction_id: str
    call_id: CallId
    model: str
    """Name of the score model."""
    model_version: str
    points: int | None = Field(default=None, ge=1, le=100)
    unscored_reason: Unscored | None = None
    band: str | None = None
    action: str = ""
    grade: str | None = None
    """A1 (best) to D4: letter from budget, authority and fit, number from need and timeframe."""
    baseline: float = 0.0
    """1 + 99 * m: the score of a call about which nothing is known."""
    contributions: tuple[Contribution, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    # Left out where there is none: such a score is the same as before there was fit.
    fit: JudgedFit | None = Field(default=None, exclude_if=_is_none)
    """How the buyer fits; None when the score model does not ask."""
    coverage: float = Field(default=0.0, ge=0.0, le=1.0)
    """sum(w * c): how much of what counts was actually said."""
    enough_said: bool = False
    p_win: float | None = Field(default=None, ge=0, le=1)
    """Calibrated probability of winning; None until enough deals have closed."""
    scored_at: AwareDatetime

    @model_validator(mode="after")
    def _number_or_reason(self) -> Score:
        if (self.points is None) == (self.unscored_reason is None):
            raise ValueError("a score has either points or a reason for having none")
        return self
