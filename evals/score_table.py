"""Scores that come without their calls: a CSV of `call_id, deal_id, started_at, points`.

`points` is the deal's score as of that call, empty when unscored. For teams whose scores live in a
warehouse; with the ledger at hand the readings themselves are used.
"""

from __future__ import annotations

import csv
import io

from pydantic import ValidationError

from bantam.domain.value import Value
from bantam.errors import EvalError
from evals.deal_cases import RecordedCall
from evals.deal_table import BadRow

REQUIRED = ("call_id", "deal_id", "started_at", "points")
_OPTIONAL = ("title",)


class ScoreTable(Value):
    """What a CSV of scores held."""

    calls: tuple[RecordedCall, ...]
    bad_rows: tuple[BadRow, ...] = ()


def read_scores(text: str, name: str = "<scores>") -> ScoreTable:
    """Read a CSV of scores, with a header; times need an offset ("Z" or "+00:00").

    Args:
        text: the file's content.
        name: of the file, for the message.

    Raises:
        EvalError: a required column is missing.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in REQUIRED if column not in (reader.fieldnames or ())]
    if missing:
        raise EvalError(f"{name}: line 1: there is no column {missing[0]!r}; add it to the header")
    calls: dict[str, RecordedCall] = {}
    bad: list[BadRow] = []
    start = reader.line_num + 1
    for row in reader:
        line, start = start, reader.line_num + 1
        fields = {key: row[key] for key in (*REQUIRED, *_OPTIONAL) if row.get(key)}
        try:
            call = RecordedCall.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = str(first["loc"][0]) if first["loc"] else ""
            bad.append(BadRow(line=line, column=place, problem=first["msg"]))
            continue
        if call.call_id in calls:
            bad.append(BadRow(line=line, column="call_id", problem="stands on an earlier line too"))
            continue
        calls[call.call_id] = call
    return ScoreTable(calls=tuple(calls.values()), bad_rows=tuple(bad))
