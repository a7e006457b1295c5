"""Keeps deliveries with the worker that sends them, however slow the vendor is.

A thread lets the leases run on while the worker lives. A worker that is killed beats no more, one
that was stopped for longer than a lease finds out before it sends the next delivery.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from bantam.errors import LedgerError
from bantam.ledger.rows import Claim
from bantam.ledger.store import Ledger
from bantam.ports import Clock

_log = logging.getLogger(__name__)

BEATS_PER_LEASE = 4


class Heartbeat:
    """The claims of one worker. Used in a with-block, whose end stops the thread."""

    def __init__(self, ledger: Ledger, clock: Clock, *, lease_seconds: float) -> None:
        """Take what leases are kept in; nothing beats before there are claims."""
        self._ledger = ledger
        self._clock = clock
        self._lease = timedelta(seconds=lease_seconds)
        self._claims: dict[str, Claim] = {}
        self._until: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def take(self, claims: Sequence[Claim]) -> None:
        """Keep some claims from now on."""
        with self._lock:
            self._claims.update({claim.delivery.key: claim for claim in claims})
            self._until.update({claim.delivery.key: claim.until for claim in claims})
        if self._thread is None and claims:
            self._thread = threading.Thread(target=self._go_on, name="heartbeat", daemon=True)
            self._thread.start()

    def drop(self, claim: Claim) -> None:
        """Keep a claim no longer: it is about to be settled."""
        with self._lock:
            self._claims.pop(claim.delivery.key, None)

    def has(self, claim: Claim) -> bool:
        """Say whether a claim is still this worker's; asks the ledger once its lease ran out.

        Raises:
            LedgerError: the ledger is away, and the lease has run out.
        """
        with self._lock:
            until = self._until.get(claim.delivery.key, claim.until)
        if self._clock() >= until:
            self._renew([claim])
        with self._lock:
            return claim.delivery.key in self._claims

    def beat(self) -> None:
        """Let the leases of all claims run on.

        Raises:
            LedgerError: the ledger is away.
        """
        with self._lock:
            claims = list(self._claims.values())
        self._renew(claims)

    def _renew(self, claims: Sequence[Claim]) -> None:
        now = self._clock()
        kept = self._ledger.renew_claims(claims, now=now, lease_seconds=self._lease.total_seconds())
        with self._lock:
            for claim in claims:
                key = claim.delivery.key
                if key in kept:
                    self._until[key] = now + self._lease
                else:
                    # Settled meanwhile, or another worker's.
                    self._claims.pop(key, None)

    def _go_on(self) -> None:
        pause = self._lease.total_seconds() / BEATS_PER_LEASE
        while not self._over.wait(pause):
            try:
                self.beat()
            except LedgerError as error:
                _log.warning("heartbeat: %s", error)
