"""Whisper and WhisperX JSON: segments with times, with or without diarised speakers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.files.origin import Origin
from integrations.speech import seconds_of
from integrations.transcripts.lines import MAX_ROWS, Spoken


def is_whisper(data: object) -> bool:
    """Return whether parsed JSON looks like Whisper's: it has segments."""
    return isinstance(data, Mapping) and "segments" in data


def read_whisper(data: Mapping[str, Any], origin: Origin) -> list[Spoken]:
    """Return the segments; without diarisation they all belong to nobody.

    Raises:
        CallFileError: a segment is not an object with text, or there are far too many.
    """
    if not isinstance(data["segments"], list):
        raise origin.error("segments", "expected a list")
    if len(data["segments"]) > MAX_ROWS:
        raise origin.error("segments", f"expected one call; this has {len(data['segments'])}")
    said = []
    for number, segment in enumerate(data["segments"]):
        if not isinstance(segment, Mapping) or not isinstance(segment.get("text"), str):
            raise origin.error(f"segments[{number}].text", "expected text")
        speaker = segment.get("speaker")
        name = str(speaker) if isinstance(speaker, str | int) else None
        times = seconds_of(segment.get("start")), seconds_of(segment.get("end"))
        said.append(Spoken(name, segment["text"], *times))
    return said
