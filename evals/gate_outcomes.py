"""The gate's check on closed deals: would a candidate find fewer of the deals that were won?

Only large changes can be seen here (docs/quality.md, `bantam evals power`); small ones of a prompt
show in the labelled calls. A candidate may shift all scores without ranking worse, so each side
gets the threshold that its own scores need for the precision asked for, in every round.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evals import curves
from evals.against_ae import ae_word
from evals.compare import Check, judged
from evals.deal_cases import DealCase
from evals.outcome import as_arrays
from evals.rates import Bootstrap, Floats, divide

MARGIN = 0.10
MARGIN_OF_MANY = 0.05
MANY_WON = 200


def outcome_check(
    baseline: Sequence[DealCase],
    candidate: Sequence[DealCase],
    *,
    precision: float | None = None,
    ae_threshold: float | None = 50,
) -> Check:
    """Return whether the candidate may find fewer of the won deals at like precision.

    Args:
        baseline: cases with known endings, scored by the accepted reader.
        candidate: the same deals, scored by the new one; deals that only one has are left out.
        precision: at which recall is compared; None takes the AEs' own, in every round.
        ae_threshold: an AE score at or above it is a yes.
    """
    before = {c.deal_id: c for c in baseline}
    pairs = [(before[c.deal_id], c) for c in candidate if c.deal_id in before]
    pairs = [(old, new) for old, new in pairs if old.won == new.won]
    old_ranks, won = as_arrays([old for old, _ in pairs])
    new_ranks, _ = as_arrays([new for _, new in pairs])
    said = [ae_word(new, ae_threshold) is True for _, new in pairs]
    tables = [curves.one_hot(ranks, won) for ranks in (old_ranks, new_ranks)]
    ae = np.array(said, dtype=float)
    columns = np.column_stack([tables[0][1], tables[1][1], ae * won, ae])
    split = tables[0][1].shape[1]

    def recall(sums: Floats, which: int) -> Floats:
        part = sums[..., :split] if which == 0 else sums[..., split:-2]
        t = curves.as_tally(tables[which][0], part)
        floor = divide(sums[..., -2], sums[..., -1]) if precision is None else precision
        place = curves.lowest_with_precision(t, np.broadcast_to(floor, t.total.shape))
        return divide(curves.at(t.hits, place), t.all_won)

    count = int(won.sum()) if precision is not None or any(said) else 0
    return judged(
        "won deals found at like precision",
        MARGIN_OF_MANY if count >= MANY_WON else MARGIN,
        columns,
        recall,
        Bootstrap([new.cluster for _, new in pairs]),
        (count, int((old_ranks != new_ranks).sum()), 1.0),
    )
