"""JSON as the recorders' interfaces and exports write it: Gong, Fireflies, Fathom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from bantam.domain.calls import Call
from bantam.errors import CallFileError
from integrations.fathom import mapping as fathom
from integrations.fathom.wire import Meeting, Utterance
from integrations.files.native import shape_error
from integrations.files.origin import Origin
from integrations.fireflies import mapping as fireflies
from integrations.fireflies.wire import Transcript
from integrations.gong import mapping as gong
from integrations.gong.wire import CallTranscript, ExtensiveCall

Item = Call | CallFileError
_Build = Callable[[Mapping[str, Any], Origin], Call]


def read_recorder(data: Mapping[str, Any], origin: Origin) -> Iterator[Item] | None:
    """Return the calls of a recorder's JSON (errors in the place of bad ones), None for other JSON.

    Raises:
        CallFileError: it is a recorder's, and what should be a list of calls is none; or it is
            an error answer.
    """
    inner = data.get("data")
    body = inner if isinstance(inner, Mapping) else data
    if "errors" in data and not inner:
        raise origin.error("errors", "an error of the recorder's interface; expected a transcript")
    if "callTranscripts" in body:
        return _gong(body, origin)
    if "transcripts" in body:
        return _each(body, "transcripts", _fireflies, origin)
    if "items" in body:
        return _each(body, "items", _fathom, origin)
    build = _builder(body)
    if build is None:
        return None
    whole = body if build is not _fireflies or "sentences" in body else body["transcript"]
    return iter([_built(build, whole, origin)])


def _builder(body: Mapping[str, Any]) -> _Build | None:
    """Return what builds a call from a single recording, by its shape."""
    said = body.get("transcript")
    if "sentences" in body or (isinstance(said, Mapping) and "sentences" in said):
        return _fireflies
    if not isinstance(said, list) or not all(isinstance(part, Mapping) for part in said):
        return None
    if "metaData" in body or any("sentences" in part for part in said):
        return _gong_call
    return _fathom if "recording_id" in body or any("speaker" in part for part in said) else None


def _each(body: Mapping[str, Any], key: str, build: _Build, origin: Origin) -> Iterator[Item]:
    parts = _list(body, key, origin)
    if len(parts) == 1:
        return iter([_built(build, parts[0], origin)])
    return (
        _built(build, part, origin.at(f"{key}[{number}]", number))
        for number, part in enumerate(parts)
    )


def _built(build: _Build, part: object, origin: Origin) -> Item:
    if not isinstance(part, Mapping):
        return origin.error("", "expected an object with a call")
    try:
        return build(part, origin)
    except ValidationError as error:
        return shape_error(error, origin)
    except CallFileError as error:
        return error


def _list(body: Mapping[str, Any], key: str, origin: Origin) -> list[Any]:
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise origin.error(key, "expected a list")
    return value


def _gong(body: Mapping[str, Any], origin: Origin) -> Iterator[Item]:
    """Transcripts, with the calls of `/v2/calls/extensive` beside them when the file has them."""
    about = {
        str(call["metaData"].get("id")): call
        for call in _list(body, "calls", origin)
        if isinstance(call, Mapping) and isinstance(call.get("metaData"), Mapping)
    }
    transcripts = _list(body, "callTranscripts", origin)
    if len(transcripts) == 1 and not about:
        about[""] = body

    def build(part: Mapping[str, Any], origin: Origin) -> Call:
        return _gong_call({**about.get(str(part.get("callId")), about.get("", {})), **part}, origin)

    return _each({"callTranscripts": transcripts}, "callTranscripts", build, origin)


def _gong_call(part: Mapping[str, Any], origin: Origin) -> Call:
    """A transcript with parties and context beside it, as far as they are there."""
    started_at, is_guess = origin.started_at
    meta = part.get("metaData")
    stated = dict(meta) if isinstance(meta, Mapping) else {}
    own_id = part.get("callId") or stated.get("id") or origin.call_id
    own_id = str(own_id) if isinstance(own_id, int) else own_id
    about = ExtensiveCall.model_validate(
        {
            "metaData": {"started": started_at, **stated, "id": own_id},
            "parties": part.get("parties"),
            "context": part.get("context"),
        }
    )
    spoken = {"callId": own_id, "transcript": part.get("transcript")}
    call = gong.to_call(about, CallTranscript.model_validate(spoken))
    return call.model_copy(update={"started_at_is_guess": is_guess and "started" not in stated})


def _fireflies(part: Mapping[str, Any], origin: Origin) -> Call:
    transcript = Transcript.model_validate({"id": origin.call_id, **part})
    started_at, is_guess = origin.started_at
    call = fireflies.to_call(transcript, transcript.date or started_at)
    return call.model_copy(update={"started_at_is_guess": is_guess and transcript.date is None})


def _fathom(part: Mapping[str, Any], origin: Origin) -> Call:
    started_at, is_guess = origin.started_at
    meeting = Meeting.model_validate({"recording_id": 0, "created_at": started_at, **part})
    said = [
        _utterance(raw, number, origin)
        for number, raw in enumerate(_list(part, "transcript", origin))
    ]
    call = fathom.to_call(meeting, said)
    dated = {"created_at", "recording_start_time", "scheduled_start_time"} & part.keys()
    own_id = call.id if "recording_id" in part else origin.call_id
    return call.model_copy(update={"id": own_id, "started_at_is_guess": is_guess and not dated})


def _utterance(raw: object, number: int, origin: Origin) -> Utterance:
    try:
        return Utterance.model_validate(raw)
    except ValidationError as error:
        raise shape_error(error, origin, f"transcript[{number}]") from None
