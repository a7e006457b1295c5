"""From cues to claims: a level, quotes, and what they say, per criterion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bantam.domain.bant import Criterion, Level, NeedValue, Plan, ReadingValue, TimeframeValue
from bantam.domain.calls import Call
from bantam.domain.rubric import meaning, timeframe_level
from extractors.claims import Claim
from extractors.embedded.authority import deciders, weigh_authority
from extractors.embedded.cues import Cue
from extractors.embedded.quoting import quotes_of, shortened
from extractors.embedded.weighing import RULES, Weighed, weigh

_LEVELS: tuple[Level, ...] = (0, 1, 2, 3, 4)
_PLANS = (Plan.NO_PLAN, Plan.SOME_DAY, Plan.PLAN)
"""In the order of the timeframe head's classes."""


def claims_of(call: Call, cues: Mapping[Criterion, Sequence[Cue]]) -> Iterator[Claim]:
    """Yield a claim for each criterion that the cues show to have been discussed."""
    readers = {
        Criterion.BUDGET: _budget,
        Criterion.AUTHORITY: _authority,
        Criterion.NEED: _need,
        Criterion.TIMEFRAME: _timeframe,
    }
    for criterion, read in readers.items():
        claim = read(call, cues[criterion])
        if claim is not None:
            yield claim


def _budget(_: Call, cues: Sequence[Cue]) -> Claim | None:
    weighed = weigh(cues, RULES[Criterion.BUDGET])
    return (
        None
        if weighed is None
        else _claim(Criterion.BUDGET, weighed, _LEVELS[weighed.expected], None)
    )


def _authority(call: Call, cues: Sequence[Cue]) -> Claim | None:
    weighed = weigh_authority(call, cues)
    if weighed is None:
        return None
    return _claim(Criterion.AUTHORITY, weighed, _LEVELS[weighed.expected], deciders(call, weighed))


def _need(_: Call, cues: Sequence[Cue]) -> Claim | None:
    weighed = weigh(cues, RULES[Criterion.NEED])
    if weighed is None:
        return None
    claim = _claim(Criterion.NEED, weighed, _LEVELS[weighed.expected], None)
    pains = tuple(shortened(quote.text) for quote in claim.quotes) if weighed.expected else ()
    return claim.model_copy(update={"value": NeedValue(pains=pains)})


def _timeframe(call: Call, cues: Sequence[Cue]) -> Claim | None:
    weighed = weigh(cues, RULES[Criterion.TIMEFRAME])
    if weighed is None:
        return None
    plan = _PLANS[weighed.likeliest]
    level = timeframe_level(plan, None, call.started_at.date())
    assert level is not None
    return _claim(Criterion.TIMEFRAME, weighed, level, TimeframeValue(plan=plan))


def _claim(
    criterion: Criterion, weighed: Weighed, level: Level, value: ReadingValue | None
) -> Claim:
    quotes = quotes_of(criterion, weighed.cues)
    return Claim(
        criterion=criterion,
        level=level,
        quotes=quotes,
        value=value,
        summary=f"{meaning(criterion, level)}: {shortened(quotes[0].text)}",
        certainty=round(weighed.certainty, 3),
    )
