"""Whisper and WhisperX JSON: segments with times, with or without diarised speakers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bantam.errors import CallFileError
from integrations.speech import NOBODY, Said, seconds_of


def is_whisper(data: object) -> bool:
    """Return whether parsed JSON looks like Whisper's: a list of segments."""
    return isinstance(data, Mapping) and isinstance(data.get("segments"), list)


def read_whisper(data: Mapping[str, Any], path: str) -> list[Said]:
    """Return the segments; without diarisation they all belong to one unknown voice.

    Raises:
        CallFileError: a segment is not an object with text.
    """
    said = []
    for number, segment in enumerate(data["segments"]):
        if not isinstance(segment, Mapping) or not isinstance(segment.get("text"), str):
            raise CallFileError(path, f"segments[{number}].text", "expected text")
        speaker = segment.get("speaker")
        voice = speaker if isinstance(speaker, str) and speaker.strip() else NOBODY
        times = seconds_of(segment.get("start")), seconds_of(segment.get("end"))
        said.append(Said(voice, segment["text"], *times))
    return said
