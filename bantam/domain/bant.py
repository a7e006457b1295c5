"""Budget, Authority, Need and Timeframe: what one call says about each, and how we know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from bantam.domain.calls import CallId
from bantam.domain.evidence import Evidence, RejectedEvidence
from bantam.domain.value import Value, digest


class Criterion(StrEnum):
    """The four questions. Order is the order of every table and prompt."""

    BUDGET = "budget"
    AUTHORITY = "authority"
    NEED = "need"
    TIMEFRAME = "timeframe"


NOT_DISCUSSED: Literal["not_discussed"] = "not_discussed"

Level = Literal["not_discussed", 0, 1, 2, 3, 4]
"""0 = the buyer ruled it out, 4 = as good as it gets. "Not asked" is not "said no"."""


class Flag(StrEnum):
    """Something a person should know about a reading."""

    UNGROUNDED = "ungrounded"
    """A level was claimed and no quote passed the gates: the reading is not discussed."""
    CAPPED = "capped"
    """A gate lowered the claimed level."""
    ADDED_NEGATION = "added_negation"
    """The sentence around the quote holds a negation that the quote left out."""
    ADDED_NUMBER = "added_number"
    HYPOTHETICAL = "hypothetical"
    UNAPPROVED = "unapproved"
    """An amount is named, and in the same breath that nobody has approved it."""
    VALUE_DIFFERS = "value_differs"
    """The words parse to another amount or date than was claimed; the parse is kept."""
    UNKNOWN_SIDE = "unknown_side"
    """Said by somebody whose side is not known: confidence at most one half."""
    REPAIRED_TURN = "repaired_turn"
    """The words stand in another turn than the one cited."""
    CONTRADICTED = "contradicted"
    """The call also holds words that say otherwise."""
    DATE_PASSED = "date_passed"
    NO_DATE = "no_date"
    """A plan is stated, without words that resolve to a date."""
    REVIEWED = "reviewed"
    """A person confirmed or corrected the level."""


class Period(StrEnum):
    """What an amount of money is for."""

    YEAR = "year"
    MONTH = "month"
    ONE_TIME = "one_time"
    UNKNOWN = "unknown"


class BudgetValue(Value):
    """Money as said. Whole units of `currency`; `amount_min` <= `amount_max`."""

    kind: Literal["budget"] = "budget"
    amount_min: int | None = Field(default=None, ge=0)
    amount_max: int | None = Field(default=None, ge=0)
    currency: str | None = None
    """ISO 4217, or None when the words do not say."""
    period: Period = Period.UNKNOWN
    text: str | None = None
    """The words the amount was read from."""


class AuthorityValue(Value):
    """Who decides, as said."""

    kind: Literal["authority"] = "authority"
    decision_makers: tuple[str, ...] = ()


class NeedValue(Value):
    """What hurts, in a few words each."""

    kind: Literal["need"] = "need"
    pains: tuple[str, ...] = ()


class Plan(StrEnum):
    """What kind of statement a timeframe is."""

    PLAN = "plan"
    SOME_DAY = "some_day"
    NO_PLAN = "no_plan"


class TimeframeValue(Value):
    """When they want to buy (else go live)."""

    kind: Literal["timeframe"] = "timeframe"
    plan: Plan
    target_date: date | None = None
    """The last day of the period meant."""
    text: str | None = None
    """The words the date was read from."""


ReadingValue = Annotated[
    BudgetValue | AuthorityValue | NeedValue | TimeframeValue, Field(discriminator="kind")
]


class Reading(Value):
    """What one call says about one criterion."""

    criterion: Criterion
    level: Level
    claimed_level: Level = NOT_DISCUSSED
    """What the extractor claimed before the gates."""
    value: ReadingValue | None = None
    summary: str = ""
    """At most a sentence, in the extractor's words; empty when it has none."""
    evidence: tuple[Evidence, ...] = ()
    rejected: tuple[RejectedEvidence, ...] = ()
    flags: tuple[Flag, ...] = ()
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    """0 when not discussed, else how far the evidence carries the level."""

    @model_validator(mode="after")
    def _no_level_on_no_evidence(self) -> Reading:
        if self.level != NOT_DISCUSSED and not self.evidence and Flag.REVIEWED not in self.flags:
            raise ValueError(f"{self.criterion}: level {self.level} without evidence")
        if self.level == NOT_DISCUSSED and self.confidence:
            raise ValueError(f"{self.criterion}: not discussed has confidence 0")
        return self

    @classmethod
    def not_discussed(cls, criterion: Criterion) -> Reading:
        """Return the reading of a call that says nothing on `criterion`."""
        return cls(criterion=criterion, level=NOT_DISCUSSED)


