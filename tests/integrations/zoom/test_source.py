from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.calls import CallWindow, Side
from bantam.errors import VendorAuthError, VendorBusyError, VendorNotFoundError
from bantam.ports import TranscriptNotReady
from integrations.http import Answer
from integrations.zoom.client import ZoomApp, ZoomClient, in_path, read_cues
from integrations.zoom.mapping import call_id, uuid_of
from integrations.zoom.source import ZoomSource
from tests.faults import Fault, expired_token, too_many
from tests.servers import Received, Reply, Server, StandIn, route, serve
from tests.source_cases import READ_FAULTS, WINDOW, assert_each_step_stands, ids, read_everything
from tests.standins.zoom import APP, UUID, VTT, Zoom, a_recording
from tests.surroundings import StillClock, surroundings


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Zoom()) as running:
        yield running


def source(
    server: Server,
    app: ZoomApp = APP,
    clock: StillClock | None = None,
    fault: Fault | None = None,
) -> ZoomSource:
    around = surroundings(clock, fault=fault)
    client = ZoomClient(app, around, base_url=server.base_url, auth_url=server.url)
    return ZoomSource(client, hosts=["ana@seller.example"])


def test_a_meeting_arrives_with_people_and_words(server: Server) -> None:
    (call,) = read_everything(source(server))
    assert (call.id, call.title) == ("zoom:_ajXp112QmuoKj4854875==", "Acme discovery")
    people = {p.id: (p.name, p.email, p.side) for p in call.participants}
    assert people == {
        "person-1": ("Ana S.", "ana@seller.example", Side.SELLER),
        "person-2": ("Bo", "bo@buyer.example", Side.UNKNOWN),
        "voice-dee": ("Dee", None, Side.UNKNOWN),
    }
    assert [(t.speaker, t.start, t.end, t.text) for t in call.turns] == [
        ("person-1", 1.5, 3.0, "What is set aside?"),
        ("person-2", 3.5, 6.0, "Forty thousand euros & more. It is approved."),
        ("voice-dee", 60.0, 61.0, "I agree."),
    ]


@pytest.mark.parametrize("fault", READ_FAULTS)
def test_every_fault_at_every_step_is_stood(server: Server, fault: Fault) -> None:
    assert_each_step_stands(fault, server, lambda f: source(server, fault=f))


def test_the_token_is_fetched_once_and_again_when_refused(server: Server) -> None:
    zoom = source(server)
    read_everything(zoom)
    assert server.stand_in.tokens == 1
    server.faults.next(expired_token({"code": 124, "message": "expired"}))
    read_everything(zoom)
    assert server.stand_in.tokens == 2


def test_the_token_is_fetched_again_before_it_ends(server: Server) -> None:
    clock = StillClock()
    zoom = source(server, clock=clock)
    read_everything(zoom)
    clock.now += timedelta(seconds=3600 - 60)
    read_everything(zoom)
    assert server.stand_in.tokens == 2


@pytest.mark.parametrize(
    ("uuid", "path"),
    [
        pytest.param("4444AAAiAAAAAiAiAiiAii==", "4444AAAiAAAAAiAiAiiAii%3D%3D", id="plain"),
        pytest.param("/abc==", "%252Fabc%253D%253D", id="starts with a slash"),
        pytest.param("ab//c", "ab%252F%252Fc", id="holds two slashes"),
        pytest.param("ab/c", "ab%2Fc", id="holds one slash"),
    ],
)
def test_uuids_are_encoded_twice_where_zoom_wants_it(server: Server, uuid: str, path: str) -> None:
    assert in_path(uuid) == path
    server.stand_in.recordings = [a_recording(uuid)]
    assert source(server).fetch(call_id(uuid)).turns
    assert any(r.path == f"/v2/meetings/{path}/recordings" for r in server.stand_in.received)


@given(st.text("abcXYZ019+/=", min_size=1))
def test_ids_go_there_and_back_and_are_safe_in_an_address(uuid: str) -> None:
    assert uuid_of(call_id(uuid)) == uuid
    assert "/" not in call_id(uuid)


def test_pages_are_read_and_long_windows_go_by_month(server: Server) -> None:
    server.stand_in.recordings = [a_recording(f"u{n}") for n in range(5)]
    window = CallWindow(since=datetime(2026, 9, 1, tzinfo=UTC), until=WINDOW.until)
    assert list(source(server).call_ids(window)) == ids(*(f"zoom:u{n}" for n in range(5)))
    asked = [
        (r.one("from"), r.one("to"))
        for r in server.stand_in.received
        if r.operation == "list_recordings"
    ]
    assert asked[:2] == [("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-30")]
    assert asked[2:] == [("2026-10-31", "2026-11-24")] * 3


def test_windows_are_cut_to_the_second(server: Server) -> None:
    server.stand_in.recordings = [a_recording("in"), a_recording("out", "2026-11-24T00:00:00Z")]
    assert list(source(server).call_ids(WINDOW)) == ids("zoom:in")


