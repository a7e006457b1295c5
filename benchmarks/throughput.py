"""Against a model server: the main path beside a bare loop, and what a core does at most."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bantam.domain.calls import Call
from bantam.settings import Settings, load_settings
from benchmarks.bare_loop import bare_loop
from benchmarks.measure import Row, a_long_call, model_server
from flows import wiring
from flows.score_calls import score_calls

_AT_ONCE = 64
_LATENCY = 2.0
_SLOW_CALLS = 512
_FAST_CALLS = 1_000
_WORDS = 1_500


def measure() -> list[Row]:
    """Score 512 calls at 2 s and 64 at once, and 1,000 calls as fast as they go."""
    slow = [a_long_call(n, _WORDS) for n in range(_SLOW_CALLS)]
    with model_server(_LATENCY) as url:
        bare = bare_loop(url, slow, at_once=_AT_ONCE)
        ours, _ = _main_path(url, slow)
    fast = [a_long_call(n, _WORDS) for n in range(_FAST_CALLS)]
    with model_server(0.0) as url:
        _main_path(url, fast[:50])  # warm: imports, connections, templates
        wall, cpu = _main_path(url, fast)
    ratio = bare / ours
    per_core = len(fast) / cpu
    return [
        Row("bare asyncio loop, 512 calls, 2 s, 64 at once", len(slow) / bare, "calls/s"),
        Row("score_calls, the same", len(slow) / ours, "calls/s"),
        Row("ratio to the bare loop", ratio, "x", "at least 0.95", ratio >= 0.95),
        Row("saturated, calls per second of our CPU time", per_core, "calls/s per core",
            "at least 100", per_core >= 100),
        Row("saturated, wall (server on the other core)", len(fast) / wall, "calls/s"),
    ]  # fmt: skip


def _main_path(url: str, calls: Sequence[Call]) -> tuple[float, float]:
    """Score calls into a new SQLite ledger; return wall and CPU seconds of this process."""
    with _settings(url) as settings, wiring.pipeline(settings) as pipeline:
        wall, cpu = time.perf_counter(), time.process_time()
        counts = score_calls(calls, pipeline)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert counts.scored == len(calls), counts
    return wall, cpu


@contextmanager
def _settings(url: str) -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "BANTAM_EXTRACTOR": "model",
            "BANTAM_MODEL__BASE_URL": url,
            "BANTAM_MODEL__NAME": "m",
            "BANTAM_MODEL__API_KEY": "sk-test",
            "BANTAM_MODEL__CONCURRENCY": str(_AT_ONCE),
            "BANTAM_LEDGER__URL": f"sqlite:///{Path(folder) / 'bantam.db'}",
        }
        yield load_settings(env=env)
