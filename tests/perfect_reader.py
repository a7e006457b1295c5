"""A model that reads labelled calls as their labels say: for the way through, not for quality."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bantam.domain.calls import Call
from bantam.domain.rubric import timeframe_level
from extractors.prompts import tagged_lines
from tests.openai_server import wire_reply

_LEVELS = {None: "not_discussed", 0: "0", 1: "1", 2: "2", 3: "3", 4: "4"}
_PLANS = {None: "not_discussed", 0: "no_plan", 1: "some_day"}


def read_labelled(path: Path) -> tuple[Call, dict[str, Any]]:
    """Return a labelled call and its labels; the labels never reach the call."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Call.model_validate({k: data[k] for k in Call.model_fields if k in data}), data["gold"]


def perfect_reply(call: Call, gold: Mapping[str, Any]) -> str:
    """Return the wire answer that a perfect model gives on a labelled call."""
    budget, authority, need = gold["budget"], gold["authority"], gold["need"]
    return wire_reply(
        budget={
            "evidence": _quotes(call, budget["evidence"]),
            "level": _LEVELS[budget["level"]],
            "period": budget.get("period") or "unknown",
            **{key: budget.get(key) for key in ("amount_min", "amount_max", "currency")},
        },
        authority={
            "evidence": _quotes(call, authority["evidence"]),
            "level": _LEVELS[authority["level"]],
            "decision_makers": authority.get("decision_makers") or [],
        },
        need={
            "evidence": _quotes(call, need["evidence"]),
            "level": _LEVELS[need["level"]],
            "pains": need.get("pains") or [],
        },
        timeframe=_timeframe(call, gold["timeframe"]),
    )


class PerfectReader:
    """Answers the requests that the prompt of a known call makes."""

    def __init__(self, labelled: Sequence[tuple[Call, Mapping[str, Any]]]) -> None:
        self._replies = {
            "\n".join(tagged_lines(call)): perfect_reply(call, gold) for call, gold in labelled
        }

    def __call__(self, body: Mapping[str, Any]) -> str:
        user = next(m["content"] for m in body["messages"] if m["role"] == "user")
        lines = user.split("\n")
        end = next(n for n, line in enumerate(lines) if line.startswith("<<<END"))
        return self._replies["\n".join(lines[1:end])]


def _quotes(call: Call, turns: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"turn": turn, "quote": call.turns[turn].text, "polarity": "supports"} for turn in turns
    ]


def _timeframe(call: Call, label: Mapping[str, Any]) -> dict[str, Any]:
    level, target = label["level"], label.get("target_date")
    parts: dict[str, Any] = {}
    plan = _PLANS.get(level, "plan")
    if target:
        day = date.fromisoformat(target)
        parts = {"date_kind": "exact", "year": day.year, "month": day.month, "day": day.day}
        assert timeframe_level("plan", day, call.started_at.date()) is not None
        plan = "plan"
    return {"evidence": _quotes(call, label["evidence"]), "plan": plan, **parts}
