"""Files, folders, globs and stdin; one bad file never stops the others."""

from __future__ import annotations

import io
import json
import os
import threading
import tracemalloc
import weakref
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.files import source
from integrations.files.source import iter_calls
from integrations.files.tally import Tally
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
    assert str(error) == (
        f"{tmp_path / '3.json'}: id: call 'c-1' is in {tmp_path / '1.json'} with other content; "
        "give one another id"
    )


CUT = a_line("c-1", SECRET)[:-40]


def broken(**changes: object) -> str:
    call = json.loads(a_line("c-1", SECRET))
    if not changes:
        del call["deal_id"]
    return json.dumps({**call, **changes})


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
        pytest.param("a.srt", b"1\n", "line 1: expected a time", id="SRT without cues"),
        pytest.param("a.txt", b"no names here\n", "expected lines such as", id="text without names"),
        pytest.param("a.txt", b"\x00\x01\x02\xff", "byte 3: is binary", id="binary"),
        pytest.param("a.vtt", b"WEBVTT\x00\x01\x02", "character 6: is binary", id="binary that is UTF-8 by chance"),
        pytest.param("a.vtt", "WEBVTT".encode("utf-16-le"), "character 1: is binary", id="UTF-16 without a mark"),
        pytest.param("a.vtt", b"\xff\xfeW\x00E\x00B", "byte 6: the text ends inside a character", id="UTF-16 cut in a character"),
        pytest.param("a.json", '{"a": "é'.encode()[:-1], "byte 7: the text ends inside a character", id="JSON cut in a character"),
        pytest.param("a.json", b"[" * 5000, "nested too deeply", id="nested without end"),
        pytest.param("a.json", b'{"a": 1}\n{"a": 2}', "a call a line is *.jsonl", id="JSON lines named JSON"),
        pytest.param("a.json", b"", "is empty", id="no bytes"),
        pytest.param("a.json", b"\x80abc", "byte 0: not UTF-8", id="another encoding"),
        pytest.param("a.json", b"[]", "expected a call, or a list of calls", id="an empty list"),
        pytest.param("a.json", b"[1, 2]", "expected a call, or a list of calls", id="a list of numbers"),
        pytest.param("a.json", b'"text"', "top level: expected a JSON object", id="a string"),
        pytest.param("a.json", b'{"a": 1}', "expected a call", id="another object"),
        pytest.param("a.docx", b"PK", "ending '.docx': expected one of", id="unknown ending"),
        pytest.param("a.json", broken(turns=[{"speaker": "x", "text": SECRET}]).encode(), "turns[0].speaker: expected the id of a participant", id="unknown speaker"),
        pytest.param("a.json", broken(turns=[{"speaker": "b"}]).encode(), "turns[0].text: this key is required", id="turn without text"),
        pytest.param("a.json", broken(turns=SECRET).encode(), "turns: expected a list", id="turns of the wrong kind"),
        pytest.param("a.json", broken(started_at="2026-03-02T15:00:00").encode(), "started_at: expected a time with its offset", id="time without offset"),
        pytest.param("a.json", broken(turns=[{"speaker": SECRET, "text": SECRET}]).encode(), "turns[0].speaker: expected the id", id="words for a speaker"),
        pytest.param("a.json", broken(turns=[SECRET]).encode(), "turns[0]: expected an object", id="words for a turn"),
        pytest.param("a.json", broken(turns=[{"speaker": "b", "text": [SECRET]}]).encode(), "turns[0].text: expected text", id="a list for words"),
        pytest.param("a.json", broken(turns=[{"text": SECRET}]).encode(), "turns[0].speaker: this key is required", id="turn without a speaker"),
        pytest.param("a.json", broken(turns=[{"speaker": "b", "text": SECRET, "start": SECRET}]).encode(), "turns[0].start: expected seconds", id="words for a time"),
        pytest.param("a.json", broken(participants=SECRET).encode(), "participants: expected a list", id="words for participants"),
        pytest.param("a.json", broken(participants=[{"name": SECRET}]).encode(), "participants[0].id", id="participant without an id"),
        pytest.param("a.json", broken(participants=[{"id": "b", "name": "B", "side": SECRET}]).encode(), "participants[0].side: expected seller, buyer or unknown", id="another side"),
        pytest.param("a.json", json.dumps({"turns": []}).encode(), "participants: expected a list", id="no participants"),
        pytest.param("a.json", broken(id="").encode(), "id: expected text of 1 to 200 characters", id="empty id"),
        pytest.param("a.json", broken(id=[SECRET]).encode(), "id: expected text of 1 to 200", id="a list for an id"),
        pytest.param("a.json", json.dumps({"segments": [{"text": 1}]}).encode(), "segments[0].text: expected text", id="Whisper without words"),
        pytest.param("a.json", json.dumps({"segments": SECRET}).encode(), "segments: expected a list", id="Whisper without segments"),
        pytest.param("a.json", json.dumps({"callTranscripts": SECRET}).encode(), "callTranscripts: expected a list", id="Gong of the wrong kind"),
        pytest.param("a.json", json.dumps({"callTranscripts": [{"callId": "1", "transcript": [SECRET]}]}).encode(), "transcript[0]", id="Gong with words for a monologue"),
        pytest.param("a.json", json.dumps({"recording_id": 1, "transcript": [{"text": SECRET}]}).encode(), "transcript[0].speaker: this key is required", id="Fathom without a speaker"),
        pytest.param("a.json", json.dumps({"errors": [{"message": SECRET}], "data": None}).encode(), "errors: an error of the recorder", id="an answer that is an error"),
        pytest.param("a.json", json.dumps({"data": {"transcript": {"id": [SECRET], "sentences": []}}}).encode(), "id: expected text", id="Fireflies of the wrong kind"),
        pytest.param("a.json", json.dumps({**json.loads(broken()), "dealId": "D-1", "startedAt": SECRET}).encode(), "deal_id: no such key, but one much like it", id="misspelt key"),
        pytest.param("a.json", broken(participants=[{"id": "b", "name": "B"}, {"id": "b", "name": "C"}]).encode(), "participants[1].id: another participant has this id", id="one id for two participants"),
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
    (tmp_path / "b.json").write_text(a_line("c-2"))
    opened = Path.open

    def refused(self: Path, mode: str = "r") -> object:
        if self.name == "a.json":
            raise PermissionError(13, "Permission denied")
        return opened(self, mode)

    monkeypatch.setattr(Path, "open", refused)
    error, call = iter_calls([str(tmp_path)])
    assert str(error) == f"{tmp_path / 'a.json'}: file: cannot be read: Permission denied"
    assert isinstance(call, Call)


