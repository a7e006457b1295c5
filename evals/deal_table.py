"""Deals and how they ended, read from a CSV: bad rows are named by line, none is dropped silently.

Required columns: `deal_id`, `won`, `closed_at`. Optional: `account_id`, `amount`, `currency`,
`ae_score` (0..100), `ae_qualified`, `scored_at` (when the AE's score was typed), `stage`,
`stage_modified_at`, `owner`, `segment`. An empty `won` with an empty `closed_at` is an open deal.

A date without a time counts against us: a close date means its first moment (a call on that day
may have been held after the signature), a date of scoring or modifying means its last.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from typing import Any

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from bantam.domain.calls import DealId
from bantam.domain.deals import AeView, AeWord, Outcome
from bantam.domain.value import Value
from bantam.errors import EvalError

REQUIRED = ("deal_id", "won", "closed_at")
_YES = frozenset({"1", "true", "t", "yes", "y", "won"})
_NO = frozenset({"0", "false", "f", "no", "n", "lost"})
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_DATE_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Deal(Value):
    """A deal as the CRM knows it, with what its AE thought of it."""

    deal_id: DealId
    account_id: str | None = None
    won: bool | None = None
    """None while the deal is open."""
    closed_at: AwareDatetime | None = None
    amount: float | None = Field(default=None, ge=0)
    currency: str | None = None
    ae_score: float | None = Field(default=None, ge=0, le=100)
    ae_qualified: bool | None = None
    scored_at: AwareDatetime | None = None
    """When the AE's score or word was written; without it neither can be used."""
    ae_view: AeView | None = None
    """What the AE wrote over time, from a CRM; stands in the place of the three above."""
    stage: str | None = None
    stage_modified_at: AwareDatetime | None = None
    owner: str | None = None
    segment: str | None = None

    @model_validator(mode="after")
    def _closed_or_open(self) -> Deal:
        if (self.won is None) != (self.closed_at is None):
            raise ValueError("won and closed_at: a closed deal has both, an open one neither")
        return self

    @classmethod
    def from_outcome(cls, outcome: Outcome, view: AeView | None = None) -> Deal:
        """Return the deal behind an outcome of the ledger.

        Args:
            outcome: how it ended.
            view: what its AE wrote of it, if anything is known.
        """
        return cls(**outcome.model_dump(), ae_view=view)

    def as_ae_view(self) -> AeView | None:
        """Return what the table says of the AE's view; None when it says nothing."""
        words = []
        if self.ae_score is not None:
            words.append(AeWord(about="score", score=self.ae_score, at=self.scored_at))
        if self.ae_qualified is not None:
            words.append(AeWord(about="qualified", qualified=self.ae_qualified, at=self.scored_at))
        return AeView(deal_id=self.deal_id, words=tuple(words)) if words else None


class BadRow(Value):
    """A row that cannot be used."""

    line: int = Field(ge=1)
    """1-based line of the file on which the row starts."""
    column: str
    """Empty when the whole row is at fault."""
    problem: str

    def __str__(self) -> str:
        where = f", {self.column}" if self.column else ""
        return f"line {self.line}{where}: {self.problem}"


class DealTable(Value):
    """What a CSV of deals held."""

    deals: tuple[Deal, ...]
    bad_rows: tuple[BadRow, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    """Columns whose names mean nothing to us."""


class _CellError(Exception):
    def __init__(self, column: str, problem: str) -> None:
        super().__init__(problem)
        self.column = column
        self.problem = problem


def read_deals(text: str, name: str = "<deals>") -> DealTable:
    """Read a CSV of deals; comma, semicolon or tab, with a header.

    Args:
        text: the file's content.
        name: of the file, for the message.

    Raises:
        EvalError: a required column is missing, so that no row could be read.
    """
    text = text.removeprefix("\ufeff")
    header_line = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [cell.strip().lower() for cell in next(reader, [])]
    missing = [column for column in REQUIRED if column not in header]
    if missing:
        raise EvalError(f"{name}: line 1: there is no column {missing[0]!r}; add it to the header")
    deals: dict[DealId, Deal] = {}
    bad: list[BadRow] = []
    for line, row in _rows(reader):
        try:
            deal = _deal(header, row)
            if deal.deal_id in deals:
                raise _CellError("deal_id", f"{deal.deal_id!r} stands on an earlier line too")
            deals[deal.deal_id] = deal
        except _CellError as error:
            bad.append(BadRow(line=line, column=error.column, problem=error.problem))
    unknown = tuple(column for column in header if column not in _READERS)
    return DealTable(deals=tuple(deals.values()), bad_rows=tuple(bad), ignored_columns=unknown)


def _rows(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield non-empty rows with the line on which each starts (cells may span lines)."""
    start = reader.line_num + 1
    for row in reader:
        if any(cell.strip() for cell in row):
            yield start, row
        start = reader.line_num + 1


def _deal(header: list[str], row: list[str]) -> Deal:
    if len(row) != len(header):
        raise _CellError("", f"has {len(row)} cells, the header {len(header)}")
    fields: dict[str, Any] = {}
    for column, cell in zip(header, row, strict=True):
        read = _READERS.get(column)
        if read is None or not cell.strip():
            continue
        try:
            fields[column] = read(cell.strip())
        except ValueError as error:
            raise _CellError(column, str(error)) from None
    if "deal_id" not in fields:
        raise _CellError("deal_id", "is empty")
    try:
        return Deal(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = str(first["loc"][0]) if first["loc"] else ""
        raise _CellError(where, first["msg"].removeprefix("Value error, ")) from None


def _truth(cell: str) -> bool:
    word = cell.lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(f"{cell!r} is neither yes nor no; write true or false")


def _number(cell: str) -> float:
    plain = cell.replace(",", "") if _THOUSANDS.fullmatch(cell) else cell
    try:
        return float(plain)
    except ValueError:
        raise ValueError(f"{cell!r} is not a number; write 48000 or 48000.50") from None


def _moment(cell: str, *, of_day: time) -> datetime:
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"{cell!r} is not a date; write 2026-03-02 or an ISO time") from None
    if _DATE_ONLY.fullmatch(cell):
        found = datetime.combine(found.date(), of_day)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _first_moment(cell: str) -> datetime:
    return _moment(cell, of_day=time.min)


def _last_moment(cell: str) -> datetime:
    return _moment(cell, of_day=time.max)


_READERS: dict[str, Callable[[str], Any]] = {
    "deal_id": str,
    "account_id": str,
    "won": _truth,
    "closed_at": _first_moment,
    "amount": _number,
    "currency": str.upper,
    "ae_score": _number,
    "ae_qualified": _truth,
    "scored_at": _last_moment,
    "stage": str,
    "stage_modified_at": _last_moment,
    "owner": str,
    "segment": str,
}
