from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bantam.domain.delivery import DeliveryState, Receipt
from bantam.errors import LeaseLostError, LedgerError, NotInLedgerError
from bantam.ledger import outbox
from bantam.ledger.rows import Claim
from bantam.ledger.store import Ledger
from tests.ledgers import NOW, many, scored

LATER = NOW + timedelta(minutes=10)
RECEIPT = Receipt(record_id="r-1", details={"ts": "17.3"}, conflicts=("amount",))


def claim(ledger: Ledger, limit: int = 9, *, now: datetime = NOW, **changes: Any) -> list[Claim]:
    asked: dict[str, Any] = {"lease_seconds": 60, "worker": "w-1", **changes}
    return ledger.claim_deliveries(limit, now=now, **asked)


def test_what_is_due_is_claimed_once(ledger: Ledger) -> None:
    ledger.record_many(many(3))

    first = claim(ledger, 2)
    second = claim(ledger, 9)

    assert len(first) == 2
    assert len(second) == 1
    assert {c.delivery.call_id for c in [*first, *second]} == {"c-0000", "c-0001", "c-0002"}
    assert {c.delivery.state for c in first} == {DeliveryState.CLAIMED}
    assert {c.delivery.attempts for c in first} == {1}
    assert claim(ledger) == []


def test_what_is_not_due_stays(ledger: Ledger) -> None:
    ledger.record_many([scored(at=LATER)])

    assert claim(ledger, now=LATER - timedelta(seconds=1)) == []
    assert len(claim(ledger, now=LATER)) == 1


def test_only_the_targets_asked_for_are_claimed(ledger: Ledger) -> None:
    ledger.record_many([scored(targets=("slack", "hubspot", "embedded"))])

    found = claim(ledger, targets=["slack", "embedded"])

    assert {c.delivery.target for c in found} == {"slack", "embedded"}


def test_what_was_sent_keeps_its_receipt(ledger: Ledger) -> None:
    ledger.record_many([scored()])
    (mine,) = claim(ledger)

    ledger.mark_sent(mine, RECEIPT, now=NOW)

    found = ledger.delivery(mine.delivery.key)
    assert (found.state, found.receipt) == (DeliveryState.SENT, {"ts": "17.3", "record_id": "r-1"})
    assert claim(ledger, now=LATER) == []
    sent = ledger.last_sent("embedded", call_id="c-1")
    assert sent is not None
    assert (sent.receipt, sent.at, sent.delivery) == (RECEIPT, NOW, found)


def test_the_last_that_was_sent_is_told_by_call_and_by_deal(ledger: Ledger) -> None:
    ledger.record_many(many(2, deal_id="D-1"))
    claims = claim(ledger)
    for minutes, mine in enumerate(claims):
        ledger.mark_sent(mine, RECEIPT, now=NOW + timedelta(minutes=minutes))

    assert ledger.last_sent("embedded", call_id="c-0000").delivery.call_id == "c-0000"
    last = ledger.last_sent("embedded", deal_id="D-1")
    assert last.delivery.key == claims[-1].delivery.key
    assert ledger.last_sent("slack", deal_id="D-1") is None


def test_a_delayed_delivery_is_due_again_then(ledger: Ledger) -> None:
    ledger.record_many([scored()])
    (mine,) = claim(ledger)

    ledger.delay(mine, "hubspot: 429", due_at=LATER, now=NOW)

    assert claim(ledger, now=NOW + timedelta(minutes=9)) == []
    (again,) = claim(ledger, now=LATER)
    assert (again.delivery.attempts, again.delivery.last_error) == (2, "hubspot: 429")


@pytest.mark.parametrize(
    ("mark", "state"),
    [
        pytest.param(Ledger.mark_failed, DeliveryState.FAILED, id="failed"),
        pytest.param(Ledger.hold, DeliveryState.HELD, id="held"),
    ],
)
def test_what_a_person_must_see_stays_until_released(
    ledger: Ledger, mark: Callable[..., None], state: DeliveryState
) -> None:
    ledger.record_many([scored()])
    (mine,) = claim(ledger)
    key = mine.delivery.key

    mark(ledger, mine, "two open deals", now=NOW)

    assert claim(ledger, now=LATER) == []
    found = ledger.delivery(key)
    assert (found.state, found.last_error) == (state, "two open deals")
    ledger.release(key, now=LATER, actor="ops@seller.example")
    (again,) = claim(ledger, now=LATER)
    assert (again.delivery.key, again.delivery.attempts) == (key, 1)
    assert [a.actor for a in ledger.activities()][-1] == "ops@seller.example"


def test_all_failures_of_a_target_are_retried_at_once(ledger: Ledger) -> None:
    ledger.record_many(many(3, targets=("embedded", "slack")))
    for mine in claim(ledger):
        ledger.mark_failed(mine, "refused", now=NOW)

    assert ledger.retry_failed(target="slack", now=NOW, actor="ops") == 3
    assert {c.delivery.target for c in claim(ledger)} == {"slack"}
    assert ledger.retry_failed(now=NOW, actor="ops") == 3
    assert ledger.retry_failed(now=NOW, actor="ops") == 0


