"""Ctrl-C: one line, at once, and the next run goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from apps.cli import exit_codes
from tests.factories import a_call
from tests.paths import REPO

# A shell that runs tests in the background makes its children deaf to SIGINT.
_BANTAM = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from apps.cli.main import main; main()"
)
PATIENCE = 60
"""Seconds; a machine may be busy. The silent server would be waited for much longer."""


def test_who_interrupts_does_not_wait_for_a_silent_model_server(tmp_path: Path) -> None:
    for number in range(40):
        call = a_call(("s", "Hello?"), ("b", "Fine."), id=f"c-{number}")
        (tmp_path / f"{number:02}.json").write_text(call.model_dump_json(), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("BANTAM_", "PREFECT_"))}
        env |= {
            "BANTAM_MODEL__API_KEY": "sk-test",
            "BANTAM_MODEL__BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}/v1",
            "PYTHONPATH": str(REPO),
        }
        scoring = subprocess.Popen(
            [sys.executable, "-c", _BANTAM, "score", ".", "--model", "m"],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            asked, _ = silent.accept()
            with asked:
                scoring.send_signal(signal.SIGINT)
                out, err = scoring.communicate(timeout=PATIENCE)
        finally:
            scoring.kill()
    assert (scoring.returncode, out) == (exit_codes.INTERRUPTED, "")
    assert err.strip() == "interrupted; run the same command again to go on"
