"""The ledger in numbers, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bantam.domain.bant import ExtractionOutcome, RunRecord, Usage
from bantam.domain.calls import Call, CallId
from bantam.domain.delivery import Receipt
from bantam.ledger.rows import Entry
from bantam.ledger.standing import Spent
from bantam.ledger.store import Ledger
from tests.factories import CALLED_AT, a_call, an_extraction
from tests.ledgers import NOW, scored


def an_entry(call: Call, *, read_after: float = 60, usage: Usage | None = None) -> Entry:
    """Return a scored call that was read so many seconds after it ended (at 18 s)."""
    ended = call.started_at + timedelta(seconds=18)
    read = ended + timedelta(seconds=read_after)
    made = an_extraction(
        dict.fromkeys(("budget", "authority", "need", "timeframe"), 3),
        call_id=call.id,
        transcript_digest=call.transcript_digest,
    )
    run = made.run.model_copy(
        update={
            "extractor": "model",
            "model": "m-1",
            "started_at": ended,
            "finished_at": read,
            "usage": usage or Usage(),
        }
    )
    extraction = made.model_copy(update={"run": RunRecord(**dict(run))})
    return scored(call, extraction=extraction, at=read + timedelta(seconds=1))


def test_an_empty_ledger_stands_at_nothing(ledger: Ledger) -> None:
    standing = ledger.standing(now=NOW)
    assert (standing.deliveries, standing.lags, standing.spent) == ({}, {}, {})


def test_lags_run_from_the_end_of_the_call_to_the_crm(ledger: Ledger) -> None:
    entries = [an_entry(a_call(id=CallId(f"c-{i}")), read_after=60 * (i + 1)) for i in range(20)]
    ledger.record_many(entries)
    sent = CALLED_AT + timedelta(seconds=18 + 3600)
    for claim in ledger.claim_deliveries(50, now=NOW, lease_seconds=60, worker="w"):
        ledger.mark_sent(claim, Receipt(record_id="r"), now=sent)
    lags = ledger.standing(now=NOW).lags
    assert {s: lag.n for s, lag in lags.items()} == dict.fromkeys(lags, 20)
    assert (lags["read"].p50, lags["read"].p95, lags["read"].most) == (600, 1140, 1200)
    assert lags["score"].p95 == 1
    assert lags["deliver"].most == 3600 - 61
    assert lags["total"].p50 == 3600


@pytest.mark.parametrize(
    ("call_age", "sent_age"),
    [
        pytest.param(timedelta(days=8), timedelta(hours=1), id="a back-fill of an old call"),
        pytest.param(timedelta(days=2), timedelta(days=1, hours=1), id="sent long ago"),
    ],
)
def test_lags_leave_out_what_is_not_of_today(
    ledger: Ledger, call_age: timedelta, sent_age: timedelta
) -> None:
    ledger.record_many([an_entry(a_call(started_at=NOW - call_age))])
    (claim,) = ledger.claim_deliveries(1, now=NOW, lease_seconds=60, worker="w")
    ledger.mark_sent(claim, Receipt(record_id="r"), now=NOW - sent_age)
    assert ledger.standing(now=NOW).lags == {}


def test_what_waits_and_what_goes_wrong_is_counted_by_target(ledger: Ledger) -> None:
    calls = [a_call(id=CallId(f"c-{i}")) for i in range(4)]
    ledger.record_many([scored(c, targets=("hubspot",)) for c in calls])
    first, second, third = ledger.claim_deliveries(3, now=NOW, lease_seconds=60, worker="w")
    ledger.mark_failed(first, "refused", now=NOW)
    ledger.delay(second, "busy", due_at=NOW + timedelta(hours=1), now=NOW)
    ledger.hold(third, "which deal", now=NOW)
    later = NOW + timedelta(minutes=10)
    standing = ledger.standing(now=later)
    assert standing.deliveries == {"hubspot": {"failed": 1, "held": 1, "pending": 2}}
    assert standing.oldest_due == {"hubspot": 600}
    kinds = ("failed", "delayed", "held")
    assert standing.troubles == {("hubspot", kind): 1 for kind in kinds}
    assert ledger.standing(now=NOW + timedelta(days=2)).troubles == {}


def test_tokens_and_cost_add_up_by_model(ledger: Ledger) -> None:
    usage = Usage(requests=1, input_tokens=100, cached_tokens=40, output_tokens=10, cost_usd=0.5)
    entries = [an_entry(a_call(id=CallId(f"c-{i}")), usage=usage) for i in range(3)]
    ledger.record_many([*entries, scored(a_call(id=CallId("c-e")))])
    spent = ledger.standing(now=NOW).spent
    assert spent["m-1"] == Spent(3, 300, 120, 30, 1.5)
    assert sum(s.extractions for s in spent.values()) == 4


def test_only_the_newest_score_says_that_a_call_is_unscored(ledger: Ledger) -> None:
    call = a_call()
    failed = an_extraction(
        None,
        outcome=ExtractionOutcome.TRANSPORT_ERROR,
        call_id=call.id,
        transcript_digest=call.transcript_digest,
    )
    ledger.record_many([scored(call, extraction=failed)])
    assert ledger.standing(now=NOW).unscored == {"transport_error": 1}
    ledger.record_many([scored(call)])
    assert ledger.standing(now=NOW).unscored == {}


def test_failures_are_counted_by_stage(ledger: Ledger) -> None:
    ledger.add_failure("a.json", stage="read", reason="line 1", now=NOW)
    ledger.add_failure("c-1", stage="extract", reason="no", now=NOW)
    assert ledger.standing(now=NOW).failures == {"read": 1, "extract": 1}
