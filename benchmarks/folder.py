"""Ten thousand calls from a folder: time, and memory that does not grow with their number."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import REPO, Row, a_long_call

_FEW, _MANY = 1_000, 10_000
_WORDS = 150
_SCRIPT = """
import resource, sys, time
from bantam.settings import load_settings
from flows import wiring
from flows.score_calls import score_calls
from integrations.files.source import iter_calls
env = {"BANTAM_LEDGER__URL": "sqlite:///" + sys.argv[2]}
started = time.perf_counter()
with wiring.pipeline(load_settings(env=env)) as pipeline:
    counts = score_calls(iter_calls([sys.argv[1]]), pipeline)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
assert counts.adds_up and counts.failed == 0, counts
print(counts.read, seconds, peak)
"""


def measure() -> list[Row]:
    """Score 1,000 and 10,000 files with the embedded extractor, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        _, few_peak = _scored(Path(folder), _FEW)
        seconds, many_peak = _scored(Path(folder), _MANY)
    growth = many_peak - few_peak
    return [
        Row("10,000 files of 150 words, embedded extractor", seconds, "s"),
        Row("peak memory at 1,000 files", few_peak, "MB"),
        Row("peak memory at 10,000 files", many_peak, "MB"),
        Row("memory growth over 9,000 more files", growth, "MB", "at most 50", growth <= 50),
    ]


def _scored(folder: Path, calls: int) -> tuple[float, float]:
    files = folder / str(calls)
    files.mkdir()
    for number in range(calls):
        call = a_long_call(number, _WORDS)
        (files / f"{number:06}.json").write_text(call.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-c", _SCRIPT, str(files), str(folder / f"{calls}.db")]
    done = subprocess.run(command, cwd=REPO, check=True, capture_output=True, text=True)
    read, seconds, peak = done.stdout.split()
    assert int(read) == calls
    return float(seconds), float(peak)
