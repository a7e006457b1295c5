"""Conversations that nobody wrote for Bantam: a proxy for outcomes, and calls without a sale.

No public set of real B2B sales calls with closed deals exists. Two stand in, and are called so:

- PersuasionForGood: one person asks another to give to a charity. Won means that money came. It is
  not a sale; a reader of sales calls can only use what both have in common.
- Earnings calls: nobody is being sold to, so every level above 0 is a false alarm.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from pydantic import Field

from bantam.domain.bant import NOT_DISCUSSED, BudgetValue, Criterion, Extraction
from bantam.domain.calls import Call, CallId
from bantam.domain.score import ScoreModel
from bantam.domain.value import Value
from bantam.errors import EvalError
from bantam.ports import Extractor
from bantam.scoring import score
from evals import curves
from evals.outcome import estimated
from evals.rates import Bootstrap, Estimate, Rate, rate

WITHIN = 0.05
"""Of the pledged amount: so near is right."""


class Floor(Value):
    """What a bag of words reaches on the same chats, with its 95% interval.

    scikit-learn, 5-fold, TF-IDF of words and pairs, logistic regression. It was taught on these
    chats; a reader was not.
    """

    auc: float
    low: float
    high: float


FLOORS = {
    "full": Floor(auc=0.707, low=0.677, high=0.740),
    "first half": Floor(auc=0.610, low=0.574, high=0.645),
}
PLEDGE_ALONE = 0.595
"""AUC of a human-read pledge: 86 of 198 who pledged did not pay."""


class Chat(Value):
    """How one conversation ended."""

    call_id: CallId
    won: bool
    pledged: float | None = None
    """US dollars that a person read; 0 for clearly none; None when not annotated."""


class PartFigures(Value):
    """Chats read in full, or their first half."""

    part: str
    chats: int = Field(ge=0)
    unscored: int = Field(ge=0)
    """They rank last."""
    auc: Estimate
    auc_of: dict[Criterion, Estimate]
    """Of each criterion's level alone; not discussed ranks below 0."""
    discussed: dict[Criterion, Rate]
    won_of_discussed: dict[Criterion, Rate]
    pledge_right: Rate
    """Among chats in which a person found a pledge: the budget's amount is that pledge."""
    pledge_found: Rate
    """Among the same: the reader gave any amount."""
    pledge_invented: Rate
    """Among chats in which a person found clearly none: the reader gave an amount."""
    floor: Floor


class Persuasion(Value):
    """The proxy for outcomes, on full chats and on their first halves."""

    reader: str
    parts: tuple[PartFigures, ...]


class FalseAlarms(Value):
    """Levels of 1 to 4 in calls where nothing is sold."""

    reader: str
    calls: int = Field(ge=0)
    words: int = Field(ge=0)
    by_criterion: dict[Criterion, Rate]
    calls_with_one: Rate
    per_call: float
    zeros: int = Field(ge=0)
    """Levels of 0: also wrong, though they raise nothing."""
    scored: int = Field(ge=0)
    """Calls that got a score at all."""
    calls_with_alarm: tuple[tuple[CallId, tuple[Criterion, ...]], ...]


