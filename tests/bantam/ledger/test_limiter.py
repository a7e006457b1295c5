"""The count of requests that all workers on a ledger share. No real time passes."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bantam.domain.limits import RequestLimit
from bantam.ledger.limiter import SharedLimiter
from bantam.ledger.request_buckets import Taken
from bantam.ledger.store import Ledger
from bantam.ports import Clock
from tests.paths import REPO
from tests.surroundings import NOW, StillClock

GONG = RequestLimit(vendor="gong", per_second=3, burst=3)
SLACK = RequestLimit(vendor="slack", group="C1", per_second=1, burst=1)
DAILY = RequestLimit(vendor="fathom", per_second=50 / 86_400, burst=2)


def most_above_the_line(limit: RequestLimit, times: Sequence[datetime]) -> float:
    """Return by how many requests the worst stretch of time exceeds what the limit allows.

    A stretch that is worst begins and ends with a request.
    """
    seconds = [(at - NOW).total_seconds() for at in sorted(times)]
    return max(
        last - first + 1 - limit.burst - limit.per_second * (seconds[last] - seconds[first])
        for first in range(len(seconds))
        for last in range(first, len(seconds))
    )


def drained(limiter: SharedLimiter, limit: RequestLimit, clock: StillClock) -> int:
    """Send all that may go now; return how many."""
    sent = 0
    while limiter.acquire(limit, clock()) == 0:
        sent += 1
    return sent


class Counted:
    """A ledger that counts how often it is asked."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.asked = 0

    def take_requests(self, limit: RequestLimit, *, worker: str, clock: Clock) -> Taken:
        self.asked += 1
        return self.ledger.take_requests(limit, worker=worker, clock=clock)


def test_a_burst_goes_and_then_the_rate_holds(ledger: Ledger) -> None:
    clock = StillClock()
    limiter = SharedLimiter(ledger, "w", clock)
    limit = RequestLimit(vendor="gong", per_second=2, burst=3)
    assert [limiter.acquire(limit, clock()) for _ in range(4)] == [0, 0, 0, 0.5]
    clock.sleep(0.5)
    assert [limiter.acquire(limit, clock()) for _ in range(2)] == [0, 0.5]


def test_vendors_tenants_and_groups_have_their_own_buckets(ledger: Ledger) -> None:
    clock = StillClock()
    limiter = SharedLimiter(ledger, "w", clock)
    for changes in ({}, {"tenant": "b"}, {"group": "C2"}, {"vendor": "zoom"}):
        assert limiter.acquire(SLACK.model_copy(update=changes), clock()) == 0
    assert limiter.acquire(SLACK, clock()) == 1


def test_a_worker_alone_asks_the_ledger_once_a_second_at_full_rate(ledger: Ledger) -> None:
    clock = StillClock()
    counted = Counted(ledger)
    limiter = SharedLimiter(counted, "w", clock)  # type: ignore[arg-type]
    sent = 0
    while clock() < NOW + timedelta(seconds=20):
        wait = limiter.acquire(GONG, clock())
        sent += wait == 0
        clock.sleep(wait)
    assert sent >= 60
    assert counted.asked <= 6 + 20


WORKER = """
import sys
from datetime import datetime
from bantam.domain.limits import RequestLimit
from bantam.ledger.limiter import SharedLimiter
from bantam.ledger.store import Ledger

limit = RequestLimit.model_validate_json(sys.argv[3])
now = None
with Ledger.open(sys.argv[1], create=False) as ledger:
    limiter = SharedLimiter(ledger, sys.argv[2], lambda: now)
    for line in sys.stdin:
        now = datetime.fromisoformat(line.strip())
        sent = 0
        while limiter.acquire(limit, now) == 0:
            sent += 1
        print(sent, flush=True)
"""


