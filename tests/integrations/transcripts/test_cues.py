"""WebVTT and SRT: every word is kept, and what cannot be read names its line."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transcripts.cues import read_captions
from integrations.transcripts.lines import MalformedTranscript

HEAD = "WEBVTT\n\n"
ONE = "00:00:01.000 --> 00:00:02.000\n"
TWO = "00:00:03.000 --> 00:00:04.000\n"

Told = list[tuple[str | None, str, float | None, float | None]]


def told(text: str) -> Told:
    return [(s.name, s.text, s.start, s.end) for s in read_captions(text)]


ANA: Told = [("Ana", "hi", 1.0, 2.0)]
BOTH: Told = [*ANA, ("Bo", "yo", 3.0, 4.0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{HEAD}1\n{ONE}Ana: hi\n\n2\n{TWO}Bo: yo\n", BOTH, id="WebVTT"),
        pytest.param(f"1\n{ONE}Ana: hi\n\n2\n{TWO}Bo: yo\n".replace(".", ","), BOTH, id="SRT"),
        pytest.param(f"{ONE}Ana: hi\n\n{TWO}Bo: yo", BOTH, id="no header, no numbers, no last line end"),
        pytest.param(f"\ufeff{HEAD}{ONE}Ana: hi\n", ANA, id="byte order mark"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\n\n{TWO}Bo: yo\n".replace("\n", "\r\n"), BOTH, id="CRLF"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\n\n{TWO}Bo: yo\n".replace("\n", "\r"), BOTH, id="CR"),
        pytest.param(f"WEBVTT - made by X\nKind: captions\nLanguage: en\n\n{ONE}Ana: hi\n", ANA, id="header lines"),
        pytest.param(f"WEBVTT\n1\n{ONE}Ana: hi\n", ANA, id="no empty line after the header"),
        pytest.param(f"{HEAD}STYLE\n::cue {{ color: red }}\n\nREGION\nid:a\n\nNOTE\nAna: not said\n\n{ONE}Ana: hi\n\nNOTE also not said\n", ANA, id="STYLE, REGION and NOTE blocks"),
        pytest.param(f"{HEAD}NOTE\n{ONE}Ana: hi\n", ANA, id="a cue whose name is NOTE"),
        pytest.param(f"{HEAD}00:01.000 --> 00:02.000 align:start position:10%\nAna: hi\n", ANA, id="short times and settings"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\n2\n{TWO}Bo: yo\n", BOTH, id="no empty line between cues"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\n\nmore\n\n{TWO}Bo: yo\n", [*ANA, ("Ana", "more", 1.0, 2.0), BOTH[1]], id="an empty line inside a cue"),
        pytest.param(f"1\n{ONE}Ana: how many?\n12\n\n2\n{TWO}Bo: yo\n", [("Ana", "how many?", 1.0, 2.0), ("Ana", "12", 1.0, 2.0), BOTH[1]], id="a spoken number is no cue number"),
        pytest.param(f"{HEAD}{ONE}Ana: go A --> B\n", [("Ana", "go A --> B", 1.0, 2.0)], id="a spoken arrow"),
        pytest.param(f"{HEAD}{ONE}\n{TWO}Bo: yo\n", [BOTH[1]], id="a cue without words"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\nBo: yo\nthere\n", [*ANA, ("Bo", "yo", 1.0, 2.0), ("Bo", "there", 1.0, 2.0)], id="two speakers in a cue"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\n\n{TWO}Bo: yo\n\n{TWO}- yes\n- no\n", [*BOTH, (None, "yes", 3.0, 4.0), (None, "no", 3.0, 4.0)], id="dashes begin with somebody else"),
        pytest.param(f"{HEAD}{TWO}Bo: yo\n\n{ONE}Ana: hi\n", BOTH[::-1], id="cues out of order stay in the order of the file"),
        pytest.param("", [], id="nothing"),
        pytest.param("WEBVTT\n", [], id="only a header"),
    ],
)  # fmt: skip
def test_cues_are_read_whole_and_in_order(text: str, expected: Told) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("cue", "expected"),
    [
        pytest.param("<v Ana Ruiz>hi</v>", [("Ana Ruiz", "hi")], id="Teams"),
        pytest.param("<v.loud Ana>hi", [("Ana", "hi")], id="a class and no end"),
        pytest.param("<v Ana>hi</v> <v Bo>yo</v>", [("Ana", "hi"), ("Bo", "yo")], id="two voices"),
        pytest.param("<v Ana>hi\nthere</v>", [("Ana", "hi"), ("Ana", "there")], id="over two lines"),
        pytest.param("first <v Ana>hi</v> last", [(None, "first"), ("Ana", "hi"), (None, "last")], id="words around a voice"),
        pytest.param("<v O&apos;Brien>R&amp;D &lt;3</v>", [("O'Brien", "R&D <3")], id="entities"),
        pytest.param("<v Ana>note: hi</v>", [("Ana", "note: hi")], id="a colon after a voice"),
        pytest.param("<v>hi</v>", [(None, "hi")], id="a voice without a name"),
    ],
)  # fmt: skip
def test_voice_tags_name_speakers(cue: str, expected: list[tuple[str | None, str]]) -> None:
    assert [(n, t) for n, t, _, _ in told(f"{HEAD}{ONE}{cue}\n")] == expected


@pytest.mark.parametrize(
    ("cue", "words"),
    [
        ("<b>bold</b> and <i>so</i>", "bold and so"),
        ("<c.colorE5E5E5>grey</c>", "grey"),
        ('<font color="#fff">white</font>', "white"),
        ("one<br>two<br/>three", "one two three"),
        ("<00:00:01.500>karaoke", "karaoke"),
        (r"{\an8}above", "above"),
        ("fewer than <3 weeks", "fewer than <3 weeks"),
        ("<laughs> right", "<laughs> right"),
        ("a < b and b > a", "a < b and b > a"),
        ("AT&T, R&D, terms&conditions", "AT&T, R&D, terms&conditions"),
        ("&#8364;40k &euro;50k&nbsp;net", "€40k €50k net"),
        ("&amp;lt;", "&lt;"),
        ("&#0;nul &#xD800;half", "�nul �half"),
    ],
)
def test_markup_goes_and_words_stay(cue: str, words: str) -> None:
    assert [t for _, t, _, _ in told(f"{HEAD}{ONE}{cue}\n")] == [words]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(f"{HEAD}{ONE}Ana: hi\n\n00:00:05.000 --> 00:0", 6, id="cut in the second time"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\n\n00:00:05.000 -", 6, id="cut in the arrow"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\n\n00:00", 6, id="cut in the first time"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\n\n{TWO.strip()}", 6, id="cut before the words"),
        pytest.param(f"1\n{ONE}Ana: hi\n\n2\n", 5, id="cut after a number"),
        pytest.param(f"{HEAD}{ONE}Ana: hi\n\n00:0x:03.000 --> 00:00:04.000\nBo: yo\n", 6, id="letters in a time"),
        pytest.param(f"{HEAD}--> 00:00:04.000\nBo: yo\n", 3, id="no first time"),
        pytest.param("the buyer's secret words\n", 1, id="no times at all"),
    ],
)  # fmt: skip
def test_what_is_left_of_a_time_is_an_error_and_not_speech(text: str, line: int) -> None:
    with pytest.raises(MalformedTranscript) as caught:
        read_captions(text)
    assert caught.value.line == line
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("cues", "names"),
    [
        pytest.param(["Ana: a", "b", "Bo: c", "d", "Ana: e"], ["Ana", "Ana", "Bo", "Bo", "Ana"], id="names mark changes only"),
        pytest.param(["Ana: a", "Ana: b", "c", "Bo: d", "e"], ["Ana", "Ana", None, "Bo", None], id="names on each cue: the others are nobody's"),
        pytest.param(["a", "Budget: forty", "b", "c"], [None] * 4, id="a word before a colon is no name"),
        pytest.param(["Ana: a", "Bo: So here is the thing: c"], ["Ana", "Bo"], id="a colon in speech"),
        pytest.param(["maria lopez: a", "Bo: b", "maria lopez: c"], ["maria lopez", "Bo", "maria lopez"], id="small letters"),
        pytest.param(["+1 415-555-0100: a", "Bo: b"], ["+1 415-555-0100", "Bo"], id="a telephone"),
        pytest.param(["张伟：你好", "Bo: b"], ["张伟", "Bo"], id="a wide colon"),
        pytest.param(["Ana (Acme): a", "Bo: b"], ["Ana (Acme)", "Bo"], id="a company beside the name"),
        pytest.param(["see https://x.example/a", "at 10:30 then"], [None, None], id="addresses and times"),
    ],
)  # fmt: skip
def test_names_are_told_from_words_over_the_whole_transcript(
    cues: list[str], names: list[str | None]
) -> None:
    text = HEAD + "".join(f"{ONE}{cue}\n\n" for cue in cues)
    assert [name for name, *_ in told(text)] == names


@given(st.text(max_size=400) | st.lists(st.sampled_from(
    [ONE, TWO, "1\n", "\n", "Ana: hi\n", "NOTE\n", "STYLE\n", "-->", "<v Ana>", "</v>", "00:0", "WEBVTT\n", "- a\n"])
).map("".join))  # fmt: skip
def test_no_text_raises_anything_but_its_own_error(text: str) -> None:
    with suppress(MalformedTranscript):
        assert all(s.text for s in read_captions(text))


@pytest.mark.parametrize(
    "row", [" ", "<", "-->", "<v ", "&", "a:", "00:", "{\\", "\n", "- a\n", "a(", "<v A>"]
)
def test_long_rows_take_time_in_proportion(row: str) -> None:
    text = f"{HEAD}{ONE}Ana: {row * 40_000}\n\n{row * 40_000}"
    before = time.process_time()
    with suppress(MalformedTranscript):
        read_captions(text)
    assert time.process_time() - before < 5


def test_a_cue_does_not_show_its_words() -> None:
    assert "secret" not in repr(read_captions(f"{HEAD}{ONE}secret\n"))
