from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bantam.domain.calls import DealId
from bantam.domain.delivery import Delivery, DeliveryKind, DeliveryState, Receipt, erasure_key
from bantam.errors import (
    NotInLedgerError,
    VendorAuthError,
    VendorBusyError,
    VendorDownError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from integrations.http import Ask
from integrations.slack.alerts import AlertPolicy, Route
from integrations.slack.client import SlackClient
from integrations.slack.gateway import NOT_POSTED, Routing, SlackGateway
from tests.crm_cases import a_delivery
from tests.factories import CALLED_AT, SCORED_AT, a_call
from tests.faults import (
    BROKEN_JSON,
    CUT_BODY,
    HALF_DONE,
    LOST_ANSWER,
    PASSING,
    REFUSED_CONNECTION,
    SLOW_BUT_DONE,
    TWICE,
    WRONG_JSON,
    Fault,
    status,
    too_many,
)
from tests.servers import Server, serve
from tests.standins.slack import TOKEN, Slack, failure
from tests.surroundings import StillClock, surroundings


@dataclass
class SentNote:
    delivery: Delivery
    receipt: Receipt


class Outbox:
    """What the ledger does: claims, attempts, receipts."""

    def __init__(self) -> None:
        self.owed: dict[str, Delivery] = {}
        self.sent: list[SentNote] = []

    def last_sent(
        self, target: str, *, call_id: Any = None, deal_id: Any = None
    ) -> SentNote | None:
        fits = [s for s in self.sent if (call_id is None or s.delivery.call_id == call_id)
                and (deal_id is None or s.delivery.deal_id == deal_id)]  # fmt: skip
        return fits[-1] if fits else None

    def deliveries(self, *, target: Any = None, call_id: Any = None) -> Iterator[Delivery]:
        yield from (d for d in self.owed.values() if d.call_id == call_id)

    def is_claimed(self, delivery: Delivery, *, now: Any) -> bool:
        return self.owed[delivery.key].lease == delivery.lease

    def send(self, gateway: SlackGateway, delivery: Delivery) -> Receipt:
        """Claim, send, keep the receipt; an error leaves the attempt on record."""
        before = self.owed.get(delivery.key, delivery)
        claimed = before.model_copy(
            update={
                "attempts": before.attempts + 1,
                "lease": before.lease + 1,
                "state": DeliveryState.CLAIMED,
            }
        )
        self.owed[delivery.key] = claimed
        try:
            receipt = gateway.send(claimed)
        except VendorError:
            self.owed[delivery.key] = claimed.model_copy(update={"state": DeliveryState.PENDING})
            raise
        self.owed[delivery.key] = claimed.model_copy(update={"state": DeliveryState.SENT})
        self.sent.append(SentNote(delivery, receipt))
        return receipt

    def send_until_done(self, gateway: SlackGateway, delivery: Delivery) -> Receipt:
        for _ in range(3):
            try:
                return self.send(gateway, delivery)
            except (VendorDownError, VendorBusyError):
                continue
        raise AssertionError("never arrived")

    def call(self, call_id: str) -> Any:
        if call_id == "gone":
            raise NotInLedgerError("gone")
        return a_call(id=call_id)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Slack()) as running:
        yield running


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


def gateway(
    server: Server, outbox: Outbox, *routes: Route, token: str = TOKEN, **options: Any
) -> SlackGateway:
    clock = StillClock(options.pop("now", SCORED_AT))
    around = surroundings(clock, fault=options.pop("fault", None))
    return SlackGateway(
        SlackClient(token, around, base_url=server.base_url),
        outbox,
        outbox,
        routing=Routing(default=options.pop("default", "C1"), routes=routes),
        policy=AlertPolicy(**options),
        clock=clock,
    )


def hot(**changes: Any) -> Delivery:
    return a_delivery("slack", **{"points": 80, "band": "hot", "deal_id": DealId("D-1"), **changes})


def test_a_score_that_reaches_the_threshold_is_told_once(server: Server, outbox: Outbox) -> None:
    receipt = outbox.send(gateway(server, outbox), hot())
    (message,) = server.stand_in.channels["C1"]
    assert receipt.details == {"channel": "C1", "ts": message["ts"], "points": "80"}
    assert message["text"] == "BANT 80 (hot): Acme discovery, reached 75"
    assert message["metadata"]["event_payload"]["call_id"] == "c-1"


