"""From bytes to text: exact or an error, never a guess."""

from __future__ import annotations

from bantam.errors import CallFileError

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def decoded(data: bytes, path: str) -> str:
    """Return the text of a document, without its byte order mark and with plain line ends.

    UTF-8 unless a byte order mark says UTF-16. Other encodings are refused: a wrong guess would
    change the words that evidence is checked against.

    Args:
        data: the whole document.
        path: of the file, for errors.

    Raises:
        CallFileError: it is binary, or not in these encodings; the message names the byte.
    """
    mark, encoding = next(((m, e) for m, e in _BOMS if data.startswith(m)), (b"", "utf-8"))
    body = data[len(mark) :]
    if encoding == "utf-8" and b"\x00" in body:
        raise CallFileError(path, f"byte {body.index(0)}", "is binary; expected text")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and error.end == len(body) and error.reason.startswith("unexpected"):
            expected = "the text ends inside a character; the file seems cut"
        else:
            expected = f"not {encoding.upper()} here; save the file as UTF-8"
        raise CallFileError(path, f"byte {len(mark) + error.start}", expected) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
