"""`bantam backfill` with a made-up recorder: so many short calls, spread over half a year."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from apps.cli.main import main
from bantam.domain.calls import Call, CallId, CallWindow
from bantam.ledger.store import Ledger
from bantam.settings import Settings
from benchmarks.measure import a_long_call
from flows import wiring

_WORDS = 60
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_UNTIL = datetime(2026, 7, 1, tzinfo=UTC)


class Spread:
    """A recorder that makes each call when it is asked for it, so that it holds none."""

    name = "bench"
    overlap = timedelta(0)

    def __init__(self, calls: int) -> None:
        self._calls = calls

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        first, end = (self._number(t) for t in (window.since, window.until))
        yield from (CallId(f"bench-{number:06}") for number in range(first, end))

    def fetch(self, call_id: CallId) -> Call:
        return a_long_call(int(call_id.removeprefix("bench-")), _WORDS)

    def _number(self, moment: datetime) -> int:
        return int((moment - _SINCE) / (_UNTIL - _SINCE) * self._calls)


if __name__ == "__main__":
    source = Spread(int(sys.argv[1]))

    def build_source(settings: Settings, name: str, ledger: Ledger | None) -> Spread:  # noqa: ARG001
        return source

    wiring.build_source = build_source
    main(["backfill", "--source", "bench", "--since", f"{_SINCE:%Y-%m-%d}",
          "--until", f"{_UNTIL:%Y-%m-%d}", "--yes"])  # fmt: skip
