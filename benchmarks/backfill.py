"""A back-fill: beside a bare loop, and with two worker processes as fast as they go."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from bantam.domain.calls import Call, CallId, CallWindow
from bantam.settings import load_settings
from benchmarks.bare_loop import bare_loop
from benchmarks.measure import REPO, Row, a_long_call, model_server
from flows import wiring
from flows.backfill import Backfill, survey
from flows.score_calls import score_calls
from tests.postgres import running_postgres

_AT_ONCE = 128
_LATENCY = 2.0
_SLOW_CALLS = 2_000
_SHARD = 500
_WORDS = 1_500
_DAY = datetime(2026, 3, 2, tzinfo=UTC)
WINDOW = CallWindow(since=_DAY, until=_DAY + timedelta(days=1))


class Recorded:
    """A recorder that holds made-up calls and answers at once."""

    name = "bench"
    overlap = timedelta(0)

    def __init__(self, numbers: Sequence[int]) -> None:
        self._calls = {c.id: c for c in (a_long_call(n, _WORDS) for n in numbers)}

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:  # noqa: ARG002 - the port
        yield from self._calls

    def fetch(self, call_id: CallId) -> Call:
        return self._calls[call_id]

    def calls(self) -> list[Call]:
        return list(self._calls.values())


def measure() -> list[Row]:
    """Back-fill 2,000 calls at 2 s and 128 at once; then 2 x 500 calls at 0 s on each database."""
    source = Recorded(range(_SLOW_CALLS))
    with model_server(_LATENCY) as url:
        bare = bare_loop(url, source.calls(), at_once=_AT_ONCE)
        ours = _backfilled(url, source)
    ratio = bare / ours
    rows = [
        Row("bare asyncio loop, 2,000 calls, 2 s, 128 at once", _SLOW_CALLS / bare, "calls/s"),
        Row("back-fill, the same", _SLOW_CALLS / ours, "calls/s"),
        Row("ratio to the bare loop", ratio, "x", "at least 0.95", ratio >= 0.95),
    ]
    with _prefect() as api, running_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        for name, ledger in (("SQLite", f"sqlite:///{folder}/b.db"), ("PostgreSQL", postgres)):
            with model_server(0.0) as url:
                per_core, wall = _two_workers(url, ledger, api)
            what = f"two workers, {name}, Prefect server running"
            rows += [
                Row(f"{what}: per second of their CPU", per_core, "calls/s per core",
                    "at least 100", per_core >= 100),
                Row(f"{what}: wall", wall, "calls/s"),
            ]  # fmt: skip
    return rows


def _env(url: str, ledger: str) -> dict[str, str]:
    return {
        "BANTAM_EXTRACTOR": "model",
        "BANTAM_MODEL__BASE_URL": url,
        "BANTAM_MODEL__NAME": "m",
        "BANTAM_MODEL__API_KEY": "sk-test",
        "BANTAM_MODEL__CONCURRENCY": str(_AT_ONCE),
        "BANTAM_LEDGER__URL": ledger,
    }


def _backfilled(url: str, source: Recorded) -> float:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(env=_env(url, f"sqlite:///{folder}/b.db"))
        with wiring.pipeline(settings) as pipeline:
            started = time.perf_counter()
            run = Backfill(survey(source, WINDOW, pipeline), pipeline)
            counts = score_calls(run.calls(), pipeline, run.on_result)
            seconds = time.perf_counter() - started
    assert counts.scored == _SLOW_CALLS, counts
    return seconds


def _two_workers(url: str, ledger: str, api: str) -> tuple[float, float]:
    """Return calls per second of the workers' CPU time, and of the clock."""
    env = {**os.environ, **_env(url, ledger), "PREFECT_API_URL": api}
    wiring.open_ledger(load_settings(env=_env(url, ledger))).close()
    started = time.perf_counter()
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.backfill_worker", str(number), str(_SHARD)],
            cwd=REPO, env=env, stdout=subprocess.PIPE, text=True,
        )
        for number in range(2)
    ]  # fmt: skip
    answers = [worker.communicate(timeout=600)[0].split() for worker in workers]
    assert time.perf_counter() - started > 0
    assert all(worker.returncode == 0 for worker in workers)
    calls = sum(int(a[0]) for a in answers)
    cpu = sum(float(a[1]) for a in answers)
    wall = max(float(a[3]) for a in answers) - min(float(a[2]) for a in answers)
    return calls / cpu, calls / wall


@contextmanager
def _prefect() -> Iterator[str]:
    """Run a Prefect server with a new database; yield its API's address."""
    with tempfile.TemporaryDirectory() as home:
        port = "4273"
        env = {
            **os.environ,
            "PREFECT_HOME": home,
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }
        command = [sys.executable, "-m", "prefect", "server", "start", "--port", port]
        with subprocess.Popen(
            command, cwd=REPO, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as server:
            try:
                api = f"http://127.0.0.1:{port}/api"
                _wait_for(f"{api}/health")
                yield api
            finally:
                server.terminate()


def _wait_for(url: str) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"{url} does not answer")
