"""`bantam serve` as its users start it: a process of its own, with everything embedded."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bantam.ledger.store import Ledger
from tests import signed
from tests.paths import REPO

BANTAM = [sys.executable, "-c", "from apps.cli.main import main; main()"]
SAMPLES = REPO / "apps" / "cli" / "samples"


@contextmanager
def serving(folder: Path, **env: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `bantam serve` in a folder; yield the process and its address."""
    process = subprocess.Popen(
        [*BANTAM, "serve", "--port", "0", "--folder", "calls"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPO), **env},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        for line in process.stderr:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                yield process, found[0]
                break
        else:
            raise AssertionError(f"ended with {process.wait(10)} before it listened")
    finally:
        process.kill()
        process.wait(10)


def read_until(process: subprocess.Popen[str], wanted: str) -> None:
    assert process.stderr
    for line in process.stderr:
        if wanted in line:
            return
    raise AssertionError(f"ended with {process.wait(10)} without {wanted!r}")


def test_a_dropped_file_and_a_webhook_end_as_scores_in_the_crm(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    shutil.copy(SAMPLES / "d1-02.json", tmp_path / "calls")
    secret = {"BANTAM_WEBHOOKS__GENERIC_SECRET": signed.STANDARD_SECRET}
    with serving(tmp_path, **secret) as (process, url):
        read_until(process, "deliver: 1 done")
        assert httpx.get(f"{url}/readyz").text == "ready\n"
        shutil.copy(SAMPLES / "d1-10.json", tmp_path / "calls")
        body = signed.raw({"type": "call.ready", "source": "folder", "call_id": "d1-10"})
        headers = signed.standard(body, str(int(time.time())))
        answer = httpx.post(f"{url}/webhooks/generic", content=body, headers=headers)
        assert answer.json() == {"new": 1}
        read_until(process, "deliver: 1 done")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=False) as ledger:
        assert {row.note.call_id for row in ledger.crm_scores()} == {"d1-02", "d1-10"}


def test_an_address_that_is_taken_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    with serving(tmp_path) as (_, url):
        port = url.rpartition(":")[2]
        done = subprocess.run(
            [*BANTAM, "serve", "--port", port],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPO)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 4
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