def read_chats(text: str, name: str = "<outcomes>") -> list[Chat]:
    """Read a CSV of `deal_id, call_id, won, pledged_usd`.

    Args:
        text: the file's content; `pledged_usd` is an amount, "none", or empty.
        name: of the file, for messages.

    Raises:
        EvalError: a column is missing, or a row cannot be used.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [c for c in ("call_id", "won") if c not in (reader.fieldnames or ())]
    if missing:
        raise EvalError(f"{name}: line 1: there is no column {missing[0]!r}; add it to the header")
    out = []
    for row in reader:
        said = (row.get("pledged_usd") or "").strip().lower()
        try:
            pledged = 0.0 if said == "none" else float(said) if said else None
            won = {"1": True, "0": False}[row["won"].strip()]
        except (ValueError, KeyError):
            where = f"{name}: line {reader.line_num}"
            raise EvalError(f"{where}: won must be 1 or 0, pledged_usd an amount or none") from None
        out.append(Chat(call_id=CallId(row["call_id"].strip()), won=won, pledged=pledged))
    return out


def persuasion(
    calls: Iterable[Call],
    chats: Sequence[Chat],
    extractor: Extractor,
    model: ScoreModel,
    *,
    threads: int = 1,
) -> Persuasion:
    """Read chats in full and their first halves and hold the scores against what came.

    Args:
        calls: the chats; those without an ending are left out.
        chats: how they ended.
        extractor: reads them.
        model: scores the readings.
        threads: how many chats are read at once.

    Raises:
        EvalError: no chat has an ending.
    """
    endings = {c.call_id: c for c in chats}
    known = [c for c in calls if c.id in endings]
    if not known:
        raise EvalError("persuasion: no call has an ending; its id must stand in the outcomes")
    ended = [endings[c.id] for c in known]
    halves: dict[str, Callable[[Call], Call]] = {"full": lambda c: c, "first half": first_half}
    parts, reader = [], ""
    for part, cut in halves.items():
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(extractor.extract, [cut(call) for call in known]))
        parts.append(_part(part, ended, found, model))
        reader = " ".join(p for p in (found[0].run.extractor, found[0].run.model) if p)
    return Persuasion(reader=reader, parts=tuple(parts))


def first_half(call: Call) -> Call:
    """Return a call up to its middle turn; an odd one belongs to the first half."""
    return call.model_copy(update={"turns": call.turns[: (len(call.turns) + 1) // 2]})


def _part(
    part: str, chats: Sequence[Chat], found: Sequence[Extraction], model: ScoreModel
) -> PartFigures:
    won = np.array([c.won for c in chats], dtype=bool)
    boot = Bootstrap([None] * len(chats))
    points = [score(e, model, scored_at=e.run.finished_at).points for e in found]

    def auc(ranks: Sequence[float]) -> Estimate:
        values = np.array(ranks, dtype=float)
        tally, rounds = curves.tally(values, won), curves.resampled(boot, values, won)
        return estimated(curves.roc_auc, tally, rounds, boot)

    levels = {c: [_level(e, c) for e in found] for c in Criterion}
    amounts = [_amount(e) for e in found]
    pledged = [(c.pledged, a) for c, a in zip(chats, amounts, strict=True) if c.pledged is not None]
    some = [(p, a) for p, a in pledged if p > 0]
    none = [a for p, a in pledged if p == 0]
    right = sum(a is not None and abs(a - p) <= WITHIN * p for p, a in some)
    return PartFigures(
        part=part,
        chats=len(chats),
        unscored=sum(p is None for p in points),
        auc=auc([p or 0 for p in points]),
        auc_of={c: auc(levels[c]) for c in Criterion},
        discussed={c: rate(sum(v >= 0 for v in levels[c]), len(chats)) for c in Criterion},
        won_of_discussed={
            c: rate(
                sum(v >= 0 and w for v, w in zip(levels[c], won.tolist(), strict=True)),
                sum(v >= 0 for v in levels[c]),
            )
            for c in Criterion
        },
        pledge_right=rate(right, len(some)),
        pledge_found=rate(sum(a is not None for _, a in some), len(some)),
        pledge_invented=rate(sum(a is not None for a in none), len(none)),
        floor=FLOORS[part],
    )


def _level(extraction: Extraction, criterion: Criterion) -> int:
    reading = extraction.readings.get(criterion)
    return -1 if reading is None or reading.level == NOT_DISCUSSED else int(reading.level)


def _amount(extraction: Extraction) -> float | None:
    reading = extraction.readings.get(Criterion.BUDGET)
    if reading is None or reading.level == NOT_DISCUSSED:
        return None
    value = reading.value
    known = value.amount_min if isinstance(value, BudgetValue) else None
    return None if known is None else float(known)


def false_alarms(
    calls: Iterable[Call], extractor: Extractor, model: ScoreModel, *, threads: int = 1
) -> FalseAlarms:
    """Read calls in which nothing is sold; every level of 1 to 4 is a false alarm.

    Raises:
        EvalError: there are no calls.
    """
    known = list(calls)
    if not known:
        raise EvalError("false-alarms: the file holds no call")
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(extractor.extract, known))
    alarms = [tuple(c for c in Criterion if _level(e, c) > 0) for e in found]
    points = [score(e, model, scored_at=e.run.finished_at).points for e in found]
    run = found[0].run
    return FalseAlarms(
        reader=" ".join(p for p in (run.extractor, run.model) if p),
        calls=len(known),
        words=sum(len(t.text.split()) for call in known for t in call.turns),
        by_criterion={c: rate(sum(c in a for a in alarms), len(known)) for c in Criterion},
        calls_with_one=rate(sum(bool(a) for a in alarms), len(known)),
        per_call=sum(map(len, alarms)) / len(known),
        zeros=sum(_level(e, c) == 0 for e in found for c in Criterion),
        scored=sum(p is not None for p in points),
        calls_with_alarm=tuple(
            (call.id, alarm) for call, alarm in zip(known, alarms, strict=True) if alarm
        ),
    )