def test_more_failures_are_retried_than_one_transaction_takes(ledger: Ledger) -> None:
    ledger.record_many(many(450))
    for mine in claim(ledger, 450):
        ledger.mark_failed(mine, "refused", now=NOW)

    assert ledger.retry_failed(now=NOW, actor="ops") == 450


def test_a_target_with_much_waiting_does_not_slow_the_others() -> None:
    with Ledger.open("sqlite://", create=True) as ledger:
        due = outbox._due(5, NOW, ["slack"])
        query = due.compile(ledger._database.engine, compile_kwargs={"literal_binds": True})
        with ledger._database.read() as connection:
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all())
    assert "target=? AND state=? AND due_at<?" in plan


def test_what_was_sent_or_superseded_is_not_released(ledger: Ledger) -> None:
    ledger.record_many([scored(level=1)])
    (mine,) = claim(ledger)
    ledger.mark_sent(mine, RECEIPT, now=NOW)

    with pytest.raises(LedgerError, match=f"{mine.delivery.key}: is sent"):
        ledger.release(mine.delivery.key, now=NOW, actor="ops")
    with pytest.raises(NotInLedgerError, match="delivery nowhere"):
        ledger.release("nowhere", now=NOW, actor="ops")
    with pytest.raises(NotInLedgerError, match="delivery nowhere"):
        ledger.delivery("nowhere")


def test_an_ended_lease_is_claimed_by_another_worker(ledger: Ledger) -> None:
    ledger.record_many([scored()])
    (slow,) = claim(ledger, lease_seconds=60)
    assert claim(ledger, now=NOW + timedelta(seconds=59)) == []

    (quick,) = claim(ledger, now=NOW + timedelta(seconds=60), worker="w-2")

    assert quick.delivery.key == slow.delivery.key
    assert quick.lease > slow.lease


MARKS: list[Any] = [
    pytest.param(lambda led, c: led.mark_sent(c, RECEIPT, now=LATER), id="sent"),
    pytest.param(lambda led, c: led.delay(c, "e", due_at=LATER, now=LATER), id="delay"),
    pytest.param(lambda led, c: led.mark_failed(c, "e", now=LATER), id="failed"),
    pytest.param(lambda led, c: led.hold(c, "e", now=LATER), id="hold"),
]


@pytest.mark.parametrize("mark", MARKS)
def test_who_lost_the_lease_cannot_mark(
    ledger: Ledger, mark: Callable[[Ledger, Claim], None]
) -> None:
    ledger.record_many([scored()])
    (slow,) = claim(ledger)
    (quick,) = claim(ledger, now=LATER, worker="w-2")
    before = list(ledger.activities())

    with pytest.raises(LeaseLostError, match="w-1 has it no more"):
        mark(ledger, slow)

    assert ledger.delivery(slow.delivery.key) == quick.delivery
    assert list(ledger.activities()) == before
    mark(ledger, quick)
    with pytest.raises(LeaseLostError):
        mark(ledger, quick)


def test_who_is_late_but_alone_may_mark(ledger: Ledger) -> None:
    ledger.record_many([scored()])
    (slow,) = claim(ledger)

    ledger.mark_sent(slow, RECEIPT, now=LATER)

    assert ledger.delivery(slow.delivery.key).state is DeliveryState.SENT


def test_a_newer_delivery_waits_while_the_older_is_being_sent(ledger: Ledger) -> None:
    ledger.record_many([scored(level=1)])
    (old,) = claim(ledger)
    ledger.record_many([scored(level=4)])
    assert claim(ledger) == []

    ledger.mark_sent(old, RECEIPT, now=NOW)

    (new,) = claim(ledger)
    assert new.delivery.note.points > old.delivery.note.points


def test_what_is_owed_again_while_it_is_being_sent_stays_with_its_worker(ledger: Ledger) -> None:
    """Low, being sent; high is owed; low is owed again: what is on its way is the newest."""
    ledger.record_many([scored(level=1)])
    (low,) = claim(ledger)
    ledger.record_many([scored(level=4)])
    ledger.record_many([scored(level=1)])
    assert claim(ledger) == []

    ledger.mark_sent(low, RECEIPT, now=NOW)

    assert claim(ledger) == []
    assert ledger.delivery_counts() == {
        "embedded": {DeliveryState.SENT: 1, DeliveryState.SUPERSEDED: 1}
    }


@pytest.mark.parametrize("mark", MARKS[1:])
def test_an_older_delivery_that_did_not_arrive_gives_way_to_the_newer(
    ledger: Ledger, mark: Callable[[Ledger, Claim], None]
) -> None:
    ledger.record_many([scored(level=1)])
    (old,) = claim(ledger)
    ledger.record_many([scored(level=4)])

    mark(ledger, old)

    assert ledger.delivery(old.delivery.key).state is DeliveryState.SUPERSEDED
    assert [c.delivery.note.points for c in claim(ledger, now=LATER)] == [
        scored(level=4).score.points
    ]


