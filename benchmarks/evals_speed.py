"""How long a study of 1,500 recorded calls takes, 2,000 bootstrap rounds included.

    python -m benchmarks.evals_speed

Target: at most 10 s on two cores. What is timed starts with deals and extractions in memory and
ends with the finished study; imports are timed apart.
"""

from __future__ import annotations

import importlib
import os
import time
from datetime import UTC, datetime, timedelta

import numpy as np

from bantam.domain.bant import NOT_DISCUSSED, Criterion
from bantam.domain.calls import CallId, DealId
from bantam.scoring import BANT
from evals.deal_cases import Landmark, LandmarkRule, RecordedCall, build_cases
from evals.deal_table import Deal
from evals.study import StudyOptions, study_of
from tests.factories import a_reading, an_extraction

ROUNDS = 2000
CALLS = 1500


def recorded(calls_per_deal: int, seed: int = 1):
    """Return deals and their 1,500 calls with full extractions."""
    rng = np.random.default_rng(seed)
    start = datetime(2025, 1, 6, tzinfo=UTC)
    deals, calls = [], []
    for i in range(CALLS // calls_per_deal):
        deal_id, quality = DealId(f"D-{i}"), rng.normal()
        first = start + timedelta(days=float(rng.uniform(0, 200)))
        for j in range(calls_per_deal):
            levels = {
                c: NOT_DISCUSSED
                if rng.random() < 0.25
                else int(np.clip(np.round(2 + quality + rng.normal()), 0, 4))
                for c in Criterion
            }
            readings = {c: a_reading(c, level) for c, level in levels.items()}
            call_id = CallId(f"c-{i}-{j}")
            calls.append(
                RecordedCall(
                    call_id=call_id,
                    deal_id=deal_id,
                    started_at=first + timedelta(days=10 * j),
                    extraction=an_extraction(readings=readings, call_id=call_id),
                )
            )
        won = rng.random() < 1 / (1 + np.exp(1 - 1.2 * quality))
        deals.append(
            Deal(
                deal_id=deal_id,
                account_id=f"A-{i // 2}",
                won=bool(won),
                closed_at=first + timedelta(days=float(rng.uniform(40, 150))),
                amount=20_000,
                ae_score=float(np.clip(50 + 15 * quality + 25 * rng.normal(), 0, 100)),
                scored_at=first + timedelta(days=1),
                stage=("discovery", "demo", "proposal")[i % 3],
                stage_modified_at=first,
                owner=f"AE {i % 12}",
            )
        )
    return deals, calls


def main() -> None:
    begun = time.perf_counter()
    for name in ("scipy.stats", "lifelines.statistics"):
        importlib.import_module(name)
    print(f"imports of scipy and lifelines: {time.perf_counter() - begun:.2f} s")
    as_of = datetime(2026, 3, 2, tzinfo=UTC)
    print(f"{os.cpu_count()} cores; {CALLS} calls, {ROUNDS} rounds")
    for calls_per_deal in (3, 1):
        deals, calls = recorded(calls_per_deal)
        for landmark in (Landmark.FIRST_CALL, Landmark.LAST_BEFORE_CLOSE):
            begun = time.perf_counter()
            rule = LandmarkRule(landmark=landmark, as_of=as_of, days_before_close=10)
            found = build_cases(deals, calls, rule=rule, model=BANT)
            built = time.perf_counter()
            options = StudyOptions(rounds=ROUNDS, capacity_a_week=5)
            result = study_of(found, BANT, options)
            done = time.perf_counter()
            print(
                f"{len(deals):5} deals, {landmark:18}: joined and scored in {built - begun:.2f} s, "
                f"evaluated in {done - built:.2f} s, together {done - begun:.2f} s "
                f"({result.outcomes.deals} cases)"
            )


if __name__ == "__main__":
    main()
