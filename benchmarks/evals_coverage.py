"""Do the intervals hold the truth as often as they say, and does the gate err as rarely?

    python -m benchmarks.evals_coverage [studies]

Simulated deals whose truth is known: three deals an account share a part of their luck. Truth is
read off 600,000 deals. The gate is shown candidates that are truly equal and truly five points
worse. docs/quality.md holds what was seen.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evals import curves
from evals.curves import Tally
from evals.gate import gate
from evals.rates import Bootstrap, Floats, divide, interval_of, ratio
from tests.eval_runs import simulated_run

GATES = (
    # calls, chance that one sample flips, samples
    (100, 0.03, 1),
    (200, 0.03, 1),
    (200, 0.08, 1),
    (100, 0.03, 3),
    (200, 0.03, 3),
    (200, 0.08, 3),
    (400, 0.08, 3),
    (200, 0.08, 5),
)
THRESHOLD = 60.0
TRUTH_FROM = 600_000


@dataclass(frozen=True)
class World:
    """How deals come about."""

    per_account: int = 3
    spread: float = 0.7
    """Of the luck that deals of one account share, on the logit scale."""

    def deals(self, n: int, rng: np.random.Generator) -> tuple[Floats, np.ndarray, np.ndarray]:
        """Return scores, endings and AE flags; accounts are runs of deals."""
        accounts = np.arange(n) // self.per_account
        luck = rng.normal(0, self.spread, accounts[-1] + 1)[accounts]
        quality = rng.normal(0, 1, n) + 0.5 * luck
        won = rng.random(n) < 1 / (1 + np.exp(1 - 1.2 * quality - luck))
        scores = np.clip(np.round(50 + 18 * quality + rng.normal(0, 8, n)), 1, 100)
        ae = quality + rng.normal(0, 1.2, n) > 0.8
        return scores, won, ae


def _precision(t: Tally, _: Floats) -> Floats:
    said = t.scores >= THRESHOLD
    return divide((t.won * said).sum(-1), ((t.won + t.lost) * said).sum(-1))


def _recall(t: Tally, _: Floats) -> Floats:
    return divide((t.won * (t.scores >= THRESHOLD)).sum(-1), t.all_won)


def _at_ae_precision(t: Tally, ae: Floats) -> Floats:
    place = curves.lowest_with_precision(t, ratio(ae))
    return divide(curves.at(t.hits, place), t.all_won)


def _gain_over_ae(t: Tally, ae: Floats) -> Floats:
    return _at_ae_precision(t, ae) - divide(ae[..., 0], t.all_won)


FIGURES: dict[str, Callable[[Tally, Floats], Floats]] = {
    "precision at a threshold": _precision,
    "recall at a threshold": _recall,
    "ROC AUC": lambda t, _: curves.roc_auc(t),
    "average precision": lambda t, _: curves.average_precision(t),
    "lift in the top fifth": lambda t, _: curves.lift(t, 0.2),
    "recall at the AEs' precision": _at_ae_precision,
    "gain in recall over the AEs": _gain_over_ae,
}


def _values(boot: Bootstrap | None, scores: Floats, won: np.ndarray, ae: np.ndarray) -> dict:
    """Return all figures of every round, or of the deals themselves without a bootstrap."""
    if boot is None:
        t = _large_tally(scores, won)
        flags = np.array([(ae & won).sum(), ae.sum()], dtype=float)
    else:
        distinct, by_score = curves.one_hot(scores, won)
        sums = boot.totals(np.column_stack([by_score, ae & won, ae]).astype(float))
        t, flags = curves.as_tally(distinct, sums), sums[:, -2:]
    return {name: figure(t, flags) for name, figure in FIGURES.items()}


def _large_tally(scores: Floats, won: np.ndarray) -> Tally:
    distinct, place = np.unique(-scores, return_inverse=True)
    counts = [np.bincount(place, which, len(distinct)) for which in (won, ~won)]
    return Tally(-distinct, *counts)


def coverage(
    deals: int,
    studies: int,
    seed: int,
    *,
    world: World | None = None,
    clustered: bool = True,
    rounds: int = 1000,
) -> dict[str, float]:
    """Return how often each 95% interval holds the truth.

    Args:
        deals: of each simulated study.
        studies: how many are simulated.
        seed: of the generator.
        world: how deals come about.
        clustered: draw accounts; False draws deals, which is wrong and shows why.
        rounds: of each bootstrap.
    """
    world = world or World()
    rng = np.random.default_rng(seed)
    truth = _values(None, *world.deals(TRUTH_FROM, rng))
    labels = [f"{i // world.per_account if clustered else i}" for i in range(deals)]
    held: Counter[str] = Counter()
    for study in range(studies):
        boot = Bootstrap(labels, rounds=rounds, seed=study)
        for name, values in _values(boot, *world.deals(deals, rng)).items():
            low, high = interval_of(values)
            held[name] += low is not None and low <= truth[name] <= high
    return {name: held[name] / studies for name in FIGURES}


def gate_verdicts(runs: int, *, calls: int, flip_rate: float, samples: int, drop: float) -> Counter:
    """Return what the gate says of candidates with a known loss."""
    verdicts: Counter[str] = Counter()
    for i in range(runs):
        shape = {"calls": calls, "flip_rate": flip_rate, "samples": samples, "truth_seed": i}
        baseline = simulated_run(2 * i + 10_000, **shape)
        verdicts[gate(simulated_run(2 * i + 10_001, drop=drop, **shape), baseline).verdict] += 1
    return verdicts


def main(studies: int = 500) -> None:
    print(f"coverage of 95% intervals, {studies} studies each, three deals an account\n")
    for deals in (150, 300, 900):
        found = coverage(deals, studies, seed=deals)
        wrong = coverage(deals, studies, seed=deals, clustered=False)
        for name, share in found.items():
            print(f"| {deals} | {name} | {share:.1%} | {wrong[name]:.1%} |")
    runs = max(20, studies // 5)
    print(f"\nthe gate, {runs} candidates each\n")
    for calls, flips, samples in GATES:
        cells = []
        for drop in (0.0, 0.05):
            said = gate_verdicts(runs, calls=calls, flip_rate=flips, samples=samples, drop=drop)
            cells += [f"{said[word] / runs:.0%}" for word in ("PASS", "INCONCLUSIVE", "BLOCK")]
        print(f"| {calls} | {flips:.0%} | {samples} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
