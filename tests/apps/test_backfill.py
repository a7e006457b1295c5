"""`bantam backfill` against a Gong stand-in."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from apps.cli import exit_codes
from apps.cli.main import run
from tests.servers import serve
from tests.standins import gong

WINDOW = ("--source", "gong", "--since", "2026-11-23", "--until", "2026-11-24")


def test_it_tells_what_is_missing_scores_it_and_counts_what_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    calls = [
        gong.a_gong_call("1"),
        gong.a_gong_call("2", transcript=None),
        gong.a_gong_call("3", meta={"isPrivate": True}),
    ]
    with serve(gong.Gong(calls)) as server:
        monkeypatch.setenv("BANTAM_GONG__BASE_URL", server.base_url)
        monkeypatch.setenv("BANTAM_GONG__ACCESS_KEY", gong.KEY)
        monkeypatch.setenv("BANTAM_GONG__ACCESS_KEY_SECRET", gong.SECRET)
        assert run(["backfill", *WINDOW, "--yes"]) == exit_codes.OK
        first = capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
        assert run(["backfill", *WINDOW]) == exit_codes.INTERRUPTED, "nobody said yes"
        second = capsys.readouterr()
    assert "3 calls, 0 done already, 2 to do" in first.err
    assert first.out.splitlines() == [
        "3 calls: 1 scored, 0 unscored",
        "left out: 1 private",
        "left out: 1 transcript not ready",
    ]
    assert "1 done already, 1 to do" in second.err


def test_a_window_must_run_forward(capsys: pytest.CaptureFixture[str]) -> None:
    backwards = ["backfill", "--source", "gong", "--since", "2026-03-02", "--until", "2026-03-01"]
    assert run(backwards) == exit_codes.USAGE