def test_a_folder_that_may_not_be_listed_is_named_and_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "z.json").write_text(a_line("c-1"))
    listed = os.scandir

    def refused(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert ids(list(iter_calls([str(tmp_path)]))) == ["closed: file", "c-1"]


def test_links_to_folders_are_followed_once_and_pipes_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "a.json").write_text(a_line("c-1"))
    (tmp_path / "calls" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.json").symlink_to(tmp_path / "self.json")
    os.mkfifo(tmp_path / "pipe.json")
    tally = Tally()
    assert ids(list(iter_calls([str(tmp_path)], tally=tally))) == ["c-1", "self.json: file"]
    assert tally.left_out == 1


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(a_line("c-1"))
    (tmp_path / "2.json").write_text(a_line("c-1"))
    (tmp_path / "notes.md").write_text("not a call")
    (tmp_path / "undated.txt").write_text("Ana: hi\nBo: yo\n")
    tally = Tally()
    assert ids(list(iter_calls([str(tmp_path)], tally=tally))) == ["c-1", "undated"]
    assert tally == Tally(left_out=1, repeated=1, undated=1)


def test_one_transcript_in_two_places_is_one_call_although_its_files_differ_in_age(
    tmp_path: Path,
) -> None:
    for folder, age in (("a", 1_000_000), ("b", 2_000_000)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "call.txt").write_text("Ana: hi\nBo: yo\n")
        os.utime(tmp_path / folder / "call.txt", (age, age))
    (call,) = iter_calls([str(tmp_path)])
    assert (call.id, call.started_at_is_guess) == ("call", True)
    assert call.started_at == datetime.fromtimestamp(1_000_000, UTC)


def test_a_path_that_is_no_utf_8_or_holds_line_breaks_is_named_on_one_line(tmp_path: Path) -> None:
    for name in (b"caf\xe9.json", b"two\nlines.json"):
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_text("{")
    first, second = iter_calls([str(tmp_path)])
    assert isinstance(first, CallFileError)
    assert isinstance(second, CallFileError)
    assert first.path.endswith(r"caf\xe9.json")
    assert second.path.endswith(r"two\nlines.json")
    assert str(first).isprintable()
    assert str(second).isprintable()


@pytest.mark.parametrize("path", ["", "a\x00b", "x" * 5000])
def test_paths_that_cannot_be_are_errors(path: str) -> None:
    (error,) = iter_calls([path])
    assert isinstance(error, CallFileError)


def test_a_pipe_is_read_like_standard_input(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "calls")
    writer = threading.Thread(target=lambda: (tmp_path / "calls").write_text(a_line("c-1")))
    writer.start()
    assert ids(list(iter_calls([str(tmp_path / "calls")]))) == ["c-1"]
    writer.join()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(f"\n\n{a_line('s1')}\n{a_line('s2')}\n".encode(), ["s1", "s2"], id="empty lines first"),
        pytest.param(f"\ufeff{a_line('s1')}\n{a_line('s2')}\n".encode("utf-16-le"), ["s1", "s2"], id="UTF-16 JSON lines"),
        pytest.param(f"[{a_line('s1')}, 5, {a_line('s2')}]".encode(), ["s1", "<stdin>: [1]", "s2"], id="a list of calls"),
        pytest.param(b'{"segments": [{"text": "hi", "start": 1}]}', ["stdin-1"], id="another format on one line"),
        pytest.param(b'{"segments": [\n{"text": "hi", "start": 1}]}', ["stdin"], id="another format on lines"),
        pytest.param(b"WEBVTT\n\n00:01.000 --> 00:02.000\nAna: hi\n", ["stdin"], id="WebVTT"),
        pytest.param(b"", ["<stdin>: file"], id="nothing"),
    ],
)  # fmt: skip
def test_standard_input_holds_any_format(data: bytes, expected: list[str]) -> None:
    assert ids(list(iter_calls(["-"], stdin=io.BytesIO(data)))) == expected


