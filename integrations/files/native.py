"""The native call format: one JSON object, or one a line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.files.sides import SideRules, with_sides

_OTHER_KEYS = frozenset({"gold", "traps", "deal", "ae"})
"""What labelled calls carry besides; never handed on, so it can never reach an extractor."""
_FIELDS = frozenset(
    {"id", "title", "started_at", "language", "deal_id", "participants", "turns", "source", "url",
     "crm_ids", "consent"}
)  # fmt: skip
_EXPECTED = {
    "missing": "this key is required",
    "extra_forbidden": "no such key in a call",
    "string_type": "expected text",
    "timezone_aware": "expected a time with its offset, such as 2026-03-02T15:00:00+00:00",
    "datetime_from_date_parsing": "expected an ISO 8601 time",
    "float_type": "expected seconds as a number, or null",
    "float_parsing": "expected seconds as a number, or null",
    "finite_number": "expected a finite number of seconds",
    "enum": "expected seller, buyer or unknown",
    "tuple_type": "expected a list",
    "model_type": "expected an object",
    "model_attributes_type": "expected an object",
    "bool_type": "expected true, false or null",
}


def is_native(data: object) -> bool:
    """Return whether parsed JSON looks like a native call: turns that name participants."""
    return isinstance(data, Mapping) and "turns" in data and "participants" in data


def loads(text: bytes, path: str, place: str) -> Any:
    """Return parsed JSON.

    Raises:
        CallFileError: it is not JSON, or it is cut; the message names line and column.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"{place}, column {error.colno}" if place else f"line {error.lineno}"
        cut = error.pos >= len(text.rstrip()) - 1
        hint = "the JSON ends too early; the file seems cut" if cut else "not JSON here"
        raise CallFileError(path, where, hint) from None


def read_native(data: Any, path: str, place: str, rules: SideRules) -> Call:
    """Return the call that a native JSON object holds.

    Turns keep their numbers, empty ones too, because labels and evidence refer to them. Times that
    run back are kept as they are: order is the order of the turns.

    Args:
        data: parsed JSON.
        path: of the file, for errors.
        place: where in the file ("line 7"), empty for the whole.
        rules: which participants are sellers.

    Raises:
        CallFileError: the shape is wrong; the message names the key and what was expected.
    """
    if not isinstance(data, Mapping):
        raise CallFileError(path, place or "top level", "expected a JSON object with a call")
    fields = {k: v for k, v in data.items() if k not in _OTHER_KEYS}
    unknown = sorted(set(fields) - _FIELDS)
    if unknown:
        raise CallFileError(path, _at(place, unknown[0]), "no such key in a call")
    deal = data.get("deal")
    if not fields.get("deal_id") and isinstance(deal, Mapping) and isinstance(deal.get("id"), str):
        fields["deal_id"] = deal["id"]
    try:
        call = Call.model_validate(fields)
    except ValidationError as error:
        raise _shape_error(error, path, place) from None
    for number, turn in enumerate(call.turns):
        if turn.start is not None and turn.end is not None and turn.end < turn.start:
            where = _at(place, f"turns[{number}].end")
            raise CallFileError(path, where, "expected a time not before start")
        if any(t is not None and not math.isfinite(t) for t in (turn.start, turn.end)):
            where = _at(place, f"turns[{number}]")
            raise CallFileError(path, where, "expected finite times in seconds")
    people = with_sides(call.participants, rules)
    return call if people == call.participants else call.model_copy(update={"participants": people})


def _shape_error(error: ValidationError, path: str, place: str) -> CallFileError:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"]).lstrip(".")
    if first["type"] == "value_error":  # ours: says the place itself
        message = first["msg"].removeprefix("Value error, ")
        key, _, expected = message.partition(": ")
        return CallFileError(path, _at(place, key), expected or message)
    expected = _EXPECTED.get(first["type"], f"not a usable value ({first['type']})")
    return CallFileError(path, _at(place, where or "top level"), expected)


def _at(place: str, key: str) -> str:
    return f"{place}, {key}" if place else key
