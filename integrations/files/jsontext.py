"""Parsed JSON, exact or an error with its place; what other programs write wrongly is put right."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from bantam.errors import CallFileError
from integrations.files.encoding import decoded, encoding_of
from integrations.speech import without_controls

_WRITTEN_WRONGLY = re.compile(rb"\bNaN\b|\bInfinity\b|\\u[dD][89a-fA-F]")
"""Numbers that JSON does not have, and halves of characters: Python writes both."""
_MENDED = ("infinity", "control character")
"""What orjson says of numbers too large for a float, and of line ends inside a string."""
_CONTROL = re.compile(rb"\\u00(?:[01]|7[fF])|\\[bf]")
_TOO_DEEP = "expected a call; this is nested too deeply"


def loads(data: bytes, path: str, place: str) -> Any:
    """Return parsed JSON. NaN and Infinity are null; a half of a character is U+FFFD.

    Args:
        data: a whole document, or a line of one.
        path: of the file, for errors.
        place: of the line, for errors; empty for a whole document.

    Raises:
        CallFileError: it is not JSON, or it is cut; the message names line and column.
    """
    mark, encoding = encoding_of(data)
    text = data[len(mark) :] if encoding == "utf-8" else decoded(data, path).encode()
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        _decodable(text, path, place)
        mendable = _WRITTEN_WRONGLY.search(text) or any(m in error.msg for m in _MENDED)
        parsed = _forgiving(text) if mendable else None
        if parsed is None:
            raise _syntax_error(error, path, place) from None
        return _scrubbed(parsed, path, place)
    return _scrubbed(parsed, path, place) if _CONTROL.search(text) else parsed


def _decodable(text: bytes, path: str, place: str) -> None:
    try:
        decoded(text, path)
    except CallFileError as error:
        where = f"{place}, {error.place}" if place else error.place
        raise CallFileError(path, where, error.expected) from None


def _forgiving(text: bytes) -> Any:
    try:
        return json.loads(text, strict=False, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _syntax_error(error: orjson.JSONDecodeError, path: str, place: str) -> CallFileError:
    where = f"{place}, column {error.colno}" if place else f"line {error.lineno}"
    if "depth limit" in error.msg:
        return CallFileError(path, where, _TOO_DEEP)
    if "end of data" in error.msg or "zero-length" in error.msg:
        return CallFileError(path, where, "the JSON ends too early; the file seems cut")
    if "content after" in error.msg and not place:
        return CallFileError(path, where, "expected one JSON value; a call a line is *.jsonl")
    return CallFileError(path, where, "not JSON here")


def _scrubbed(value: Any, path: str, place: str) -> Any:
    try:
        return _clean(value)
    except RecursionError:
        raise CallFileError(path, place or "top level", _TOO_DEEP) from None


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return without_controls(whole)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_clean(v) for v in value]
    if isinstance(value, dict):
        return {k: _clean(v) for k, v in value.items()}
    return value