def test_a_score_below_it_is_not_told_and_counts_as_the_last_one(
    server: Server, outbox: Outbox
) -> None:
    slack = gateway(server, outbox)
    assert outbox.send(slack, hot(points=60)).record_id == NOT_POSTED
    assert server.stand_in.messages == []
    outbox.send(slack, hot(points=78, call_id="c-2", called_at=CALLED_AT + timedelta(days=1)))
    assert server.stand_in.messages[0]["text"].endswith("reached 75 (was 60)")


def test_a_re_score_is_written_over_the_same_message(server: Server, outbox: Outbox) -> None:
    slack = gateway(server, outbox)
    first = outbox.send(slack, hot())
    second = outbox.send(slack, hot(points=40, band="cool"))
    assert second.record_id == first.record_id
    (message,) = server.stand_in.messages
    assert "BANT 40 (cool)" in message["text"]
    assert "fell below 75 (was 80)" in message["text"]


def test_a_later_call_of_the_deal_that_moves_the_score_is_told(
    server: Server, outbox: Outbox
) -> None:
    slack = gateway(server, outbox, thresholds=())
    outbox.send(slack, hot(points=60))
    later = {"call_id": "c-2", "called_at": CALLED_AT + timedelta(days=1)}
    assert outbox.send(slack, hot(points=46, **later)).record_id == NOT_POSTED
    outbox.send(slack, hot(points=31, call_id="c-3", called_at=CALLED_AT + timedelta(days=2)))
    assert [m["text"].rpartition(", ")[2] for m in server.stand_in.messages] == ["down 15 (was 46)"]


def test_an_older_call_that_is_scored_late_is_no_news(server: Server, outbox: Outbox) -> None:
    slack = gateway(server, outbox)
    outbox.send(slack, hot(points=40))
    older = hot(points=90, call_id="c-0", called_at=CALLED_AT - timedelta(days=1))
    assert outbox.send(slack, older).record_id == NOT_POSTED


def test_a_back_fill_is_no_news(server: Server, outbox: Outbox) -> None:
    slack = gateway(server, outbox, now=CALLED_AT + timedelta(days=8))
    assert outbox.send(slack, hot()).record_id == NOT_POSTED


AMBIGUOUS = [CUT_BODY, LOST_ANSWER, SLOW_BUT_DONE, REFUSED_CONNECTION, WRONG_JSON, BROKEN_JSON]


@pytest.mark.parametrize(
    "fault",
    [pytest.param(f, id=f.name) for f in (*PASSING, *HALF_DONE) if f is not TWICE],
)
def test_whatever_goes_wrong_the_message_is_there_once(
    server: Server, outbox: Outbox, fault: Fault
) -> None:
    server.faults.next(fault)
    receipt = outbox.send_until_done(gateway(server, outbox, fault=fault), hot())
    (message,) = server.stand_in.messages
    assert receipt.details["ts"] == message["ts"]
    assert not server.faults.unused


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in AMBIGUOUS])
def test_a_re_score_after_an_unknown_end_finds_the_first_message(
    server: Server, outbox: Outbox, fault: Fault
) -> None:
    slack = gateway(server, outbox, fault=fault)
    server.faults.next(fault)
    with pytest.raises(VendorDownError):
        outbox.send(slack, hot())
    outbox.send(slack, hot(points=85))
    (message,) = server.stand_in.messages
    assert "BANT 85" in message["text"]


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in (*PASSING, *HALF_DONE)])
def test_an_update_stands_every_fault(server: Server, outbox: Outbox, fault: Fault) -> None:
    slack = gateway(server, outbox, fault=fault)
    outbox.send(slack, hot())
    server.faults.next(fault)
    outbox.send(slack, hot(points=85))
    assert [m["text"][:7] for m in server.stand_in.messages] == ["BANT 85"]


def test_our_message_is_found_behind_those_of_others(server: Server, outbox: Outbox) -> None:
    slack = gateway(server, outbox)
    server.faults.next(LOST_ANSWER)
    with pytest.raises(VendorDownError):
        outbox.send(slack, hot())
    noise = [{"ts": "1795510805.000000", "text": "hi"},
             {"ts": "1795510806.000000", "metadata": {"event_type": "bantam_score", "event_payload": {"call_id": "c-9"}}},
             {"ts": "1795510807.000000", "metadata": {"event_type": "other", "event_payload": {"call_id": "c-1"}}}]  # fmt: skip
    server.stand_in.channels["C1"] += noise
    outbox.send(slack, hot())
    assert server.stand_in.count("post_message") == 1


