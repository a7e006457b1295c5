"""Each format gives the call that its file holds."""

from __future__ import annotations

import copy
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bantam.domain.calls import Call, Side
from bantam.errors import CallFileError
from integrations.files.formats import read_document
from integrations.files.origin import Origin
from integrations.files.sides import SideRules
from integrations.files.source import iter_calls
from tests.paths import DATA, GOLD

ANA_SELLS = SideRules.of(options=["Ana Ruiz"])


def read(name: str, text: str | bytes, rules: SideRules = ANA_SELLS) -> Call:
    data = text.encode() if isinstance(text, str) else text
    (call,) = read_document(data, Origin(Path(name)), rules)
    return call


def said(call: Call) -> list[tuple[str, str]]:
    return [(call.speaker_of(i).name, t.text) for i, t in enumerate(call.turns)]


def each(document: object) -> list[Call | CallFileError]:
    data = json.dumps(document).encode()
    return list(read_document(data, Origin(Path("c.json")), SideRules()))


def names_of(items: list[Call | CallFileError]) -> list[str]:
    return [i.id if isinstance(i, Call) else i.place for i in items]


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
    ("name", "started"),
    [
        ("GMT20260302-150000_Recording.vtt", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("2026-03-02 Acme.vtt", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("acme_2026-03-02T0915.vtt", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
        ("2026-03-02 15.30.00 Acme Zoom Meeting.vtt", datetime(2026, 3, 2, 15, 30, tzinfo=UTC)),
        ("20260302_0915.vtt", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
        ("2026-13-45 then 2026.03.02.vtt", datetime(2026, 3, 2, 12, tzinfo=UTC)),
    ],
)
def test_a_file_name_tells_when_the_call_was(name: str, started: datetime) -> None:
    call = read(name, VTT)
    assert (call.id, call.started_at) == (Path(name).stem, started)
    assert not call.started_at_is_guess


@pytest.mark.parametrize(
    "name", ["GMT99991231-235959.vtt", "GMT00010101-000000.vtt", "GMT19691231-235959.vtt"]
)
def test_a_day_that_cannot_be_is_none(name: str) -> None:
    assert read(name, VTT).started_at_is_guess


@pytest.mark.parametrize(
    ("name", "call_id"),
    [
        pytest.param("two\nlines\x1b[2J", r"two lines\x1b[2J", id="control characters"),
        pytest.param(os.fsdecode(b"caf\xe9"), r"caf\xe9", id="no UTF-8"),
        pytest.param("at\u202f3\xa0pm", "at 3 pm", id="unusual spaces"),
        pytest.param("日本語", "日本語", id="any script"),
    ],
)
def test_an_id_from_a_file_name_can_be_stored_and_printed(name: str, call_id: str) -> None:
    assert read(f"{name}.vtt", VTT).id == call_id


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
        calls = list(read_document(data, Origin(Path(f"c.{ending}")), SideRules()))
    except CallFileError:
        return
    assert all(call.turns for call in calls)


@given(st.text(max_size=300), st.sampled_from(["json", "vtt", "srt", "txt"]))
def test_no_text_raises_anything_but_our_own_error(text: str, ending: str) -> None:
    data = text.encode("utf-8", "ignore")
    try:
        items = list(read_document(data, Origin(Path(f"c.{ending}")), SideRules()))
    except CallFileError as error:
        items = [error]
    assert items
    assert all(i.turns if isinstance(i, Call) else "\n" not in str(i) for i in items)


def test_the_shared_calls_all_read() -> None:
    if not GOLD.exists():
        pytest.skip("the shared calls are not here")
    paths = (str(GOLD), str(DATA / "persuasion.calls.jsonl"), str(DATA / "earnings.calls.jsonl"))
    items = list(iter_calls(paths))
    assert [i for i in items if isinstance(i, CallFileError)] == []
    assert len(items) == 28 + 1017 + 12


def test_the_pages_of_recorders_hold_many_calls_and_a_bad_one_stops_no_other() -> None:
    gong, fathom = json.loads(GONG), json.loads(FATHOM)
    fireflies = json.loads(FIREFLIES)["data"]["transcript"]
    more = {**gong["callTranscripts"][0], "callId": "13"}
    gong["callTranscripts"] += [5, more]
    assert names_of(each(gong)) == ["gong:12", "callTranscripts[1]", "gong:13"]
    assert names_of(each({"items": [fathom, {}, {**fathom, "recording_id": 8}]}))[::2] == [
        "fathom:7",
        "fathom:8",
    ]
    page = {"data": {"transcripts": [fireflies, None, {**fireflies, "id": "ff2"}]}}
    assert names_of(each(page)) == ["fireflies:ff1", "transcripts[1]", "fireflies:ff2"]


def test_a_transcript_without_what_the_recorder_says_of_the_call_is_read_too() -> None:
    (gong,) = each({"callTranscripts": json.loads(GONG)["callTranscripts"]})
    (fathom,) = each({"transcript": json.loads(FATHOM)["transcript"]})
    (merged,) = each({**json.loads(GONG)["calls"][0], **json.loads(GONG)["callTranscripts"][0]})
    assert isinstance(gong, Call)
    assert isinstance(fathom, Call)
    assert isinstance(merged, Call)
    assert [t.text for t in gong.turns] == [t for _, t in EXPECTED]
    assert (gong.started_at_is_guess, fathom.id, fathom.started_at_is_guess) == (True, "c", True)
    assert (said(merged), merged.started_at_is_guess) == (EXPECTED, False)


def test_a_list_of_whisper_segments_is_one_call() -> None:
    (call,) = each(json.loads(WHISPERX)["segments"])
    assert isinstance(call, Call)
    assert said(call) == EXPECTED


def test_segments_without_speakers_belong_to_nobody() -> None:
    call = read("c.json", json.dumps({"segments": [{"text": "hi", "start": 1, "end": 2}]}))
    assert [(p.name, p.side) for p in call.participants] == [("Unknown speaker 1", Side.UNKNOWN)]


def test_lines_above_a_plain_transcript_give_title_and_date() -> None:
    call = read("c.txt", "Title: Acme intro\nDate: 2026-03-02\nAna Ruiz: hi\nBo Lind: yo\n")
    assert (call.title, call.started_at, call.started_at_is_guess) == (
        "Acme intro",
        datetime(2026, 3, 2, 12, tzinfo=UTC),
        False,
    )


SECRET = "forty thousand secret words"
DOCUMENTS = [
    json.loads(text.replace("What is set aside?", SECRET))
    for text in (NATIVE, GONG, FIREFLIES, FATHOM, WHISPERX)
]
JUNK = st.recursive(
    st.sampled_from([None, True, 0, -1, 10**30, 1.5, "", SECRET, "\x00", "NaN", [], {}]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just(SECRET), inner, max_size=1),
    max_leaves=3,
)


def parts_of(value: object) -> list[tuple[object, object]]:
    """Return each place of a document, as a container and a key or index."""
    found: list[tuple[object, object]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # fmt: skip
    for key, inner in items:
        found += [(value, key), *parts_of(inner)]
    return found


@settings(max_examples=600)
@given(st.sampled_from(DOCUMENTS), st.lists(st.tuples(st.integers(0, 999), JUNK), min_size=1, max_size=3))  # fmt: skip
def test_whatever_stands_in_the_place_of_a_part_the_error_is_ours_and_shows_no_words(
    document: object, changes: list
) -> None:
    changed = copy.deepcopy(document)
    for number, junk in changes:
        places = parts_of(changed)
        if not places:
            break
        container, key = places[number % len(places)]
        container[key] = copy.deepcopy(junk)  # type: ignore[index]
    try:
        items = each(changed)
    except CallFileError as error:
        items = [error]
    for item in items:
        assert isinstance(item, Call) or SECRET not in str(item)


@given(st.sampled_from([VTT, TEAMS, SRT, PLAIN, TIMED, NATIVE, GONG, WHISPERX]), st.data())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_cut_anywhere_is_read_or_is_our_error(
    encoding: str, text: str, data: st.DataObject
) -> None:
    whole = text.replace("aside", "asidé").encode(encoding)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    for ending in ("vtt", "srt", "txt", "json", ""):
        try:
            items = list(read_document(cut, Origin(Path(f"c.{ending}".rstrip("."))), SideRules()))
        except CallFileError as error:
            items = [error]
        assert all("set asid" not in str(i) for i in items if isinstance(i, CallFileError))
