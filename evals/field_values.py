"""Beyond levels: are the amounts, dates, people and quotes of a reading right?

Amounts: right currency and within 5% is right; within 20%, or ranges that overlap by half, is
half. Dates: same day, days apart, and the same bucket of the sales calendar. Decision makers:
matched by their last names or titles. Evidence: by turn, against the turns that a person marked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from pydantic import Field

from bantam.domain.bant import (
    NOT_DISCUSSED,
    AuthorityValue,
    BudgetValue,
    Criterion,
    Extraction,
    Reading,
    TimeframeValue,
)
from bantam.domain.value import Value
from evals.gold import GoldCall, GoldLabel
from evals.rates import Bootstrap, Estimate, Floats, Rate, ratio

DATE_BUCKETS = (30, 90, 180, 365)
"""Upper ends in days from the call; later is one more bucket, no date another."""
_WORD = re.compile(r"\w+")


class AmountFigures(Value):
    """Budgets in money. Only calls in which a person found an amount, except `invented`."""

    credit: Estimate
    """Mean of 1 for right, 0.5 for near, 0 for wrong or missing."""
    right: Rate
    currency: Rate
    """Among amounts that were given at all: the currency is the right one."""
    missed: Rate
    """No amount was given."""
    invented: Rate
    """Among calls without an amount: one was given."""


class DateFigures(Value):
    """When they want to buy. Only calls in which a person found a date, except `invented`."""

    same_day: Rate
    same_bucket: Rate
    days_apart: Estimate
    """Mean distance among calls where both have a date."""
    missed: Rate
    invented: Rate


class EvidenceFigures(Value):
    """Quoted turns against the turns that a person marked."""

    precision: Rate
    recall: Rate


class ValueFigures(Value):
    """Everything beyond levels, clustered by deal."""

    calls: int = Field(ge=0)
    unread: int = Field(ge=0)
    """Calls whose extraction did not end well; they count as having said nothing."""
    amounts: AmountFigures
    dates: DateFigures
    decision_makers: EvidenceFigures
    """Precision and recall over people."""
    evidence: Mapping[Criterion, EvidenceFigures]
    all_evidence: EvidenceFigures
    quotes_stand: Rate
    """Evidence quotes that are exactly the transcript's words at their place."""


class _Pair(NamedTuple):
    gold: GoldCall
    extraction: Extraction

    def label(self, criterion: Criterion) -> GoldLabel:
        return self.gold.labels[criterion]

    def reading(self, criterion: Criterion) -> Reading | None:
        found = self.extraction.readings.get(criterion)
        return None if found is None or found.level == NOT_DISCUSSED else found


def value_figures(pairs: Sequence[tuple[GoldCall, Extraction]]) -> ValueFigures:
    """Compare the values and quotes of extractions with what a person read.

    Args:
        pairs: each labelled call with its extraction.
    """
    found = [_Pair(*pair) for pair in pairs]
    boot = Bootstrap([p.gold.call.deal_id or p.gold.call.id for p in found])
    return ValueFigures(
        calls=len(found),
        unread=sum(not p.extraction.readings for p in found),
        amounts=_amounts(found, boot),
        dates=_dates(found, boot),
        decision_makers=_people(found, boot),
        evidence={c: _evidence(found, boot, [c]) for c in Criterion},
        all_evidence=_evidence(found, boot, list(Criterion)),
        quotes_stand=_quotes_stand(found, boot),
    )


def amount_credit(gold: GoldLabel, said: BudgetValue | None) -> float:
    """Return 1 for the right amount, 0.5 for a near one, else 0.

    A currency that the words leave open is not held against either side.
    """
    truth, found = _range(gold), _range(said)
    if truth is None or found is None or said is None:
        return 0.0
    if gold.currency and said.currency and gold.currency != said.currency:
        return 0.0
    ends = list(zip(truth, found, strict=True))
    if all(abs(b - a) <= 0.05 * a for a, b in ends):
        return 1.0
    if all(abs(b - a) <= 0.20 * a for a, b in ends):
        return 0.5
    overlap = max(0.0, min(truth[1], found[1]) - max(truth[0], found[0]))
    union = max(truth[1], found[1]) - min(truth[0], found[0])
    return 0.5 if union and overlap / union >= 0.5 else 0.0


def date_bucket(called_on: date, target: date | None) -> int:
    """Return the bucket of the sales calendar: 0 for within 30 days .. 4, and 5 for no date."""
    if target is None:
        return len(DATE_BUCKETS) + 1
    days = (target - called_on).days
    return sum(days > end for end in DATE_BUCKETS)


def same_person(one: str, other: str) -> bool:
    """Return whether two names, perhaps with a role in brackets, mean the same person.

    A shared last name is enough ("Marieke van Houten (CFO)" and "Ms van Houten"), so is a name
    that consists of the other's words ("the CFO" and "CFO").
    """
    first, second = _words(one.split("(", maxsplit=1)[0]), _words(other.split("(", maxsplit=1)[0])
    if first and second and first[-1] == second[-1]:
        return True
    all_first, all_second = set(_words(one)), set(_words(other))
    smaller, larger = sorted((all_first, all_second), key=len)
    return bool(smaller) and smaller <= larger


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return [w for w in _WORD.findall(plain) if w not in {"the", "our", "mr", "ms", "mrs", "dr"}]


def _range(money: GoldLabel | BudgetValue | None) -> tuple[float, float] | None:
    if money is None:
        return None
    low, high = money.amount_min, money.amount_max
    known = [float(v) for v in (low, high) if v is not None]
    return (known[0], known[-1]) if known else None


