"""`bantam backfill` over 100,000 short calls, killed in the middle and run again.

The real command with the embedded reader and SQLite; only the recorder is made up. The smaller
run shows that memory does not grow with the number of calls.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from benchmarks.measure import REPO, Row

SMALL = int(os.environ.get("BENCH_FEW", "10000"))
CALLS = int(os.environ.get("BENCH_CALLS", "100000"))
_MB_MORE = 100
"""Room for the ids: 100,000 of them, and where each stands."""
_LOOK_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Ended:
    """One run of the command."""

    seconds: float
    peak_mb: float
    killed: bool


def measure() -> list[Row]:
    """Back-fill few calls, then many; the second time with a SIGKILL at half of them."""
    with tempfile.TemporaryDirectory() as folder:
        small = _command(f"sqlite:///{folder}/small.db", SMALL)
        ledger = f"sqlite:///{folder}/long.db"
        first = _command(ledger, CALLS, kill_at=CALLS // 2)
        assert first.killed
        left = _scores(ledger)
        second = _command(ledger, CALLS)
        scored, distinct, read = _scores(ledger), _distinct(ledger), _readings(ledger)
        size = Path(folder, "long.db").stat().st_size / 1e6
    peak = max(first.peak_mb, second.peak_mb)
    once = scored == distinct == read == CALLS
    seconds = first.seconds + second.seconds
    return [
        Row("calls", CALLS, "calls"),
        Row("wall, both runs, embedded reader, SQLite", seconds, "s"),
        Row("the same", CALLS / seconds, "calls/s"),
        Row("scored when SIGKILL came", left, "calls"),
        Row("scores at the end", scored, "scores", f"{CALLS}: every call once", once),
        Row(f"peak memory, {SMALL:,} calls", small.peak_mb, "MB"),
        Row(f"peak memory, {CALLS:,} calls", peak, "MB", f"at most {_MB_MORE} MB more",
            peak - small.peak_mb <= _MB_MORE),
        Row("ledger at the end", size, "MB"),
    ]  # fmt: skip


def _command(ledger: str, calls: int, *, kill_at: int | None = None) -> Ended:
    """Run the command to its end, or until the ledger holds `kill_at` scores."""
    env = {**os.environ, "BANTAM_LEDGER__URL": ledger, "BANTAM_EXTRACTOR": "embedded"}
    env.pop("PREFECT_API_URL", None)
    command = [sys.executable, "-m", "benchmarks.backfill_long_worker", str(calls)]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=REPO, env=env, stdout=subprocess.DEVNULL)
    killed = False
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if kill_at is not None and not killed and _scores(ledger) >= kill_at:
            process.send_signal(signal.SIGKILL)
            killed = True
        time.sleep(_LOOK_EVERY)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == (-signal.SIGKILL if killed else 0), process.returncode
    return Ended(time.perf_counter() - started, used.ru_maxrss / 1024, killed)


def _scores(ledger: str) -> int:
    return _count(ledger, "select count(*) from scores")


def _distinct(ledger: str) -> int:
    return _count(ledger, "select count(distinct call_id) from scores")


def _readings(ledger: str) -> int:
    return _count(ledger, "select count(*) from extractions")


def _count(ledger: str, query: str) -> int:
    if not Path(ledger.removeprefix("sqlite:///")).exists():
        return 0
    engine = create_engine(ledger)
    try:
        with engine.connect() as connection:
            there = connection.execute(text("select 1 from sqlite_master where name = 'scores'"))
            return int(connection.execute(text(query)).scalar_one()) if there.first() else 0
    finally:
        engine.dispose()
