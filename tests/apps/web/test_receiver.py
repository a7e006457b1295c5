"""The receiver over its real application, ledger and checks; only the network is left out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.web import receiver as receiver_module
from apps.web.receiver import Receiver, create_app
from apps.web.signatures import checks
from bantam.domain.pickup import PickupState
from bantam.errors import SettingsError
from bantam.ledger.store import Ledger
from bantam.settings import Settings
from tests import signed
from tests.fakes import SetClock

PUBLIC = "https://bantam.example"
CALL = {"type": "call.ready", "source": "gong", "call_id": "gong:1"}
FORM = {
    "type": "call.requested",
    "form_id": "site",
    "response_id": "r-1",
    "submitted_at": "2026-03-02T15:00:00+00:00",
    "email": "Bo@Buyer.example",
    "name": "Bo",
}
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_PEM = (
    _KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)

SETTINGS = Settings.model_validate(
    {
        "webhooks": {
            "public_url": PUBLIC,
            "generic_secret": signed.STANDARD_SECRET,
            "hubspot_secret": signed.SECRET,
            "close_secret": signed.CLOSE_KEY,
        },
        "gong": {"webhook_public_key": _PEM},
        "fireflies": {"webhook_secret": signed.SECRET},
        "zoom": {"webhook_secret": signed.SECRET},
        "fathom": {"webhook_secret": signed.STANDARD_SECRET},
        "slack": {"signing_secret": signed.SECRET},
    }
)


@dataclass
class World:
    ledger: Ledger
    clock: SetClock = field(default_factory=SetClock)
    woken: int = 0

    def app(self, settings: Settings = SETTINGS, **changes: Any) -> Any:
        def on_new() -> None:
            self.woken += 1

        return create_app(
            Receiver(self.ledger, checks(settings), self.clock, on_new=on_new, **changes)
        )

    @property
    def stamp(self) -> str:
        return str(int(self.clock().timestamp()))

    def post(self, path: str, body: Any, headers: dict[str, str], **changes: Any) -> httpx.Response:
        settings = changes.pop("settings", SETTINGS)

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app(settings, **changes))
            async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
                return await client.post(path, content=body, headers=headers)

        return anyio.run(send)

    def get(self, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app())
            async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
                return await client.get(path)

        return anyio.run(ask)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as ledger:
        yield World(ledger)


def gong_headers(body: bytes, stamp: str, url: str = f"{PUBLIC}/webhooks/gong") -> dict[str, str]:
    claims = {
        "webhook_url": url,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "exp": int(stamp) + 60,
    }
    return {"authorization": jwt.encode(claims, _KEY, "RS256")}


Sign = Callable[[bytes, str], dict[str, str]]
SENDERS: dict[str, tuple[Any, Sign, str | None]] = {
    "gong": ({"callData": {"metaData": {"id": "7"}}}, gong_headers, "gong:7"),
    "fireflies": (
        {"event": "meeting.transcribed", "meeting_id": "AS1"},
        signed.fireflies,
        "fireflies:AS1",
    ),
    "zoom": (
        {
            "event": "recording.transcript_completed",
            "event_ts": 1,
            "payload": {"object": {"uuid": "ab"}},
        },
        signed.zoom,
        "zoom:ab",
    ),
    "fathom": ({"recording_id": 4711}, signed.standard, "fathom:4711"),
    "generic": (CALL, signed.standard, "gong:1"),
    "hubspot": (
        [
            {
                "eventId": 1,
                "subscriptionId": 2,
                "objectId": 3,
                "occurredAt": 4,
                "subscriptionType": "deal.propertyChange",
                "propertyName": "dealstage",
            }
        ],
        lambda body, stamp: signed.hubspot(body, stamp, f"{PUBLIC}/webhooks/hubspot"),
        None,
    ),
    "close": (
        {
            "event": {
                "id": "ev_1",
                "object_type": "opportunity",
                "object_id": "oppo_1",
                "action": "updated",
            }
        },
        signed.close,
        None,
    ),
    "slack": ({"type": "event_callback", "event_id": "Ev1"}, signed.slack, None),
}
EACH = pytest.mark.parametrize("sender", SENDERS)
STAMPED = pytest.mark.parametrize("sender", [s for s in SENDERS if s != "fireflies"])


@EACH
def test_a_signed_message_is_written_down_and_a_repeat_changes_nothing(
    world: World, sender: str
) -> None:
    told, sign, call_id = SENDERS[sender]
    body = signed.raw(told)
    first, again = (
        world.post(f"/webhooks/{sender}", body, sign(body, world.stamp)) for _ in range(2)
    )

    assert (first.status_code, first.json()) == (200, {"new": 1})
    assert (again.status_code, again.json()) == (200, {"new": 0})
    assert world.woken == 1
    if call_id is None:
        about = [(n.source, n.deal_id) for n in world.ledger.open_notices(9)]
        # Our messages in Slack have no buttons: there is nothing to act on.
        acted_on = {"hubspot": [("hubspot", "3")], "close": [("close", "oppo_1")], "slack": []}
        assert about == acted_on[sender]
    else:
        pickup = world.ledger.pickup(call_id)
        assert pickup is not None
        assert (pickup.source, pickup.state) == (call_id.partition(":")[0], PickupState.WAITING)


@EACH
def test_a_forged_message_is_refused_and_leaves_nothing(world: World, sender: str) -> None:
    told, sign, _ = SENDERS[sender]
    body = signed.raw(told)
    headers = sign(body, world.stamp)
    for forged in (body + b" ", body.replace(b"1", b"2", 1) + b"\n"):
        refused = world.post(f"/webhooks/{sender}", forged, headers)
        assert (refused.status_code, refused.json()) == (401, {"error": "refused"})
    assert world.post(f"/webhooks/{sender}", body, {}).status_code == 401
    assert world.ledger.counts()["activities"] == 0
    assert world.woken == 0


@STAMPED
def test_a_message_of_more_than_five_minutes_ago_is_refused(world: World, sender: str) -> None:
    told, sign, _ = SENDERS[sender]
    body = signed.raw(told)
    headers = sign(body, world.stamp)
    world.clock.forward(timedelta(seconds=301))

    assert world.post(f"/webhooks/{sender}", body, headers).status_code == 401


def test_a_sender_without_a_secret_looks_like_one_that_does_not_exist(world: World) -> None:
    body = signed.raw(CALL)
    answers = [
        world.post(f"/webhooks/{name}", body, {}, settings=Settings())
        for name in ("zoom", "nobody", "generic")
    ]
    assert {(a.status_code, a.text) for a in answers} == {(404, answers[0].text)}


def test_signed_addresses_need_a_public_one() -> None:
    with pytest.raises(SettingsError, match=r"webhooks\.public_url"):
        checks(Settings.model_validate({"webhooks": {"hubspot_secret": "s"}}))


def test_hubspots_signature_covers_the_query(world: World) -> None:
    told, _, _ = SENDERS["hubspot"]
    body = signed.raw(told)
    path = "/webhooks/hubspot?portal=a%20b"
    headers = signed.hubspot(body, world.stamp, PUBLIC + path)

    assert world.post(path, body, headers).status_code == 200
    assert world.post("/webhooks/hubspot?portal=c", body, headers).status_code == 401


def test_a_secret_in_gongs_address_is_taken_when_there_is_no_key(world: World) -> None:
    settings = Settings.model_validate({"gong": {"webhook_secret": "s3cret"}})
    body = signed.raw(SENDERS["gong"][0])
    for secret, status in (("s3cret", 200), ("other", 401)):
        answer = world.post(f"/webhooks/gong?secret={secret}", body, {}, settings=settings)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("sender", "told", "sign", "answer"),
    [
        pytest.param(
            "zoom",
            {"event": "endpoint.url_validation", "payload": {"plainToken": "q"}},
            signed.zoom,
            {
                "plainToken": "q",
                "encryptedToken": signed.hmac_of(signed.SECRET.encode(), b"q").hex(),
            },
            id="zoom",
        ),
        pytest.param(
            "slack",
            {"type": "url_verification", "challenge": "c"},
            signed.slack,
            {"challenge": "c"},
            id="slack",
        ),
    ],
)
def test_handshakes_are_answered_and_leave_nothing(
    world: World, sender: str, told: Any, sign: Sign, answer: Any
) -> None:
    body = signed.raw(told)
    got = world.post(f"/webhooks/{sender}", body, sign(body, world.stamp))
    assert (got.status_code, got.json()) == (200, answer)
    assert world.ledger.counts()["activities"] == 0


def test_a_pressed_button_of_slack_comes_as_a_form(world: World) -> None:
    body = b"payload=%7B%22type%22%3A%22block_actions%22%7D"
    headers = signed.slack(body, world.stamp)
    headers["content-type"] = "application/x-www-form-urlencoded"

    assert world.post("/webhooks/slack", body, headers).status_code == 200
    (told,) = world.ledger.activities()
    assert (told.actor, told.features["event"]) == ("slack", "block_actions")
    assert world.ledger.open_notices(9) == []


def test_a_filled_in_form_becomes_a_request_for_a_call(world: World) -> None:
    body = signed.raw(FORM)
    assert world.post("/webhooks/generic", body, signed.standard(body, world.stamp)).json() == {
        "new": 1
    }
    assert dict(world.ledger.booking_counts()) == {"requested": 1}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({**FORM, "email": "nobody"}, id="no address"),
        pytest.param({**FORM, "submitted_at": "yesterday"}, id="no time"),
        pytest.param({"type": "call.exploded"}, id="unknown type"),
        pytest.param([CALL], id="a list"),
    ],
)
def test_a_signed_message_of_another_shape_is_refused(world: World, told: Any) -> None:
    body = signed.raw(told)
    answer = world.post("/webhooks/generic", body, signed.standard(body, world.stamp))
    assert answer.status_code == 401


async def dripping(parts: int, size: int, read: list[int]) -> AsyncIterator[bytes]:
    for _ in range(parts):
        read.append(size)
        yield b"x" * size


def test_a_body_without_a_length_is_cut_off_while_it_is_read(world: World) -> None:
    read: list[int] = []
    answer = world.post("/webhooks/zoom", dripping(1000, 1000, read), {}, max_bytes=5000)
    assert answer.status_code == 413
    assert len(read) <= 7
    assert world.post("/webhooks/zoom", b"x" * 5001, {}, max_bytes=5000).status_code == 413
    assert world.post("/webhooks/zoom", b"x" * 5000, {}, max_bytes=5000).status_code == 401


def test_a_body_that_never_ends_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_module, "READ_SECONDS", 0.01)
    answers: list[int] = []

    async def receive() -> dict[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    scope = {
        "type": "http", "method": "POST", "path": "/webhooks/zoom", "raw_path": b"/webhooks/zoom",
        "query_string": b"", "headers": [], "http_version": "1.1", "scheme": "http", "server": ("x", 1),
    }  # fmt: skip
    anyio.run(world.app(), scope, receive, send)
    assert answers == [408]


def test_a_ledger_that_is_gone_asks_the_sender_to_come_again(world: World, tmp_path: Path) -> None:
    body = signed.raw(CALL)
    with world.ledger._database.write() as connection:
        connection.exec_driver_sql("DROP TABLE inbox")

    answer = world.post("/webhooks/generic", body, signed.standard(body, world.stamp))

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert world.woken == 0


def test_health_and_readiness(world: World) -> None:
    assert (world.get("/healthz").status_code, world.get("/readyz").status_code) == (200, 200)


def test_metrics_can_be_scraped(world: World) -> None:
    answer = world.get("/metrics")
    assert answer.status_code == 200
    assert 'bantam_rows{kind="calls"}' in answer.text


def test_it_is_not_ready_without_its_ledger(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'x' / 'bantam.db'}", create=True) as ledger:
        world = World(ledger)
        ledger.close()
        (tmp_path / "x").rename(tmp_path / "y")
        answer = world.get("/readyz")
    assert answer.status_code == 503
    assert "unable to open" in answer.text


def test_answers_come_within_a_tenth_of_a_second(world: World) -> None:
    """p95 over the real application and a real file with synchronous=FULL."""

    async def measure() -> list[float]:
        transport = httpx.ASGITransport(world.app())
        took = []
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            for n in range(60):
                body = signed.raw({**CALL, "call_id": f"gong:{n}"})
                headers = signed.standard(body, world.stamp, f"msg_{n}")
                began = time.perf_counter()
                answer = await client.post("/webhooks/generic", content=body, headers=headers)
                took.append(time.perf_counter() - began)
                assert answer.status_code == 200
        return sorted(took)

    assert anyio.run(measure)[57] < 0.1
