"""Each format gives the call that its file holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.calls import Call, Side
from bantam.errors import CallFileError
from integrations.files.formats import read_document
from integrations.files.sides import SideRules
from integrations.files.source import iter_calls
from tests.factories import a_call
from tests.paths import DATA, GOLD

ANA_SELLS = SideRules.of(options=["Ana Ruiz"])


def read(name: str, text: str | bytes, rules: SideRules = ANA_SELLS) -> Call:
    data = text.encode() if isinstance(text, str) else text
    (call,) = read_document(data, Path(name), rules)
    return call


def said(call: Call) -> list[tuple[str, str]]:
    return [(call.speaker_of(i).name, t.text) for i, t in enumerate(call.turns)]


EXPECTED = [("Ana Ruiz", "What is set aside?"), ("Bo Lind", "Forty thousand & a bit.")]

VTT = """WEBVTT

NOTE made by a recorder

STYLE
::cue { color: red }

1
00:00:01.000 --> 00:00:03.500
Ana Ruiz: What is set aside?

2
00:00:04.000 --> 00:00:06.000
Bo Lind: Forty <b>thousand</b> &amp; a bit.
"""
TEAMS = """WEBVTT

00:00:01.000 --> 00:00:03.500
<v Ana Ruiz>What is set aside?</v>

00:00:04.000 --> 00:00:06.000
<v Bo Lind>Forty thousand &amp; a bit.</v>
"""
SRT = """1
00:00:01,000 --> 00:00:03,500
Ana Ruiz: What is set aside?

