"""The inbox and the calls to fetch, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bantam.domain.activity import ActivityKind
from bantam.domain.pickup import Notice, PickupState
from bantam.errors import LeaseLostError
from bantam.ledger.leases import Terms
from bantam.ledger.store import Ledger
from tests.ledgers import NOW, many


def terms(limit: int = 10, at: int = 0, worker: str = "w") -> Terms:
    return Terms(limit, NOW + timedelta(seconds=at), lease_seconds=60, worker=worker)


def a_notice(n: int = 1, **changes: object) -> Notice:
    fields = {"source": "gong", "delivery_id": f"d-{n}", "event": "ready", "call_id": f"gong:{n}"}
    return Notice.model_validate({**fields, **changes})


def ids(claims: list) -> list[str]:
    return [claim.pickup.call_id for claim in claims]


def test_a_message_is_one_row_one_activity_and_one_pickup_however_often_it_comes(
    ledger: Ledger,
) -> None:
    assert [ledger.receive([a_notice()], now=NOW) for _ in range(3)] == [1, 0, 0]
    assert ledger.pickup_counts() == {"gong": {PickupState.WAITING: 1}}
    (told,) = ledger.activities()
    assert (told.kind, told.actor) == (ActivityKind.WEBHOOK_RECEIVED, "gong")


def test_messages_about_other_things_stay_open_until_somebody_looked(ledger: Ledger) -> None:
    other = {"source": "hubspot", "call_id": None, "about": "deal:7"}
    ledger.receive([a_notice(n, **other) for n in (1, 2)], now=NOW)
    later = NOW + timedelta(minutes=1)
    ledger.receive([a_notice(3, **other), a_notice(1, **{**other, "source": "close"})], now=later)
    ledger.receive([a_notice(4, **{**other, "about": None})], now=later)
    waiting = ledger.open_notices(2)
    assert [(n.source, n.delivery_id) for n in waiting] == [
        ("close", "d-1"), ("hubspot", "d-1"), ("hubspot", "d-2"),
    ]  # fmt: skip
    assert {n.deal_id for n in waiting} == {"7"}

    ledger.close_notices({"deal:7": "closed"}, waiting, now=later)

    assert [n.delivery_id for n in ledger.open_notices(9)] == ["d-3"]
    told = ledger.activities(kinds=[ActivityKind.WEBHOOK_ACTED_ON])
    assert {(a.customer, a.features["came_of_it"]) for a in told} == {("7", "closed")}
    assert ledger.prune_inbox(before=later + timedelta(days=1)) == 4


def test_a_poll_adds_only_what_nobody_knows(ledger: Ledger) -> None:
    ledger.record_many(many(2))
    ledger.receive([a_notice(1)], now=NOW)
    found = ["c-0000", "gong:1", "gong:2", "gong:2", "c-0001"]
    assert ledger.add_pickups(found, source="gong", now=NOW) == 1
    assert ledger.add_pickups(found, source="gong", now=NOW) == 0


def test_who_takes_a_call_has_it_until_the_lease_ends(ledger: Ledger) -> None:
    ledger.add_pickups(["a", "b"], source="gong", now=NOW)
    first = ledger.claim_pickups(terms(), sources=["gong"])
    assert sorted(ids(first)) == ["a", "b"]
    assert ledger.claim_pickups(terms(at=59), sources=["gong"]) == []

    second = ledger.claim_pickups(terms(at=60, worker="other"), sources=["gong"])

    assert sorted(ids(second)) == ["a", "b"]
    with pytest.raises(LeaseLostError, match="w has it no more"):
        ledger.end_pickup(first[0], PickupState.DONE, now=NOW)
    with pytest.raises(LeaseLostError):
        ledger.delay_pickup(first[1], "busy", due_at=NOW)
    for claim in second:
        ledger.end_pickup(claim, PickupState.DONE, now=NOW)
    assert ledger.pickup_counts() == {"gong": {PickupState.DONE: 2}}


def test_other_sources_are_left_alone(ledger: Ledger) -> None:
    ledger.add_pickups(["a"], source="gong", now=NOW)
    assert ledger.claim_pickups(terms(), sources=["zoom"]) == []


def test_a_delayed_call_comes_back_when_due_with_its_attempts(ledger: Ledger) -> None:
    ledger.add_pickups(["a"], source="gong", now=NOW)
    (claim,) = ledger.claim_pickups(terms(), sources=["gong"])
    ledger.delay_pickup(claim, "not ready", due_at=NOW + timedelta(seconds=120))

    assert ledger.claim_pickups(terms(at=119), sources=["gong"]) == []
    (again,) = ledger.claim_pickups(terms(at=120), sources=["gong"])

    assert (again.pickup.attempts, again.pickup.last_error) == (2, "not ready")


def test_a_call_that_is_announced_while_it_is_fetched_is_fetched_again(ledger: Ledger) -> None:
    ledger.add_pickups(["gong:1"], source="gong", now=NOW)
    (claim,) = ledger.claim_pickups(terms(), sources=["gong"])
    ledger.receive([a_notice()], now=NOW + timedelta(seconds=5))

    ledger.end_pickup(claim, PickupState.DONE, now=NOW + timedelta(seconds=6))

    (again,) = ledger.claim_pickups(terms(at=6), sources=["gong"])
    ledger.end_pickup(again, PickupState.DONE, now=NOW + timedelta(seconds=7))
    assert ledger.pickup_counts() == {"gong": {PickupState.DONE: 1}}


def test_a_delay_does_not_swallow_an_announcement(ledger: Ledger) -> None:
    ledger.add_pickups(["gong:1"], source="gong", now=NOW)
    (claim,) = ledger.claim_pickups(terms(), sources=["gong"])
    ledger.receive([a_notice()], now=NOW + timedelta(seconds=5))
    ledger.delay_pickup(claim, "not ready", due_at=NOW + timedelta(hours=4))

    assert ids(ledger.claim_pickups(terms(at=6), sources=["gong"])) == ["gong:1"]


@pytest.mark.parametrize("state", [PickupState.DONE, PickupState.NEVER_CAME, PickupState.FAILED])
def test_a_webhook_reopens_what_was_over(ledger: Ledger, state: PickupState) -> None:
    ledger.add_pickups(["gong:1"], source="gong", now=NOW)
    (claim,) = ledger.claim_pickups(terms(), sources=["gong"])
    ledger.end_pickup(claim, state, now=NOW, reason="why")
    later = NOW + timedelta(days=1)

    ledger.receive([a_notice()], now=later)

    pickup = ledger.pickup("gong:1")
    assert pickup is not None
    assert (pickup.state, pickup.attempts, pickup.found_at) == (PickupState.WAITING, 0, later)


def test_workers_at_once_share_the_calls_without_overlap(
    open_ledger: Callable[[], Ledger],
) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    ledgers[0].add_pickups([f"c{n:03}" for n in range(80)], source="gong", now=NOW)

    def work(ledger: Ledger) -> list[str]:
        mine: list[str] = []
        while claims := ledger.claim_pickups(terms(limit=3), sources=["gong"]):
            for claim in claims:
                ledger.end_pickup(claim, PickupState.DONE, now=NOW)
            mine += ids(claims)
        return mine

    with ThreadPoolExecutor(4) as threads:
        taken = [call for mine in threads.map(work, ledgers) for call in mine]

    assert sorted(taken) == [f"c{n:03}" for n in range(80)]
