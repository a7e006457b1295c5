from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorRejectedError,
)
from integrations.http import (
    Answer,
    Ask,
    Fixed,
    Patience,
    Problem,
    Renewable,
    Token,
    Vendor,
    VendorClient,
)
from tests.faults import (
    BROKEN_JSON,
    HALF_DONE,
    PASSING,
    REFUSED_CONNECTION,
    SLOW_BUT_DONE,
    conflict,
    expired_token,
    server_error,
    status,
    too_many,
)
from tests.servers import Received, Reply, Server, StandIn, route, serve
from tests.surroundings import NOW, StillClock, surroundings

SECRET = "k-secret"


class Notes(BaseModel):
    notes: list[str]


class Shelf(StandIn):
    """Keeps notes; enough of a vendor to fail in every way."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    @route("GET", "/api/notes")
    def read(self, request: Received) -> Reply:
        return Reply(200, {"notes": self.notes})

    @route("POST", "/api/notes")
    def add(self, request: Received) -> Reply:
        self.notes.append(request.json()["text"])
        return Reply(201, {"notes": self.notes})

    @route("PUT", "/api/notes/{id}")
    def put(self, request: Received) -> Reply:
        self.notes = [request.json()["text"]]
        return Reply(200, {"notes": self.notes})

    @route("GET", "/api/echo/{id}")
    def echo(self, request: Received) -> Reply:
        return Reply(200, {"notes": [request.path, request.params["id"]]})

    @route("GET", "/api/big")
    def big(self, request: Received) -> Reply:
        return Reply(200, b"x" * 2000)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Shelf()) as running:
        yield running


def client(server: Server, clock: StillClock | None = None, **changes: Any) -> VendorClient:
    vendor = Vendor(name="shelf", base_url=f"{server.url}/api", **changes.pop("vendor", {}))
    credentials = changes.pop("credentials", Fixed({"X-Api-Key": SECRET}))
    return VendorClient(vendor, credentials, surroundings(clock, **changes))


ADD = Ask("POST", "/notes", json={"text": "hello"})


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in PASSING + HALF_DONE])
def test_a_read_comes_through_any_passing_fault(server: Server, fault: Any) -> None:
    server.faults.next(fault)
    assert client(server, fault=fault).read(Ask("GET", "/notes"), Notes).notes == []
    assert not server.faults.unused


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in HALF_DONE[:3]])
def test_a_write_that_adds_is_not_sent_twice_when_it_may_have_arrived(
    server: Server, fault: Any
) -> None:
    server.faults.next(fault)
    with pytest.raises(VendorDownError) as caught:
        client(server, fault=fault).send(ADD)
    assert caught.value.may_have_arrived
    assert server.stand_in.notes == ["hello"]


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in HALF_DONE])
def test_a_write_that_sets_ends_right_after_any_half_done_fault(server: Server, fault: Any) -> None:
    server.faults.next(fault)
    client(server, fault=fault).send(Ask("PUT", "/notes/1", json={"text": "set"}))
    assert server.stand_in.notes == ["set"]


def test_a_write_that_adds_is_sent_again_after_429(server: Server) -> None:
    server.faults.next(too_many())
    client(server).send(ADD)
    assert server.stand_in.notes == ["hello"]


def test_no_connection_means_that_nothing_arrived() -> None:
    with serve(Shelf()) as gone:
        pass
    with pytest.raises(VendorDownError) as caught:
        client(gone).send(ADD)
    assert not caught.value.may_have_arrived


def test_attempts_are_bounded_and_waits_double(server: Server) -> None:
    clock = StillClock()
    server.faults.next(server_error(), times=4)
    with pytest.raises(VendorDownError, match="shelf: GET /notes: 500: may work later"):
        client(server, clock).send(Ask("GET", "/notes"))
    assert clock.slept == [0.5, 1.0, 2.0]
    assert server.stand_in.count("read") == 4


def test_a_short_wait_is_slept_and_a_long_one_handed_over(server: Server) -> None:
    clock = StillClock()
    server.faults.next(too_many("7"))
    client(server, clock).send(Ask("GET", "/notes"))
    assert clock.slept == [7.0]
    server.faults.next(too_many("3600"))
    with pytest.raises(VendorBusyError) as caught:
        client(server, clock).send(Ask("GET", "/notes"))
    assert clock.slept == [7.0]
    assert (caught.value.retry_at - clock.now).total_seconds() == 3600


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(expired_token(), VendorAuthError, id="fixed key refused"),
        pytest.param(conflict(), VendorConflictError, id="conflict"),
        pytest.param(status(422), VendorRejectedError, id="rejected"),
    ],
)
def test_what_cannot_work_is_not_tried_again(server: Server, fault: Any, error: Any) -> None:
    server.faults.next(fault)
    with pytest.raises(error):
        client(server).send(Ask("GET", "/notes"))
    assert len(server.stand_in.received) == 1


def test_an_expired_token_is_renewed_once(server: Server) -> None:
    tokens = iter(["old", "new"])
    credentials = Renewable(lambda: Token(next(tokens)), StillClock())
    server.faults.next(expired_token())
    client(server, credentials=credentials).send(Ask("GET", "/notes"))
    sent = [r.headers["authorization"] for r in server.stand_in.received]
    assert sent == ["Bearer old", "Bearer new"]


def test_a_token_that_stays_refused_ends_as_auth_error(server: Server) -> None:
    credentials = Renewable(lambda: Token("never"), StillClock())
    server.faults.next(expired_token(), times=2)
    with pytest.raises(VendorAuthError):
        client(server, credentials=credentials).send(Ask("GET", "/notes"))
    assert len(server.stand_in.received) == 2


def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    clock, fetched = StillClock(), []

    def fetch() -> Token:
        fetched.append(clock.now)
        return Token("t", expires_at=clock.now.replace(hour=10))

    credentials = Renewable(fetch, clock)
    credentials.headers()
    clock.now = NOW.replace(minute=58)
    credentials.headers()
    assert len(fetched) == 1
    clock.now = NOW.replace(minute=59, second=1)
    credentials.headers()
    assert len(fetched) == 2


def test_another_host_never_sees_the_credentials(server: Server) -> None:
    with serve(Shelf()) as elsewhere:
        server.faults.next(status(302, Location=f"{elsewhere.url}/api/notes"))
        asked = Ask("GET", "/notes", headers={"X-Tenant": "acme"})
        assert client(server).read(asked, Notes).notes == []
        seen = elsewhere.stand_in.received[0].headers
    assert not {"x-api-key", "authorization", "cookie", "x-tenant"} & set(seen)


def test_the_same_host_keeps_them(server: Server) -> None:
    server.faults.next(status(302, Location="/api/notes"))
    client(server).read(Ask("GET", "/notes"), Notes)
    assert server.stand_in.received[1].headers["x-api-key"] == SECRET


def test_an_address_that_the_vendor_hands_out_gets_credentials_only_on_trusted_hosts() -> None:
    seen: dict[str, bool] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        seen[str(request.url)] = "X-Api-Key" in request.headers
        return httpx.Response(200)

    vendor = Vendor("shelf", "https://api.shelf.example/v1", trusted_hosts=(".shelf.example",))
    around = surroundings(transport=httpx.MockTransport(handle))
    shelf = VendorClient(vendor, Fixed({"X-Api-Key": SECRET}), around)
    urls = {
        "https://files.shelf.example/a": True,
        "http://files.shelf.example/a": False,
        "https://evilshelf.example/a": False,
        "https://shelf.example.evil.example/a": False,
        "https://shelf.example/a": False,
    }
    for url in urls:
        shelf.send(Ask("GET", url))
    assert seen == urls


def test_https_is_not_left_for_http() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": "http://api.shelf.example/x"})

    around = surroundings(transport=httpx.MockTransport(handle))
    shelf = VendorClient(Vendor("shelf", "https://api.shelf.example"), Fixed({}), around)
    with pytest.raises(VendorRejectedError, match="unprotected"):
        shelf.send(Ask("GET", "/x"))


def test_redirects_in_a_circle_end(server: Server) -> None:
    server.faults.next(status(302, Location="/api/notes"), times=6)
    with pytest.raises(VendorRejectedError, match="more than 5 redirects"):
        client(server).send(Ask("GET", "/notes"))


def test_a_write_is_never_redirected(server: Server) -> None:
    server.faults.next(status(307, Location="/api/notes"))
    with pytest.raises(VendorRejectedError):
        client(server).send(ADD)
    assert server.stand_in.notes == []


def test_encoded_slashes_stay_encoded(server: Server) -> None:
    path, once = client(server).read(Ask("GET", "/echo/%252Fa%252F%252Fb%3D"), Notes).notes
    assert (path, once) == ("/api/echo/%252Fa%252F%252Fb%3D", "%2Fa%2F%2Fb=")


def test_an_answer_that_is_too_large_is_refused(server: Server) -> None:
    with pytest.raises(VendorRejectedError, match="larger than 1999 bytes"):
        client(server, patience=Patience(most_bytes=1999)).send(Ask("GET", "/big"))
    assert client(server, patience=Patience(most_bytes=2000)).send(Ask("GET", "/big")).status == 200


def test_a_compressed_bomb_counts_unpacked(server: Server) -> None:
    body = gzip.compress(b"x" * 100_000)
    server.faults.next(status(200, body, **{"Content-Encoding": "gzip"}))
    with pytest.raises(VendorRejectedError, match="larger than"):
        client(server, patience=Patience(most_bytes=5000)).send(Ask("GET", "/notes"))


def test_a_shape_that_is_not_the_documented_one_names_the_place(server: Server) -> None:
    server.faults.next(status(200, {"notes": [1]}), times=4)
    with pytest.raises(VendorDownError, match=r"unexpected answer at notes\.0: string_type"):
        client(server).read(Ask("GET", "/notes"), Notes)


def test_a_vendor_reads_its_own_answers_first(server: Server) -> None:
    def read_problem(answer: Answer, now: Any) -> Problem | None:
        if answer.fields().get("ok") is False:
            return Problem(VendorRejectedError, code=answer.fields()["error"])
        return None

    server.faults.next(status(200, {"ok": False, "error": "is_archived"}))
    with pytest.raises(VendorRejectedError, match="200 is_archived") as caught:
        client(server, vendor={"read_problem": read_problem}).send(ADD)
    assert caught.value.code == "is_archived"


def test_neither_logs_nor_errors_show_bodies_queries_or_secrets(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults.next(status(400, {"message": "bad value: WORDS"}, X_Request_Id="req-7"))
    ask = Ask(
        "POST",
        "/people/bo@buyer.example/notes",
        params={"email": "bo@buyer.example"},
        json={"text": "WORDS"},
    )
    with pytest.raises(VendorRejectedError) as caught:
        client(server).send(ask)
    assert caught.value.request_id == "req-7"
    assert "POST /people/…/notes -> 400" in caplog.text
    ours = "".join(
        r.getMessage() for r in caplog.records if r.name.startswith(("integrations", "httpx"))
    )
    shown = ours + str(caught.value) + repr(caught.value) + repr(ask)
    for hidden in ("WORDS", "bo@buyer", SECRET):
        assert hidden not in shown.replace(repr(ask.path), "")


def test_a_key_with_a_line_break_is_refused_without_showing_it(server: Server) -> None:
    broken = client(server, credentials=Fixed({"X-Api-Key": f"{SECRET}\n"}))
    with pytest.raises(VendorRejectedError, match="LocalProtocolError") as caught:
        broken.send(Ask("GET", "/notes"))
    assert SECRET not in str(caught.value)


def test_a_base_url_without_scheme_is_refused_in_one_line() -> None:
    around = surroundings()
    with pytest.raises(VendorRejectedError, match="check the base URL"):
        VendorClient(Vendor("shelf", "shelf.example"), Fixed({}), around).send(Ask("GET", "/x"))


def test_a_vendor_that_drips_is_given_up_at_the_deadline() -> None:
    ticks = iter(range(100))

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in ticks:
                yield b"x"

    around = surroundings(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Drip())),
        patience=Patience(attempts=1, deadline=0.0),
    )
    with pytest.raises(VendorDownError, match="deadline"):
        VendorClient(Vendor("shelf", "https://shelf.example"), Fixed({}), around).send(
            Ask("GET", "/x")
        )


def test_broken_json_is_not_a_success_for_a_write(server: Server) -> None:
    server.faults.next(BROKEN_JSON)
    with pytest.raises(VendorDownError) as caught:
        client(server).read(ADD, Notes)
    assert caught.value.may_have_arrived


def test_a_keyed_post_may_say_that_it_is_repeatable(server: Server) -> None:
    server.faults.next(SLOW_BUT_DONE)
    client(server, fault=SLOW_BUT_DONE).send(replace(ADD, repeatable=True))
    assert server.stand_in.notes == ["hello", "hello"]


def test_a_connection_cut_before_it_was_seen_is_still_unknown_to_us(server: Server) -> None:
    server.faults.next(REFUSED_CONNECTION)
    with pytest.raises(VendorDownError) as caught:
        client(server).send(ADD)
    assert caught.value.may_have_arrived
    assert server.stand_in.notes == []