@contextmanager
def worker(url: str, name: str, limit: RequestLimit) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, url, name, limit.model_dump_json()],
        cwd=REPO,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        assert process.stdin
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("limit", "tick"),
    [
        pytest.param(GONG, 0.125, id="gong"),
        pytest.param(RequestLimit(vendor="hubspot", per_second=19, burst=40), 0.125, id="large"),
        pytest.param(SLACK, 0.25, id="no burst"),
    ],
)
@pytest.mark.usefixtures("ledger")
def test_two_processes_together_keep_the_rate_and_share_it(
    empty_url: str, limit: RequestLimit, tick: float
) -> None:
    """Both get the same time at once, send all they may, and are waited for: real races."""
    sent: list[tuple[str, datetime]] = []
    ticks = 64
    with ExitStack() as stack:
        workers = {name: stack.enter_context(worker(empty_url, name, limit)) for name in "ab"}
        for n in range(ticks):
            now = NOW + timedelta(seconds=n * tick)
            for process in workers.values():
                assert process.stdin
                process.stdin.write(f"{now.isoformat()}\n")
                process.stdin.flush()
            for name, process in workers.items():
                assert process.stdout
                sent += [(name, now)] * int(process.stdout.readline())

    assert most_above_the_line(limit, [at for _, at in sent]) <= 1e-6
    assert len(sent) >= 0.8 * (limit.burst + limit.per_second * ticks * tick)
    if limit.burst > 1:
        assert min(Counter(name for name, _ in sent).values()) >= len(sent) / 4


@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.floats(0, 0.7)), min_size=20, max_size=60),
    per_second=st.floats(0.3, 25),
    burst=st.integers(1, 30),
)
@hypothesis_settings(max_examples=25)
def test_workers_that_come_and_go_never_exceed_the_limit(
    steps: list[tuple[int, float]], per_second: float, burst: int
) -> None:
    limit = RequestLimit(vendor="v", per_second=per_second, burst=burst)
    clock, sent = StillClock(), []
    with Ledger.open("sqlite://", create=True) as ledger:
        workers = [SharedLimiter(ledger, f"w-{n}", clock) for n in range(3)]
        for who, pause in steps:
            sent += [clock()] * drained(workers[who], limit, clock)
            clock.sleep(pause)
    assert most_above_the_line(limit, sent) <= 1e-3


@pytest.mark.parametrize("limit", [GONG, SLACK, DAILY], ids=lambda limit: limit.vendor)
def test_a_vendors_later_stops_every_worker_and_outlives_them(
    open_ledger: Callable[[], Ledger], limit: RequestLimit
) -> None:
    clock = StillClock()
    one, other = (SharedLimiter(open_ledger(), name, clock) for name in "ab")
    one.pause(limit, NOW + timedelta(hours=9))
    one.pause(limit, NOW + timedelta(hours=4))
    clock.sleep(3600)
    assert [w.acquire(limit, clock()) for w in (one, other)] == [8 * 3600, 8 * 3600]
    restarted = SharedLimiter(open_ledger(), "c", clock)
    assert restarted.acquire(limit, clock()) == 8 * 3600
    clock.sleep(8 * 3600)
    assert drained(other, limit, clock) == limit.burst


def test_a_worker_that_holds_requests_stops_within_two_seconds(
    open_ledger: Callable[[], Ledger],
) -> None:
    clock = StillClock()
    one, other = (SharedLimiter(open_ledger(), name, clock) for name in "ab")
    for _ in range(3):
        assert other.acquire(GONG, clock()) == 0
        clock.sleep(1.5)
    assert other.acquire(GONG, clock()) == 0
    told_at = clock()
    one.pause(GONG, told_at + timedelta(seconds=60))
    late = []
    while clock() < told_at + timedelta(seconds=60):
        late += [clock() - told_at] * drained(other, GONG, clock)
        clock.sleep(0.25)
    assert 0 < len(late) < GONG.batch
    assert max(late) <= timedelta(seconds=2)
    assert drained(other, GONG, clock) == 3


def test_a_wait_is_told_without_asking_the_ledger_again(ledger: Ledger) -> None:
    clock = StillClock()
    counted = Counted(ledger)
    limiter = SharedLimiter(counted, "w", clock)  # type: ignore[arg-type]
    assert drained(limiter, DAILY, clock) == 2
    asked = counted.asked
    assert {limiter.acquire(DAILY, clock()) for _ in range(9)} == {1727.0}
    assert counted.asked == asked


@pytest.mark.parametrize("limit", [GONG, SLACK], ids=lambda limit: limit.vendor)
def test_a_clock_set_back_freezes_nobody(
    open_ledger: Callable[[], Ledger], limit: RequestLimit
) -> None:
    clock = StillClock()
    one, other = (SharedLimiter(open_ledger(), name, clock) for name in "ab")
    drained(one, limit, clock)
    clock.sleep(-3600)
    for limiter in (one, other):
        set_back = clock()
        while wait := limiter.acquire(limit, clock()):
            clock.sleep(wait)
        assert clock() - set_back <= timedelta(seconds=2)