class ExtractionOutcome(StrEnum):
    """How asking an extractor ended. Anything but OK leaves the call unscored, never 0."""

    OK = "ok"
    REFUSAL = "refusal"
    TRUNCATED = "truncated"
    CONTENT_FILTER = "content_filter"
    INVALID_JSON = "invalid_json"
    SCHEMA_MISMATCH = "schema_mismatch"
    EMPTY = "empty"
    TRANSPORT_ERROR = "transport_error"
    NO_CONSENT = "no_consent"
    """Nobody was asked: the source does not state the participants' consent."""
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    """The extractor does not know the language: what it found would be a guess."""


class Usage(Value):
    """What a reading cost. Tokens summed over all requests of the extraction."""

    requests: int = Field(default=0, ge=0)
    input_tokens: int = Field(default=0, ge=0)
    """All prompt tokens, cached ones included."""
    cached_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cost_usd: float | None = Field(default=None, ge=0)
    """None when the price table has no line for the model."""
    seconds: float = Field(default=0.0, ge=0)
    """Wall time spent waiting for the model."""

    def __add__(self, other: Usage) -> Usage:
        known = [u.cost_usd for u in (self, other) if u.cost_usd is not None]
        return Usage(
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=sum(known) if known else None,
            seconds=self.seconds + other.seconds,
        )


class RunRecord(Value):
    """How an extraction was made: enough to make it again, and to never pay for it twice."""

    extractor: str
    """"embedded" or "model"; "none" when the call may not be read."""
    extractor_version: str
    model: str = ""
    """The model's name as configured; empty for the embedded extractor."""
    served_model: str = ""
    """The model's name as the server reports it."""
    prompt_digest: str = ""
    """SHA-256 of the prompt templates as rendered without a call."""
    schema_digest: str = ""
    parameters_digest: str = ""
    sample: int = Field(default=0, ge=0)
    """k: which of several answers to the same question this is."""
    mode: str = ""
    """Which rung of the structured-output ladder answered: json_schema, tool, json_object, text."""
    repaired: bool = False
    """True when the first answer was malformed and one repair was asked for."""
    recovered_from_reasoning: bool = False
    chunks: int = Field(default=1, ge=1)
    """Into how many pieces the transcript was split."""
    usage: Usage = Usage()
    started_at: AwareDatetime
    finished_at: AwareDatetime

    @property
    def version_key(self) -> str:
        """SHA-256 naming the reader: extractor, model, prompt, schema, parameters, sample."""
        return digest(
            self.extractor,
            self.extractor_version,
            self.model,
            self.prompt_digest,
            self.schema_digest,
            self.parameters_digest,
            self.sample,
        )


class Extraction(Value):
    """The four readings of a call plus how they were made."""

    call_id: CallId
    transcript_digest: str
    outcome: ExtractionOutcome
    detail: str = ""
    """Why the outcome is not OK, for people; never transcript text."""
    readings: Mapping[Criterion, Reading]
    """All four when the outcome is OK, else empty."""
    run: RunRecord
    injection_turns: tuple[int, ...] = ()
    """Turns that address the reader of the transcript; never evidence."""

    @model_validator(mode="after")
    def _all_four_or_none(self) -> Extraction:
        expected = set(Criterion) if self.outcome is ExtractionOutcome.OK else set()
        if set(self.readings) != expected:
            raise ValueError(f"readings: outcome {self.outcome} needs {sorted(expected) or 'none'}")
        return self

    @property
    def id(self) -> str:
        """Digest of the call's words and the reader: the same question has the same id."""
        return digest(self.call_id, self.transcript_digest, self.run.version_key)

    @property
    def mostly_ungrounded(self) -> bool:
        """True when more than half of the claimed readings lost all their evidence."""
        claimed = [r for r in self.readings.values() if r.claimed_level != NOT_DISCUSSED]
        fallen = [r for r in claimed if Flag.UNGROUNDED in r.flags]
        return 2 * len(fallen) > len(claimed)
