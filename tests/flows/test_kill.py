"""Nothing lost, nothing sent twice: workers die by SIGKILL anywhere in intake, scoring, delivery.

Each cycle of twenty simulated minutes brings a lead who fills in the form, meetings that end,
recordings that surface (some without words at first) and webhooks. Workers are killed at random
points; then they are left alone, and the stand-ins must hold exactly what the ledger says.

    BANTAM_TEST_KILLS  how many kills; `make kill-test` says 200
    BANTAM_TEST_SEED   which points
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bantam.domain.calls import CallId
from bantam.domain.delivery import DeliveryState
from bantam.domain.pickup import Notice, PickupState
from bantam.domain.scheduled import BookingState
from bantam.ledger import database
from bantam.ledger.store import Ledger
from tests.fakes import SetClock
from tests.kill_worker import Order, Setup, a_worker, as_json, work
from tests.paths import REPO
from tests.servers import serve
from tests.standins.crm import Crm
from tests.standins.gong import Gong, a_gong_call
from tests.standins.google import SUBJECT, Calendar, Forms, a_response
from tests.standins.slack import Slack

KILLS = int(os.environ.get("BANTAM_TEST_KILLS", "8"))
SEED = int(os.environ.get("BANTAM_TEST_SEED", "7"))
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CYCLE = timedelta(minutes=20)
"""Longer than a lease."""


@dataclass
class World:
    """The stand-ins, the ledger, and a simulated time."""

    url: str
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))
    now: datetime = START
    forms: Forms = field(default_factory=lambda: Forms([]))
    calendar: Calendar = field(default_factory=Calendar)
    gong: Gong = field(default_factory=lambda: Gong([]))
    crm: Crm = field(default_factory=Crm)
    slack: Slack = field(default_factory=Slack)
    setup: Setup = field(init=False)
    ledger: Ledger = field(init=False)
    leads: int = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[World]:
        self.gong.page_size = 100
        self.calendar.busy = {SUBJECT: {"busy": []}}
        with contextlib.ExitStack() as stack:
            names = ("forms", "calendar", "gong", "crm", "slack")
            at = {n: stack.enter_context(serve(getattr(self, n))).base_url for n in names}
            self.setup = Setup(ledger=self.url, **at)
            self.ledger = stack.enter_context(Ledger.open(self.url, create=True))
            yield self

    def pass_time(self, step: timedelta = CYCLE, *, leads: int = 1) -> None:
        """Let time pass, and what happens in it."""
        self.now += step
        self.slack.clock = max(self.slack.clock, self.now.timestamp())
        for call in self.gong.calls:
            call["transcript"] = call["transcript"] or a_gong_call("0")["transcript"]
        for _ in range(leads):
            self.leads += 1
            stamp = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
            email = f"lead{self.leads}@buyer.example"
            self.forms.responses.append(
                a_response(f"R{self.leads}", stamp, createTime=stamp, respondentEmail=email)
            )
        self._record_meetings()

    def _record_meetings(self) -> None:
        known = {call["event"] for call in self.gong.calls}
        for event_id, event in list(self.calendar.events.items()):
            over = datetime.fromisoformat(event["end"]["dateTime"]) <= self.now
            if event_id in known or not over:
                continue
            number = str(len(self.gong.calls) + 1)
            call = a_gong_call(number, event["start"]["dateTime"])
            call["parties"][1]["emailAddress"] = event["attendees"][0]["email"]
            call["context"], call["event"] = [], event_id
            if self.rng.random() < 0.3:
                call["transcript"] = None
            self.gong.calls.append(call)
            if self.rng.random() < 0.5:
                self._send_webhook(number)

    def _send_webhook(self, number: str) -> None:
        notice = Notice(
            source="gong", delivery_id=number, event="call.ready", call_id=CallId(f"gong:{number}")
        )
        self.ledger.receive([notice], now=self.now)

    def settle(self, workers: Workers, most: int = 60) -> None:
        """Leave the workers alone until everything is done."""
        for n in range(most):
            self.pass_time(CYCLE if n < 15 else timedelta(hours=3), leads=0)
            assert set(workers.run(self.now)) == {0}
            if self.ledger.booking_counts() == {BookingState.DELIVERED: self.leads}:
                return
        raise AssertionError(f"not settled: {self.ledger.booking_counts()}")

    def check(self) -> None:
        """Hold the stand-ins against the ledger."""
        bookings = self.ledger.bookings_around(START, hours=24 * 365)
        assert len(bookings) == len(self.calendar.events) == len(self.gong.calls) == self.leads
        self._check_calendar(bookings)
        calls = {str(b.call_id) for b in bookings}
        assert calls == {f"gong:{n + 1}" for n in range(self.leads)}
        for booking in bookings:
            assert booking.call_id is not None
            (score,) = self.ledger.score_history(booking.call_id)
            row = self.crm.scores[booking.call_id]
            assert (row["points"], row["deal"]) == (score.points, booking.deal_id)
            assert self.crm.deals[booking.lead.email] == booking.deal_id
            # Sent again at most under the same key, which the CRM keeps as one row.
            assert len(set(self.crm.writes[booking.call_id])) == 1
        assert set(self.crm.scores) == calls
        posted = Counter(m["metadata"]["event_payload"]["call_id"] for m in self.slack.messages)
        assert posted == Counter(calls)
        self._check_ledger()

    def _check_calendar(self, bookings: list[Any]) -> None:
        times = []
        for booking in bookings:
            event = self.calendar.events[booking.id]
            times.append(datetime.fromisoformat(event["start"]["dateTime"]))
            assert times[-1] == booking.starts_at
            assert event["attendees"] == [{"email": booking.lead.email}]
        assert len(set(times)) == len(times), "two leads were given one time"

    def _check_ledger(self) -> None:
        """Nothing is under way, everything happened once."""
        counts = self.ledger.counts()
        assert (counts["calls"], counts["extractions"], counts["scores"]) == (self.leads,) * 3
        assert self.ledger.pickup_counts() == {"gong": {PickupState.DONE: self.leads}}
        states = self.ledger.delivery_counts()
        assert states == {t: {DeliveryState.SENT: self.leads} for t in ("crm", "slack")}
        assert all(run.finished_at is not None for run in self.ledger.runs(limit=1000))
        once = {"call_requested", "call_booked", "call_held", "call_scored", "booking_scored",
                "booking_delivered"}  # fmt: skip
        told = Counter(a.kind.value for a in self.ledger.activities())
        assert {kind: told[kind] for kind in once} == dict.fromkeys(once, self.leads)


class Workers:
    """The process that forks workers."""

    def __init__(self, setup: Setup) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill_worker", as_json(setup)],
            cwd=REPO,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def run(self, now: datetime, *die_at: int, kill_after: float | None = None) -> list[int]:
        """Run workers, and return their exit statuses; -9 is a kill.

        Args:
            now: what their clocks say.
            die_at: for each, its point of death; 0 for none. Nothing: one that finishes.
            kill_after: seconds after which the first is killed from outside.
        """
        assert self._process.stdin
        order = Order(now=now.isoformat(), die_at=die_at or (0,))
        self._process.stdin.write(as_json(order) + "\n")
        self._process.stdin.flush()
        pids = json.loads(self._line())
        timer = None
        if kill_after is not None:
            timer = threading.Timer(kill_after, _kill, [pids[0]])
            timer.start()
        statuses: list[int] = json.loads(self._line())
        if timer is not None:
            timer.cancel()
        return statuses

    def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f"the workers' parent ended with {self._process.wait(10)}"
        return line.strip()


def _kill(pid: int) -> None:
    # The parent reaps a worker only when it answers, so the pid cannot be somebody else's.
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 9)


@contextlib.contextmanager
def workers_of(world: World) -> Iterator[Workers]:
    workers = Workers(world.setup)
    try:
        yield workers
    finally:
        workers.stop()


def die_until(world: World, workers: Workers, kills: int, *, at_once: int) -> int:
    """Run cycles until so many workers were killed; return how many were."""
    killed, longest = 0, 3000
    while killed < kills:
        world.pass_time()
        world.crm.down = kills // 4 <= killed < kills // 2
        before_work = world.rng.randrange(4)
        die_at = [world.rng.randrange(1, longest) for _ in range(at_once)]
        timed = world.rng.random() * 0.4 if before_work == 0 else None
        if timed is not None:
            die_at = [0] * at_once
        statuses = workers.run(world.now, *die_at, kill_after=timed)
        assert set(statuses) <= {0, -9}, statuses
        died = statuses.count(-9)
        # Points stay within what a worker does in one go: a third of the kills come too late.
        longest = (
            min(60_000, int(longest * 1.3)) if died == at_once else max(1500, int(longest * 0.7))
        )
        killed += died
    world.crm.down = False
    return killed


BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param(
        "postgres", id="postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgres")]
    ),
]


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    # In memory where there is such a folder: a killed process needs no fsync, a power cut would.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        url = f"sqlite:///{folder}/ledger.db"
        if request.param == "postgres":
            url = request.getfixturevalue("postgres_url")
        with World(url).running() as running:
            yield running


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("at_once", [1, 2])
def test_workers_that_die_anywhere_lose_nothing_and_send_nothing_twice(
    world: World, at_once: int
) -> None:
    """A quarter of the cycles falls into a night in which the CRM is down."""
    with workers_of(world) as workers:
        killed = die_until(world, workers, KILLS, at_once=at_once)
        world.settle(workers)
    assert killed >= KILLS
    world.check()


def test_two_workers_on_one_ledger_never_do_one_thing_twice(world: World) -> None:
    with workers_of(world) as workers:
        for _ in range(3):
            world.pass_time(leads=3)
            assert workers.run(world.now, 0, 0) == [0, 0]
        world.settle(workers)
    world.check()
    # Nobody died, so nothing had to be absorbed either.
    assert {len(keys) for keys in world.crm.writes.values()} == {1}
    assert world.calendar.count("insert") == world.leads


def test_a_night_without_the_crm_delays_everything_and_loses_nothing(world: World) -> None:
    with workers_of(world) as workers:
        for hour in range(12):
            world.crm.down = hour >= 1
            world.pass_time(timedelta(hours=1), leads=int(hour in {0, 1, 5}))
            assert workers.run(world.now) == [0]
        assert world.crm.scores == {}
        assert len(world.ledger.score_history(CallId("gong:1"))) == 1
        world.crm.down = False
        world.settle(workers)
    world.check()


def test_a_ledger_that_is_locked_or_away_stops_nothing_for_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The duties fail in one line, as the rounds log it, and go on when it is back."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    clock = SetClock(world.now)
    with Ledger.open(world.url, create=False) as mine:
        worker, intake = a_worker(world.setup, mine, clock)
        for cycle in range(7):
            world.pass_time(leads=int(cycle < 4))
            clock.now = world.now
            if cycle % 3:
                assert work(worker, intake) == []
                continue
            with _away(world, mine):
                problems = work(worker, intake)
            assert problems
            assert all("ledger" in p and "\n" not in p for p in problems)
        with workers_of(world) as workers:
            world.settle(workers)
    world.check()


@contextlib.contextmanager
def _away(world: World, mine: Ledger) -> Iterator[None]:
    """Hold SQLite's write lock, or lock PostgreSQL's tables and end the worker's connections."""
    url = database.parsed_url(world.url)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if url.get_backend_name() == "sqlite":
            connection.execute(text("BEGIN IMMEDIATE"))
            yield
            connection.execute(text("ROLLBACK"))
        else:
            schema = connection.execute(text("SELECT current_schema()")).scalar_one()
            connection.execute(text(f"ALTER SCHEMA {schema} RENAME TO {schema}_away"))
            try:
                yield
            finally:
                connection.execute(text(f"ALTER SCHEMA {schema}_away RENAME TO {schema}"))
    engine.dispose()


def test_the_test_sees_what_is_sent_twice(world: World) -> None:
    """A test that cannot fail is a defect: break the world in each way, and look."""
    with workers_of(world) as workers:
        for _ in range(2):
            world.pass_time(leads=1)
            assert workers.run(world.now) == [0]
        world.settle(workers)
    world.check()
    call = next(iter(world.crm.scores))
    world.crm.writes[call].append("another key")
    with pytest.raises(AssertionError):
        world.check()
    world.crm.writes[call].pop()
    world.slack.channels["C1"].append(world.slack.channels["C1"][0])
    with pytest.raises(AssertionError):
        world.check()
    world.slack.channels["C1"].pop()
    world.check()
    world.crm.scores[call]["points"] = 1
    with pytest.raises(AssertionError):
        world.check()
