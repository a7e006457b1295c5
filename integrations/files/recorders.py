"""JSON as the recorders' interfaces and exports write it: Gong, Fireflies, Fathom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.fathom import mapping as fathom
from integrations.fathom.wire import Meeting, Utterance
from integrations.files.origin import started_at_of
from integrations.fireflies import mapping as fireflies
from integrations.fireflies.wire import Transcript
from integrations.gong import mapping as gong
from integrations.gong.wire import CallTranscript, ExtensiveCall


def read_recorder(data: Mapping[str, Any], file: Path) -> Iterator[Call] | None:
    """Return the calls of a recorder's JSON, None when it is none that we know.

    Raises:
        CallFileError: it is one, and its shape is wrong; the message names the key.
    """
    body = data.get("data") if isinstance(data.get("data"), Mapping) else data
    assert isinstance(body, Mapping)
    if "callTranscripts" in body:
        return _checked(_gong(body, file), file)
    nested = body.get("transcript")
    if isinstance(nested, Mapping) and "sentences" in nested:
        return _checked(_fireflies(nested, file), file)
    if "sentences" in body:
        return _checked(_fireflies(body, file), file)
    if isinstance(nested, list) and ("recording_id" in body or "calendar_invitees" in body):
        return _checked(_fathom(body), file)
    return None


def _checked(calls: Iterator[Call], file: Path) -> Iterator[Call]:
    try:
        yield from calls
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"])
        raise CallFileError(
            file, where.lstrip(".") or "top level", f"not a usable value ({first['type']})"
        ) from None


def _gong(body: Mapping[str, Any], file: Path) -> Iterator[Call]:
    """Transcripts, with the calls of `/v2/calls/extensive` beside them when the file has them."""
    extensive = body.get("calls")
    calls = {call.meta.id: call for call in map(ExtensiveCall.model_validate, extensive or ())}
    for raw in body["callTranscripts"]:
        transcript = CallTranscript.model_validate(raw)
        bare = {"metaData": {"id": transcript.call_id, "started": started_at_of(file).isoformat()}}
        known = calls.get(str(transcript.call_id))
        yield gong.to_call(known or ExtensiveCall.model_validate(bare), transcript)


def _fireflies(body: Mapping[str, Any], file: Path) -> Iterator[Call]:
    transcript = Transcript.model_validate({"id": file.stem, **body})
    yield fireflies.to_call(transcript, transcript.date or started_at_of(file))


def _fathom(body: Mapping[str, Any]) -> Iterator[Call]:
    meeting = Meeting.model_validate(body)
    yield fathom.to_call(meeting, [Utterance.model_validate(u) for u in body["transcript"]])
