"""The command as its tests call it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.cli.main import run

Ran = tuple[int, str, str]


@pytest.fixture
def bantam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run `bantam` in an empty folder; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "PREFECT_API_URL", "BANTAM_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Ran:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
