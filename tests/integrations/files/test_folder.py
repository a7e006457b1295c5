"""A folder that people drop recordings into."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bantam.domain.calls import CallId, CallWindow, Side
from bantam.errors import CallFileError
from integrations.files.folder import FolderSource
from integrations.files.sides import SideRules
from tests.factories import a_call

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
RECENT = CallWindow(since=NOW - timedelta(days=1), until=NOW)


def drop(folder: Path, name: str, *ids: str, at: datetime = NOW) -> Path:
    file = folder / name
    keep = {"id", "title", "started_at", "participants", "turns"}
    lines = [json.dumps(a_call(id=i).model_dump(mode="json", include=keep)) for i in ids]
    file.write_text("\n".join(lines))
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


def a_source(folder: Path) -> FolderSource:
    return FolderSource(folder, SideRules())


def test_files_changed_in_the_window_are_listed_and_fetched(tmp_path: Path) -> None:
    drop(tmp_path, "new.jsonl", "a", "b")
    drop(tmp_path, "old.jsonl", "c", at=NOW - timedelta(days=3))
    source = a_source(tmp_path)

    assert list(source.call_ids(RECENT)) == ["a", "b"]
    assert source.fetch(CallId("b")).side_of(1) is Side.BUYER


def test_a_call_is_found_by_id_after_a_restart_and_in_a_file_of_any_age(tmp_path: Path) -> None:
    drop(tmp_path, "old.jsonl", "c", at=NOW - timedelta(days=300))
    assert a_source(tmp_path).fetch(CallId("c")).id == "c"


def test_a_call_whose_file_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(CallFileError, match="call c: no file here"):
        a_source(tmp_path).fetch(CallId("c"))


def test_a_file_that_cannot_be_read_is_named_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bad.json").write_text("{")
    drop(tmp_path, "good.jsonl", "a")
    source = a_source(tmp_path)
    window = CallWindow(since=NOW - timedelta(days=9), until=NOW)
    assert [list(source.call_ids(window)) for _ in range(2)] == [["a"], ["a"]]
    (line,) = caplog.messages
    assert "bad.json" in line
