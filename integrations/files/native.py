"""The native call format: one JSON object, or one a line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.files.origin import MAX_ID_CHARS, Origin
from integrations.files.sides import SideRules, with_sides
from integrations.speech import language_tag, seconds_of
from integrations.transcripts.lines import MAX_ROWS

_OPTIONAL = (
    "title", "language", "deal_id", "source", "url", "crm_ids", "consent", "started_at_is_guess"
)  # fmt: skip
_FIELDS = frozenset({"id", "started_at", "participants", "turns", *_OPTIONAL})
_LABELS = frozenset({"gold", "traps", "deal", "ae"})
"""What labelled calls carry besides; never handed on, so it can never reach an extractor."""
_TAG = re.compile(r"[a-z]{2,3}")
_EXPECTED = {
    "missing": "this key is required",
    "string_type": "expected text",
    "timezone_aware": "expected a time with its offset, such as 2026-03-02T15:00:00+00:00",
    "float_type": "expected seconds as a number, or null",
    "float_parsing": "expected seconds as a number, or null",
    "finite_number": "expected a finite number of seconds",
    "enum": "expected seller, buyer or unknown",
    "int_from_float": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a smaller number",
    "int_type": "expected a whole number",
    "list_type": "expected a list",
    "tuple_type": "expected a list",
    "model_type": "expected an object",
    "model_attributes_type": "expected an object",
    "bool_type": "expected true, false or null",
    "bool_parsing": "expected true, false or null",
    "greater_than_equal": "expected a time from 1970 to 2199",
    "less_than": "expected a time from 1970 to 2199",
    "string_pattern_mismatch": "expected text without control characters",
    "string_too_short": "expected text that is not empty",
    "value_error": "expected the id of a participant",
}


def is_native(data: object) -> bool:
    """Return whether parsed JSON looks like a native call: it has turns."""
    return isinstance(data, Mapping) and "turns" in data


def read_native(data: Mapping[str, Any], origin: Origin, rules: SideRules) -> Call:
    """Return the call that a native JSON object holds.

    Turns keep their numbers, empty ones too, because labels and evidence refer to them. Times that
    run back are kept as they are: order is the order of the turns. A time that cannot be (negative,
    NaN) is none; an end before its start is the start. Keys that a call does not have are left
    out, unless they look like one that is missing, misspelt.

    Args:
        data: parsed JSON.
        origin: lends id and date when the call states none, and its place for errors.
        rules: which participants are sellers.

    Raises:
        CallFileError: the shape is wrong; the message names the key and what was expected.
    """
    _refuse_misspelt(data, origin)
    fields = {key: data[key] for key in _OPTIONAL if data.get(key) is not None}
    fields["id"] = _id(data, "id", origin) or origin.call_id
    fields["language"] = _language(fields.get("language"))
    fields["deal_id"] = _id(data, "deal_id", origin) or _labelled_deal(data)
    fields["started_at"] = data.get("started_at")
    if fields["started_at"] is None:
        fields["started_at"], fields["started_at_is_guess"] = origin.started_at
    fields["participants"] = _participants(data.get("participants"), origin)
    fields["turns"] = _turns(data["turns"], origin)
    try:
        call = Call.model_validate(fields, extra="ignore")
    except ValidationError as error:
        raise shape_error(error, origin) from None
    people = with_sides(call.participants, rules)
    return call if people == call.participants else call.model_copy(update={"participants": people})


def shape_error(error: ValidationError, origin: Origin, under: str = "") -> CallFileError:
    """Return what is wrong with the shape of JSON, first thing first; never with its values.

    Args:
        error: what pydantic says.
        origin: of the call.
        under: the key of the part that was validated, empty for the whole.
    """
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    keys = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"])
    where = f"{under}{keys}".lstrip(".")
    if first["type"] == "value_error":  # ours, and says the place itself
        where = first["msg"].removeprefix("Value error, ").partition(": ")[0]
    kind = first["type"]
    if kind.startswith(("datetime_", "date_")):
        return origin.error(where, "expected an ISO 8601 time")
    return origin.error(where, _EXPECTED.get(kind, f"not a usable value ({kind})"))


def _refuse_misspelt(data: Mapping[str, Any], origin: Origin) -> None:
    missing = {_plain(key): key for key in _FIELDS if key not in data}
    for key in data.keys() - _FIELDS - _LABELS:
        close = difflib.get_close_matches(_plain(key), missing, n=1, cutoff=0.88)
        if close:
            meant = missing[close[0]]
            raise origin.error(meant, f"no such key, but one much like it; is it {meant!r}?")


def _plain(key: str) -> str:
    return key.casefold().replace("_", "").replace("-", "")


def _id(data: Mapping[str, Any], key: str, origin: Origin) -> str | None:
    """Return an id as text; a number is as good."""
    value = data.get(key)
    if value is None:
        return None
    text = str(value).strip() if isinstance(value, str | int) else ""
    if isinstance(value, bool) or not text or len(text) > MAX_ID_CHARS:
        raise origin.error(key, f"expected text of 1 to {MAX_ID_CHARS} characters")
    return text


def _labelled_deal(data: Mapping[str, Any]) -> str | None:
    deal = data.get("deal")
    named = deal.get("id") if isinstance(deal, Mapping) else None
    return named if isinstance(named, str) and named.strip() else None


def _language(language: Any) -> Any:
    """Return the primary tag; what is no text is left to validation."""
    if not isinstance(language, str):
        return "en" if language is None else language
    primary = language.strip().lower().replace("_", "-").partition("-")[0]
    known = language_tag(language)
    return primary if _TAG.fullmatch(primary) and known == "en" else known


def _participants(people: Any, origin: Origin) -> Any:
    """Return participants with text as ids and a name each; what is no list is left as it is."""
    if not isinstance(people, list):
        return people
    found: dict[str, Any] = {}
    for number, person in enumerate(people):
        if not isinstance(person, Mapping):
            return people
        own_id = _as_id(person.get("id"))
        side = person.get("side")
        name = person.get("name") or person.get("email") or f"Unknown speaker {number + 1}"
        kept = {
            "id": own_id,
            "name": name,
            "email": person.get("email") or None,
            "side": side.strip().lower() if isinstance(side, str) else side or "unknown",
            "title": person.get("title"),
        }
        if found.setdefault(own_id if isinstance(own_id, str) else f"no id {number}", kept) != kept:
            raise origin.error(f"participants[{number}].id", "another participant has this id")
    return list(found.values())


def _turns(turns: Any, origin: Origin) -> Any:
    """Return turns whose times can be; what is no list of objects is left to validation."""
    if not isinstance(turns, list):
        return turns
    if len(turns) > MAX_ROWS:
        raise origin.error("turns", f"expected one call; this has {len(turns)} turns")
    return [_turn(turn) if isinstance(turn, dict) else turn for turn in turns]


def _turn(turn: dict[str, Any]) -> dict[str, Any]:
    start, end = _time(turn.get("start")), _time(turn.get("end"))
    if isinstance(start, int | float) and isinstance(end, int | float) and end < start:
        end = start
    kept = {"speaker": _as_id(turn["speaker"])} if "speaker" in turn else {}
    if "text" in turn:
        kept["text"] = "" if turn["text"] is None else turn["text"]
    return {**kept, "start": start, "end": end}


def _time(value: Any) -> Any:
    """Return seconds, None for a time that cannot be; what is no time is left to validation."""
    if isinstance(value, str):
        seconds = seconds_of(value)
        return value if seconds is None else seconds
    return None if isinstance(value, int | float) and value < 0 else value


def _as_id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
