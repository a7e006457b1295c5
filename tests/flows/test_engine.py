"""The flows on a real Prefect server: same results as the plain functions, and no words in it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bantam.ledger.store import Ledger
from tests.factories import a_call
from tests.fakes import ScriptedExtractor
from tests.flows.test_score_calls import a_pipeline

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.xdist_group("prefect"),
    pytest.mark.filterwarnings("ignore"),
]
SECRET = "zebra crossing moonlight"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start a Prefect server with its own database; yield the database file."""
    os.environ |= {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        url = str(PREFECT_API_DATABASE_CONNECTION_URL.value())
        yield Path(url.removeprefix("sqlite+aiosqlite:///"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as opened:
        yield opened


def test_the_flow_scores_files_in_chunks_and_writes_its_table(
    server: Path, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import engine

    monkeypatch.setattr(engine, "CALLS_PER_TASK", 4)
    lines = [a_call(("b", SECRET), id=f"c-{i}").model_dump_json() for i in range(10)]
    (tmp_path / "calls.jsonl").write_text("\n".join([*lines, "{"]) + "\n")
    told: list[object] = []
    pipeline = replace(a_pipeline(ledger, ScriptedExtractor()), concurrency=2)
    parts = engine.Injected(pipeline, told.append)
    counts = engine.run_files((str(tmp_path / "calls.jsonl"),), parts)
    assert (counts.read, counts.scored, counts.failed, len(told)) == (11, 10, 1, 11)
    assert engine.run_files((str(tmp_path / "calls.jsonl"),), parts).skipped == 10
    assert "11" in _artifact("bantam-run")
    assert "line 11" in _artifact("bantam-failures")
    assert not _database_holds(server, SECRET)
    assert _database_holds(server, "calls.jsonl")


def _artifact(key: str) -> str:
    from prefect.artifacts import Artifact

    found = asyncio.run(Artifact.aget(key))
    assert found is not None
    return str(found.data)


def _database_holds(path: Path, words: str) -> bool:
    with sqlite3.connect(path) as database:
        return any(words in line for line in database.iterdump())