def test_an_older_delivery_whose_worker_died_gives_way_to_the_newer(ledger: Ledger) -> None:
    ledger.record_many([scored(level=1)])
    (dead,) = claim(ledger)
    ledger.record_many([scored(level=4)])

    (new,) = claim(ledger, now=LATER)

    assert new.delivery.key != dead.delivery.key
    assert ledger.delivery(dead.delivery.key).state is DeliveryState.SUPERSEDED


def test_counts_are_by_target_and_state(ledger: Ledger) -> None:
    ledger.record_many(many(3, targets=("embedded", "slack")))
    (mine,) = claim(ledger, 1, targets=["slack"])
    ledger.mark_sent(mine, RECEIPT, now=NOW)

    assert ledger.delivery_counts() == {
        "embedded": {DeliveryState.PENDING: 3},
        "slack": {DeliveryState.PENDING: 2, DeliveryState.SENT: 1},
    }


def test_every_step_is_told_in_the_stream(ledger: Ledger) -> None:
    ledger.record_many([scored()])
    (mine,) = claim(ledger)
    ledger.delay(mine, "busy", due_at=NOW, now=NOW)
    (mine,) = claim(ledger)
    ledger.mark_sent(mine, RECEIPT, now=LATER)

    told = [(a.kind, a.actor) for a in ledger.activities() if a.kind != "call_scored"]

    assert sorted(told) == [
        ("delivery_delayed", "w-1"),
        ("delivery_queued", "bantam"),
        ("delivery_sent", "w-1"),
    ]
    assert all("quote" not in a.features for a in ledger.activities())


def test_many_threads_never_claim_the_same(open_ledger: Callable[[], Ledger]) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    ledgers[0].record_many(many(120))

    def drain(n: int) -> list[str]:
        mine = []
        while found := claim(ledgers[n % 4], 3, worker=f"w-{n}"):
            for each in found:
                mine.append(each.delivery.key)
                ledgers[n % 4].mark_sent(each, RECEIPT, now=NOW)
        return mine

    with ThreadPoolExecutor(8) as threads:
        claimed = [key for keys in threads.map(drain, range(8)) for key in keys]

    assert len(claimed) == len(set(claimed)) == 120
    assert ledgers[0].delivery_counts() == {"embedded": {DeliveryState.SENT: 120}}


class OutboxMachine(RuleBasedStateMachine):
    """Any order of scoring, claiming, dying and marking ends with the newest score sent last."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger.open("sqlite://", create=True)
        self.now = NOW
        self.claims: list[Claim] = []
        self.arrived: list[int | None] = []
        self.newest: int | None = None

    def teardown(self) -> None:
        self.settle()
        self.ledger.close()

    @rule(level=st.sampled_from([1, 4]))
    def score(self, level: int) -> None:
        entry = scored(level=level)
        self.ledger.record_many([entry])
        self.newest = entry.score.points

    @rule()
    def work(self) -> None:
        self.claims += claim(self.ledger, 1, now=self.now)

    @rule(seconds=st.sampled_from([1, 61]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), how=st.sampled_from(["sent", "delay", "failed", "hold", "died"]))
    def finish(self, data: st.DataObject, how: str) -> None:
        mine = data.draw(st.sampled_from(self.claims))
        self.claims.remove(mine)
        if how == "died":
            return
        in_time = self.now < mine.until
        if how == "sent" and in_time:
            self.arrived.append(mine.delivery.note.points)
        try:
            self.mark(mine, how)
        except LeaseLostError:
            assert not in_time
            return
        if how == "sent" and not in_time:
            self.arrived.append(mine.delivery.note.points)

    def mark(self, mine: Claim, how: str) -> None:
        match how:
            case "sent":
                self.ledger.mark_sent(mine, RECEIPT, now=self.now)
            case "delay":
                self.ledger.delay(mine, "busy", due_at=self.now, now=self.now)
            case "failed":
                self.ledger.mark_failed(mine, "no", now=self.now)
            case "hold":
                self.ledger.hold(mine, "which deal?", now=self.now)

    @invariant()
    def at_most_one_is_in_flight(self) -> None:
        counts = self.ledger.delivery_counts().get("embedded", {})
        assert counts.get(DeliveryState.CLAIMED, 0) <= 1
        waiting = (DeliveryState.PENDING, DeliveryState.HELD, DeliveryState.FAILED)
        assert sum(counts.get(state, 0) for state in waiting) <= 1

    def settle(self) -> None:
        """A worker that never dies, and a person who releases everything, drain the outbox."""
        self.now += timedelta(hours=1)
        for delivery in list(self.ledger.deliveries()):
            if delivery.state in {DeliveryState.HELD, DeliveryState.FAILED}:
                self.ledger.release(delivery.key, now=self.now, actor="ops")
        while found := claim(self.ledger, 9, now=self.now):
            for mine in found:
                self.ledger.mark_sent(mine, RECEIPT, now=self.now)
                self.arrived.append(mine.delivery.note.points)
        if self.newest is not None:
            assert self.arrived[-1] == self.newest
            counts = self.ledger.delivery_counts()["embedded"]
            assert set(counts) <= {DeliveryState.SENT, DeliveryState.SUPERSEDED}


OutboxMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestAnyOrder = OutboxMachine.TestCase
