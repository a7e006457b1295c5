"""What others wrote, made safe to print: no escape sequence, no hidden character, no extra line."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
"""Control characters, which a terminal obeys, and those that turn the direction of text round."""
_BREAK = re.compile("[ \t]*[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]\\s*")
_HALVES = re.compile("[\ud800-\udfff]")
"""Surrogates: how Python holds file names that are not UTF-8. No encoding can write them."""


def printable(text: str) -> str:
    """Return text without what a terminal would obey instead of showing; line breaks stay."""
    return _HALVES.sub("\ufffd", _UNSEEN.sub("", text))


def one_line(text: str) -> str:
    """Return `printable` text on one line, so that a title cannot pass for a line of ours."""
    return printable(_BREAK.sub(" ", text))
