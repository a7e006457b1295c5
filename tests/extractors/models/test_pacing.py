"""Requests stay within tokens a minute and a server's pauses, across threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from extractors.models.pacing import Pacing


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


FAR = 1e9


def paced(tokens: int | None) -> tuple[Pacing, FakeTime]:
    time = FakeTime()
    return Pacing(4, tokens, clock=time, sleep=time.sleep), time


def test_without_a_limit_nothing_waits() -> None:
    pacing, time = paced(None)

    assert all(pacing.wait_for(10**9, FAR) for _ in range(10))
    assert time.slept == []


def test_a_minutes_tokens_are_spent_at_once_and_the_next_wait_for_theirs() -> None:
    pacing, time = paced(6000)

    for _ in range(4):
        assert pacing.wait_for(3000, FAR)

    assert time.slept == [30.0, 30.0]


def test_what_was_not_used_is_given_back() -> None:
    pacing, time = paced(6000)

    for _ in range(10):
        pacing.wait_for(3000, FAR)
        pacing.settle(3000, 100)

    assert time.slept == []


def test_what_was_used_beyond_the_estimate_is_waited_for() -> None:
    pacing, time = paced(6000)
    pacing.wait_for(3000, FAR)
    pacing.settle(3000, 6000)

    pacing.wait_for(3000, FAR)

    assert time.slept == [30.0]


def test_a_request_bigger_than_a_minute_waits_for_a_whole_one() -> None:
    pacing, time = paced(6000)
    pacing.wait_for(6000, FAR)

    assert pacing.wait_for(50_000, FAR)
    assert time.slept == [60.0]


def test_a_pause_holds_everybody_and_a_deadline_before_its_end_gives_up() -> None:
    pacing, time = paced(None)
    pacing.pause(20)

    assert not pacing.wait_for(1, time.now + 10)
    assert pacing.wait_for(1, time.now + 30)
    assert time.slept == [20.0]


def test_giving_up_spends_nothing() -> None:
    pacing, time = paced(6000)
    pacing.wait_for(6000, FAR)
    assert not pacing.wait_for(6000, time.now + 10)

    pacing.wait_for(3000, FAR)

    assert time.slept == [30.0]


def test_no_more_than_so_many_hold_a_slot_at_once() -> None:
    pacing = Pacing(3)
    lock, inside, most = threading.Lock(), 0, 0
    together = threading.Barrier(3)

    def work(_: int) -> None:
        nonlocal inside, most
        with pacing.slot():
            with lock:
                inside += 1
                most = max(most, inside)
            together.wait(10)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))

    assert most == 3
