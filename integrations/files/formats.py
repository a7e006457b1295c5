"""Which reader reads which document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.files.native import is_native, loads, read_native
from integrations.files.sides import SideRules

Reader = Callable[[bytes, Path, SideRules], Iterator[Call | CallFileError]]


def read_document(data: bytes, file: Path, rules: SideRules) -> Iterator[Call | CallFileError]:
    """Yield the calls of a whole document.

    Args:
        data: as it stands in the file.
        file: lends its suffix, and its name for errors.
        rules: which participants are sellers.

    Raises:
        CallFileError: the document cannot be read.
    """
    if not data.strip():
        raise CallFileError(file, "file", "is empty")
    reader = READERS.get(file.suffix.lower(), _read_json)
    yield from reader(data, file, rules)


def _read_json(data: bytes, file: Path, rules: SideRules) -> Iterator[Call | CallFileError]:
    parsed = loads(data.removeprefix(b"\xef\xbb\xbf"), str(file), "")
    if not is_native(parsed):
        raise CallFileError(file, "top level", "expected a call with participants and turns")
    yield read_native(parsed, str(file), "", rules)


READERS: Mapping[str, Reader] = {".json": _read_json, ".jsonl": _read_json}
