from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bantam.domain.activity import ActivityKind
from bantam.domain.calls import DealId
from bantam.domain.deals import AeView, AeWord, Outcome
from bantam.errors import VendorDownError
from bantam.ledger.store import Ledger
from flows.outcomes import LOOK_BACK, OVERLAP, read_outcomes
from tests.fakes import SetClock

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


class Closed:
    """An `OutcomeSource` that notes since when it was asked."""

    def __init__(self, *outcomes: Outcome, dies: bool = False) -> None:
        self.outcomes = outcomes
        self.dies = dies
        self.asked: list[datetime] = []

    def closed_deals(self, since: datetime) -> Iterator[Outcome]:
        self.asked.append(since)
        yield from self.outcomes
        if self.dies:
            raise VendorDownError("hubspot", "no answer")


def closed(deal: str, *, won: bool = True) -> Outcome:
    return Outcome(
        deal_id=DealId(deal),
        won=won,
        closed_at=NOW - timedelta(days=3),
        amount=1200.0,
        currency="EUR",
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as opened:
        yield opened


def test_outcomes_are_kept_and_told_once(ledger: Ledger) -> None:
    source = Closed(closed("1"), closed("2", won=False))
    for _ in range(2):
        found = read_outcomes(ledger, source, "hubspot", clock=SetClock(NOW))
        assert (found.deals, found.judged) == (2, 0)
    assert {(o.deal_id, o.won) for o in ledger.outcomes()} == {("1", True), ("2", False)}
    told = [a for a in ledger.activities() if a.kind is ActivityKind.DEAL_CLOSED]
    assert sorted((a.customer, a.revenue_impact) for a in told) == [("1", 1200.0), ("2", None)]


def test_the_next_run_goes_on_where_the_last_whole_one_began(ledger: Ledger) -> None:
    source = Closed()
    read_outcomes(ledger, source, "hubspot", clock=SetClock(NOW))
    read_outcomes(ledger, source, "hubspot", clock=SetClock(NOW + timedelta(days=7)))
    read_outcomes(ledger, source, "close", clock=SetClock(NOW))
    asked_for = datetime(2025, 1, 1, tzinfo=UTC)
    read_outcomes(ledger, source, "hubspot", clock=SetClock(NOW), since=asked_for)
    assert source.asked == [NOW - LOOK_BACK, NOW - OVERLAP, NOW - LOOK_BACK, asked_for]


def test_a_run_that_dies_is_begun_again(ledger: Ledger) -> None:
    with pytest.raises(VendorDownError):
        read_outcomes(ledger, Closed(closed("1"), dies=True), "hubspot", clock=SetClock(NOW))
    again = Closed()
    read_outcomes(ledger, again, "hubspot", clock=SetClock(NOW))
    assert again.asked == [NOW - LOOK_BACK]


class Judged(Closed):
    """It also knows what AEs wrote."""

    def ae_views(self, deal_ids: Sequence[DealId]) -> Sequence[AeView]:
        word = AeWord(about="score", score=40 + len(self.asked), at=NOW)
        return [AeView(deal_id=d, words=(word,)) for d in deal_ids if d != "2"]


def test_what_aes_wrote_is_kept_beside_as_told_last(ledger: Ledger) -> None:
    source = Judged(closed("1"), closed("2"), closed("3"))
    for _ in range(2):
        found = read_outcomes(ledger, source, "hubspot", clock=SetClock(NOW))
        assert str(found) == "3 closed deals read, 2 with an AE's own word"
    assert [(v.deal_id, v.words[0].score) for v in ledger.ae_views()] == [("1", 42), ("3", 42)]
