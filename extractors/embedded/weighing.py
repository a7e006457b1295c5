"""From the cues of a call to a level: which words count, what they add up to, how sure that is."""

from __future__ import annotations

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
    whole: float
    """How much the turn as a whole counts beside its most telling sentence, 0 to 1."""
    keep: int = 2
    """How many turns are weighed at most."""


RULES = {
    Criterion.BUDGET: Rule(at_least=0.7, unknown_at_least=0.99, whole=0.0),
    Criterion.AUTHORITY: Rule(at_least=0.4, unknown_at_least=0.93, whole=0.7),
    Criterion.NEED: Rule(at_least=0.45, unknown_at_least=0.985, whole=0.5),
    Criterion.TIMEFRAME: Rule(at_least=0.38, unknown_at_least=0.985, whole=0.5),
}
WORTH_PARSING = 0.15
"""Probability below which words are not searched for amounts and dates: they decide nothing."""
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

    @property
    def certainty(self) -> float:
        """How sure the reader is that these words are about the criterion, 0 to 1."""
        return self.cues[0].about


def clear_enough(cue: Cue, rule: Rule) -> bool:
    """Return whether one cue alone shows that its criterion was discussed."""
    return cue.about >= (rule.at_least if cue.side is Side.BUYER else rule.unknown_at_least)


def weigh(cues: Iterable[Cue], rule: Rule) -> Weighed | None:
    """Return what cues of one criterion come to, or None when none is clear enough.

    A turn counts once; later turns weigh more than earlier ones, because the last clear
    statement wins.
    """
    turns = turns_of(cues, rule)
    if not turns or not clear_enough(turns[0], rule):
        return None
    close = [cue for cue in turns if cue.about >= _CLOSE_TO_BEST * turns[0].about][: rule.keep]
    shares = _shares(close)
    classes = tuple(
        sum(share * cue.levels[step] for share, cue in zip(shares, close, strict=True))
        for step in range(len(turns[0].levels))
    )
    return Weighed(classes, tuple(close))


def turns_of(cues: Iterable[Cue], rule: Rule) -> list[Cue]:
    """Return one cue per turn, most telling first: its best stretch, tempered by the whole."""
    turns: dict[int, list[Cue]] = defaultdict(list)
    for cue in cues:
        turns[cue.turn].append(cue)
    return sorted((_one(own, rule) for own in turns.values()), key=lambda cue: -cue.about)


def _one(cues: Sequence[Cue], rule: Rule) -> Cue:
    best = max(cues, key=lambda cue: cue.about)
    whole = max(cue.about for cue in cues if not cue.part)
    part = max((cue.about for cue in cues if cue.part), default=whole)
    about = whole**rule.whole * part ** (1 - rule.whole) if rule.whole else best.about
    weights = [cue.about**2 for cue in cues]
    levels = tuple(
        sum(weight * cue.levels[step] for weight, cue in zip(weights, cues, strict=True))
        / sum(weights)
        for step in range(len(best.levels))
    )
    return replace(best, about=about, levels=levels, text=_telling(cues, best))


def _telling(cues: Sequence[Cue], best: Cue) -> str:
    """Return the words to quote: a single sentence, unless only the turn as a whole says it."""
    sentences = [cue for cue in cues if cue.part and cue.about >= _TELLING * best.about]
    return max(sentences, key=lambda cue: cue.about).text if sentences else best.text


def _shares(cues: Sequence[Cue]) -> list[float]:
    latest = max(cue.turn for cue in cues) + 1
    weights = [cue.about**2 * (1 + cue.turn / latest) for cue in cues]
    return [weight / sum(weights) for weight in weights]
