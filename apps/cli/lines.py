"""The machine-readable form of a scored call: one JSON object a line, or one CSV row.

Version 1 of the schema; documented in docs/score-lines.md. Fields are only ever added within a
version. A consumer finds the version in `schema`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from apps.cli.plain_text import one_line
from bantam.domain.bant import Criterion, Extraction, Flag, Level, Reading, ReadingValue
from bantam.domain.calls import Call
from bantam.domain.evidence import Rejection
from bantam.domain.fit import Fact, JudgedFit
from bantam.domain.score import Score
from bantam.errors import BantamError, CallFileError

SCHEMA: Literal["bantam.score/1"] = "bantam.score/1"


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EvidenceLine(_Line):
    """The transcript's own words behind a reading."""

    turn: int
    """0-based number of the turn."""
    quote: str
    speaker: str
    start: float | None
    """Seconds into the recording."""
    end: float | None


class RejectedLine(_Line):
    """A claimed quote that did not pass the gates."""

    turn: int | None
    quote: str
    reason: Rejection


class ReadingLine(_Line):
    """What the call says about one criterion."""

    level: Level
    value: ReadingValue | None
    summary: str
    evidence: tuple[EvidenceLine, ...]
    rejected: tuple[RejectedLine, ...]
    flags: tuple[Flag, ...]
    confidence: float


class FactLine(_Line):
    """One fact about the buyer that the score model looks at."""

    known: str | None
    """As the CRM or data vendor told it."""
    as_wanted: bool | None
    """None when it is not known."""
    points: float
    """What it adds to the score, or takes off."""


class FitLine(_Line):
    """How the buyer fits."""

    value: float | None
    """Share of the known facts that are as wanted; None when nothing is known."""
    known_share: float
    facts: dict[Fact, FactLine]
    source: str
    trouble: str
    """Who could not be asked, and why."""


class ScoreLine(_Line):
    """One call."""

    schema_: Literal["bantam.score/1"] = SCHEMA
    call_id: str
    deal_id: str | None
    title: str
    started_at: str
    """ISO 8601 with offset."""
    score: int | None
    unscored_reason: str | None
    unscored_detail: str | None
    """Why there is no answer, for people: what the model server said, and such."""
    band: str | None
    grade: str | None
    coverage: float
    enough_said: bool
    p_win: float | None
    score_model: str
    score_model_version: str
    contributions: dict[Criterion, float]
    """Points against knowing nothing; with `baseline` and `adjustments` they give the score."""
    baseline: float
    adjustments: tuple[dict[str, Any], ...]
    fit: FitLine | None
    """None when the score model does not ask for it."""
    extractor: str
    model: str
    prompt_digest: str
    mode: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float | None
    readings: dict[Criterion, ReadingLine]
    """All four, or none when the call could not be read."""


class ErrorLine(_Line):
    """A file, or a place in one, that could not be read as a call."""

    schema_: Literal["bantam.score/1"] = SCHEMA
    error: str
    path: str | None
    place: str | None
    expected: str | None


def score_line(call: Call, extraction: Extraction, score: Score) -> ScoreLine:
    """Return one call's line."""
    run = extraction.run
    return ScoreLine(
        call_id=call.id,
        deal_id=call.deal_id,
        title=call.title,
        started_at=call.started_at.isoformat(),
        score=score.points,
        unscored_reason=score.unscored_reason,
        unscored_detail=extraction.detail or None,
        band=score.band,
        grade=score.grade,
        coverage=round(score.coverage, 4),
        enough_said=score.enough_said,
        p_win=score.p_win,
        score_model=score.model,
        score_model_version=score.model_version,
        contributions={c.criterion: round(c.points, 4) for c in score.contributions},
        baseline=round(score.baseline, 4),
        adjustments=tuple(a.model_dump(mode="json") for a in score.adjustments),
        fit=_fit_line(score.fit) if score.fit else None,
        extractor=run.extractor,
        model=run.model,
        prompt_digest=run.prompt_digest,
        mode=run.mode,
        input_tokens=run.usage.input_tokens,
        cached_tokens=run.usage.cached_tokens,
        output_tokens=run.usage.output_tokens,
        cost_usd=run.usage.cost_usd,
        readings={c: _reading_line(extraction.readings[c]) for c in extraction.readings},
    )


def error_line(error: BantamError) -> ErrorLine:
    """Return the line that stands in the place of a call that could not be read."""
    file_error = error if isinstance(error, CallFileError) else None
    return ErrorLine(
        error=str(error),
        path=file_error.path if file_error else None,
        place=file_error.place if file_error else None,
        expected=file_error.expected if file_error else None,
    )


def as_json(line: ScoreLine | ErrorLine) -> str:
    """Return the line as JSON without line breaks; the first key is `schema`."""
    data = line.model_dump(mode="json")
    return _dumps({"schema": data.pop("schema_"), **data})


CSV_COLUMNS = (
    "call_id",
    "deal_id",
    "title",
    "started_at",
    "score",
    "unscored_reason",
    "band",
    "grade",
    *(c.value for c in Criterion),
    "coverage",
    "extractor",
    "error",
)


def csv_row(line: ScoreLine | ErrorLine) -> list[str]:
    """Return the line as CSV cells, in the order of `CSV_COLUMNS`."""
    cells: dict[str, Any] = line.model_dump(mode="json")
    if isinstance(line, ScoreLine):
        cells |= {c.value: r.level for c, r in line.readings.items()}
    return [csv_cell(cells.get(column)) for column in CSV_COLUMNS]


def csv_cell(value: Any) -> str:
    """Return a value as a CSV cell: empty for None.

    Text is one line of what can be printed; what a spreadsheet would run as a formula gets a
    quote in front.
    """
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = one_line(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text


def _fit_line(fit: JudgedFit) -> FitLine:
    return FitLine(
        value=None if fit.value is None else round(fit.value, 4),
        known_share=round(fit.known_share, 4),
        facts={
            p.fact: FactLine(known=p.known or None, as_wanted=p.as_wanted, points=p.points)
            for p in fit.parts
        },
        source=fit.source,
        trouble=fit.trouble,
    )


def _reading_line(reading: Reading) -> ReadingLine:
    return ReadingLine(
        level=reading.level,
        value=reading.value,
        summary=reading.summary,
        evidence=tuple(
            EvidenceLine(turn=e.turn, quote=e.quote, speaker=e.speaker, start=e.start, end=e.end)
            for e in reading.evidence
        ),
        rejected=tuple(
            RejectedLine(turn=r.turn, quote=r.quote, reason=r.reason) for r in reading.rejected
        ),
        flags=reading.flags,
        confidence=round(reading.confidence, 4),
    )


def _dumps(data: dict[str, Any]) -> str:
    import orjson  # noqa: PLC0415 - only the commands that print JSON need it

    return orjson.dumps(data).decode()