def test_the_token_does_not_follow_a_download_to_another_host(server: Server) -> None:
    class Storage(StandIn):
        @route("GET", "/signed/file.vtt")
        def file(self, request: Received) -> Reply:
            return Reply(200, VTT)

    with serve(Storage()) as storage:
        server.stand_in.download_redirect = f"{storage.url}/signed/file.vtt"
        assert source(server).fetch(call_id(UUID)).turns
        assert "authorization" not in storage.stand_in.received[0].headers
    assert [
        r.headers.get("authorization")
        for r in server.stand_in.received
        if r.operation == "download"
    ] == ["Bearer token-1"]


@pytest.mark.parametrize(
    ("state", "final"),
    [
        pytest.param(
            {"can_download": False, "download_restriction_reason": "NOT_READY"},
            False,
            id="not ready",
        ),
        pytest.param({"can_download": False}, False, id="no reason"),
        pytest.param(None, False, id="404"),
        pytest.param(
            {"can_download": False, "download_restriction_reason": "NO_TRANSCRIPT_DATA"},
            True,
            id="no data",
        ),
        pytest.param(
            {"can_download": False, "download_restriction_reason": "DELETED_OR_TRASHED"},
            True,
            id="deleted",
        ),
        pytest.param(
            {"can_download": False, "download_restriction_reason": "UNSUPPORTED"},
            True,
            id="unsupported",
        ),
    ],
)
def test_a_transcript_that_is_not_there_is_a_state(server: Server, state: Any, final: bool) -> None:
    server.stand_in.recordings = [a_recording(state=state)]
    with pytest.raises(TranscriptNotReady) as caught:
        source(server).fetch(call_id(UUID))
    assert caught.value.final is final


def test_an_empty_transcript_is_not_ready(server: Server) -> None:
    server.stand_in.recordings = [a_recording(vtt="WEBVTT\n\n")]
    with pytest.raises(TranscriptNotReady):
        source(server).fetch(call_id(UUID))


def test_without_the_participants_scope_names_still_come(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.stand_in.may_see_participants = False
    call = source(server).fetch(call_id(UUID))
    assert [(p.name, p.email) for p in call.participants] == [
        ("Ana S.", None),
        ("Bo", None),
        ("Dee", None),
    ]
    assert "read without e-mail addresses" in caplog.text


def test_two_people_of_one_name_lend_the_words_no_address(server: Server) -> None:
    twins = [{"id": "", "name": "Bo", "user_email": f"{n}@buyer.example"} for n in "ab"]
    server.stand_in.recordings = [a_recording(participants=twins)]
    call = source(server).fetch(call_id(UUID))
    assert call.turns[1].speaker == "voice-bo"


def test_a_meeting_without_recording_is_not_found(server: Server) -> None:
    with pytest.raises(VendorNotFoundError, match="no recording"):
        source(server).fetch(call_id("gone=="))


def test_wrong_app_credentials_are_an_auth_error(server: Server) -> None:
    with pytest.raises(VendorAuthError):
        read_everything(source(server, ZoomApp("acc-1", "zoom-client", "wrong")))


def test_a_daily_limit_with_an_iso_date_parks(server: Server) -> None:
    zoom = source(server)
    read_everything(zoom)
    server.stand_in.now = lambda: datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    server.faults.next(too_many("2026-11-25T00:00:00Z", {"code": 429, "message": "daily"}))
    with pytest.raises(VendorBusyError) as caught:
        read_everything(zoom)
    assert caught.value.retry_at == datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/users/x/recordings?page_size=301", 400, id="page too large"),
        pytest.param("/users/x/recordings?page_size=many", 400, id="not a number"),
        pytest.param("/meetings/x/summary", 404, id="no such path"),
        pytest.param("/past_meetings/x/participants?page_size=x", 400, id="participants"),
        pytest.param("/users/x/recordings?page_size=300", 200, id="allowed"),
    ],
)
def test_the_document_refuses_what_does_not_fit(server: Server, path: str, expected: int) -> None:
    read_everything(source(server))
    headers = {"Authorization": "Bearer token-1"}
    assert httpx.get(server.base_url + path, headers=headers).status_code == expected


@pytest.mark.parametrize(
    "operation",
    [
        "/users/x/recordings",
        "/meetings/x/recordings",
        "/meetings/x/transcript",
        "/past_meetings/x/participants",
    ],
)
def test_each_operation_refuses_a_request_without_credentials(
    server: Server, operation: str
) -> None:
    assert httpx.get(server.base_url + operation).status_code == 401


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: ("WEBVTT\n\n" + t).encode()))
def test_no_file_breaks_the_reader_in_another_way(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(read_cues(Answer(200, httpx.Headers(), content)), list)


@pytest.mark.parametrize("content", [b"<html>", b"", b"WEBVTT\n\nsoon --> later\nAna: hi\n"])
def test_what_is_no_vtt_may_be_an_error_page_and_is_asked_for_again(content: bytes) -> None:
    with pytest.raises(ValueError, match="not WebVTT"):
        read_cues(Answer(200, httpx.Headers(), content))
