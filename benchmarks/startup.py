"""What a newcomer waits for: help, one file, the demo. Wall time, best of three."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import REPO, Row, a_long_call

_VTT = "WEBVTT\n\n" + "\n".join(
    f"00:{i // 60:02}:{i % 60:02}.000 --> 00:{i // 60:02}:{i % 60:02}.900\n"
    f"{('Ana', 'Bo')[i % 2]}: {turn.text}\n"
    for i, turn in enumerate(a_long_call(1, 1500).turns)
)


def measure() -> list[Row]:
    """Time three commands, each in a new process and folder."""
    with tempfile.TemporaryDirectory() as folder:
        vtt = Path(folder) / "one.vtt"
        vtt.write_text(_VTT, encoding="utf-8")
        return [
            _row("bantam --help", ["--help"], folder, 0.4),
            _row("bantam score one.vtt", ["score", str(vtt), "--seller", "Ana"], folder, 3),
            _row("bantam demo (after install)", ["demo"], folder, 10),
        ]


def _row(what: str, arguments: list[str], folder: str, goal: float) -> Row:
    best = min(_timed(arguments, folder) for _ in range(3))
    return Row(what, best, "s", f"at most {goal:g}", best <= goal)


def _timed(arguments: list[str], folder: str) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        env = {**os.environ, "BANTAM_LEDGER__URL": f"sqlite:///{fresh}/bantam.db"}
        command = [str(Path(sys.executable).parent / "bantam"), *arguments]
        started = time.perf_counter()
        subprocess.run(command, cwd=REPO, env=env, check=True, capture_output=True)
        return time.perf_counter() - started
