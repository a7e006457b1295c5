"""The evidence gates: turn an extractor's claim into a reading that its words carry.

Every extractor passes through here. A gate can refuse a quote or lower a level, never add
either: no claim comes out higher than it went in, except that a timeframe's level follows from
the date that the buyer's own words give.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bantam.domain.bant import NOT_DISCUSSED, Flag, Level, Reading
from bantam.domain.calls import Side
from bantam.domain.evidence import Evidence, Match, RejectedEvidence, Rejection, Span
from extractors.agreement import agreeing_turn, is_backchannel, is_clear_agreement
from extractors.call_index import CallIndex
from extractors.claims import Claim, ClaimedQuote
from extractors.confidence import confidence_of
from extractors.doubts import judge
from extractors.grounding import Located, locate, meaningful
from extractors.values import check_value

_MEANINGFUL_AT_LEAST = 2
_OPENING = 40
"""Code points of an agreeing turn to show at least, to the end of their sentence."""


@dataclass(frozen=True, slots=True)
class _Passed:
    """A quote that counts, how high it carries, and what is doubtful about it."""

    evidence: Evidence
    carries: int
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    judged: Located
    """What was said: a buyer's words, or a seller's that a buyer agreed with."""
    counted: Located
    """The buyer's words that are stored as evidence."""


def ground(claim: Claim, index: CallIndex, *, suspected: Collection[int] = frozenset()) -> Reading:
    """Check a claim against the call's words and return the reading that they carry.

    A claim that cites a turn which addresses the reader of the transcript is not believed at
    all, whatever else it cites.

    Args:
        claim: what the extractor says.
        index: the call; share one between the four claims of a call.
        suspected: turns that the extractor itself takes for attempts to instruct it. They
            carry no level above 0; what the gates find on their own carries none at all.
    """
    passed: list[_Passed] = []
    rejected: list[RejectedEvidence] = []
    contradicted = False
    for quote in claim.quotes:
        result = _check(claim, quote, index, suspected)
        if isinstance(result, Rejection):
            rejected.append(RejectedEvidence(turn=quote.turn, quote=quote.text, reason=result))
        elif not quote.supports:
            contradicted = True
        elif all(result.evidence.span != other.evidence.span for other in passed):
            passed.append(result)
    if claim.level == NOT_DISCUSSED:
        return Reading(criterion=claim.criterion, level=NOT_DISCUSSED, rejected=tuple(rejected))
    if not passed or any(item.reason is Rejection.INJECTION for item in rejected):
        # Who leans on words that tell the reader what to write has been told what to write.
        return Reading(
            criterion=claim.criterion,
            level=NOT_DISCUSSED,
            claimed_level=claim.level,
            rejected=tuple(rejected),
            flags=(Flag.UNGROUNDED,),
        )
    return _reading(claim, index, passed, rejected, contradicted=contradicted)


def _reading(
    claim: Claim,
    index: CallIndex,
    passed: list[_Passed],
    rejected: list[RejectedEvidence],
    *,
    contradicted: bool,
) -> Reading:
    evidence = tuple(item.evidence for item in passed)
    checked = check_value(claim, evidence, index)
    level = _lowered(checked.level, max(item.carries for item in passed))
    flags = [*checked.flags, *(flag for item in passed for flag in item.flags)]
    if level != checked.level:
        flags.append(Flag.CAPPED)
    if contradicted:
        flags.append(Flag.CONTRADICTED)
    unique = tuple(dict.fromkeys(flags))
    return Reading(
        criterion=claim.criterion,
        level=level,
        claimed_level=claim.level,
        value=checked.value,
        summary=claim.summary,
        evidence=evidence,
        rejected=tuple(rejected),
        flags=unique,
        confidence=confidence_of(evidence, unique, claim.certainty),
    )


