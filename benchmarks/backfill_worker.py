"""One worker process of the back-fill benchmark: prints calls, CPU seconds, start and end."""

from __future__ import annotations

import sys
import time

from bantam.settings import load_settings
from benchmarks.backfill import WINDOW, Recorded
from flows import engine, wiring
from flows.backfill import Backfill, survey
from flows.score_calls import score_calls


def main() -> None:
    """Back-fill one shard through the Prefect flow; imports and first connections are free."""
    shard, size = int(sys.argv[1]), int(sys.argv[2])
    source = Recorded(range(10_000 * (shard + 1), 10_000 * (shard + 1) + size))
    warm = Recorded(range(20 * shard, 20 * shard + 20))
    with wiring.pipeline(load_settings()) as pipeline:
        score_calls(warm.calls(), pipeline)
        run = Backfill(survey(source, WINDOW, pipeline), pipeline)
        started, cpu = time.time(), time.process_time()
        counts = engine.run_calls(run.calls(), engine.Injected(pipeline, run.on_result))
        cpu = time.process_time() - cpu
        ended = time.time()
    assert counts.scored == size, counts
    print(counts.read, cpu, started, ended)


if __name__ == "__main__":
    main()