2
00:00:04,000 --> 00:00:06,000
Bo Lind: Forty <i>thousand</i> &amp; a bit.
"""
PLAIN = "Ana Ruiz: What is set aside?\nBo Lind: Forty thousand & a bit.\n"
TIMED = "[00:00:01] Ana Ruiz: What is set aside?\n[00:00:04] Bo Lind: Forty thousand\n& a bit.\n"
WHISPERX = json.dumps(
    {
        "language": "en",
        "segments": [
            {"start": 1.0, "end": 3.5, "text": " What is set aside?", "speaker": "Ana Ruiz"},
            {"start": 4.0, "end": 6.0, "text": " Forty thousand & a bit.", "speaker": "Bo Lind"},
        ],
    }
)
FATHOM = json.dumps(
    {
        "recording_id": 7,
        "title": "Intro",
        "created_at": "2026-03-02T15:00:00Z",
        "calendar_invitees": [
            {"name": "Ana Ruiz", "email": "ana@s.example", "is_external": False},
            {"name": "Bo Lind", "email": "bo@b.example", "is_external": True},
        ],
        "transcript": [
            {
                "speaker": {
                    "display_name": "Ana Ruiz",
                    "matched_calendar_invitee_email": "ana@s.example",
                },
                "text": "What is set aside?",
                "timestamp": "00:00:01",
            },
            {
                "speaker": {
                    "display_name": "Bo Lind",
                    "matched_calendar_invitee_email": "bo@b.example",
                },
                "text": "Forty thousand & a bit.",
                "timestamp": "00:00:04",
            },
        ],
    }
)
FIREFLIES = json.dumps(
    {
        "data": {
            "transcript": {
                "id": "ff1",
                "title": "Intro",
                "date": 1772463600000,
                "meeting_attendees": [
                    {"displayName": "Ana Ruiz", "email": "ana@s.example", "name": None}
                ],
                "sentences": [
                    {
                        "speaker_id": 0,
                        "speaker_name": "Ana Ruiz",
                        "text": "What is set aside?",
                        "start_time": "1.0",
                        "end_time": 3.5,
                    },
                    {
                        "speaker_id": 1,
                        "speaker_name": "Bo Lind",
                        "text": "Forty thousand & a bit.",
                        "start_time": 4.0,
                        "end_time": 6.0,
                    },
                ],
            }
        }
    }
)
GONG = json.dumps(
    {
        "calls": [
            {
                "metaData": {"id": "12", "title": "Intro", "started": "2026-03-02T15:00:00Z"},
                "parties": [
                    {"name": "Ana Ruiz", "speakerId": "1", "affiliation": "Internal"},
                    {"name": "Bo Lind", "speakerId": "2", "affiliation": "External"},
                ],
            }
        ],
        "callTranscripts": [
            {
                "callId": "12",
                "transcript": [
                    {
                        "speakerId": "1",
                        "sentences": [{"start": 1000, "end": 3500, "text": "What is set aside?"}],
                    },
                    {
                        "speakerId": "2",
                        "sentences": [
                            {"start": 4000, "end": 6000, "text": "Forty thousand & a bit."}
                        ],
                    },
                ],
            }
        ],
    }
)
NATIVE = json.dumps(
    {
        "id": "n-1",
        "started_at": "2026-03-02T15:00:00+00:00",
        "participants": [{"id": "s", "name": "Ana Ruiz"}, {"id": "b", "name": "Bo Lind"}],
        "turns": [
            {"speaker": "s", "start": 1.0, "end": 3.5, "text": "What is set aside?"},
            {"speaker": "b", "start": 4.0, "end": 6.0, "text": "Forty thousand & a bit."},
        ],
    }
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("c.vtt", VTT, id="WebVTT as Zoom writes it"),
        pytest.param("c.vtt", TEAMS, id="WebVTT with voice tags"),
        pytest.param("c.srt", SRT, id="SRT"),
        pytest.param("c.txt", PLAIN, id="plain text"),
        pytest.param("c.txt", TIMED, id="plain text with times"),
        pytest.param("c.json", WHISPERX, id="WhisperX"),
        pytest.param("c.json", FATHOM, id="Fathom"),
        pytest.param("c.json", FIREFLIES, id="Fireflies"),
        pytest.param("c.json", GONG, id="Gong"),
        pytest.param("c.json", NATIVE, id="native"),
        pytest.param("-", VTT, id="WebVTT on stdin"),
        pytest.param("-", SRT, id="SRT on stdin"),
        pytest.param("-", PLAIN, id="plain text on stdin"),
        pytest.param("-", NATIVE, id="native on stdin"),
    ],
)
@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(lambda t: t.encode(), id="utf-8"),
        pytest.param(lambda t: b"\xef\xbb\xbf" + t.encode(), id="utf-8 with mark"),
        pytest.param(lambda t: b"\xff\xfe" + t.encode("utf-16-le"), id="utf-16 little"),
        pytest.param(lambda t: b"\xfe\xff" + t.encode("utf-16-be"), id="utf-16 big"),
        pytest.param(lambda t: t.replace("\n", "\r\n").encode(), id="crlf"),
    ],
)
def test_every_format_gives_the_same_words_sides_and_times(name: str, text: str, encode) -> None:
    call = read(name, encode(text))
    assert said(call) == EXPECTED
    assert [call.side_of(0), call.side_of(1)] == [Side.SELLER, Side.BUYER]
    if name.endswith(".txt") or text == PLAIN:
        return
    assert [t.start for t in call.turns] == [1.0, 4.0]


def test_cues_that_overlap_keep_their_order_and_words() -> None:
    text = (
        "WEBVTT\n\n00:00:05.000 --> 00:00:09.000\nAna Ruiz: One.\n\n"
        "00:00:04.000 --> 00:00:06.000\nBo: Two.\n"
    )
    call = read("c.vtt", text)
    assert said(call) == [("Ana Ruiz", "One."), ("Bo", "Two.")]
    assert [t.start for t in call.turns] == [5.0, 4.0]


def test_a_cue_whose_end_lies_before_its_start_ends_where_it_starts() -> None:
    text = json.dumps({"segments": [{"start": 9.0, "end": 2.0, "text": "Hi.", "speaker": "Bo"}]})
    turn = read("c.json", text).turns[0]
    assert (turn.start, turn.end) == (9.0, 9.0)


@pytest.mark.parametrize(
    ("spellings", "people"),
    [
        pytest.param(["Maria Lopez", "maria lopez ", "MARIA  LOPEZ"], 1, id="case and spaces"),
        pytest.param(["Maria Lopez", "Lopez, Maria"], 1, id="turned round"),
        pytest.param(["Maria Lopez", "Maria L."], 1, id="shortened, one candidate"),
        pytest.param(["Maria Lopez", "Maria Lund", "Maria L."], 3, id="shortened, two candidates"),
        pytest.param(["Maria", "Maria Lopez"], 2, id="a first name alone is not certain"),
    ],
)
def test_a_speaker_that_changes_spelling_is_one_person_when_that_is_safe(
    spellings: list[str], people: int
) -> None:
    text = "".join(f"{name}: words {i}\n" for i, name in enumerate(spellings))
    assert len(read("c.txt", text, SideRules()).participants) == people


@pytest.mark.parametrize(
    ("name", "started"),
    [
        ("GMT20260302-150000_Recording.vtt", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("2026-03-02 Acme.vtt", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("acme_2026-03-02T0915.vtt", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
    ],
)
def test_a_file_name_tells_when_the_call_was(name: str, started: datetime) -> None:
    call = read(name, VTT)
    assert (call.id, call.started_at) == (Path(name).stem, started)


def test_without_rules_names_without_any_hint_stay_unknown() -> None:
    call = read("c.vtt", VTT, SideRules())
    assert {p.side for p in call.participants} == {Side.UNKNOWN}


@pytest.mark.parametrize(
    ("rules", "sides"),
    [
        pytest.param(SideRules.of(["s.example"]), ["seller", "buyer", "unknown"], id="by domain"),
        pytest.param(SideRules.of(options=["S.example"]), ["seller", "buyer", "unknown"], id="any case"),
        pytest.param(SideRules.of(["example.com"]), ["unknown"] * 3, id="a longer domain is another"),
        pytest.param(SideRules.of(["notthem.example"]), ["unknown"] * 3, id="no match, no guess"),
    ],
)  # fmt: skip
def test_sides_come_from_domains(rules: SideRules, sides: list[str]) -> None:
    people = [
        {"id": "1", "name": "A", "email": "a@s.example"},
        {"id": "2", "name": "B", "email": "b@b.example"},
        {"id": "3", "name": "C"},
    ]
    data = {**json.loads(NATIVE), "participants": people, "turns": []}
    assert [p.side for p in read("c.json", json.dumps(data), rules).participants] == sides


def test_labels_beside_a_native_call_are_left_out_and_turns_keep_their_numbers() -> None:
    data = json.loads(NATIVE)
    data["turns"].insert(1, {"speaker": "b", "text": "", "start": None, "end": None})
    call = read("c.json", json.dumps({**data, "gold": {"budget": 4}, "deal": {"id": "D-9"}}))
    assert (len(call.turns), call.deal_id) == (3, "D-9")
    assert "gold" not in call.model_dump_json()


WORDS = st.text("abcdefghij &<>é", min_size=1, max_size=40).map(str.strip).filter(bool)


@given(st.lists(st.tuples(st.sampled_from(["Ana Ruiz", "Bo Lind"]), WORDS), min_size=1, max_size=9))
@pytest.mark.parametrize("form", ["txt", "srt", "vtt", "json"])
def test_no_words_of_a_well_formed_transcript_are_lost(form: str, lines: list) -> None:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    clock = [f"00:00:{i:02}" for i in range(20)]
    writers = {
        "txt": "".join(f"{n}: {t}\n" for n, t in lines),
        "srt": "".join(
            f"{i}\n{clock[i]},000 --> {clock[i + 1]},000\n{n}: {escaped(t)}\n\n"
            for i, (n, t) in enumerate(lines)
        ),
        "vtt": "WEBVTT\n\n"
        + "".join(
            f"{clock[i]}.000 --> {clock[i + 1]}.000\n<v {n}>{escaped(t)}</v>\n\n"
            for i, (n, t) in enumerate(lines)
        ),
        "json": json.dumps({"segments": [{"text": t, "speaker": n} for n, t in lines]}),
    }
    call = read(f"c.{form}", writers[form])
    together = " ".join(t.text for t in call.turns).split()
    assert together == " ".join(t for _, t in lines).split()


@given(st.binary(max_size=300), st.sampled_from(["json", "vtt", "srt", "txt", "other"]))
def test_no_bytes_raise_anything_but_our_own_error(data: bytes, ending: str) -> None:
    try:
        calls = list(read_document(data, Path(f"c.{ending}"), SideRules()))
    except CallFileError:
        return
    assert all(call.turns for call in calls)


@given(st.text(max_size=300), st.sampled_from(["json", "vtt", "srt", "txt"]))
def test_no_text_raises_anything_but_our_own_error(text: str, ending: str) -> None:
    try:
        list(read_document(text.encode("utf-8", "ignore"), Path(f"c.{ending}"), SideRules()))
    except CallFileError:
        return


def test_the_shared_calls_all_read() -> None:
    if not GOLD.exists():
        pytest.skip("the shared calls are not here")
    paths = (str(GOLD), str(DATA / "persuasion.calls.jsonl"), str(DATA / "earnings.calls.jsonl"))
    items = list(iter_calls(paths))
    assert [i for i in items if isinstance(i, CallFileError)] == []
    assert len(items) == 28 + 1017 + 12


def test_a_native_call_comes_back_as_it_was_written() -> None:
    call = a_call()
    assert read("c.json", call.model_dump_json(), SideRules()) == call
