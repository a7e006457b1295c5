"""What people see: tables on stdout, narration and progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from apps.cli.plain_text import one_line, printable
from bantam.domain.bant import NOT_DISCUSSED, Criterion, Extraction, Level
from bantam.domain.calls import Call
from bantam.domain.notes import top_reason
from bantam.domain.score import Score

LEVEL_MARKS: Mapping[Level, str] = {NOT_DISCUSSED: "·", 0: "0", 1: "1", 2: "2", 3: "3", 4: "4"}
"""A dot is "not discussed": never to be mistaken for 0, "ruled out"."""
_LEVEL_STYLES: Mapping[Level, str] = {
    NOT_DISCUSSED: "dim",
    0: "red",
    1: "yellow",
    2: "yellow",
    3: "green",
    4: "bold green",
}
_PIPED_WIDTH = 120
"""Columns when stdout is no terminal; rich would otherwise fall back to 80."""


class _PlainConsole(Console):
    """Shows text as it is: names and quotes are neither markup nor commands to the terminal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, highlight=False, emoji=False, **options)

    def render(self, *args: Any, **options: Any) -> Iterator[Segment]:
        """Yield segments whose text holds nothing that a terminal obeys."""
        for segment in super().render(*args, **options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Leave it to `apps.cli.main` what a reader that went away means; rich would exit 1."""
        raise BrokenPipeError


def stdout() -> Console:
    """Return a console on stdout; honours NO_COLOR and pipes."""
    return _PlainConsole(width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def stderr() -> Console:
    """Return a console on stderr, for narration and progress."""
    return _PlainConsole(stderr=True)


def line(text: str, style: str = "") -> Text:
    """Return a line to print: a line break within it, in somebody's title, becomes a space."""
    return Text(one_line(text), style=style)


def clock_time(seconds: float | None) -> str:
    """Return seconds as m:ss or h:mm:ss; empty when unknown."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def score_table(rows: Sequence[tuple[Call, Extraction, Score]]) -> Table:
    """Return the table of scored calls, in the order given."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Call", no_wrap=True, max_width=18)
    table.add_column("Score", justify="right")
    table.add_column("Band")
    for criterion in Criterion:
        table.add_column(criterion.value[0].upper(), justify="center")
    table.add_column("Top reason", ratio=1, overflow="fold")
    for call, extraction, score in rows:
        table.add_row(*_row(call, extraction, score))
    return table


def _row(call: Call, extraction: Extraction, score: Score) -> list[Text]:
    levels = [r.level for r in (extraction.readings.get(c) for c in Criterion) if r]
    marks = [Text(LEVEL_MARKS[level], style=_LEVEL_STYLES[level]) for level in levels]
    if score.points is None:
        number = Text("-", style="dim")
        why = line(f"unscored: {score.unscored_reason}", style="dim")
        return [line(call.id), number, Text(""), *(marks or [Text("")] * 4), why]
    band = score.band or ""
    reason = top_reason(score, extraction.readings)
    if not score.enough_said:
        reason = f"not enough said; {reason}"
    return [
        line(call.id),
        Text(str(score.points), style="bold"),
        line(band),
        *marks,
        line(_clipped(reason)),
    ]


def _clipped(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


LEGEND = (
    "B budget  A authority  N need  T timeframe; 0 ruled out to 4 as good as it gets, "
    "· not discussed"
)