def _lowered(claimed: Level, carries: int) -> Level:
    if claimed == NOT_DISCUSSED:
        return claimed
    levels: tuple[Level, ...] = (0, 1, 2, 3, 4)
    return levels[min(claimed, carries)]


def _check(
    claim: Claim, quote: ClaimedQuote, index: CallIndex, suspected: Collection[int]
) -> _Passed | Rejection:
    found = locate(quote, index)
    if isinstance(found, Rejection):
        return found
    bad = index.injected | (set() if claim.level in {NOT_DISCUSSED, 0} else set(suspected))
    if found.turn in bad:
        return Rejection.INJECTION
    words = _words_of(found, index)
    if isinstance(words, Rejection):
        return words
    if {words.judged.turn, words.counted.turn} & bad:
        return Rejection.INJECTION
    verdict = judge(claim, words.judged, index)
    if isinstance(verdict, Rejection):
        return verdict
    flags = verdict.flags
    if found.match is not Match.CITED:
        flags = (*flags, Flag.REPAIRED_TURN)
    if index.side(words.counted.turn) is Side.UNKNOWN:
        flags = (*flags, Flag.UNKNOWN_SIDE)
    return _Passed(_evidence(words.counted, index), verdict.carries, flags)


def _words_of(found: Located, index: CallIndex) -> _Words | Rejection:
    """Return the buyer's words that count: the quote's own, or the agreement with a seller's."""
    text = index.call.turns[found.turn].text
    if index.side(found.turn) is Side.SELLER:
        turn = agreeing_turn(index, found.turn, found.quoted.end)
        if turn is None:
            return _why_no_agreement(found.turn, index)
        return _Words(judged=found, counted=_opening(turn, index))
    asked = _asked_before(found.turn, index)
    tokens = index.run(found.turn).tokens
    quoted = [t.word for t in tokens if found.quoted.start <= t.start < found.quoted.end]
    murmur = is_backchannel(text[found.widened.start : found.widened.end])
    if not murmur and meaningful(quoted) >= _MEANINGFUL_AT_LEAST:
        return _Words(judged=found, counted=found)
    if asked and is_clear_agreement(text, asked):
        return _Words(judged=_whole(found.turn - 1, index), counted=found)
    if murmur:
        return Rejection.NOT_AGREEMENT
    answers = len(quoted) == len(tokens) and asked.endswith("?")
    return _Words(judged=found, counted=found) if answers else Rejection.TOO_SHORT


def _asked_before(turn: int, index: CallIndex) -> str:
    """Return the seller's turn just before `turn`, or nothing when a buyer spoke before."""
    if turn == 0 or index.side(turn - 1) is Side.BUYER:
        return ""
    return index.call.turns[turn - 1].text.rstrip()


def _why_no_agreement(turn: int, index: CallIndex) -> Rejection:
    follows = turn + 1
    answered = follows < len(index) and index.side(follows) is Side.BUYER
    bare = answered and is_backchannel(index.call.turns[follows].text)
    return Rejection.NOT_AGREEMENT if bare else Rejection.SELLER_SAID_IT


def _opening(turn: int, index: CallIndex) -> Located:
    text = index.call.turns[turn].text
    start, end = index.sentence(turn, 0, min(len(text), _OPENING))
    return _located(turn, start, end)


def _whole(turn: int, index: CallIndex) -> Located:
    return _located(turn, 0, len(index.call.turns[turn].text))


def _located(turn: int, start: int, end: int) -> Located:
    span = Span(turn=turn, start=start, end=end)
    return Located(quoted=span, widened=span, before=(), after=(), match=Match.CITED)


def _evidence(found: Located, index: CallIndex) -> Evidence:
    turn = index.call.turns[found.turn]
    return Evidence(
        turn=found.turn,
        quote=turn.text[found.widened.start : found.widened.end],
        span=found.widened,
        speaker=index.call.speaker_of(found.turn).name,
        side=index.side(found.turn),
        start=turn.start,
        end=turn.end,
        match=found.match,
    )
