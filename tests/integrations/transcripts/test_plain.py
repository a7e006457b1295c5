"""Plain transcripts in the forms that tools write and people paste."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transcripts.lines import MalformedTranscript
from integrations.transcripts.plain import read_plain

Told = list[tuple[str | None, str, float | None]]


def told(text: str) -> Told:
    return [(s.name, s.text, s.start) for s in read_plain(text).said]


TIMED: Told = [("Ana Ruiz", "hi", 1.0), ("Bo", "yo", 62.0)]
UNTIMED: Told = [("Ana Ruiz", "hi", None), ("Bo", "yo", None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Ana Ruiz: hi\nBo: yo\n", UNTIMED, id="name"),
        pytest.param("ana ruiz: hi\nbo: yo\n", [("ana ruiz", "hi", None), ("bo", "yo", None)], id="small letters"),
        pytest.param("persuader: hi\npersuadee: yo\n", [("persuader", "hi", None), ("persuadee", "yo", None)], id="roles"),
        pytest.param("[00:00:01] Ana Ruiz: hi\n[00:01:02] Bo: yo\n", TIMED, id="time in brackets"),
        pytest.param("(0:01) Ana Ruiz: hi\n(1:02) Bo: yo\n", TIMED, id="time in round brackets"),
        pytest.param("00:01 Ana Ruiz: hi\n01:02 Bo: yo\n", TIMED, id="bare time"),
        pytest.param("00:01 - Ana Ruiz: hi\n01:02 - Bo: yo\n", TIMED, id="time and dash"),
        pytest.param("Ana Ruiz [00:01]: hi\nBo (01:02): yo\n", TIMED, id="time after the name"),
        pytest.param("Ana Ruiz  0:01\nhi\n\nBo  1:02\nyo\n", TIMED, id="name and time above the words"),
        pytest.param("[Ana Ruiz] 15:00:00\nhi\n\n[Bo] 15:01:01\nyo\n", [("Ana Ruiz", "hi", 0.0), ("Bo", "yo", 61.0)], id="time of day above the words, as Zoom saves captions"),
        pytest.param("[00:01] hi\n[01:02] yo\n", [(None, "hi", 1.0), (None, "yo", 62.0)], id="times without names"),
        pytest.param("Ana Ruiz:\nhi\nBo:\nyo\n", [("Ana Ruiz", "", None), ("Ana Ruiz", "hi", None), ("Bo", "", None), ("Bo", "yo", None)], id="the words on the next line"),
        pytest.param("Ana Ruiz: how about\n10:30 tomorrow?\nBo: yo\n", [("Ana Ruiz", "how about", None), ("Ana Ruiz", "10:30 tomorrow?", None), UNTIMED[1]], id="a spoken time stays"),
        pytest.param("Our call\nAna Ruiz: hi\nBo: yo\n", [(None, "Our call", None), *UNTIMED], id="words before the first name are nobody's"),
        pytest.param("Ana Ruiz: hi\nNote: he nods\nBo: yo\n", [UNTIMED[0], ("Ana Ruiz", "Note: he nods", None), UNTIMED[1]], id="a note"),
        pytest.param("Ana Ruiz <ana@s.example>: hi\nBo: yo\n", UNTIMED, id="an address beside the name"),
    ],
)  # fmt: skip
def test_lines_become_stretches(text: str, expected: Told) -> None:
    assert told(text) == expected


def test_an_address_beside_a_name_is_kept() -> None:
    assert read_plain("Ana <ana@s.example>: hi\nBo: yo\n").said[0].mail == "ana@s.example"


@pytest.mark.parametrize(
    ("date", "started"),
    [
        ("2026-03-02", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02 15:30", datetime(2026, 3, 2, 15, 30, tzinfo=UTC)),
        ("2026-03-02T15:30:00Z", datetime(2026, 3, 2, 15, 30, tzinfo=UTC)),
        ("next Tuesday", None),
    ],
)
def test_lines_above_the_transcript_tell_of_the_call(date: str, started: datetime | None) -> None:
    read = read_plain(
        f"Title: Acme intro\nDate: {date}\nParticipants: Ana, Bo\n\nAna: hi\nBo: yo\n"
    )
    assert (read.title, read.started_at) == ("Acme intro", started)
    assert [s.name for s in read.said] == ["Ana", "Bo"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Once upon a time\nthere was a deal.\n", id="prose"),
        pytest.param("See https://x.example\nBudget: forty\nmore prose here\nand here\n", id="prose with colons"),
        pytest.param("Title: Acme\nDate: 2026-03-02\n", id="only lines about the call"),
    ],
)  # fmt: skip
def test_text_that_is_no_transcript_is_refused(text: str) -> None:
    with pytest.raises(MalformedTranscript, match="line 1: expected lines such as `Ana: text`"):
        read_plain(text)


@given(st.text(max_size=400))
def test_no_text_raises_anything_but_its_own_error(text: str) -> None:
    with suppress(MalformedTranscript):
        assert read_plain(text).said
