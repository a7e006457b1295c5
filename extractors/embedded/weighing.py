"""From the cues of a call to a level: which words count, what they add up to, how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bantam.domain.bant import Criterion
from bantam.domain.calls import Side
from extractors.embedded.cues import Cue


@dataclass(frozen=True, slots=True)
class Rule:
    """How cues of one criterion are weighed. Chosen on development calls, see CARD.md."""

    at_least: float
    """Probability that the best cue must reach, or the criterion was not discussed."""
    unknown_at_least: float
    """The same for words of speakers of unknown side."""
    keep: int
    """How many turns are weighed at most."""


RULES = {
    Criterion.BUDGET: Rule(at_least=0.75, unknown_at_least=0.9, keep=2),
    Criterion.AUTHORITY: Rule(at_least=0.7, unknown_at_least=0.9, keep=2),
    Criterion.NEED: Rule(at_least=0.6, unknown_at_least=0.95, keep=2),
    Criterion.TIMEFRAME: Rule(at_least=0.5, unknown_at_least=0.95, keep=2),
}
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
        """The class nearest to the mean, halves down: when two levels fit, the lower."""
        mean = sum(step * share for step, share in enumerate(self.classes))
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

    A turn counts once, with its most telling stretch; later turns weigh more than earlier ones,
    because the last clear statement wins.
    """
    turns = _best_per_turn(cues)
    if not turns or not clear_enough(turns[0], rule):
        return None
    close = [cue for cue in turns if cue.about >= _CLOSE_TO_BEST * turns[0].about][: rule.keep]
    shares = _shares(close)
    classes = tuple(
        sum(share * cue.levels[step] for share, cue in zip(shares, close, strict=True))
        for step in range(len(turns[0].levels))
    )
    return Weighed(classes, tuple(close))


def _best_per_turn(cues: Iterable[Cue]) -> list[Cue]:
    best: dict[int, Cue] = {}
    for cue in cues:
        if cue.turn not in best or cue.about > best[cue.turn].about:
            best[cue.turn] = cue
    return sorted(best.values(), key=lambda cue: -cue.about)


def _shares(cues: Sequence[Cue]) -> list[float]:
    latest = max(cue.turn for cue in cues) + 1
    weights = [cue.about**2 * (1 + cue.turn / latest) for cue in cues]
    return [weight / sum(weights) for weight in weights]
