"""Run the benchmarks: all of them, or those named on the command line."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sys
from datetime import UTC, datetime

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.measure import REPO, Row

NAMES = ("startup", "stages", "throughput", "folder", "latency", "backfill", "backfill_long")
_VERSIONS = ("bantam", "numpy", "openai", "prefect", "pydantic", "sqlalchemy")


def main() -> None:
    """Measure, print a table, and write it to benchmarks/results/<name>.json."""
    console = Console()
    for name in sys.argv[1:] or NAMES:
        rows = importlib.import_module(f"benchmarks.{name}").measure()
        console.print(_table(name, rows))
        _write(name, rows)


def _table(name: str, rows: list[Row]) -> Table:
    table = Table(title=name, box=None, title_justify="left")
    for column in ("what", "value", "unit", "goal", "reached"):
        table.add_column(column, justify="right" if column == "value" else "left")
    marks = {None: "", True: "yes", False: "NO"}
    for row in rows:
        table.add_row(row.what, f"{row.value:.3g}", row.unit, row.goal, marks[row.reached])
    return table


def _write(name: str, rows: list[Row]) -> None:
    folder = REPO / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    report = {
        "benchmark": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_at_end": round(os.getloadavg()[0], 2),
        "versions": {v: importlib.metadata.version(v) for v in _VERSIONS},
        "rows": [
            {"what": r.what, "value": round(r.value, 4), "unit": r.unit, "goal": r.goal,
             "reached": r.reached}
            for r in rows
        ],
    }  # fmt: skip
    data = orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    (folder / f"{name}.json").write_bytes(data)


if __name__ == "__main__":
    main()
