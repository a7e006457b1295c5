"""Measures the embedded extractor: `python -m evals.measure_embedded [FOLDER_OF_SHARED_DATA]`.

Prints a table for the bundled cases and, where the shared folder is, for the gold calls and for
earnings calls, on which nobody is being sold to and every reading is invented.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.calls import Call
from evals.field import FieldFigures, Pair, field_figures
from evals.gold import GoldCall, gold_calls
from evals.rates import Estimate, Rate
from extractors.embedded.extractor import EmbeddedExtractor

CASES = Path(__file__).with_name("cases")
_CALL_KEYS = ("id", "title", "started_at", "language", "participants", "turns")


def figures_of(calls: Iterable[GoldCall]) -> FieldFigures:
    """Read labelled calls with the embedded extractor and compare.

    Raises:
        ValueError: there are no calls.
    """
    reader = EmbeddedExtractor(_now)
    pairs = []
    for gold in calls:
        found = reader.extract(gold.call).readings
        pairs.append(
            Pair(
                deal=str(gold.call.deal_id or gold.call.id),
                read={criterion: found[criterion].level for criterion in Criterion},
                gold={criterion: gold.labels[criterion].level for criterion in Criterion},
            )
        )
    return field_figures(pairs)


def invented_per_call(path: Path) -> float:
    """Return how many levels of 1 to 4 are read per call of a file where none is right.

    Args:
        path: native calls, one a line.
    """
    reader = EmbeddedExtractor(_now)
    counts = []
    for line in path.read_bytes().splitlines():
        data = orjson.loads(line)
        call = Call.model_validate({key: data[key] for key in _CALL_KEYS if key in data})
        levels = [reading.level for reading in reader.extract(call).readings.values()]
        counts.append(sum(level not in {NOT_DISCUSSED, 0} for level in levels))
    return sum(counts) / len(counts)


def table(figures: FieldFigures) -> str:
    """Return the figures as lines of text."""
    heads = ("kappa", "exact", "within 1", "invented", "missed", "level 0")
    widths = (19, 6, 9, 13, 13, 8)
    lines = [f"{'':10} " + " ".join(map(str.rjust, heads, widths))]
    rows = [(str(c), figures.by_criterion[c]) for c in Criterion] + [("all four", figures.overall)]
    for name, row in rows:
        lines.append(
            f"{name:10} {_estimate(row.kappa)} {_share(row.exact):>6} {_share(row.within_one):>9}"
            f" {_counted(row.hallucination):>13} {_counted(row.miss):>13}"
            f" {_share(row.level0_recall):>8}"
        )
    return "\n".join(lines)


def _estimate(found: Estimate) -> str:
    if found.value is None:
        return f"{'undefined':>19}"
    if found.low is None or found.high is None:
        return f"{found.value:19.2f}"
    return f"{found.value:5.2f} [{found.low:5.2f},{found.high:5.2f}]"


def _share(found: Rate) -> str:
    return "-" if found.value is None else f"{found.value:.0%}"


def _counted(found: Rate) -> str:
    return f"{_share(found)} ({found.hits}/{found.n})"


def _now() -> datetime:
    return datetime.now(UTC)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure the embedded extractor.")
    parser.add_argument("shared", nargs="?", type=Path, help="folder that holds gold/ and data/")
    shared = parser.parse_args().shared
    folders = [CASES] if shared is None else [CASES, shared / "gold"]
    for folder in folders:
        figures = figures_of(gold_calls(folder))
        sys.stdout.write(f"{folder.name}: {figures.calls} calls, {figures.deals} deals\n")
        sys.stdout.write(table(figures) + "\n")
    if shared is not None:
        invented = invented_per_call(shared / "data" / "earnings.calls.jsonl")
        sys.stdout.write(f"earnings: {invented:.2f} invented readings a call\n")


if __name__ == "__main__":
    main()
