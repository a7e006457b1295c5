"""Simulated eval runs with a known truth."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from bantam.domain.bant import NOT_DISCUSSED, Criterion, ExtractionOutcome, Level
from evals.runs import CallRun, EvalRun, Item

MADE_AT = datetime(2026, 3, 2, tzinfo=UTC)
LEVELS: tuple[Level, ...] = (NOT_DISCUSSED, 0, 1, 2, 3, 4)


def an_item(name: str = "c-1/budget", gold: Level = 3, *levels: Level | None, **changes) -> Item:
    call, criterion = name.split("/")
    fields = {
        "id": name,
        "deal": call,
        "criterion": Criterion(criterion),
        "gold": gold,
        "levels": levels or (gold,),
    }
    return Item(**{**fields, **changes})


def a_call_run(name: str = "c-1", **changes) -> CallRun:
    fields = {
        "call_id": name,
        "deal": name,
        "outcomes": (ExtractionOutcome.OK,),
        "points": (60,),
        "quotes": 4,
        "quotes_not_there": 0,
        "seller_evidence": 0,
        "raised_by_attack": (),
    }
    return CallRun(**{**fields, **changes})


def a_run(*items: Item, calls: tuple[CallRun, ...] | None = None, **changes) -> EvalRun:
    samples = len(items[0].levels) if items else 1
    fields = {
        "reader": "embedded",
        "digests": {"prompt": "p", "cases": "c"},
        "made_at": MADE_AT,
        "samples": samples,
        "items": items,
        "calls": (a_call_run(),) if calls is None else calls,
    }
    return EvalRun(**{**fields, **changes})


def simulated_run(
    seed: int,
    *,
    calls: int = 200,
    flip_rate: float = 0.08,
    samples: int = 3,
    drop: float = 0.0,
    truth_seed: int = 1,
) -> EvalRun:
    """Return a run of a reader that is right on 85% of items, minus `drop`.

    Two runs with one `truth_seed` are right on the same items, apart from what `drop` takes and
    from flips: every sample goes the other way with chance `flip_rate`.
    """
    truth, noise = np.random.default_rng(truth_seed), np.random.default_rng(seed)
    shape = (calls, 4)
    gold = truth.choice(6, shape, p=[0.25, 0.12, 0.13, 0.2, 0.15, 0.15])
    right = truth.random(shape) < 0.85
    right &= noise.random(shape) >= drop / 0.85
    wrong = (gold + truth.integers(1, 6, shape)) % 6
    flipped = noise.random((*shape, samples)) < flip_rate
    said = np.where(right[..., None] ^ flipped, gold[..., None], wrong[..., None])
    items = [
        Item(
            id=f"c-{i}/{criterion}",
            deal=f"d-{i}",
            criterion=criterion,
            gold=LEVELS[gold[i, j]],
            levels=tuple(LEVELS[v] for v in said[i, j]),
        )
        for i in range(calls)
        for j, criterion in enumerate(Criterion)
    ]
    return a_run(*items, samples=samples)
