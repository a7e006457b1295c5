"""Which reader reads which document: by the ending, and JSON by its shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.files.encoding import decoded
from integrations.files.jsontext import loads
from integrations.files.native import is_native, read_native
from integrations.files.origin import Origin
from integrations.files.sides import SideRules, with_sides
from integrations.files.voices import call_of
from integrations.files.whisper import is_whisper, read_whisper
from integrations.speech import language_tag
from integrations.transcripts.cues import read_captions
from integrations.transcripts.lines import MalformedTranscript
from integrations.transcripts.plain import read_plain

Item = Call | CallFileError
_Reader = Callable[[bytes, Origin, SideRules], Iterator[Item]]


def read_document(data: bytes, origin: Origin, rules: SideRules) -> Iterator[Item]:
    """Yield the calls of a whole document, and errors in the place of bad ones among several.

    Args:
        data: as it stands in the file.
        origin: lends the ending, and the name for errors.
        rules: which participants are sellers.

    Raises:
        CallFileError: the document cannot be read.
    """
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise CallFileError(origin.file, "file", "is empty; expected a call")
    suffix = origin.file.suffix.lower()
    reader = READERS.get(suffix)
    if reader is None and suffix:
        raise CallFileError(origin.file, f"ending {suffix[:20]!r}", f"expected one of {_known()}")
    reader = reader or _sniffed(decoded(data, str(origin.file)))
    yield from reader(data, origin, rules)


def calls_in(parsed: Any, origin: Origin, rules: SideRules) -> Iterator[Item]:
    """Yield the calls that parsed JSON holds, by its shape.

    Raises:
        CallFileError: it is none of the shapes that we know.
    """
    if isinstance(parsed, list):
        yield from _calls_in_list(parsed, origin, rules)
    elif not isinstance(parsed, Mapping):
        raise origin.error("", "expected a JSON object with a call")
    elif is_native(parsed):
        yield read_native(parsed, origin, rules)
    elif is_whisper(parsed):
        language, said = parsed.get("language"), read_whisper(parsed, origin)
        spoken = language if isinstance(language, str) else None
        yield call_of(said, origin, rules, language=spoken and language_tag(spoken))
    else:
        yield from _recorded(parsed, origin, rules)


def _calls_in_list(parsed: list[Any], origin: Origin, rules: SideRules) -> Iterator[Item]:
    if not any(isinstance(part, Mapping) for part in parsed):
        raise origin.error("", "expected a call, or a list of calls")
    first = parsed[0]
    if isinstance(first, Mapping) and {"text", "start"} <= first.keys() and "turns" not in first:
        yield from calls_in({"segments": parsed}, origin, rules)
        return
    for number, part in enumerate(parsed):
        place = origin.at(f"[{number}]", number)
        if isinstance(part, list):
            yield place.error("", "expected a JSON object with a call")
            continue
        try:
            yield from calls_in(part, place, rules)
        except CallFileError as error:
            yield error


def _recorded(parsed: Mapping[str, Any], origin: Origin, rules: SideRules) -> Iterator[Item]:
    from integrations.files.recorders import read_recorder  # noqa: PLC0415 - brings the HTTP stack

    items = read_recorder(parsed, origin)
    if items is None:
        known = "participants and turns, or JSON of Gong, Fireflies, Fathom, Whisper"
        raise origin.error("", f"expected a call: {known}")
    for item in items:
        if isinstance(item, CallFileError):
            yield item
        else:
            people = with_sides(item.participants, rules)
            yield item.model_copy(update={"participants": people})


def _sniffed(text: str) -> _Reader:
    """Return the reader of a document without an ending (standard input)."""
    start = text.lstrip()
    if start.startswith(("{", "[{", "[\n", "[ ")):
        return _read_json
    return _read_captions if start.startswith("WEBVTT") or "-->" in start else _read_plain


def _read_json(data: bytes, origin: Origin, rules: SideRules) -> Iterator[Item]:
    return calls_in(loads(data, str(origin.file), ""), origin, rules)


def _read_captions(data: bytes, origin: Origin, rules: SideRules) -> Iterator[Item]:
    try:
        said = read_captions(decoded(data, str(origin.file)))
    except MalformedTranscript as error:
        raise CallFileError(origin.file, f"line {error.line}", error.expected) from None
    if not said:
        expected = "expected WEBVTT or numbered cues with times, and at least one cue"
        raise CallFileError(origin.file, "line 1", expected)
    yield call_of(said, origin, rules)


def _read_plain(data: bytes, origin: Origin, rules: SideRules) -> Iterator[Item]:
    text = decoded(data, str(origin.file))
    if text.lstrip().startswith("WEBVTT"):
        yield from _read_captions(data, origin, rules)
        return
    try:
        read = read_plain(text)
    except MalformedTranscript as error:
        raise CallFileError(origin.file, f"line {error.line}", error.expected) from None
    yield call_of(read.said, origin, rules, title=read.title, started_at=read.started_at)


def _known() -> str:
    return ", ".join(sorted({*READERS, *LINES}))


READERS: Mapping[str, _Reader] = {
    ".json": _read_json,
    ".srt": _read_captions,
    ".txt": _read_plain,
    ".vtt": _read_captions,
}
LINES = frozenset({".jsonl", ".ndjson"})
"""Endings of files with a call a line."""
TEXTS = frozenset(READERS) - {".json"}
"""Endings of captions and plain text."""
