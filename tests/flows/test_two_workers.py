"""Two workers on one outbox: at each request of the first in turn, its lease runs out and the
second has its way. Each CRM gets one note and Slack one message of every call, on both databases."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bantam.domain.calls import CallId
from bantam.domain.delivery import Delivery, DeliveryState
from bantam.ledger.store import Ledger
from bantam.ports import Gateway
from flows.deliver import DeliveryCounts, deliver
from flows.heartbeat import Heartbeat
from integrations.crm import CrmGateway, slots_from
from integrations.crm.records import note_marker
from integrations.slack.alerts import AlertPolicy
from integrations.slack.client import SlackClient
from integrations.slack.gateway import Routing, SlackGateway
from tests.crm_worlds import KINDS, World, world
from tests.factories import a_call
from tests.fakes import RecordingGateway, SetClock
from tests.faults import LOST_ANSWER
from tests.interrupted import LEASE_IS_OVER, Interrupted, Killed
from tests.ledgers import scored
from tests.servers import Server, serve
from tests.standins.slack import TOKEN, Slack
from tests.surroundings import StillClock, surroundings

BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param(
        "postgres", id="postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgres")]
    ),
]
AFTER = pytest.mark.parametrize(
    "after", [False, True], ids=["before it is sent", "after its answer"]
)
LONGEST = 14
"""No delivery takes as many requests."""


@pytest.fixture(params=BOTH)
def ledgers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Ledger, Ledger]]:
    """One ledger, opened by each of the workers."""
    url = f"sqlite:///{tmp_path / 'bantam.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    with Ledger.open(url, create=True) as first, Ledger.open(url, create=False) as second:
        yield first, second


def crm_gateway(here: World, ledger: Ledger, transport: Interrupted | None = None) -> CrmGateway:
    changes = {"transport": transport} if transport else {}
    return CrmGateway(
        here.kind.records(here.server.url, surroundings(here.clock, **changes)),
        memory=ledger,
        calls=ledger,
        clock=here.clock,
        slots=slots_from(),
    )


def slack_gateway(
    server: Server, clock: StillClock, ledger: Ledger, transport: Interrupted | None = None
) -> SlackGateway:
    changes = {"transport": transport} if transport else {}
    client = SlackClient(TOKEN, surroundings(clock, **changes), base_url=server.base_url)
    policy = AlertPolicy(thresholds=(1,), quiet_after=timedelta(days=1000))
    return SlackGateway(
        client, ledger, ledger, routing=Routing(default="C1"), policy=policy, clock=clock
    )


def until_sent(ledger: Ledger, gateway: Gateway, clock: StillClock, call_id: str) -> None:
    """Deliver until nothing of a call is left."""
    for _ in range(6):
        states = {d.state for d in ledger.deliveries(call_id=CallId(call_id))}
        if states == {DeliveryState.SENT}:
            return
        clock.sleep(LEASE_IS_OVER)
        deliver(ledger, {gateway.name: gateway}, clock=clock)
    raise AssertionError(f"{call_id}: {states}")


@AFTER
@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_lease_that_runs_out_makes_no_second_note(
    ledgers: tuple[Ledger, Ledger], name: str, after: bool
) -> None:
    mine, theirs = ledgers
    with world(name) as here:
        second = crm_gateway(here, theirs)

        def take_over() -> None:
            here.clock.sleep(LEASE_IS_OVER)
            deliver(theirs, {name: second}, clock=here.clock)

        for number in range(LONGEST):
            call = here.linked_call(f"c-{number}")
            mine.record_many([scored(call, targets=(name,))])
            first = crm_gateway(here, mine, Interrupted(number, after, take_over))
            deliver(mine, {name: first}, clock=here.clock)
            until_sent(theirs, second, here.clock, call.id)
            marker = note_marker(call.id)
            assert sum(marker in note for note in here.crm.notes_on(here.deal)) == 1, number


@AFTER
@pytest.mark.parametrize("dies", [False, True], ids=["lease ends", "killed"])
def test_a_lease_that_runs_out_makes_no_second_slack_message(
    ledgers: tuple[Ledger, Ledger], after: bool, dies: bool
) -> None:
    mine, theirs = ledgers
    clock = StillClock(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    with serve(Slack()) as server:
        assert isinstance(server.stand_in, Slack)
        server.stand_in.clock = clock().timestamp()
        second = slack_gateway(server, clock, theirs)

        def happen() -> None:
            if dies:
                raise Killed
            clock.sleep(LEASE_IS_OVER)
            deliver(theirs, {"slack": second}, clock=clock)

        for number in range(3):
            call = a_call(id=f"c-{number}")
            mine.record_many([scored(call, targets=("slack",))])
            first = slack_gateway(server, clock, mine, Interrupted(number, after, happen))
            with contextlib.suppress(Killed):
                deliver(mine, {"slack": first}, clock=clock)
            until_sent(theirs, second, clock, call.id)
            about = [m["metadata"]["event_payload"]["call_id"] for m in server.stand_in.messages]
            assert about.count(call.id) == 1, number


def test_a_person_who_asks_for_another_try_gets_no_second_slack_message(tmp_path: Path) -> None:
    """Asking again starts the count of attempts again; that one arrived is looked for all the
    same."""
    clock = StillClock(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    url = f"sqlite:///{tmp_path / 'bantam.db'}"
    with Ledger.open(url, create=True) as ledger, serve(Slack()) as server:
        assert isinstance(server.stand_in, Slack)
        server.stand_in.clock = clock().timestamp()
        ledger.record_many([scored(a_call(id="c-1"), targets=("slack",))])
        gateway = slack_gateway(server, clock, ledger)
        server.faults.next(LOST_ANSWER, operation="post_message")
        assert deliver(ledger, {"slack": gateway}, clock=clock).delayed == 1
        (owed,) = ledger.deliveries()
        ledger.release(owed.key, now=clock(), actor="ana")
        assert deliver(ledger, {"slack": gateway}, clock=clock).sent == 1
        assert len(server.stand_in.messages) == 1


def test_a_worker_that_was_stopped_sends_nothing_that_another_has_sent(
    ledgers: tuple[Ledger, Ledger],
) -> None:
    mine, theirs = ledgers
    clock, second = SetClock(datetime(2026, 3, 2, 18, 0, tzinfo=UTC)), RecordingGateway()
    mine.record_many([scored(a_call(id=f"c-{n}")) for n in range(3)])

    def stopped(delivery: Delivery) -> None:
        if not second.sent:
            clock.forward(timedelta(hours=1))
            deliver(theirs, {"embedded": second}, clock=clock)

    first = RecordingGateway(trouble=stopped)
    assert deliver(mine, {"embedded": first}, clock=clock) == DeliveryCounts(claimed=3, lost=3)
    assert len(first.sent) == 1
    assert len(second.sent) == 3


def test_a_slow_vendor_costs_no_lease(ledgers: tuple[Ledger, Ledger]) -> None:
    """Each answer takes a minute of a lease of two; somebody beats in between."""
    mine, theirs = ledgers
    clock = SetClock(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    mine.record_many([scored(a_call(id=f"c-{n}")) for n in range(5)])
    claims = mine.claim_deliveries(5, now=clock(), lease_seconds=120, worker="first")
    with Heartbeat(mine, clock, lease_seconds=120) as heart:
        heart.take(claims)
        for claim in claims:
            assert heart.has(claim)
            clock.forward(timedelta(minutes=1))
            heart.beat()
            others = theirs.claim_deliveries(5, now=clock(), lease_seconds=120, worker="second")
            assert others == []


def test_a_claim_that_another_took_over_is_not_ours_again(ledgers: tuple[Ledger, Ledger]) -> None:
    mine, theirs = ledgers
    clock = SetClock(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    mine.record_many([scored(a_call(id="c-1"))])
    (claim,) = mine.claim_deliveries(1, now=clock(), lease_seconds=120, worker="first")
    assert mine.is_claimed(claim.delivery, now=clock())
    clock.forward(timedelta(minutes=3))
    assert not mine.is_claimed(claim.delivery, now=clock())
    with Heartbeat(mine, clock, lease_seconds=120) as heart:
        heart.take([claim])
        # Nobody wanted it meanwhile.
        assert heart.has(claim)
        clock.forward(timedelta(minutes=3))
        (taken,) = theirs.claim_deliveries(1, now=clock(), lease_seconds=120, worker="second")
        assert not heart.has(claim)
    assert theirs.is_claimed(taken.delivery, now=clock())
    assert not mine.is_claimed(claim.delivery, now=clock())


class Counting(Ledger):
    """A ledger that says when it was asked to renew."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def renew_claims(self, claims: object, **_: object) -> set[str]:
        self.asked.set()
        return set()


def test_the_heart_beats_by_itself_while_there_are_claims(tmp_path: Path) -> None:
    now = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as ledger:
        ledger.record_many([scored(a_call(id="c-1"))])
        claims = ledger.claim_deliveries(1, now=now, lease_seconds=60, worker="w")
    counting = Counting()
    with Heartbeat(counting, SetClock(), lease_seconds=0.02) as heart:
        heart.take(claims)
        assert counting.asked.wait(30)
