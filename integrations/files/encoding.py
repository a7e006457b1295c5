"""From bytes to text: exact or an error, never a guess."""

from __future__ import annotations

from bantam.errors import CallFileError
from integrations.speech import without_controls

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_BINARY = 0.01
"""Share of control characters from which on a document is binary and not damaged text."""


def encoding_of(data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark that data begins with (or nothing), and the encoding it means."""
    return next(((m, e) for m, e in _BOMS if data.startswith(m)), (b"", "utf-8"))


def decoded(data: bytes, path: str) -> str:
    """Return the text of a document, without its byte order mark and with plain line ends.

    UTF-8 unless a byte order mark says UTF-16. Other encodings are refused: a wrong guess would
    change the words that evidence is checked against. Single control characters, which a damaged
    disk or an old recorder leaves behind, are taken out.

    Args:
        data: the whole document.
        path: of the file, for errors.

    Raises:
        CallFileError: it is binary, or not in these encodings; the message names the byte.
    """
    mark, encoding = encoding_of(data)
    body = data[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        place = f"byte {len(mark) + error.start}"
        raise CallFileError(path, place, _expected(body, encoding, error)) from None
    plain = without_controls(text)
    if len(text) - len(plain) > _BINARY * len(text):
        at = next(i for i, (a, b) in enumerate(zip(text, f"{plain} ", strict=False)) if a != b)
        raise CallFileError(path, f"character {at}", "is binary; expected text in UTF-8")
    return plain.replace("\r\n", "\n").replace("\r", "\n")


def _expected(body: bytes, encoding: str, error: UnicodeDecodeError) -> str:
    if b"\x00" in body and encoding == "utf-8":
        return "is binary; expected text in UTF-8"
    if (error.end == len(body) and "unexpected end" in error.reason) or "truncated" in error.reason:
        return "the text ends inside a character; the file seems cut"
    return f"not {encoding.upper()} here; save the file as UTF-8"
