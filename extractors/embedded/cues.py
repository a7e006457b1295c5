"""From a buyer's words to probabilities: is this about a criterion, and which level does it say?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bantam.domain.bant import Criterion
from bantam.domain.calls import Call, Side
from extractors.agreement import is_backchannel
from extractors.embedded.features import Floats, Stretch, buckets, meanings, signs
from extractors.embedded.weights import STEPS, Weights, level_columns, load_weights

WORTH_PARSING = 0.15
"""Probability below which a turn is looked at no closer: it decides nothing."""
_LONG_TURN = 45
"""Words above which a turn is read in overlapping pieces: one vector blurs more than that."""
_PIECE = 35
_SHORT_ANSWER = 12
"""Words."""
_LEAST_WORDS = 4
"""Shorter sentences say nothing on their own."""
_SENTENCE = re.compile(r"[^.!?…]+(?:[.!?…]+[\"'”’)\]]*(?=\s|$)|[.!?…]+|$)")


@dataclass(frozen=True, slots=True)
class Cue:
    """What one stretch of a turn says about one criterion, with what probability."""

    turn: int
    """0-based number of the turn."""
    text: str
    """The stretch: words of that turn, as they stand."""
    side: Side
    about: float
    """Probability that these words say where the buyer stands on the criterion, 0 to 1."""
    levels: tuple[float, ...]
    """Given that they do: probability of each class of the level head; sums to 1."""
    part: bool = False
    """A single sentence of a turn that is also read as a whole."""


def cues_of(
    call: Call, turns: Sequence[int], weights: Weights | None = None
) -> Mapping[Criterion, list[Cue]]:
    """Return a cue per criterion and stretch of the given turns, in order of the call.

    Turns are read whole; those that may be about a criterion also sentence by sentence.

    Args:
        call: the call.
        turns: numbers of the turns to read, rising.
        weights: other than those in the package, to try them.
    """
    heads = weights or load_weights()
    found = _read(call, heads, [(turn, whole) for turn in turns for whole in wholes_of(call, turn)])
    telling = sorted(
        {cue.turn for cues in found.values() for cue in cues if cue.about >= WORTH_PARSING}
    )
    parts = _read(
        call, heads, [(turn, part) for turn in telling for part in sentences_of(call, turn)]
    )
    return {
        criterion: sorted(found[criterion] + parts[criterion], key=lambda cue: cue.turn)
        for criterion in Criterion
    }


def _read(
    call: Call, weights: Weights, cited: Sequence[tuple[int, Stretch]]
) -> dict[Criterion, list[Cue]]:
    found: dict[Criterion, list[Cue]] = {criterion: [] for criterion in Criterion}
    if not cited:
        return found
    logits = score_stretches([stretch for _, stretch in cited], weights)
    for criterion, gate in zip(STEPS, _sigmoid(logits[:, : len(STEPS)]).T, strict=True):
        levels = _softmax(logits[:, level_columns(criterion)])
        for (turn, stretch), about, row in zip(cited, gate, levels, strict=True):
            found[criterion].append(
                Cue(
                    turn=turn,
                    text=stretch.text,
                    side=call.side_of(turn),
                    about=float(about),
                    levels=tuple(map(float, row)),
                    part=stretch.part,
                )
            )
    return found


def question_of(call: Call, cue: Cue) -> str | None:
    """Return the seller's turn that a short answer may leave amounts and dates to."""
    asked = cue.turn - 1
    if asked < 0 or call.side_of(asked) is not Side.SELLER:
        return None
    short = len(cue.text.split()) <= _SHORT_ANSWER
    return call.turns[asked].text if short and not cue.part else None


def wholes_of(call: Call, turn: int) -> Iterator[Stretch]:
    """Yield a turn with what was asked before it; a long one in overlapping pieces."""
    text = call.turns[turn].text.strip()
    asked = ""
    if turn and call.side_of(turn - 1) is not call.side_of(turn):
        asked = call.turns[turn - 1].text
    if is_backchannel(text) and not asked.rstrip().endswith("?"):
        return
    for piece in _pieces(text):
        yield Stretch(piece, asked)


def sentences_of(call: Call, turn: int) -> Iterator[Stretch]:
    """Yield the sentences of a turn that has several, each on its own."""
    text = call.turns[turn].text.strip()
    whole = set(_pieces(text))
    yield from (Stretch(said, part=True) for said in single_sentences(text) if said not in whole)


def single_sentences(text: str) -> list[str]:
    """Return the sentences of `text` that can say something alone; none where it is only one."""
    spans = sentences_in(text)
    if len(spans) < 2:
        return []
    sentences = (text[start:end].strip() for start, end in spans)
    return [sentence for sentence in sentences if len(sentence.split()) >= _LEAST_WORDS]


def _pieces(text: str) -> Iterator[str]:
    if len(text.split()) <= _LONG_TURN:
        if text:
            yield text
        return
    spans = sentences_in(text)
    first = 0
    while first < len(spans):
        last = first
        words = 0
        while last < len(spans):
            words += len(text[slice(*spans[last])].split())
            if words > _PIECE and last > first:
                break
            last += 1
        yield text[spans[first][0] : spans[last - 1][1]].strip()
        if last >= len(spans):
            return
        first = last - 1 if last - 1 > first else last


def sentences_in(text: str) -> list[tuple[int, int]]:
    """Return where the sentences of `text` stand, half-open, in code points."""
    return [m.span() for m in _SENTENCE.finditer(text) if m.group().strip()]


def score_stretches(stretches: Sequence[Stretch], weights: Weights) -> Floats:
    """Return the raw outputs of all heads, one row per stretch."""
    alone, together = meanings(stretches)
    facts = np.asarray([signs(stretch) for stretch in stretches], dtype=np.float32)
    rows = np.hstack([alone, together, facts]) @ weights.dense + weights.bias
    for number, stretch in enumerate(stretches):
        places, amounts = buckets(stretch.text)
        rows[number] += amounts @ weights.runs[places]
    scored: Floats = rows
    return scored


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-values)), dtype=np.float32)


def _softmax(values: Floats) -> Floats:
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)
