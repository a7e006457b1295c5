"""Bantam's own fields on a deal: one table, which each vendor's mapping.py turns into its own.

Values travel as canonical text, so that "78", "78.0" and 78 are one value and a CRM that stores
CRLF or trims blanks is not taken for a person who edits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.delivery import QuotedReason, ScoreNote
from bantam.domain.rubric import meaning

MAX_TEXT = 255
MAX_LONG_TEXT = 32_000
_EPOCH_MS_DIGITS = 12
_MOST_DIGITS = 30
"""Written out in full, "1e999999999" would fill the memory."""


class FieldKind(StrEnum):
    """What a field holds."""

    NUMBER = "number"
    TEXT = "text"
    """One line, at most `MAX_TEXT` characters."""
    LONG_TEXT = "long_text"
    """Lines, at most `MAX_LONG_TEXT` characters."""
    URL = "url"
    DATETIME = "datetime"


@dataclass(frozen=True)
class CrmField:
    """One field that Bantam keeps on a deal."""

    name: str
    label: str
    kind: FieldKind
    description: str
    shows: tuple[str, ...]
    """The `ScoreNote` fields that it shows."""
    value: Callable[[ScoreNote], Any]


def _level(criterion: Criterion) -> Callable[[ScoreNote], int | None]:
    def value(note: ScoreNote) -> int | None:
        reason = next((r for r in note.reasons if r.criterion is criterion), None)
        return None if reason is None or reason.level == NOT_DISCUSSED else reason.level

    return value


def _level_field(criterion: Criterion) -> CrmField:
    return CrmField(
        criterion.value,
        f"BANT {criterion.value}",
        FieldKind.NUMBER,
        "0 (the buyer ruled it out) to 4; empty when the buyer said nothing on it",
        ("reasons",),
        _level(criterion),
    )


def summary_of(note: ScoreNote) -> str:
    """Return one line per criterion: its level and what was said, in a few words."""
    return "\n".join(
        f"{r.criterion.value.capitalize()} {_shown_level(r)}: {r.summary}" for r in note.reasons
    )


def evidence_of(note: ScoreNote) -> str:
    """Return the call, with its link, and the buyer's words with who said them and when."""
    heading = f"{note.call_title or note.call_id}, {note.called_at.astimezone(UTC):%Y-%m-%d}"
    lines = [heading, *([note.call_url] if note.call_url else [])]
    lines += [quote_line(r) for r in note.reasons if r.quote]
    lines += [fit_line(note)] if note.fit else []
    return "\n".join(lines)


def quote_line(reason: QuotedReason) -> str:
    """Return one quote as a line of text: criterion, time in the recording, speaker, words."""
    at = "" if reason.at_seconds is None else f" [{clock_time(reason.at_seconds)}]"
    return f'{reason.criterion.value.capitalize()}{at} {reason.speaker}: "{reason.quote}"'


def fit_line(note: ScoreNote) -> str:
    """Return how the buyer fits as a line of text; no words of the call."""
    return f"Fit: {note.fit}"


def clock_time(seconds: float) -> str:
    """Return h:mm:ss, or m:ss below an hour."""
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def _shown_level(reason: QuotedReason) -> str:
    if reason.level == NOT_DISCUSSED:
        return meaning(reason.criterion, reason.level)
    return f"{reason.level}/4"


