"""Wide tables of leads: what each column is, and which ones know the ending already.

A column that somebody fills in because a lead went well (a tag "will revert", a quality "high")
predicts splendidly and is empty on the day when the score is needed. Two signs are looked for: a
name that speaks of a judgement or of the latest event, and levels that give the ending away.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from pydantic import Field

from bantam.domain.value import Value
from bantam.errors import EvalError
from evals.curves import roc_auc, tally
from evals.deal_table import BadRow
from evals.rates import rate

EMPTY = "(empty)"
RARE = "(rare)"
_BLANKS = frozenset({"", "na", "n/a", "nan", "null", "none", "select", "unknown", "-", "?"})
"""What forms and exports write where nothing was chosen."""
_YES = frozenset({"1", "1.0", "true", "t", "yes", "y", "won", "converted"})
_NO = frozenset({"0", "0.0", "false", "f", "no", "n", "lost"})
_NUMBER_SHARE = 0.95
_DISTINCT_NUMBERS = 10
_ONE_EACH = 0.95
_GIVEN_AWAY = 0.2
"""Share of the won rows in levels that are nearly always won, from which a column leaks."""
_NEARLY_ALWAYS = 0.9
"""Lower end of a level's interval."""
_ALONE = 0.95
"""AUC of one number alone from which it is too good to be true."""
_JUDGED_LATER = re.compile(
    r"\b(tags?|quality|grade|rating|profile|score|index|stage|status|disposition|outcome|result"
    r"|reason|lost|won|closed|close|contract|invoice|remarks?|notes?|comments?|next step"
    r"|(last|latest|recent|final) (\w+ )?(activity|action|event|contact|touch))\b",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """What a column is."""

    NUMBER = "number"
    WORDS = "words"
    CONSTANT = "the same everywhere"
    IDENTIFIER = "different in nearly every row"


class LeadColumn(Value):
    """One column of the table."""

    name: str
    kind: Kind
    empty: int = Field(ge=0)
    """Rows without a value, placeholders such as "Select" included."""
    levels: int = Field(ge=0)
    """Distinct values."""
    leaks: tuple[str, ...] = ()
    """Why it is suspected of knowing the ending; empty when it is not."""


class LeadTable(Value):
    """A table, cell by cell, with what each row came to."""

    rows: tuple[dict[str, str], ...]
    won: tuple[bool, ...]
    columns: tuple[LeadColumn, ...]
    bad_rows: tuple[BadRow, ...] = ()

    @property
    def usable(self) -> tuple[str, ...]:
        """Return the columns that can carry a score and are not suspected."""
        return tuple(
            c.name for c in self.columns if c.kind in (Kind.NUMBER, Kind.WORDS) and not c.leaks
        )


def read_leads(text: str, target: str, name: str = "<leads>") -> LeadTable:
    """Read a CSV of leads.

    Args:
        text: the file's content, with a header.
        target: the column that says whether the lead converted: yes or no, 1 or 0.
        name: of the file, for messages.

    Raises:
        EvalError: there is no such column, a column stands twice, or no row can be used.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    header = [h.strip() for h in reader.fieldnames or ()]
    reader.fieldnames = header
    twice = next((h for h, n in Counter(header).items() if n > 1), None)
    if twice is not None:
        raise EvalError(f"{name}: line 1: two columns are called {twice!r}; rename one")
    if target not in header:
        raise EvalError(f"{name}: line 1: there is no column {target!r}; see --target")
    rows, won, bad = _rows(reader, target)
    if not rows:
        raise EvalError(f"{name}: no row can be used; {target} must hold yes or no, 1 or 0")
    others = [h for h in header if h != target]
    columns = tuple(_column(h, [row[h] for row in rows], won) for h in others)
    return LeadTable(rows=tuple(rows), won=tuple(won), columns=columns, bad_rows=tuple(bad))


def _rows(
    reader: csv.DictReader[str], target: str
) -> tuple[list[dict[str, str]], list[bool], list[BadRow]]:
    rows, won, bad = [], [], []
    start = reader.line_num + 1
    for row in reader:
        line, start = start, reader.line_num + 1
        if None in row or None in row.values():
            bad.append(BadRow(line=line, column="", problem="has another number of cells"))
            continue
        word = row[target].strip().lower()
        if word not in _YES | _NO:
            problem = "is neither yes nor no; write 1 or 0" if word else "is empty"
            bad.append(BadRow(line=line, column=target, problem=problem))
            continue
        rows.append({key: row[key].strip() for key in row if key != target})
        won.append(word in _YES)
    return rows, won, bad


def is_empty(cell: str) -> bool:
    """Return whether a cell says nothing."""
    return cell.strip().lower() in _BLANKS


def number(cell: str) -> float | None:
    """Return a cell's number, None when it is none."""
    try:
        found = float(cell.replace(",", ""))
    except ValueError:
        return None
    return found if np.isfinite(found) else None


def _column(name: str, cells: Sequence[str], won: Sequence[bool]) -> LeadColumn:
    said = [c for c in cells if not is_empty(c)]
    distinct = Counter(said)
    kind = _kind(said, distinct, empty=len(cells) - len(said))
    leaks = [_by_name(name), _by_values(cells, won, kind)]
    worth_telling = kind in (Kind.NUMBER, Kind.WORDS)
    return LeadColumn(
        name=name,
        kind=kind,
        empty=len(cells) - len(said),
        levels=len(distinct),
        leaks=tuple(why for why in leaks if why) if worth_telling else (),
    )


def _kind(said: Sequence[str], distinct: Counter[str], *, empty: int) -> Kind:
    if len(distinct) + bool(empty) <= 1:
        return Kind.CONSTANT
    # Whole numbers that never repeat number the rows; measured ones may well differ everywhere.
    measured = any("." in cell for cell in distinct)
    if len(said) > _DISTINCT_NUMBERS and len(distinct) >= _ONE_EACH * len(said) and not measured:
        return Kind.IDENTIFIER
    numbers = sum(count for cell, count in distinct.items() if number(cell) is not None)
    if len(distinct) > _DISTINCT_NUMBERS and numbers >= _NUMBER_SHARE * len(said):
        return Kind.NUMBER
    return Kind.WORDS


def _by_name(name: str) -> str:
    found = _JUDGED_LATER.search(re.sub(r"[_\W]+", " ", name))
    return f"its name says that it is filled in later ({found.group()!r})" if found else ""


def _by_values(cells: Sequence[str], won: Sequence[bool], kind: Kind) -> str:
    given = _given_away(["" if is_empty(c) else "filled" for c in cells], won)
    if given:
        return (
            f"{given:.0%} of the won rows have a value here, and nearly all rows with one are won"
        )
    given = _given_away(cells, won) if kind is Kind.WORDS else 0.0
    if given:
        return f"{given:.0%} of the won rows have a value that is nearly always won"
    if kind is Kind.NUMBER:
        found = [(number(c), w) for c, w in zip(cells, won, strict=True)]
        known = [(n, w) for n, w in found if n is not None]
        auc = float(roc_auc(tally([n for n, _ in known], [w for _, w in known])))
        if max(auc, 1 - auc) >= _ALONE:
            return f"alone it tells won from lost nearly always (AUC {max(auc, 1 - auc):.2f})"
    return ""


def _given_away(cells: Sequence[str], won: Sequence[bool]) -> float:
    """Return the share of won rows in levels that are nearly always won; 0 if that is little."""
    hits: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for cell, ended_well in zip(cells, won, strict=True):
        counts[cell] += 1
        hits[cell] += ended_well
    base = sum(won) / len(won)
    bound = max(_NEARLY_ALWAYS, base)
    sure = [c for c in counts if hits[c] > base * counts[c] and _low(hits[c], counts[c]) >= bound]
    inside = sum(hits[c] for c in sure)
    share = inside / max(1, sum(won))
    return share if share >= _GIVEN_AWAY else 0.0


def _low(hits: int, n: int) -> float:
    return rate(hits, n).low or 0.0


def as_arrays(table: LeadTable, names: Iterable[str]) -> dict[str, npt.NDArray[np.str_]]:
    """Return columns as arrays of cells, empty ones as `EMPTY`."""
    return {
        name: np.array([EMPTY if is_empty(r[name]) else r[name] for r in table.rows], dtype=np.str_)
        for name in names
    }
