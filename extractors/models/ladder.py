"""Ways of asking for structured output, from the strictest down, and reading what comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import ValidationError

from bantam.domain.bant import ExtractionOutcome
from bantam.domain.value import Value
from extractors.reply import SCHEMA_NAME, BantReply, wire_schema


class Mode(StrEnum):
    """The rungs, in order; a server that refuses one is asked by the next."""

    JSON_SCHEMA = "json_schema"
    TOOL = "tool"
    JSON_OBJECT = "json_object"
    TEXT = "text"

    @property
    def below(self) -> Mode | None:
        """The next rung down, or None."""
        rungs = list(Mode)
        place = rungs.index(self) + 1
        return rungs[place] if place < len(rungs) else None


def format_fields(mode: Mode, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request fields that ask for `schema` on one rung."""
    if mode is Mode.JSON_SCHEMA:
        strict = {"name": name, "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": strict}}
    if mode is Mode.TOOL:
        function = {"name": name, "strict": True, "parameters": schema}
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": name}},
        }
    return {"response_format": {"type": "json_object"}} if mode is Mode.JSON_OBJECT else {}


@cache
def _bant_format(mode: Mode) -> dict[str, Any]:
    return format_fields(mode, SCHEMA_NAME, wire_schema())


@cache
def _shown_schema() -> str:
    schema = json.dumps(wire_schema(), separators=(",", ":"))
    return f"\n\nThe JSON object must validate against this JSON schema:\n{schema}"


def request_parts(mode: Mode, system: str, turns: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return the messages and format fields of a request on one rung.

    The lower two rungs show the schema in the system message: there nothing else carries it.
    """
    if mode in {Mode.JSON_OBJECT, Mode.TEXT}:
        system += _shown_schema()
    return {"messages": [{"role": "system", "content": system}, *turns], **_bant_format(mode)}


class Said(Value):
    """A completion, read."""

    outcome: ExtractionOutcome
    reply: BantReply | None = None
    text: str = ""
    """What the model wrote, to be shown to it again when it is asked to repair."""
    problem: str = ""
    """What was wrong with it: places and kinds, never its words."""
    from_reasoning: bool = False


_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_APOLOGY = re.compile(
    r"(?:i'?m|i am)? ?(?:sorry|unable)|i (?:can'?t|cannot|can not|won'?t|must decline)",
    re.IGNORECASE,
)
_PROBLEMS_SHOWN = 8


def read_completion(completion: Mapping[str, Any]) -> Said:
    """Return what a completion holds: a valid reply, or the outcome that it ends as."""
    choice = completion["choices"][0]
    message = choice["message"]
    finish = choice.get("finish_reason")
    if message.get("refusal"):
        return Said(outcome=ExtractionOutcome.REFUSAL, problem="the model refused")
    text = text_of(message)
    if finish == "content_filter":
        return Said(outcome=ExtractionOutcome.CONTENT_FILTER, problem="stopped by content filter")
    said = _validated(text) if text.strip() else _from_reasoning(message)
    if finish == "length" and said.outcome is not ExtractionOutcome.OK:
        return Said(outcome=ExtractionOutcome.TRUNCATED, problem="cut at the output token limit")
    return said


def text_of(message: Mapping[str, Any]) -> str:
    """Return what an assistant's message says: a tool call's arguments, else its content."""
    for call in message.get("tool_calls") or ():
        arguments = (call.get("function") or {}).get("arguments")
        if arguments:
            return arguments if isinstance(arguments, str) else json.dumps(arguments)
    content = message.get("content") or ""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return str(content)


def _from_reasoning(message: Mapping[str, Any]) -> Said:
    """Read the answer where reasoning parsers of some servers leave it by mistake."""
    thought = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thought, str):
        said = _validated(thought)
        if said.outcome is ExtractionOutcome.OK:
            return said.model_copy(update={"from_reasoning": True})
    return Said(outcome=ExtractionOutcome.EMPTY, problem="the answer holds no text")


def _validated(text: str) -> Said:
    bare = bare_json(text)
    try:
        reply = BantReply.model_validate_json(bare)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        if problems[0]["type"] != "json_invalid":
            shown = [f"{_place(p['loc'])}: {p['type']}" for p in problems[:_PROBLEMS_SHOWN]]
            outcome = ExtractionOutcome.SCHEMA_MISMATCH
            return Said(outcome=outcome, text=text, problem="; ".join(shown))
        if "{" not in text and _APOLOGY.match(text.strip()):
            return Said(outcome=ExtractionOutcome.REFUSAL, problem="the model refused in prose")
        return Said(outcome=ExtractionOutcome.INVALID_JSON, text=text, problem="not valid JSON")
    return Said(outcome=ExtractionOutcome.OK, reply=reply, text=bare)


def _place(location: Sequence[int | str]) -> str:
    # Keys that a model made up could hold words of the transcript.
    known = [str(part) if isinstance(part, int) or part in _keys() else "?" for part in location]
    return ".".join(known) or "answer"


@cache
def _keys() -> frozenset[str]:
    return frozenset(re.findall(r'"(\w+)": ?\{', json.dumps(wire_schema())))


def bare_json(text: str) -> str:
    """Return the JSON object in `text`, without thoughts, code fences and prose around it."""
    text = _THOUGHT.sub("", text).strip()
    if text.startswith("{"):
        return text
    fenced = _FENCED.search(text)
    if fenced:
        text = fenced.group(1).strip()
    first, last = text.find("{"), text.rfind("}")
    return text[first : last + 1] if 0 <= first < last else text