CRM_FIELDS: tuple[CrmField, ...] = (
    CrmField("score", "BANT score", FieldKind.NUMBER, "1 to 100", ("points",), lambda n: n.points),
    CrmField(
        "grade",
        "BANT grade",
        FieldKind.TEXT,
        "A1 (best) to D4: letter from budget, authority and fit, number from need and timeframe",
        ("grade",),
        lambda n: n.grade,
    ),
    CrmField(
        "band", "BANT band", FieldKind.TEXT, "Stretch of the scale", ("band",), lambda n: n.band
    ),
    CrmField(
        "action", "BANT action", FieldKind.TEXT, "What to do", ("action",), lambda n: n.action
    ),
    *(_level_field(criterion) for criterion in Criterion),
    CrmField(
        "coverage",
        "BANT coverage",
        FieldKind.NUMBER,
        "How much of what counts was said, in per cent",
        ("coverage",),
        lambda n: round(100 * n.coverage),
    ),
    CrmField(
        "summary",
        "BANT summary",
        FieldKind.LONG_TEXT,
        "What the buyer said on each criterion",
        ("reasons",),
        summary_of,
    ),
    CrmField(
        "evidence",
        "BANT evidence",
        FieldKind.LONG_TEXT,
        "The buyer's own words, with the call and the time",
        ("reasons", "call_title", "call_url", "called_at", "fit"),
        evidence_of,
    ),
    CrmField(
        "next_question",
        "BANT next question",
        FieldKind.TEXT,
        "The question whose answer would teach most",
        ("next_question",),
        lambda n: n.next_question,
    ),
    CrmField(
        "read_by",
        "BANT read by",
        FieldKind.TEXT,
        "Extractor and language model that read the call",
        ("extractor", "model"),
        lambda n: " ".join(part for part in (n.extractor, n.model) if part),
    ),
    CrmField(
        "prompt_version",
        "BANT prompt version",
        FieldKind.TEXT,
        "First digits of the digest of the prompt",
        ("prompt_digest",),
        lambda n: n.prompt_digest[:12],
    ),
    CrmField(
        "score_model",
        "BANT score model",
        FieldKind.TEXT,
        "Name and version of the weights",
        ("score_model", "score_model_version"),
        lambda n: f"{n.score_model} {n.score_model_version}".strip(),
    ),
    CrmField(
        "review_link",
        "BANT review",
        FieldKind.URL,
        "Page where an AE agrees or corrects",
        ("review_url",),
        lambda n: n.review_url,
    ),
    CrmField(
        "last_call_id",
        "BANT last call id",
        FieldKind.TEXT,
        "The call that these fields speak of",
        ("call_id",),
        lambda n: n.call_id,
    ),
    CrmField(
        "last_call_link",
        "BANT last call",
        FieldKind.URL,
        "Link to the recording",
        ("call_url",),
        lambda n: n.call_url,
    ),
    CrmField(
        "last_call_at",
        "BANT last call at",
        FieldKind.DATETIME,
        "When the call started",
        ("called_at",),
        lambda n: n.called_at,
    ),
    CrmField(
        "scored_at",
        "BANT scored at",
        FieldKind.DATETIME,
        "When the score was made",
        ("scored_at",),
        lambda n: n.scored_at,
    ),
)

FIELDS_BY_NAME: Mapping[str, CrmField] = {field.name: field for field in CRM_FIELDS}

NOT_SHOWN = ("deal_id", "unscored_reason")
"""`ScoreNote` fields without a CRM field: the record itself, and what is never delivered."""


def field_values(note: ScoreNote) -> dict[str, str]:
    """Return the canonical value of every field; "" for what the note does not say."""
    return {field.name: canonical(field.kind, field.value(note)) for field in CRM_FIELDS}


def canonical(kind: FieldKind, value: object) -> str:
    """Return a value as text that compares equal however a CRM chose to store it.

    Args:
        kind: of the field.
        value: ours, or what a CRM's JSON holds. None is "". What does not parse as its kind
            (a person may type anything) is kept as trimmed text.
    """
    if value is None:
        return ""
    if kind is FieldKind.NUMBER:
        return _number(value)
    if kind is FieldKind.DATETIME:
        return _datetime(value)
    text = _clean(str(value))
    if kind is FieldKind.URL:
        # Half a link leads nowhere.
        return text if len(text) <= MAX_TEXT else ""
    if kind is FieldKind.TEXT:
        text = " ".join(text.split())
    most = MAX_LONG_TEXT if kind is FieldKind.LONG_TEXT else MAX_TEXT
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _number(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    text = str(value).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or (number and abs(number.adjusted()) > _MOST_DIGITS):
        return text
    shown = f"{number:f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown in {"-0", ""} else shown


def _datetime(value: object) -> str:
    moment = value if isinstance(value, datetime) else _parsed_time(str(value).strip())
    if isinstance(moment, str):
        return moment
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed_time(text: str) -> datetime | str:
    try:
        if text.isdecimal() and len(text) >= _EPOCH_MS_DIGITS:
            return datetime.fromtimestamp(int(text) / 1000, tz=UTC)
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return text


def _clean(text: str) -> str:
    """LF line ends, no blanks at line ends, no control characters (CRMs drop or refuse them)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or (ord(c) >= 32 and not 127 <= ord(c) < 160))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()