def test_a_call_of_standard_input_without_a_date_is_dated_today_at_noon() -> None:
    now = datetime(2026, 3, 2, 17, 45, 3, tzinfo=UTC)
    (call,) = iter_calls(["-"], stdin=io.BytesIO(b"Ana: hi\nBo: yo\n"), clock=lambda: now)
    assert (call.started_at, call.started_at_is_guess) == (
        now.replace(hour=12, minute=0, second=0),
        True,
    )


def test_json_lines_of_any_encoding_and_shape_are_read_line_by_line(tmp_path: Path) -> None:
    text = f'{a_line("c-1")}\n{{"segments": [{{"text": "hi"}}]}}\n{{"x": 1}}\n'
    (tmp_path / "8.ndjson").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    (tmp_path / "16.jsonl").write_bytes(
        b"\xfe\xff" + text.replace("c-1", "c-2").encode("utf-16-be")
    )
    assert ids(list(iter_calls([str(tmp_path)]))) == [
        "c-2", "16-2", "16.jsonl: line 3", "c-1", "8-2", "8.ndjson: line 3"
    ]  # fmt: skip


def test_a_line_in_another_encoding_names_line_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(a_line("c-1").encode() + b'\n{"a": "caf\xe9"}\n' + a_line("c-2").encode())
    first, error, third = iter_calls([str(path)])
    assert ids([first, third]) == ["c-1", "c-2"]
    assert error.place == "line 2, byte 10"


def test_a_folder_of_many_files_streams_one_call_at_a_time(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number:04}.json").write_text(a_line(f"c-{number}", "word " * 40))
    # Counted, not weighed: other threads of the test process allocate, too.
    alive: list[weakref.ref[object]] = []
    most = count = 0
    for item in iter_calls([str(tmp_path)]):
        count += 1
        alive = [*(ref for ref in alive if ref() is not None), weakref.ref(item)]
        most = max(most, len(alive))
    assert count == 300
    assert most <= 2


@pytest.mark.parametrize(("name", "most"), [("big.vtt", 10), ("big.json", 50)])
def test_a_document_of_200_mb_is_refused_before_it_is_read(
    tmp_path: Path, name: str, most: int
) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b"WEBVTT\n\n")
        file.truncate(200 * 1024**2)
    tracemalloc.start()
    (error,) = iter_calls([str(path)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert f"200 MB: expected at most {most} MB; a call a line (*.jsonl)" in str(error)
    assert peak < 40 * 1024**2


def test_200_mb_of_json_lines_stream_with_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    line = a_line("c-0", "word " * 100_000)
    with path.open("w") as file:
        for number in range(400):
            file.write(line.replace("c-0", f"c-{number}") + "\n")
    assert path.stat().st_size > 190 * 1024**2
    tracemalloc.start()
    count = sum(isinstance(item, Call) for item in iter_calls([str(path)]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 400
    assert peak < 40 * 1024**2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("a.txt", "Ab: c\n" * 400_001, id="lines"),
        pytest.param("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v a>b<v c>d" * 200_001, id="voices in a line"),
        pytest.param("a.txt", "".join(f"N{n}: hello\n" for n in range(1001)), id="speakers"),
        pytest.param("a.json", '{"participants": [], "turns": [' + "0," * 400_001 + "0]}", id="turns"),
        pytest.param("a.json", '{"segments": [' + "0," * 400_001 + "0]}", id="segments"),
    ],
)  # fmt: skip
def test_what_is_far_more_than_a_call_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (error,) = iter_calls([str(tmp_path)])
    assert isinstance(error, CallFileError)
    assert "this has" in error.expected


def test_standard_input_that_does_not_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_FILE_BYTES", 2000)
    (error,) = iter_calls(["-"], stdin=io.BytesIO(b"Ana: hi\n" * 1000))
    assert "<stdin>: stream: expected at most" in str(error)


def test_a_line_that_is_too_long_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MAX_LINE_BYTES", 2000)
    path = tmp_path / "a.jsonl"
    path.write_text(f"{a_line('c-1')}\n{a_line('c-2', 'x' * 9000)}\n{a_line('c-3')}\n")
    first, error, third = iter_calls([str(path)])
    assert ids([first, third]) == ["c-1", "c-3"]
    assert error.place == "line 2"
