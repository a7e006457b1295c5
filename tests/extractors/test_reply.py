"""The wire schema stays within what every server's compiler takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from llguidance import LLMatcher

from extractors.reply import BantReply, schema_digest, wire_schema
from tests.openai_server import wire_reply

ALLOWED = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "anyOf",
    "enum",
}


def nodes(node: Any, depth: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    yield node, depth
    for child in node.get("properties", {}).values():
        yield from nodes(child, depth + 1)
    for child in (*node.get("anyOf", ()), *([node["items"]] if "items" in node else ())):
        yield from nodes(child, depth)


def test_the_schema_is_in_the_strict_subset_and_within_azures_limits() -> None:
    everything = list(nodes(wire_schema()))

    assert {key for node, _ in everything for key in node} <= ALLOWED
    objects = [node for node, _ in everything if node.get("type") == "object"]
    assert all(node["additionalProperties"] is False for node in objects)
    assert all(list(node["properties"]) == node["required"] for node in objects)
    assert sum(len(node["properties"]) for node in objects) <= 100
    assert max(depth for _, depth in everything) <= 5
    assert sum(len(node.get("enum", ())) for node, _ in everything) <= 500


def test_evidence_comes_before_what_it_must_carry() -> None:
    for part in BantReply.model_fields.values():
        fields = list(getattr(part.annotation, "model_fields", {}))
        if fields:
            assert fields[0] == "evidence"
            assert fields.index("summary") < fields.index("plan" if "plan" in fields else "level")


def test_no_field_asks_the_model_for_a_score_or_the_level_of_a_timeframe() -> None:
    text = json.dumps(wire_schema())

    assert "score" not in text
    assert "level" not in wire_schema()["properties"]["timeframe"]["properties"]


def test_the_grammar_engine_of_inference_servers_compiles_it() -> None:
    grammar = LLMatcher.grammar_from_json_schema(json.dumps(wire_schema()))

    assert LLMatcher.validate_grammar(grammar) == ""


def test_schema_and_validation_agree() -> None:
    reply = json.loads(wire_reply())
    validator = Draft202012Validator(wire_schema())

    assert validator.is_valid(reply)
    BantReply.model_validate(reply)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"budget": {"level": 2}}, id="a number for a level"),
        pytest.param({"budget": {"level": "5"}}, id="no such level"),
        pytest.param({"need": {"extra": 1}}, id="an unknown key"),
        pytest.param({"timeframe": {"plan": None}}, id="null where none may be"),
        pytest.param({"budget": {"evidence": [{"turn": 1}]}}, id="half a quote"),
    ],
)
def test_what_the_schema_refuses_validation_refuses(change: dict[str, Any]) -> None:
    reply = json.loads(wire_reply(**change))

    assert not Draft202012Validator(wire_schema()).is_valid(reply)
    with pytest.raises(ValueError, match="validation error"):
        BantReply.model_validate_json(json.dumps(reply))


def test_a_caller_cannot_change_the_schema_of_the_next() -> None:
    before = schema_digest()
    wire_schema()["properties"].clear()

    assert wire_schema()["properties"]
    assert schema_digest() == before
