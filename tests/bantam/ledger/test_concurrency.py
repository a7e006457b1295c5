"""Many writers on one ledger: threads, and processes that are killed."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from bantam.domain.delivery import DeliveryState
from bantam.errors import LedgerError
from bantam.ledger.database import Database, parsed_url
from bantam.ledger.recording import record
from bantam.ledger.store import Ledger
from tests.ledgers import NOW, many, scored
from tests.paths import REPO

WORKER = """
import sys
from datetime import timedelta
from bantam.domain.delivery import Receipt
from bantam.ledger.store import Ledger
from tests.ledgers import NOW

with Ledger.open(sys.argv[1], create=False) as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    while found := ledger.claim_deliveries(4, now=NOW, lease_seconds=60, worker=sys.argv[2]):
        for claim in found:
            ledger.mark_sent(claim, Receipt(record_id=sys.argv[2]), now=NOW)
            print(claim.delivery.key, flush=True)
"""


def start_worker(url: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, url, name],
        cwd=REPO,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_never_claim_the_same(ledger: Ledger, empty_url: str) -> None:
    ledger.record_many(many(80))
    workers = [start_worker(empty_url, f"w-{n}") for n in range(2)]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"

    outputs = [worker.communicate("go\n", timeout=120)[0].split() for worker in workers]

    assert [worker.returncode for worker in workers] == [0, 0]
    sent = [key for keys in outputs for key in keys]
    assert len(sent) == len(set(sent)) == 80
    assert ledger.delivery_counts() == {"embedded": {DeliveryState.SENT: 80}}
    assert Counter(d.receipt["record_id"] for d in ledger.deliveries()) == Counter(
        {f"w-{n}": len(keys) for n, keys in enumerate(outputs)}
    )


def test_what_a_killed_process_had_claimed_is_sent_by_another(
    ledger: Ledger, empty_url: str
) -> None:
    ledger.record_many(many(40))
    worker = start_worker(empty_url, "w-0")
    assert worker.stdin
    assert worker.stdout
    assert worker.stdout.readline() == "ready\n"
    worker.stdin.write("go\n")
    worker.stdin.flush()
    first = worker.stdout.readline().strip()
    worker.kill()
    worker.communicate(timeout=60)

    survivor = start_worker(empty_url, "w-1")
    survivor.communicate("go\n", timeout=120)
    counts = ledger.delivery_counts()["embedded"]
    assert sum(counts.values()) == 40
    assert counts.get(DeliveryState.PENDING, 0) == 0
    assert counts.get(DeliveryState.CLAIMED, 0) <= 4
    ended = NOW.replace(hour=23)
    left = ledger.claim_deliveries(9, now=ended, lease_seconds=60, worker="w-2")
    assert len(left) == counts.get(DeliveryState.CLAIMED, 0)
    assert ledger.delivery(first).state is DeliveryState.SENT


def test_writers_of_the_same_calls_in_any_order_neither_fail_nor_deadlock(
    open_ledger: Callable[[], Ledger],
) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    entries = many(12, targets=("embedded", "slack"))

    def write(n: int) -> None:
        for i in range(6):
            turn = (n * 5 + i) % 12
            ledgers[n % 4].record_many(entries[turn:] + entries[:turn][::-1])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))

    counts = ledgers[0].counts()
    assert (counts["calls"], counts["extractions"], counts["scores"]) == (12, 12, 12)
    assert counts["activities"] == 12 + 24
    assert ledgers[0].delivery_counts() == {
        "embedded": {DeliveryState.PENDING: 12},
        "slack": {DeliveryState.PENDING: 12},
    }


def test_scoring_and_sending_at_once_leave_one_delivery_waiting_at_most(
    open_ledger: Callable[[], Ledger],
) -> None:
    """The invariant that keeps an older score from overwriting a newer one, under real races."""
    ledgers = [open_ledger() for _ in range(4)]
    entries = [scored(level=level) for level in (1, 2, 3, 4)]
    ledgers[0].record_many(entries[:1])

    def write(n: int) -> None:
        for i in range(20):
            ledgers[n].record_many([entries[(i + n) % 4]])

    def send(n: int) -> None:
        for i in range(20):
            for claim in ledgers[n].claim_deliveries(3, now=NOW, lease_seconds=60, worker="w"):
                ledgers[n].delay(claim, f"busy {i}", due_at=NOW, now=NOW)

    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(write, n) for n in (0, 1)]
        jobs += [threads.submit(send, n) for n in (2, 3)]
        for job in jobs:
            job.result()

    counts = ledgers[0].delivery_counts()["embedded"]
    assert counts.get(DeliveryState.CLAIMED, 0) == 0
    assert counts[DeliveryState.PENDING] == 1
    (pending,) = ledgers[0].deliveries(states=[DeliveryState.PENDING])
    assert pending.note.points == ledgers[0].latest_result(entries[0].score.call_id).score.points


@pytest.fixture
def named_url(postgres_url: str) -> str:
    """A URL whose connections the server can tell from everybody else's."""
    return f"{postgres_url}&application_name={uuid.uuid4().hex}"


def end_connections(url: str) -> None:
    """End every other connection made with this URL, as a restart of the server would."""
    database = Database(parsed_url(url))
    with database.read() as connection:
        ended = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = current_setting('application_name')"
                " AND pid != pg_backend_pid()"
            )
        )
        assert ended.all() == [(True,)]
    database.close()


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_connections_that_the_server_dropped_are_made_anew(named_url: str) -> None:
    with Ledger.open(named_url, create=True) as ledger:
        ledger.record_many(many(1))
        end_connections(named_url)

        assert ledger.counts()["calls"] == 1


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_a_server_that_goes_away_within_a_transaction_leaves_nothing(named_url: str) -> None:
    with Ledger.open(named_url, create=True) as ledger:

        def record_while_it_goes() -> None:
            with ledger._database.write() as connection:
                record(connection, many(1))
                end_connections(named_url)
                record(connection, many(2))

        with pytest.raises(LedgerError, match=r"closed the connection|terminat") as caught:
            record_while_it_goes()

        assert "\n" not in str(caught.value)
        assert ledger.counts()["calls"] == 0
