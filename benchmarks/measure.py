"""What every benchmark hands back, and what they share."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bantam.domain.calls import Call, CallId, Participant, Side, Turn

REPO = Path(__file__).resolve().parents[1]

_TALK = (
    "So we looked at that last week and the thing is nobody really owns the report.",
    "We have forty thousand euros a year in the draft plan, but nobody has approved that.",
    "My boss signs for anything above ten thousand, I only write the recommendation.",
    "Every Friday two people spend the whole afternoon copying numbers by hand.",
    "I would like to have it signed by the end of June, before our renewal.",
    "Can you show me again how the export works when the file is cut?",
    "Right, that makes sense, and what happens when the feed is late?",
    "Okay, let me write that down, and then I come back to you.",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    value: float
    unit: str
    goal: str = ""
    reached: bool | None = None
    """None when there is no goal."""


def a_long_call(number: int, words: int) -> Call:
    """Return a made-up call of about so many words, different for every number."""
    rng = random.Random(number)
    turns: list[Turn] = []
    said = 0
    while said < words:
        text = " ".join(rng.choice(_TALK) for _ in range(rng.randint(1, 3)))
        turns.append(Turn(speaker="sb"[len(turns) % 2], text=f"{text} {rng.randint(0, 10**9)}."))
        said += len(text.split()) + 1
    return Call(
        id=CallId(f"bench-{number:06}"),
        title="Benchmark",
        started_at=datetime(2026, 3, 2, 15, tzinfo=UTC),
        deal_id=None,
        participants=(
            Participant(id="s", name="Ana", side=Side.SELLER),
            Participant(id="b", name="Bo", side=Side.BUYER),
        ),
        turns=tuple(turns),
    )


@contextmanager
def model_server(latency: float) -> Iterator[str]:
    """Run the stand-in for a model server in a process of its own; yield its base URL."""
    command = [sys.executable, "-m", "tests.openai_server", "--latency", str(latency)]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
