"""Duties that go round: they wake each other, outlive errors, and stop when told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from bantam.errors import LedgerError
from flows.rounds import Duty, Rounds

NEVER = 3600.0


def go_round(rounds: Rounds, until: Callable[[], bool]) -> None:
    """Run the rounds until something is true; fail after ten seconds."""

    async def run() -> None:
        running = asyncio.create_task(rounds.run())
        async with asyncio.timeout(10):
            while not until():  # noqa: ASYNC110 - what is waited for is the duties' own
                await asyncio.sleep(0)
            rounds.stop()
            await running

    asyncio.run(run())


def test_a_duty_goes_on_while_it_finds_work_and_wakes_the_next() -> None:
    left, sent = [1, 1, 1], []

    def send() -> int:
        sent.append(len(left))
        return 0

    rounds = Rounds(
        [
            Duty("work", lambda: left.pop() if left else 0, every=NEVER, wakes=("send",)),
            Duty("send", send, every=NEVER),
        ]
    )
    go_round(rounds, lambda: len(sent) >= 2 and sent[-1] == 0)
    assert left == []


def test_a_duty_that_waits_for_its_turn_does_not_go_on_at_once() -> None:
    turns: list[int] = []
    other: list[int] = []

    def found() -> int:
        turns.append(1)
        return 1

    def woken() -> int:
        other.append(1)
        return 0

    rounds = Rounds(
        [
            Duty("poll", found, every=NEVER, wakes=("work",), at_once=False),
            Duty("work", woken, every=NEVER),
        ]
    )
    go_round(rounds, lambda: len(other) >= 2)
    assert len(turns) == 1


def test_its_turn_comes_without_being_woken() -> None:
    turns: list[int] = []

    def turn() -> int:
        turns.append(1)
        return 0

    go_round(Rounds([Duty("poll", turn, every=0.001)]), lambda: len(turns) >= 3)
    assert len(turns) >= 3


@pytest.mark.parametrize("error", [LedgerError("the ledger is gone"), ValueError("secret words")])
def test_an_error_is_logged_once_in_one_line_and_the_duty_goes_on(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    turns: list[int] = []

    def turn() -> int:
        turns.append(1)
        if len(turns) < 4:
            raise error
        return 0

    rounds = Rounds([Duty("work", turn, every=0.001)])
    go_round(rounds, lambda: len(turns) >= 5)
    assert rounds.failing == {}
    (line,) = caplog.messages
    assert "secret words" not in line


def test_stopping_waits_for_the_piece_that_is_under_way() -> None:
    started, release, finished = threading.Event(), threading.Event(), []

    def slow() -> int:
        started.set()
        release.wait(10)
        finished.append(1)
        return 1

    async def run() -> None:
        rounds = Rounds([Duty("work", slow, every=NEVER)])
        running = asyncio.create_task(rounds.run())
        await asyncio.to_thread(started.wait, 10)
        rounds.stop()
        release.set()
        await asyncio.wait_for(running, 10)

    asyncio.run(run())
    assert finished == [1]
