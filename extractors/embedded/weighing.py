"""From the cues of a call to a level: which words count, what they add up to, how sure that is."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bantam.domain.bant import Criterion
from bantam.domain.calls import Side
from extractors.embedded.cues import Cue


@dataclass(frozen=True, slots=True)
class Rule:
    """How cues of one criterion are weighed. Chosen on development calls, see CARD.md."""

    at_least: float
    """Probability that the best turn must reach, or the criterion was not discussed."""
    unknown_at_least: float
    """The same for words of speakers of unknown side."""
    slope: float
    offset: float
    """How the logit of the best turn becomes that of the criterion being discussed in the call."""
    keep: int = 2
    """How many turns are weighed at most."""

    def certainty(self, about: float) -> float:
        """Return the probability that a call whose best turn has `about` discusses it, 0 to 1."""
        within = min(1 - _EDGE, max(_EDGE, about))
        logit = self.slope * math.log(within / (1 - within)) + self.offset
        return 1 / (1 + math.exp(-logit))


RULES = {
    Criterion.BUDGET: Rule(at_least=0.54, unknown_at_least=0.99, slope=0.96, offset=0.62),
    Criterion.AUTHORITY: Rule(at_least=0.42, unknown_at_least=0.93, slope=1.35, offset=1.12),
    Criterion.NEED: Rule(at_least=0.36, unknown_at_least=0.985, slope=1.01, offset=0.77),
    Criterion.TIMEFRAME: Rule(at_least=0.30, unknown_at_least=0.985, slope=0.88, offset=1.02),
}
"""Of budget and authority as `train/validate.py` finds them on calls that were not trained on (13%
of those that do not discuss them get past); of need and timeframe lower, as calls with fewer near
misses allow (`docs/quality.md`). Those for unknown speakers are such that meetings where nobody is
sold to yield almost nothing."""
_EDGE = 1e-4
"""Probabilities nearer to 0 or 1 than this have no logit worth telling apart."""
_TELLING = 0.5
"""Share of the best stretch's probability that a sentence needs to be quoted alone."""
_RULED_OUT = 0.4
"""Least share of level 0 for a criterion to count as ruled out."""
_CLOSE_TO_BEST = 0.6
"""Share of the best cue's probability that another must have to be weighed beside it."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the cues of one criterion come to."""

    classes: tuple[float, ...]
    """Probability of each class of the level head; sums to 1."""
    cues: tuple[Cue, ...]
    """What was weighed, most telling first; never empty."""
    certainty: float
    """How sure the reader is that the call is about the criterion, 0 to 1."""

    @property
    def expected(self) -> int:
        """The level: 0 where "ruled out" is likeliest, else the nearest to the mean of the rest.

        Ruled out is no neighbour of vague: the mean of "gone" and "approved" is neither. Halves
        go down: when two levels fit, the lower.
        """
        ruled_out, *rest = self.classes
        if ruled_out >= max(rest) and ruled_out >= _RULED_OUT:
            return 0
        mean = sum(step * share for step, share in enumerate(rest, start=1)) / sum(rest)
        return int(mean + 0.4999)

    @property
    def likeliest(self) -> int:
        """The class with the largest share."""
        return self.classes.index(max(self.classes))


def clear_enough(cue: Cue, rule: Rule) -> bool:
    """Return whether one cue alone shows that its criterion was discussed."""
    return cue.about >= (rule.at_least if cue.side is Side.BUYER else rule.unknown_at_least)


def weigh(cues: Iterable[Cue], rule: Rule) -> Weighed | None:
    """Return what cues of one criterion come to, or None when none is clear enough.

    A turn counts once; later turns weigh more than earlier ones, because the last clear
    statement wins.
    """
    turns = turns_of(cues)
    if not turns or not clear_enough(turns[0], rule):
        return None
    close = [cue for cue in turns if cue.about >= _CLOSE_TO_BEST * turns[0].about][: rule.keep]
    shares = _shares(close)
    classes = tuple(
        sum(share * cue.levels[step] for share, cue in zip(shares, close, strict=True))
        for step in range(len(turns[0].levels))
    )
    return Weighed(classes, tuple(close), rule.certainty(turns[0].about))


def turns_of(cues: Iterable[Cue]) -> list[Cue]:
    """Return one cue per turn, most telling first.

    Whether a turn is about the criterion is for the turn as a whole to say: a sentence out of its
    place looks more telling than it is. At which level, its sentences say, too.
    """
    turns: dict[int, list[Cue]] = defaultdict(list)
    for cue in cues:
        turns[cue.turn].append(cue)
    return sorted((_one(own) for own in turns.values()), key=lambda cue: -cue.about)


def _one(cues: Sequence[Cue]) -> Cue:
    best = max(cues, key=lambda cue: (not cue.part, cue.about))
    weights = [cue.about**2 for cue in cues]
    levels = tuple(
        sum(weight * cue.levels[step] for weight, cue in zip(weights, cues, strict=True))
        / sum(weights)
        for step in range(len(best.levels))
    )
    return replace(best, levels=levels, text=_telling(cues, best))


def _telling(cues: Sequence[Cue], best: Cue) -> str:
    """Return the words to quote: a single sentence, unless only the turn as a whole says it."""
    sentences = [cue for cue in cues if cue.part and cue.about >= _TELLING * best.about]
    return max(sentences, key=lambda cue: cue.about).text if sentences else best.text


def _shares(cues: Sequence[Cue]) -> list[float]:
    latest = max(cue.turn for cue in cues) + 1
    weights = [cue.about**2 * (1 + cue.turn / latest) for cue in cues]
    return [weight / sum(weights) for weight in weights]
