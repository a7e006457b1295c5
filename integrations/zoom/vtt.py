"""Zoom's WebVTT: cues that read `Name: text`."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import unescape

import webvtt

from integrations.speech import seconds_of

_LONGEST_NAME_CHARS = 60


@dataclass(frozen=True)
class Cue:
    """One cue. Its repr shows no words."""

    name: str | None
    text: str = field(repr=False)
    start: float | None
    end: float | None


def read_cues(content: bytes) -> list[Cue]:
    """Return the cues of a WebVTT file.

    Raises:
        ValueError: it is not WebVTT.
    """
    try:
        captions = webvtt.from_string(content.decode("utf-8-sig", errors="replace"))
    except webvtt.errors.MalformedFileError:
        raise ValueError("body: not WebVTT") from None
    return [_cue(caption) for caption in captions.captions]


def _cue(caption: webvtt.Caption) -> Cue:
    text = unescape(" ".join(caption.text.split()))
    name, separator, rest = text.partition(": ")
    start, end = seconds_of(caption.start), seconds_of(caption.end)
    if caption.voice:
        return Cue(caption.voice, text, start, end)
    if separator and len(name) <= _LONGEST_NAME_CHARS:
        return Cue(name, rest, start, end)
    return Cue(None, text, start, end)