@pytest.mark.parametrize("ahead", [timedelta(hours=-20), timedelta(0), timedelta(hours=20)])
def test_our_message_is_found_although_clocks_differ(
    server: Server, outbox: Outbox, ahead: timedelta
) -> None:
    server.stand_in.clock = SCORED_AT.timestamp()
    note = {"scored_at": SCORED_AT + ahead}
    slack = gateway(server, outbox)
    server.faults.next(LOST_ANSWER)
    with pytest.raises(VendorDownError):
        outbox.send(slack, hot(**note))
    outbox.send(slack, hot(**note))
    assert len(server.stand_in.messages) == 1


def test_without_the_history_scope_an_unknown_end_goes_to_a_person(
    server: Server, outbox: Outbox
) -> None:
    slack = gateway(server, outbox)
    server.stand_in.may_read_history = False
    server.faults.next(LOST_ANSWER)
    with pytest.raises(VendorDownError):
        outbox.send(slack, hot())
    with pytest.raises(VendorAuthError, match=r"missing_scope: .*docs/vendors/slack\.md"):
        outbox.send(slack, hot())
    assert len(server.stand_in.messages) == 1


def test_a_deleted_message_comes_back_only_for_news(server: Server, outbox: Outbox) -> None:
    slack = gateway(server, outbox)
    outbox.send(slack, hot())
    server.stand_in.channels["C1"].clear()
    assert outbox.send(slack, hot(points=81)).record_id == NOT_POSTED
    outbox.send(slack, hot(points=50))
    assert len(server.stand_in.messages) == 1


@pytest.mark.parametrize(
    ("routes", "note", "channel"),
    [
        pytest.param([], {}, "C1", id="default"),
        pytest.param([Route(channel="C2", band="hot")], {}, "C2", id="band"),
        pytest.param([Route(channel="C2", band="warm")], {}, "C1", id="another band"),
        pytest.param([Route(channel="C2", owner="ANA@seller.example")], {}, "C2", id="owner"),
        pytest.param(
            [Route(channel="C2", owner="dee@seller.example")], {}, "C1", id="another owner"
        ),
        pytest.param(
            [Route(channel="@owner", band="hot"), Route(channel="C2")],
            {},
            "DU1",
            id="direct, first fits",
        ),
        pytest.param([Route(channel="@owner")], {"call_id": "gone"}, "C1", id="owner unknown"),
    ],
)
def test_messages_go_where_the_table_says(
    server: Server, outbox: Outbox, routes: list[Route], note: Any, channel: str
) -> None:
    outbox.send(gateway(server, outbox, *routes), hot(**note))
    assert len(server.stand_in.channels[channel]) == 1


def test_an_owner_outside_the_workspace_falls_back_or_is_refused(
    server: Server, outbox: Outbox
) -> None:
    server.stand_in.people.clear()
    with pytest.raises(VendorRejectedError, match=r"set slack\.channel"):
        outbox.send(gateway(server, outbox, default="@owner"), hot())


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("channel_not_found", VendorNotFoundError), ("not_in_channel", VendorRejectedError),
        ("is_archived", VendorRejectedError), ("invalid_auth", VendorAuthError),
        ("account_inactive", VendorAuthError), ("msg_too_long", VendorRejectedError),
        ("invalid_blocks", VendorRejectedError), ("some_new_error", VendorRejectedError),
        ("fatal_error", VendorDownError), ("message_limit_exceeded", VendorBusyError),
    ],
)  # fmt: skip
def test_ok_false_is_a_failure_of_the_right_kind(
    server: Server, outbox: Outbox, code: str, error: Any
) -> None:
    server.faults.next(Fault(code, instead=failure(code)), times=4)
    with pytest.raises(error, match=code) as caught:
        outbox.send(gateway(server, outbox), hot())
    assert (type(caught.value), caught.value.code) == (error, code)


def test_429_says_when(server: Server, outbox: Outbox) -> None:
    server.faults.next(too_many("60", {"ok": False, "error": "ratelimited"}))
    with pytest.raises(VendorBusyError) as caught:
        outbox.send(gateway(server, outbox), hot())
    assert caught.value.retry_at == SCORED_AT + timedelta(seconds=60)


