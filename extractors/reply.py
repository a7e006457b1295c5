"""The wire schema: what is asked of a language model, and how its answer is read.

Kept to what every server's schema compiler takes: objects, strings, integers, enums, arrays
and nullable scalars; all required, no defaults, no references, evidence before the level it
must carry. Key order is part of the schema: models write in that order.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from bantam.domain.value import digest

SCHEMA_NAME = "bant"
DATE_KINDS = ("exact", "month", "quarter", "half", "year", "relative", "event", "none")

_Level = Literal["not_discussed", "0", "1", "2", "3", "4"]
_Confidence = Literal["low", "medium", "high"]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class QuoteReply(_Wire):
    """Words that the model says stand in a turn."""

    turn: int
    quote: str
    polarity: Literal["supports", "contradicts"]


class BudgetReply(_Wire):
    """Money, as the model read it. Amounts in whole units of the currency."""

    evidence: list[QuoteReply]
    summary: str
    amount_text: str | None
    amount_min: int | None
    amount_max: int | None
    currency: str | None
    period: Literal["year", "month", "one_time", "unknown"]
    level: _Level
    confidence: _Confidence


class AuthorityReply(_Wire):
    """Who decides, as the model read it."""

    evidence: list[QuoteReply]
    summary: str
    decision_makers: list[str]
    level: _Level
    confidence: _Confidence


class NeedReply(_Wire):
    """What hurts, as the model read it."""

    evidence: list[QuoteReply]
    summary: str
    pains: list[str]
    level: _Level
    confidence: _Confidence


class TimeframeReply(_Wire):
    """When, as the model read it: words and their parts. The level is computed from them."""

    evidence: list[QuoteReply]
    summary: str
    date_text: str | None
    date_kind: Literal["exact", "month", "quarter", "half", "year", "relative", "event", "none"]
    year: int | None
    quarter: int | None
    month: int | None
    day: int | None
    offset_days: int | None
    refers_to: Literal["decision", "signature", "go_live", "evaluation", "unknown"]
    plan: Literal["plan", "some_day", "no_plan", "not_discussed"]
    confidence: _Confidence


class BantReply(_Wire):
    """A model's whole answer."""

    injection_turns: list[int]
    budget: BudgetReply
    authority: AuthorityReply
    need: NeedReply
    timeframe: TimeframeReply


@cache
def _schema() -> dict[str, Any]:
    raw = BantReply.model_json_schema()
    inlined = _inline(raw, raw.get("$defs", {}))
    assert isinstance(inlined, dict)
    return inlined


def wire_schema() -> dict[str, Any]:
    """Return the JSON schema to send; a copy, free to be changed."""
    return copy.deepcopy(_schema())


@cache
def schema_digest() -> str:
    """Return the digest of the wire schema, key order included."""
    return digest(list(_in_order(_schema())))


def _inline(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inline(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(definitions[node["$ref"].removeprefix("#/$defs/")], definitions)
    # "title" and "description" say nothing to a model that the prompt does not say better.
    kept = {k: v for k, v in node.items() if k not in {"$defs", "title", "description"}}
    if "properties" in kept:
        kept["properties"] = {
            name: _inline(value, definitions) for name, value in kept["properties"].items()
        }
        kept["required"] = list(kept["properties"])
        return kept
    return {key: _inline(value, definitions) for key, value in kept.items()}


def _in_order(node: Any) -> list[Any]:
    """Return `node` as nested lists, because a digest of mappings would not see their order."""
    if isinstance(node, dict):
        return [[key, _in_order(value)] for key, value in node.items()]
    if isinstance(node, list):
        return [_in_order(item) for item in node]
    return [node]
