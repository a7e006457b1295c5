"""Duties that go round and round in one process, each in a thread, until told to stop.

A duty does a piece of its work and says how much it did; while there is more it goes on at
once, else it waits for its turn or for somebody to wake it. One that fails is logged in one
line and tried again at its next turn: nothing ends the rounds but `stop`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bantam.errors import BantamError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Duty:
    """Something to do again and again."""

    name: str
    run: Callable[[], int]
    """Does one piece; returns how much it did, 0 when nothing is left."""
    every: float
    """Seconds between two turns when nobody wakes it."""
    wakes: tuple[str, ...] = ()
    """Duties that have work because this one did something."""
    at_once: bool = True
    """Whether it goes on at once while it finds something; False waits for its turn."""


@dataclass
class Rounds:
    """The duties of one process."""

    duties: Sequence[Duty]
    failing: dict[str, str] = field(default_factory=dict)
    """By duty: why its last turn failed."""
    _wake: Mapping[str, asyncio.Event] = field(init=False)
    _stop: asyncio.Event = field(init=False)

    def __post_init__(self) -> None:
        self._wake = {duty.name: asyncio.Event() for duty in self.duties}
        self._stop = asyncio.Event()

    def wake(self, name: str) -> None:
        """Give a duty its turn now. Call it from the event loop's thread."""
        self._wake[name].set()

    def stop(self) -> None:
        """Let each duty finish the piece that it is at. Call it from the loop's thread."""
        self._stop.set()
        for event in self._wake.values():
            event.set()

    async def run(self) -> None:
        """Go round until stopped."""
        await asyncio.gather(*(self._go_round(duty) for duty in self.duties))

    async def _go_round(self, duty: Duty) -> None:
        wake = self._wake[duty.name]
        while not self._stop.is_set():
            wake.clear()
            done = await self._turn(duty)
            if done:
                _log.info("%s: %d done", duty.name, done)
                for name in duty.wakes:
                    self.wake(name)
            if self._stop.is_set() or (done and duty.at_once):
                continue
            try:
                async with asyncio.timeout(duty.every):
                    await wake.wait()
            except TimeoutError:
                continue

    async def _turn(self, duty: Duty) -> int:
        try:
            done = await asyncio.to_thread(duty.run)
        except BantamError as error:
            self._failed(duty, str(error))
            return 0
        except Exception as error:
            # The type only: the message of an unforeseen error may hold transcript text.
            self._failed(duty, f"unexpected {type(error).__name__}")
            return 0
        self.failing.pop(duty.name, None)
        return done

    def _failed(self, duty: Duty, why: str) -> None:
        if self.failing.get(duty.name) != why:
            _log.error("%s: %s", duty.name, why)
        self.failing[duty.name] = why
