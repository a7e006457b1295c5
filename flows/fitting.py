"""Who the buyer is: asked of a CRM and a data vendor once, outside of any transaction.

Whoever cannot be asked stops no scoring: the score says so, and `bantam rescore --ask-fit` asks
again. Nobody is asked twice within a month about the same buyers.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bantam.domain.calls import Call
from bantam.domain.crm_records import Firmographics
from bantam.domain.fit import KnownBuyer, buyers_digest
from bantam.errors import BantamError
from bantam.ledger.store import Ledger
from bantam.ports import Clock, Fit

_log = logging.getLogger(__name__)

FRESH = timedelta(days=30)
"""For so long an answer about the same buyers is taken over from another call."""
PAUSE = timedelta(minutes=1)
"""For so long nobody asks again who could not be asked: a dead vendor must not slow every call."""
_EVERYTHING = ("title", "employees", "industry", "country")


@dataclass(slots=True)
class Fitting:
    """Asks about buyers. Thread-safe."""

    sources: Sequence[Fit]
    """In order: a later one is asked for what the earlier ones do not know."""
    ledger: Ledger
    clock: Clock
    _closed: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    """Who could not be asked: not before when, and why."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def buyer(self, call: Call) -> KnownBuyer | None:
        """Return who the buyer of a call is.

        None when there is nothing to ask by: no address of a buyer is known.
        """
        who = buyers_digest(call)
        if who is None:
            return None
        now = self.clock()
        known = self.ledger.known_buyer(who, since=now - FRESH)
        if known is not None:
            return known
        facts, troubles = Firmographics(), []
        for source in self.sources:
            if all(getattr(facts, name) is not None for name in _EVERYTHING):
                break
            told = self._ask(source, call, now)
            if isinstance(told, str):
                troubles.append(told)
            else:
                facts = facts.filled_from(told)
        return KnownBuyer(who=who, facts=facts, asked_at=now, trouble="; ".join(troubles))

    def _ask(self, source: Fit, call: Call, now: datetime) -> Firmographics | str:
        """Return what a source knows, or why it could not be asked."""
        with self._lock:
            until, why = self._closed.get(source.name, (now, ""))
        if until > now:
            return why
        try:
            return source.firmographics(call)
        except BantamError as error:
            why = f"{source.name} could not be asked: {error}"
        except Exception as error:
            # A defect in what only adds to a score must not cost the score. Its message may
            # hold what the vendor answered.
            why = f"{source.name} could not be asked: unexpected {type(error).__name__}; report it"
        _log.warning("call %s: fit: %s", call.id, why, extra={"call_id": call.id})
        with self._lock:
            self._closed[source.name] = (now + PAUSE, why)
        return why
