"""WebVTT (Zoom, Teams) and SRT: cues with times, whose text may begin with a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import srt
import webvtt

from bantam.errors import CallFileError
from integrations.plain import speaker_and_words
from integrations.speech import NOBODY, Said, seconds_of

_VOICE = re.compile(r"<v(?:\.[\w.-]+)?\s+([^>]*)>(.*?)(?=<v[\s.]|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z0-9][^<>]*>")
_TIMING = re.compile(r"^(.*?)\s*-->", re.MULTILINE)


def read_vtt(text: str, path: str) -> list[Said]:
    """Return the cues of a WebVTT document.

    Raises:
        CallFileError: the header is missing, a time cannot be read, or there is no cue.
    """
    try:
        captions = webvtt.from_string(text.strip() + "\n").captions
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError):
        raise CallFileError(path, *_what_is_wrong(text)) from None
    return _some([s for c in captions for s in _said(c.raw_text, c.start, c.end)], text, path)


def read_srt(text: str, path: str) -> list[Said]:
    """Return the cues of an SRT document.

    Raises:
        CallFileError: there is no cue, or a time cannot be read.
    """
    try:
        cues = list(srt.parse(text, ignore_errors=True))
    except (ValueError, OverflowError):
        raise CallFileError(path, *_what_is_wrong(text)) from None
    said = []
    for cue in cues:
        start, end = cue.start.total_seconds(), cue.end.total_seconds()
        said += list(_said(cue.content, start, end))
    return _some(said, text, path)


def _said(text: str, start: object, end: object) -> Iterator[Said]:
    begins, ends = seconds_of(start), seconds_of(end)
    voices = _VOICE.findall(text)
    if voices:
        for name, words in voices:
            voice = clean(name) or NOBODY
            yield Said(voice, clean(words), begins, ends)
        return
    name, words = speaker_and_words(clean(text))
    yield Said(name or NOBODY, words, begins, ends)


def clean(text: str) -> str:
    """Return a cue's words without tags, and with entities as the characters they stand for."""
    return " ".join(unescape(_TAG.sub("", text)).split())


def _some(said: list[Said], text: str, path: str) -> list[Said]:
    if not said:
        raise CallFileError(path, *_what_is_wrong(text))
    return said


def _what_is_wrong(text: str) -> tuple[str, str]:
    """Return the place and the expectation for a document without a readable cue."""
    for match in _TIMING.finditer(text):
        if seconds_of(match[1].strip().replace(",", ".")) is None:
            line = text.count("\n", 0, match.start()) + 1
            return f"line {line}", "expected a time such as 00:01:02.500 --> 00:01:04.000"
    return "line 1", "expected WEBVTT or numbered cues with times, and at least one cue"
