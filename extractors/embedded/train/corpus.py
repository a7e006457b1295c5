"""Reads the training text: snippets, talk and whole calls, labelled turn by turn.

The format: `=== id | language | snippet, talk, or date`, then lines `s NAME: text` (seller),
`b NAME: text` (buyer) or `u NAME: text`; a buyer's line may end in ` ## LABELS`; a whole call has
a line `#gold budget=1 authority=2 need=2 timeframe=none target=none`. Snippets were written to
hold a label; talk and calls are mixed as people really talk, mostly about nothing that matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bantam.domain.calls import Call, CallId, Participant, Side, Turn
from extractors.embedded.features import Stretch

LABELS = frozenset(
    "B0 B1 B2 B3 B4 A0 A1 A2 A3 A4 N0 N1 N2 N3 N4 T0 T1 TP xB xA xN xT".split()  # noqa: SIM905
)


_SIDES = {"s": Side.SELLER, "b": Side.BUYER, "u": Side.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Line:
    """One turn of training text."""

    side: str
    """s, b or u."""
    name: str
    text: str
    labels: frozenset[str]


@dataclass(slots=True)
class Piece:
    """A snippet or a whole call."""

    id: str
    language: str
    kind: str
    """"snippet", "talk", or the date of a whole call."""
    gold: Mapping[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether this is a whole call with its levels."""
        return bool(self.gold)

    @property
    def natural(self) -> bool:
        """Whether labels are as rare here as in a real call."""
        return self.kind != "snippet"

    def stretches(self) -> Iterator[tuple[Stretch, frozenset[str]]]:
        """Yield the buyers' turns with what was asked before them, and their labels."""
        for before, line in zip([None, *self.lines], self.lines, strict=False):
            if line.side == "b":
                asked = before.text if before is not None and before.side == "s" else ""
                yield Stretch(line.text, asked), line.labels

    def as_call(self) -> Call:
        """Return the piece as a call on its date, five seconds a turn."""
        speakers = {line.name: line.side for line in self.lines}
        return Call(
            id=CallId(self.id),
            started_at=datetime.fromisoformat(self.kind).replace(tzinfo=UTC),
            language=self.language,
            participants=tuple(
                Participant(id=name, name=name, side=_SIDES[side])
                for name, side in speakers.items()
            ),
            turns=tuple(
                Turn(speaker=line.name, start=5.0 * number, end=5.0 * number + 4, text=line.text)
                for number, line in enumerate(self.lines)
            ),
        )


def read_pieces(folder: Path) -> list[Piece]:
    """Return all pieces of the `*.txt` files of `folder`, in order of file and line.

    Raises:
        ValueError: a line is not of the format; the message names file and line.
    """
    pieces: list[Piece] = []
    for path in sorted(folder.glob("*.txt")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            try:
                _take(line.strip(), pieces)
            except (ValueError, IndexError) as error:
                raise ValueError(f"{path.name}:{number}: {error}") from error
    return pieces


def _take(line: str, pieces: list[Piece]) -> None:
    if not line:
        return
    if line.startswith("==="):
        name, language, kind = (part.strip() for part in line[3:].split("|"))
        pieces.append(Piece(name, language, kind))
    elif line.startswith("#gold"):
        pieces[-1].gold = dict(pair.split("=") for pair in line.split()[1:])
    elif line[:2] in {"s ", "b ", "u "}:
        said, _, labels = line[2:].partition("##")
        name, _, text = said.partition(":")
        found = frozenset(labels.split())
        if found - LABELS:
            raise ValueError(f"unknown labels {sorted(found - LABELS)}")
        pieces[-1].lines.append(Line(line[0], name.strip(), text.strip(), found))
    else:
        raise ValueError("expected ===, #gold, or a line of s, b or u")
