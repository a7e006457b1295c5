"""Labelled calls: the native call form plus `gold`, what a careful person reads in the call.

Levels follow the rubric; null is "not discussed". `gold` and everything behind it never reaches
an extractor: `GoldCall.call` holds the conversation alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Level, Period
from bantam.domain.calls import Call
from bantam.domain.value import Value, digest
from bantam.errors import EvalError

_CALL_KEYS = frozenset(
    {"id", "title", "started_at", "language", "deal_id", "participants", "turns"}
)
_SHORT_TURNS, _LONG_TURNS = 40, 120
_SENTENCE_END = (".", "?", "!", "…", '"', "”", "-", "–")


class GoldLabel(Value):
    """What one call says about one criterion, by a person's reading."""

    level: Level
    evidence: tuple[int, ...] = ()
    """0-based turns that carry it."""
    amount_min: float | None = None
    amount_max: float | None = None
    currency: str | None = None
    period: Period | None = None
    target_date: date | None = None
    """Last day of the period meant."""
    decision_makers: tuple[str, ...] = ()
    pains: tuple[str, ...] = ()
    summary: str = ""


class GoldCall(Value):
    """A call with its labels."""

    call: Call
    labels: Mapping[Criterion, GoldLabel]
    second: Mapping[Criterion, GoldLabel] = {}
    """What a second person read in the same call (`gold_second`), without seeing the first."""
    traps: tuple[str, ...] = ()
    levels_only: bool = False
    """True: nobody labelled amounts, dates or people (labels from reviews)."""

    @property
    def slices(self) -> dict[str, str]:
        """Return the groups this call belongs to."""
        turns = self.call.turns
        long = "long" if len(turns) > _LONG_TURNS else "medium"
        ended = sum(t.text.rstrip().endswith(_SENTENCE_END) for t in turns)
        return {
            "language": self.call.language,
            "length": "short" if len(turns) < _SHORT_TURNS else long,
            "transcript": "punctuated" if 2 * ended >= len(turns) else "raw",
            **({"labels": "reviews"} if self.levels_only else {}),
        }

    def position(self, criterion: Criterion) -> str | None:
        """Return in which third of the call the evidence stands; None without evidence."""
        turns = self.labels[criterion].evidence
        if not turns:
            return None
        middle = sum(turns) / len(turns) / max(1, len(self.call.turns))
        return ("first third", "middle third", "last third")[min(2, int(3 * middle))]


def read_gold(path: Path) -> GoldCall:
    """Read one labelled call.

    Raises:
        EvalError: the file is not in the gold form.
    """
    try:
        data = json.loads(path.read_bytes())
        fields = {key: value for key, value in data.items() if key in _CALL_KEYS}
        fields.setdefault("deal_id", (data.get("deal") or {}).get("id"))
        labels = {c: _label(data["gold"][c.value]) for c in Criterion}
        again = data.get("gold_second")
        return GoldCall(
            call=Call.model_validate(fields),
            labels=labels,
            second={c: _label(again[c.value]) for c in Criterion} if again else {},
            traps=tuple(data.get("traps", ())),
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EvalError(f"{path}: {place}: {first['msg']}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvalError(
            f"{path}: not a labelled call ({type(error).__name__}); it needs the native call form "
            "and gold with all four criteria"
        ) from None


def gold_calls(folder: Path) -> list[GoldCall]:
    """Read all labelled calls (*.json) of a folder, in order of their ids.

    Raises:
        EvalError: there are none, one cannot be read, or two have the same id.
    """
    found = [read_gold(path) for path in sorted(folder.glob("*.json"))]
    if not found:
        raise EvalError(f"{folder}: there are no labelled calls (*.json) in this folder")
    ids = [gold.call.id for gold in found]
    twice = next((i for i in ids if ids.count(i) > 1), None)
    if twice is not None:
        raise EvalError(f"{folder}: two labelled calls have the id {twice!r}; rename one")
    return sorted(found, key=lambda gold: gold.call.id)


def cases_digest(calls: list[GoldCall]) -> str:
    """Return a digest of calls and labels: the same digest is the same exam."""
    return digest([[g.call.transcript_digest, g.model_dump(mode="json", exclude={"call"})]
                   for g in calls])  # fmt: skip


def _label(data: dict[str, Any]) -> GoldLabel:
    level = data.get("level")
    return GoldLabel(**{**data, "level": NOT_DISCUSSED if level is None else level})
