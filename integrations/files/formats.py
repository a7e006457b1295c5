"""Which reader reads which document: by the ending, and JSON by its shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.captions import read_srt, read_vtt
from integrations.files.encoding import decoded
from integrations.files.native import is_native, loads, read_native
from integrations.files.sides import SideRules, with_sides
from integrations.files.voices import call_of
from integrations.files.whisper import is_whisper, read_whisper
from integrations.plain import read_plain
from integrations.speech import Said

Reader = Callable[[str, Path, SideRules], Iterator[Call]]


def read_document(data: bytes, file: Path, rules: SideRules) -> Iterator[Call]:
    """Yield the calls of a whole document.

    Args:
        data: as it stands in the file.
        file: lends its ending, and its name for errors.
        rules: which participants are sellers.

    Raises:
        CallFileError: the document cannot be read.
    """
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise CallFileError(file, "file", "is empty; expected a call")
    text = decoded(data, str(file))
    suffix = file.suffix.lower()
    reader = READERS.get(suffix)
    if reader is None and suffix:
        known = ", ".join(sorted(READERS))
        raise CallFileError(file, f"ending {suffix!r}", f"expected one of {known}")
    reader = reader or _sniffed(text)
    yield from reader(text, file, rules)


def _sniffed(text: str) -> Reader:
    """Return the reader of a document without an ending (standard input)."""
    start = text.lstrip()
    if start.startswith("{"):
        return _read_json
    if start.startswith("WEBVTT"):
        return _of(read_vtt)
    if "-->" in start:
        return _of(read_srt)
    return _of(read_plain)


def _read_json(text: str, file: Path, rules: SideRules) -> Iterator[Call]:
    parsed = loads(text.encode("utf-8", "surrogatepass"), str(file), "")
    if is_native(parsed):
        yield read_native(parsed, str(file), "", rules)
        return
    if not isinstance(parsed, Mapping):
        raise CallFileError(file, "top level", "expected a JSON object with a call")
    if is_whisper(parsed):
        language = parsed.get("language")
        spoken = language if isinstance(language, str) else None
        yield call_of(read_whisper(parsed, str(file)), file, rules, language=spoken)
        return
    from integrations.files.recorders import read_recorder  # noqa: PLC0415 - brings the HTTP stack

    calls = read_recorder(parsed, file)
    if calls is None:
        raise CallFileError(
            file,
            "top level",
            "expected a call: participants and turns, or JSON of Gong, Fireflies, Fathom, Whisper",
        )
    for call in calls:
        people = with_sides(call.participants, rules)
        yield call.model_copy(update={"participants": people})


def _of(read: Callable[[str, str], list[Said]]) -> Reader:
    def reader(text: str, file: Path, rules: SideRules) -> Iterator[Call]:
        yield call_of(read(text, str(file)), file, rules)

    return reader


READERS: Mapping[str, Reader] = {
    ".json": _read_json,
    ".srt": _of(read_srt),
    ".txt": _of(read_plain),
    ".vtt": _of(read_vtt),
}
