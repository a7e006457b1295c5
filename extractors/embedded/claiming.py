"""From cues to claims: a level, quotes, and what they say, per criterion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bantam.domain.bant import Criterion, Level, NeedValue, ReadingValue
from bantam.domain.calls import Call
from bantam.domain.rubric import meaning, timeframe_level
from extractors.claims import Claim, ClaimedQuote
from extractors.embedded.authority import deciders, weigh_authority
from extractors.embedded.budget import weigh_budget
from extractors.embedded.cues import Cue
from extractors.embedded.timeframe import weigh_timeframe
from extractors.embedded.weighing import RULES, Weighed, weigh

_SUMMARY = 110
"""Code points of a summary at most."""
_LEVELS: tuple[Level, ...] = (0, 1, 2, 3, 4)


def claims_of(
    call: Call, cues: Mapping[Criterion, Sequence[Cue]], fiscal_year_start_month: int
) -> Iterator[Claim]:
    """Yield a claim for each criterion that the cues show to have been discussed.

    Args:
        call: the call.
        cues: per criterion, in order of the call.
        fiscal_year_start_month: 1 to 12.
    """
    claims = (
        _budget(call, cues[Criterion.BUDGET]),
        _authority(call, cues[Criterion.AUTHORITY]),
        _need(cues[Criterion.NEED]),
        _timeframe(call, cues[Criterion.TIMEFRAME], fiscal_year_start_month),
    )
    yield from (claim for claim in claims if claim is not None)


def _budget(call: Call, cues: Sequence[Cue]) -> Claim | None:
    found = weigh_budget(call, cues)
    if found is None:
        return None
    weighed, value = found
    return _claim(Criterion.BUDGET, weighed, _LEVELS[weighed.expected], value)


def _authority(call: Call, cues: Sequence[Cue]) -> Claim | None:
    weighed = weigh_authority(call, cues)
    if weighed is None:
        return None
    return _claim(Criterion.AUTHORITY, weighed, _LEVELS[weighed.expected], deciders(call, weighed))


def _need(cues: Sequence[Cue]) -> Claim | None:
    weighed = weigh(cues, RULES[Criterion.NEED])
    if weighed is None:
        return None
    claim = _claim(Criterion.NEED, weighed, _LEVELS[weighed.expected], None)
    pains = tuple(shortened(quote.text) for quote in claim.quotes) if weighed.expected else ()
    return claim.model_copy(update={"value": NeedValue(pains=pains)})


def _timeframe(call: Call, cues: Sequence[Cue], fiscal_year_start_month: int) -> Claim | None:
    found = weigh_timeframe(call, cues, fiscal_year_start_month)
    if found is None:
        return None
    level = timeframe_level(found.value.plan, found.value.target_date, call.started_at.date())
    return None if level is None else _claim(Criterion.TIMEFRAME, found.weighed, level, found.value)


def _claim(
    criterion: Criterion, weighed: Weighed, level: Level, value: ReadingValue | None
) -> Claim:
    quotes = tuple(ClaimedQuote(turn=cue.turn, text=cue.text) for cue in weighed.cues)
    return Claim(
        criterion=criterion,
        level=level,
        quotes=quotes,
        value=value,
        summary=f"{meaning(criterion, level)}: {shortened(quotes[0].text)}",
        certainty=round(weighed.certainty, 3),
    )


def shortened(text: str) -> str:
    """Return `text` on one line, cut after a word where it is long."""
    line = " ".join(text.split())
    if len(line) <= _SUMMARY:
        return line
    return line[:_SUMMARY].rsplit(" ", 1)[0].rstrip(",;:-") + " ..."
