"""From the webhook to the score in the CRM: one process, SQLite, a model that takes no time."""

from __future__ import annotations

import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measure import REPO, Row, a_long_call, model_server
from tests import signed
from tests.servers import serve
from tests.standins import fireflies

_CALLS = 60
_WARM = 5
_WORDS = 1_500
_GIVE_UP = 30.0


def measure() -> list[Row]:
    """Announce calls one after the other to `bantam serve`, and wait for each in the CRM table."""
    recorder = fireflies.Fireflies([])
    acks, ends = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        model_server(0.0) as model,
        serve(recorder) as server,
        _serving(folder, server.url, model) as url,
        httpx.Client(base_url=url) as client,
        _looking(folder) as ledger,
    ):
        for number in range(_WARM + _CALLS):
            recorder.meetings.append(_meeting(number))
            ack, end = _announced(client, ledger, f"m{number}")
            acks.append(ack)
            ends.append(end)
    acks, ends = sorted(acks[_WARM:]), sorted(ends[_WARM:])
    p95_end, p95_ack = ends[int(0.95 * _CALLS)], acks[int(0.95 * _CALLS)]
    return [
        Row("webhook to score in the CRM, p50", statistics.median(ends), "s"),
        Row("webhook to score in the CRM, p95", p95_end, "s", "at most 2", p95_end <= 2),
        Row("webhook to answer, p50", 1000 * statistics.median(acks), "ms"),
        Row("webhook to answer, p95", 1000 * p95_ack, "ms", "at most 100", p95_ack <= 0.1),
    ]


def _announced(
    client: httpx.Client, ledger: sqlite3.Connection, meeting: str
) -> tuple[float, float]:
    """Return the seconds to the answer, and to the score in the CRM table."""
    body = signed.raw({"event": "meeting.transcribed", "meeting_id": meeting, "timestamp": 0})
    started = time.perf_counter()
    answer = client.post("/webhooks/fireflies", content=body, headers=signed.fireflies(body))
    ack = time.perf_counter() - started
    assert answer.json() == {"new": 1}, answer.text
    there = "SELECT 1 FROM crm_scores WHERE call_id LIKE ?"
    while not ledger.execute(there, (f"%{meeting}",)).fetchone():
        time.sleep(0.002)
        assert time.perf_counter() - started < _GIVE_UP, f"{meeting} did not arrive"
    return ack, time.perf_counter() - started


def _meeting(number: int) -> dict[str, Any]:
    turns = a_long_call(number, _WORDS).turns
    sentences = [
        {
            "index": i,
            "speaker_id": i % 2,
            "speaker_name": ("Ana", "Bo")[i % 2],
            "text": turn.text,
            "raw_text": turn.text,
            "start_time": str(5 * i),
            "end_time": str(5 * i + 4),
        }
        for i, turn in enumerate(turns)
    ]
    return fireflies.a_meeting(f"m{number}", date=1000 * time.time(), sentences=sentences)


@contextmanager
def _serving(folder: str, recorder: str, model: str) -> Iterator[str]:
    env = {
        **os.environ,
        "PYTHONPATH": str(REPO),
        "BANTAM_EXTRACTOR": "model",
        "BANTAM_MODEL__BASE_URL": model,
        "BANTAM_MODEL__NAME": "m",
        "BANTAM_MODEL__API_KEY": "sk-test",
        "BANTAM_FIREFLIES__API_KEY": fireflies.KEY,
        "BANTAM_FIREFLIES__BASE_URL": recorder,
        "BANTAM_FIREFLIES__REQUESTS_PER_MINUTE": "60000.0",
        "BANTAM_FIREFLIES__WEBHOOK_SECRET": signed.SECRET,
        "BANTAM_SERVE__SOURCES": '["fireflies"]',
        "BANTAM_SIDES__SELLER_DOMAINS": '["seller.example"]',
        "BANTAM_LOG__LEVEL": "warning",
    }
    command = [sys.executable, "-c", "from apps.cli.main import main; main()", "serve"]
    with subprocess.Popen(
        [*command, "--port", "0"], cwd=folder, env=env, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            greeting = next(line for line in process.stderr if "http://" in line)
            found = re.search(r"http://127\.0\.0\.1:\d+", greeting)
            assert found is not None, greeting
            yield found[0]
        finally:
            process.terminate()


@contextmanager
def _looking(folder: str) -> Iterator[sqlite3.Connection]:
    path = Path(folder) / "bantam.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield connection
