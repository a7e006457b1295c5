"""Files, folders, globs and stdin; one bad file never stops the others."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path

import pytest

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.files import source
from integrations.files.source import iter_calls
from tests.factories import a_call

SECRET = "the buyer's secret words"


def a_line(call_id: str, text: str = "Forty thousand.") -> str:
    return a_call(("b", text), id=call_id).model_dump_json()


def ids(items: list) -> list[str]:
    return [i.id if isinstance(i, Call) else f"{Path(i.path).name}: {i.place}" for i in items]


def test_folders_are_walked_in_order_of_names_and_errors_stand_in_their_place(
    tmp_path: Path,
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.json").write_text(a_line("c-a"))
    (tmp_path / "b" / "c.json").write_text("{")
    (tmp_path / "b" / "d.jsonl").write_text(f"{a_line('c-d')}\n\nnot json\n{a_line('c-e')}\n")
    (tmp_path / "notes.md").write_text("not a call")
    assert ids(list(iter_calls([str(tmp_path)]))) == [
        "c-a",
        "c.json: line 1",
        "c-d",
        "d.jsonl: line 3, column 1",
        "c-e",
    ]


def test_globs_and_stdin_are_read_too(tmp_path: Path) -> None:
    for name in ("x1", "x2", "y1"):
        (tmp_path / f"{name}.json").write_text(a_line(name))
    stdin = io.BytesIO(f"{a_line('s1')}\n{a_line('s2')}\n".encode())
    items = list(iter_calls([str(tmp_path / "x*.json"), "-"], stdin=stdin))
    assert ids(items) == ["x1", "x2", "s1", "s2"]


def test_a_whole_document_on_stdin_is_read() -> None:
    stdin = io.BytesIO(json.dumps(json.loads(a_line("s1")), indent=1).encode())
    assert ids(list(iter_calls(["-"], stdin=stdin))) == ["s1"]


def test_the_same_call_twice_is_one_call_and_other_words_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(a_line("c-1"))
    (tmp_path / "2.json").write_text(a_line("c-1"))
    (tmp_path / "3.json").write_text(a_line("c-1", "Fifty thousand."))
    first, error = iter_calls([str(tmp_path)])
    assert isinstance(first, Call)
    assert "1.json with other words" in str(error)


CUT = a_line("c-1", SECRET)[:-40]


def broken(**changes: object) -> str:
    return json.dumps({**json.loads(a_line("c-1", SECRET)), **changes})


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        pytest.param("a.json", b"", "file: is empty", id="empty"),
        pytest.param("a.vtt", b"\xef\xbb\xbf \r\n", "file: is empty", id="only a mark"),
        pytest.param("a.jsonl", b"\n\n", "file: is empty", id="empty lines"),
        pytest.param("a.json", CUT.encode(), "the file seems cut", id="JSON cut in the middle"),
        pytest.param("a.txt", "Bo: é".encode()[:-1], "inside a character", id="cut in a character"),
        pytest.param("a.vtt", b"WEBVTT\n\n00:00:01.000 --> 00:0", "line ", id="VTT cut in a time"),
        pytest.param("a.vtt", b"WEBVTT\n", "at least one cue", id="VTT without cues"),
        pytest.param("a.srt", b"1\n", "at least one cue", id="SRT without cues"),
        pytest.param("a.txt", b"no names here\n", "expected lines such as", id="text without names"),
        pytest.param("a.txt", b"\x00\x01\x02\xff", "is binary", id="binary"),
        pytest.param("a.json", b"\x80abc", "byte 0: not UTF-8", id="another encoding"),
        pytest.param("a.json", b"[1, 2]", "expected a JSON object", id="a list"),
        pytest.param("a.json", b'{"a": 1}', "expected a call", id="another object"),
        pytest.param("a.docx", b"PK", "ending '.docx': expected one of", id="unknown ending"),
        pytest.param("a.json", broken(turns=[{"speaker": "x", "text": SECRET}]).encode(), "turns[0].speaker: 'x' is not the id", id="unknown speaker"),
        pytest.param("a.json", broken(turns=[{"speaker": "b"}]).encode(), "turns[0].text: this key is required", id="turn without text"),
        pytest.param("a.json", broken(turns=SECRET).encode(), "turns: expected a list", id="turns of the wrong kind"),
        pytest.param("a.json", broken(started_at="2026-03-02T15:00:00").encode(), "started_at: expected a time with its offset", id="time without offset"),
        pytest.param("a.json", broken(turns=[{"speaker": "b", "text": SECRET, "start": 5, "end": 1}]).encode(), "turns[0].end", id="end before start"),
        pytest.param("a.json", broken(sides=1).encode(), "sides: no such key in a call", id="misspelt key"),
        pytest.param("a.json", broken(participants=[{"id": "b", "name": "B"}, {"id": "b", "name": "C"}]).encode(), "participants: two participants", id="same participant twice"),
        pytest.param("a.json", broken(turns=[{"speaker": "b", "text": SECRET, "start": "NaN"}]).encode(), "turns[0].start", id="a time that is no number"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_names_file_place_and_expectation(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    (tmp_path / "good.json").write_text(a_line("good"))
    error, good = iter_calls([str(path), str(tmp_path / "good.json")])
    assert isinstance(error, CallFileError)
    assert error.path == str(path)
    assert said in str(error)
    assert SECRET not in str(error)
    assert isinstance(good, Call)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing.json", "no such file or folder"),
        ("*.json", "no file matches"),
        ("empty", "no call files in this folder"),
    ],
)
def test_paths_that_lead_nowhere_say_so(tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    (error,) = iter_calls([str(tmp_path / path)])
    assert said in str(error)


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(a_line("c-1"))
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere.json")
    items = list(iter_calls([str(tmp_path)]))
    assert ids(items) == ["c-1", "gone.json: file"]


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_text(a_line("c-1"))

    def refused(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    (error,) = iter_calls([str(tmp_path / "a.json")])
    assert "Permission denied" in str(error)


def test_a_document_of_200_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.vtt"
    with path.open("wb") as file:
        file.write(b"WEBVTT\n\n")
        file.truncate(200 * 1024**2)
    tracemalloc.start()
    (error,) = iter_calls([str(path)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "200 MB: expected at most 50 MB; use JSON lines" in str(error)
    assert peak < 5 * 1024**2


def test_json_lines_stream_with_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    filler = "word " * 2000
    with path.open("w") as file:
        for i in range(1500):
            file.write(a_line(f"c-{i}", filler) + "\n")
    assert path.stat().st_size > 14 * 1024**2
    tracemalloc.start()
    count = sum(isinstance(item, Call) for item in iter_calls([str(path)]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1500
    assert peak < 3 * 1024**2


def test_a_line_that_is_too_long_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MAX_LINE_BYTES", 2000)
    path = tmp_path / "a.jsonl"
    path.write_text(f"{a_line('c-1')}\n{a_line('c-2', 'x' * 9000)}\n{a_line('c-3')}\n")
    first, error, third = iter_calls([str(path)])
    assert ids([first, third]) == ["c-1", "c-3"]
    assert error.place == "line 2"