def _column(pairs: Sequence[_Pair], count: Callable[[_Pair], float]) -> Floats:
    return np.array([count(p) for p in pairs], dtype=float)


def _rate(boot: Bootstrap, pairs: Sequence[_Pair], hit: Callable[[_Pair], bool],
          among: Callable[[_Pair], bool]) -> Rate:  # fmt: skip
    here = _column(pairs, among)
    return boot.rate(_column(pairs, lambda p: among(p) and hit(p)), here)


def _budget(pair: _Pair) -> BudgetValue | None:
    reading = pair.reading(Criterion.BUDGET)
    value = reading.value if reading else None
    return value if isinstance(value, BudgetValue) and _range(value) else None


def _amounts(pairs: Sequence[_Pair], boot: Bootstrap) -> AmountFigures:
    def gold(p: _Pair) -> GoldLabel:
        return p.label(Criterion.BUDGET)

    def labelled(p: _Pair) -> bool:
        return _range(gold(p)) is not None

    def credit(p: _Pair) -> float:
        return amount_credit(gold(p), _budget(p)) if labelled(p) else 0.0

    def same_currency(p: _Pair) -> bool:
        said = _budget(p)
        return said is not None and said.currency == gold(p).currency

    here = _column(pairs, labelled)
    table = np.column_stack([_column(pairs, credit), here])
    return AmountFigures(
        credit=boot.estimate(table, ratio, n=int(here.sum())),
        right=_rate(boot, pairs, lambda p: credit(p) == 1, labelled),
        currency=_rate(boot, pairs, same_currency, lambda p: labelled(p) and bool(_budget(p))),
        missed=_rate(boot, pairs, lambda p: _budget(p) is None, labelled),
        invented=_rate(boot, pairs, lambda p: _budget(p) is not None, lambda p: not labelled(p)),
    )


def _date(pair: _Pair) -> date | None:
    reading = pair.reading(Criterion.TIMEFRAME)
    value = reading.value if reading else None
    return value.target_date if isinstance(value, TimeframeValue) else None


def _dates(pairs: Sequence[_Pair], boot: Bootstrap) -> DateFigures:
    def gold(p: _Pair) -> date | None:
        return p.label(Criterion.TIMEFRAME).target_date

    def labelled(p: _Pair) -> bool:
        return gold(p) is not None

    def bucket(p: _Pair, day: date | None) -> int:
        return date_bucket(p.gold.call.started_at.date(), day)

    def apart(p: _Pair) -> float:
        truth, said = gold(p), _date(p)
        return float(abs((said - truth).days)) if truth and said else 0.0

    both = _column(pairs, lambda p: labelled(p) and _date(p) is not None)
    table = np.column_stack([_column(pairs, apart), both])
    return DateFigures(
        same_day=_rate(boot, pairs, lambda p: _date(p) == gold(p), labelled),
        same_bucket=_rate(
            boot, pairs, lambda p: bucket(p, _date(p)) == bucket(p, gold(p)), labelled
        ),
        days_apart=boot.estimate(table, ratio, n=int(both.sum())),
        missed=_rate(boot, pairs, lambda p: _date(p) is None, labelled),
        invented=_rate(boot, pairs, lambda p: _date(p) is not None, lambda p: not labelled(p)),
    )


def _people(pairs: Sequence[_Pair], boot: Bootstrap) -> EvidenceFigures:
    def said(p: _Pair) -> tuple[str, ...]:
        reading = p.reading(Criterion.AUTHORITY)
        value = reading.value if reading else None
        return value.decision_makers if isinstance(value, AuthorityValue) else ()

    def gold(p: _Pair) -> tuple[str, ...]:
        return p.label(Criterion.AUTHORITY).decision_makers

    def known(names: tuple[str, ...], among: tuple[str, ...]) -> int:
        return sum(any(same_person(name, other) for other in among) for name in names)

    return EvidenceFigures(
        precision=_share(boot, pairs, lambda p: known(said(p), gold(p)), lambda p: len(said(p))),
        recall=_share(boot, pairs, lambda p: known(gold(p), said(p)), lambda p: len(gold(p))),
    )


def _evidence(
    pairs: Sequence[_Pair], boot: Bootstrap, criteria: Sequence[Criterion]
) -> EvidenceFigures:
    def gold(p: _Pair) -> set[tuple[Criterion, int]]:
        return {(c, turn) for c in criteria for turn in p.label(c).evidence}

    def said(p: _Pair) -> set[tuple[Criterion, int]]:
        readings = [(c, p.reading(c)) for c in criteria]
        return {(c, e.turn) for c, r in readings if r is not None for e in r.evidence}

    def both(p: _Pair) -> int:
        return len(gold(p) & said(p))

    return EvidenceFigures(
        precision=_share(boot, pairs, both, lambda p: len(said(p))),
        recall=_share(boot, pairs, both, lambda p: len(gold(p))),
    )


def _quotes_stand(pairs: Sequence[_Pair], boot: Bootstrap) -> Rate:
    def quotes(p: _Pair) -> int:
        return sum(len(r.evidence) for r in p.extraction.readings.values())

    def standing(p: _Pair) -> int:
        turns = p.gold.call.turns
        return sum(
            e.turn < len(turns) and turns[e.turn].text[e.span.start : e.span.end] == e.quote
            for r in p.extraction.readings.values()
            for e in r.evidence
        )

    return _share(boot, pairs, standing, quotes)


def _share(boot: Bootstrap, pairs: Sequence[_Pair], hits: Callable[[_Pair], int],
           among: Callable[[_Pair], int]) -> Rate:  # fmt: skip
    """A rate over things of which a call can have several."""
    return boot.rate(_column(pairs, hits), _column(pairs, among))
