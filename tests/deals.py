"""Simulated deals with a known truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from bantam.domain.calls import CallId, DealId
from evals.deal_cases import DealCase

LANDMARK = datetime(2026, 1, 5, 12, tzinfo=UTC)


def a_case(number: int = 1, **changes: object) -> DealCase:
    """Return a deal at its landmark; won, scored 60, closed after 40 days."""
    fields: dict[str, object] = {
        "deal_id": DealId(f"D-{number}"),
        "account_id": f"A-{number}",
        "landmark": LANDMARK,
        "call_ids": (CallId(f"c-{number}"),),
        "points": 60,
        "won": True,
        "ended": "won",
        "days": 40.0,
        "closed_at": LANDMARK + timedelta(days=40),
    }
    fields.update(changes)
    if fields["won"] is False and "ended" not in changes:
        fields["ended"] = "lost"
    return DealCase(**fields)  # type: ignore[arg-type]


def simulated_cases(
    deals: int,
    *,
    seed: int,
    per_account: int = 1,
    account_spread: float = 0.0,
    with_ae: bool = False,
    base: float = -1.0,
) -> list[DealCase]:
    """Return deals whose chance of being won rises with the score.

    Args:
        deals: how many.
        seed: of the generator.
        per_account: deals of one account share a part of their luck.
        account_spread: how large that part is, on the logit scale.
        with_ae: also give AE scores, noisier than ours, a tenth of them blank.
        base: logit of winning at an average score.
    """
    rng = np.random.default_rng(seed)
    accounts = np.arange(deals) // per_account
    luck = rng.normal(0, account_spread or 1e-12, accounts.max() + 1)[accounts]
    quality = rng.normal(0, 1, deals) + 0.5 * luck
    chance = 1 / (1 + np.exp(-(base + 1.2 * quality + luck)))
    won = rng.random(deals) < chance
    points = np.clip(np.round(50 + 18 * quality + rng.normal(0, 6, deals)), 1, 100)
    ae = np.clip(50 + 18 * quality + rng.normal(0, 30, deals), 0, 100)
    blank = rng.random(deals) < 0.1
    return [
        a_case(
            i,
            account_id=f"A-{accounts[i]}",
            points=int(points[i]),
            p_win=float(chance[i]),
            won=bool(won[i]),
            ended="won" if won[i] else "lost",
            ae_score=float(round(ae[i])) if with_ae and not blank[i] else None,
        )
        for i in range(deals)
    ]