def test_an_answer_without_ok_is_no_success(server: Server, outbox: Outbox) -> None:
    server.faults.next(status(200, b"ok"))
    with pytest.raises(VendorDownError, match="unexpected answer"):
        outbox.send(gateway(server, outbox), hot())


def test_a_note_without_points_is_refused(server: Server, outbox: Outbox) -> None:
    with pytest.raises(VendorRejectedError, match="no score"):
        outbox.send(gateway(server, outbox), hot(points=None))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", "/chat.postMessage", {"text": "x"}, id="post without channel"),
        pytest.param(
            "POST",
            "/chat.postMessage",
            {"channel": "C1", "username": "x"},
            id="post with unknown key",
        ),
        pytest.param(
            "POST",
            "/chat.postMessage",
            {"channel": "C1", "blocks": [{"type": "divider"}] * 51},
            id="51 blocks",
        ),
        pytest.param("POST", "/chat.update", {"channel": "C1"}, id="update without ts"),
        pytest.param("POST", "/conversations.open", {}, id="open nobody"),
        pytest.param("GET", "/users.lookupByEmail", None, id="look up nobody"),
    ],
)
def test_the_document_refuses_what_does_not_fit(
    server: Server, method: str, path: str, body: Any
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.request(method, server.base_url + path, json=body, headers=headers)
    assert answer.json() == {"ok": False, "error": "invalid_arguments"}


def test_one_message_a_second_and_channel(server: Server, outbox: Outbox) -> None:
    client = SlackClient(TOKEN, surroundings(), base_url=server.base_url)
    limit = client._channel_limit("C1")
    assert (limit.group, limit.per_second, limit.burst) == ("C1", 1, 1)
    assert Ask("POST", "/chat.postMessage").may_repeat is False


def forgotten(delivery: Delivery) -> Delivery:
    """What is owed once the call of a delivery was forgotten."""
    key = erasure_key("slack", delivery.call_id)
    reasons = tuple(
        r.model_copy(update={"summary": "", "quote": ""}) for r in delivery.note.reasons
    )
    note = delivery.note.model_copy(update={"call_title": "", "reasons": reasons})
    return delivery.model_copy(update={"key": key, "kind": DeliveryKind.ERASURE, "note": note})


def test_a_forgotten_calls_message_is_deleted_and_others_stay(
    server: Server, outbox: Outbox
) -> None:
    slack = gateway(server, outbox)
    outbox.send(slack, hot())
    outbox.send(slack, hot(call_id="c-2", deal_id="D-2"))
    for _ in range(2):
        slack.clear(forgotten(hot()))
    (left,) = server.stand_in.messages
    assert left["metadata"]["event_payload"]["call_id"] == "c-2"


def test_where_nothing_may_be_deleted_the_words_are_written_over(
    server: Server, outbox: Outbox
) -> None:
    server.stand_in.may_delete = False
    outbox.send(gateway(server, outbox), hot())
    assert "Forty thousand" in str(server.stand_in.messages)
    gateway(server, outbox).clear(forgotten(hot()))
    (left,) = server.stand_in.messages
    assert "Forty thousand" not in str(left)


def test_a_message_whose_sent_got_lost_is_found_and_deleted(server: Server, outbox: Outbox) -> None:
    slack = gateway(server, outbox)
    server.faults.next(LOST_ANSWER, operation="post_message")
    with pytest.raises(VendorDownError):
        outbox.send(slack, hot())
    slack.clear(forgotten(hot()))
    assert server.stand_in.messages == []


def test_a_call_that_was_not_worth_a_message_asks_nothing(server: Server, outbox: Outbox) -> None:
    slack = gateway(server, outbox)
    outbox.send(slack, hot(points=10))
    before = len(server.stand_in.received)
    assert slack.clear(forgotten(hot(points=10))).record_id == NOT_POSTED
    assert len(server.stand_in.received) == before


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in (*PASSING, *HALF_DONE)])
def test_a_message_is_deleted_through_each_fault(
    server: Server, outbox: Outbox, fault: Fault
) -> None:
    slack = gateway(server, outbox, fault=fault)
    outbox.send(slack, hot())
    server.faults.next(fault, operation="delete_message")
    for _ in range(3):
        with contextlib.suppress(VendorError):
            slack.clear(forgotten(hot()))
    assert server.stand_in.messages == []
    assert server.faults.unused == []
