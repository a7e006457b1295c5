from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from bantam.domain.bant import Criterion, ExtractionOutcome
from bantam.domain.calls import CallId
from bantam.domain.delivery import DeliveryState
from bantam.domain.review import Review, apply_reviews
from bantam.errors import NotInLedgerError
from bantam.ledger.rows import Entry, Recorded
from bantam.ledger.store import Ledger
from bantam.scoring import BANT, score
from tests.factories import a_call, an_extraction
from tests.ledgers import NOW, many, owed, scored


def everything(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    tables = ["calls", "extractions", "scores", "deliveries", "activities", "reviews", "failures"]
    with ledger._database.read() as connection:
        return {
            name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}"))))
            for name in tables
        }


def test_a_result_comes_back_as_it_went_in(ledger: Ledger) -> None:
    entry = scored()

    changed = ledger.record_result(
        entry.call, entry.extraction, entry.score, entry.deliveries, entry.activities
    )

    assert changed == Recorded(scored=1, queued=1)
    found = ledger.latest_result("c-1")
    assert (found.call, found.extraction, found.score) == (
        entry.call,
        entry.extraction,
        entry.score,
    )
    assert found.reviews == ()
    assert list(ledger.deliveries()) == list(entry.deliveries)
    assert {a.kind for a in ledger.activities()} == {"call_scored", "delivery_queued"}


def test_text_that_databases_stumble_over_comes_back_unchanged(ledger: Ledger) -> None:
    call = a_call(
        ("b", "nul \0, emoji 🦊, quote ' \" \\, line\u2028, rtl \u202e, %s :x ?"),
        title="Zero \0 title",
    )
    ledger.record_many([scored(call)])

    assert ledger.call(call.id) == call


def test_times_keep_their_instant_and_sort_by_it(ledger: Ledger) -> None:
    tokyo = datetime.fromisoformat("2026-03-02T01:00:00+09:00")
    utc = datetime.fromisoformat("2026-03-01T17:00:00+00:00")
    for name, at in [("later", utc), ("earlier", tokyo)]:
        ledger.record_many([scored(a_call(id=CallId(name), started_at=at))])

    assert [c.id for c in ledger.calls()] == ["earlier", "later"]
    assert ledger.call("earlier").started_at.isoformat() == "2026-03-02T01:00:00+09:00"


def test_recording_again_changes_nothing(ledger: Ledger) -> None:
    entry = scored()
    ledger.record_many([entry])
    before = everything(ledger)

    again = ledger.record_many([entry])

    assert again == Recorded(unchanged=1)
    assert everything(ledger) == before


def test_the_same_score_made_later_is_no_new_score_and_owes_nothing(ledger: Ledger) -> None:
    ledger.record_many([scored()])

    again = ledger.record_many([scored(at=NOW + timedelta(days=1))])

    assert (again.scored, again.queued) == (0, 0)
    assert len(ledger.score_history("c-1")) == 1


def test_a_newer_score_supersedes_what_was_not_sent_yet(ledger: Ledger) -> None:
    first = scored(level=1, targets=("embedded", "slack"))
    ledger.record_many([first])
    (claim,) = ledger.claim_deliveries(
        1, now=NOW, lease_seconds=60, worker="w", targets=["embedded"]
    )

    changed = ledger.record_many([rescored(first, level=4, targets=("embedded", "slack"))])

    assert (changed.queued, changed.superseded) == (2, 1)
    states = {(d.target, d.note.points): d.state for d in ledger.deliveries()}
    old, new = first.score.points, ledger.latest_result("c-1").score.points
    assert states == {
        ("embedded", old): DeliveryState.CLAIMED,
        ("slack", old): DeliveryState.SUPERSEDED,
        ("embedded", new): DeliveryState.PENDING,
        ("slack", new): DeliveryState.PENDING,
    }
    assert claim.delivery.note.points == old


def test_a_score_that_goes_up_and_comes_down_again_is_owed_again(ledger: Ledger) -> None:
    low = scored(level=1)
    ledger.record_many([low])
    high = rescored(low, level=4)
    ledger.record_many([high])

    changed = ledger.record_many([rescored(low, level=1)])

    assert changed == Recorded(scored=1, queued=1, superseded=1)
    (pending,) = ledger.deliveries(states=[DeliveryState.PENDING])
    assert pending.note.points == low.score.points
    assert [s.points for s in ledger.score_history("c-1")] == [
        low.score.points,
        high.score.points,
        low.score.points,
    ]


def rescored(entry: Entry, *, level: int, targets: tuple[str, ...] = ("embedded",)) -> Entry:
    """The entry's call, corrected by a person to one level throughout."""
    assert entry.call is not None
    assert entry.extraction is not None
    review = Review(
        extraction_id=entry.extraction.id,
        call_id=entry.call.id,
        reviewer="ae@seller.example",
        reviewed_at=NOW,
        corrections=dict.fromkeys(Criterion, level),
    )
    corrected = apply_reviews(entry.extraction, [review])
    if level == entry.extraction.readings[Criterion.NEED].level:
        corrected = entry.extraction
    points = score(corrected, BANT, scored_at=NOW)
    return Entry(
        score=points,
        deliveries=owed(entry.call, corrected, points, targets),
        review=review,
    )


def test_a_held_delivery_waits_for_a_person(ledger: Ledger) -> None:
    entry = scored()
    held = tuple(d.model_copy(update={"state": DeliveryState.HELD}) for d in entry.deliveries)
    assert entry.call
    assert entry.extraction
    ledger.record_result(entry.call, entry.extraction, entry.score, held)

    assert ledger.claim_deliveries(9, now=NOW, lease_seconds=60, worker="w") == []
    assert [a.kind for a in ledger.activities()] == ["delivery_held"]


def test_an_answer_takes_the_place_of_a_failure_and_is_never_replaced(ledger: Ledger) -> None:
    call = a_call()
    failed, answered, late = (
        an_extraction(outcome=outcome, transcript_digest=call.transcript_digest, detail=detail)
        for outcome, detail in [
            (ExtractionOutcome.TRANSPORT_ERROR, "the server closed the connection"),
            (ExtractionOutcome.OK, ""),
            (ExtractionOutcome.TRUNCATED, "too long"),
        ]
    )
    assert failed.id == answered.id == late.id
    for extraction in (failed, answered, late):
        ledger.record_many([scored(call, extraction=extraction)])

    assert ledger.latest_result("c-1").extraction == answered


def test_a_reading_clears_the_failure_of_its_call(ledger: Ledger) -> None:
    ledger.add_failure("c-1", stage="extract", reason="no answer", now=NOW)
    ledger.add_failure("c-2", stage="extract", reason="no answer", now=NOW)

    ledger.record_many([scored()])

    assert [f.subject for f in ledger.failures()] == ["c-2"]


def test_a_rescore_of_a_call_that_is_not_there_names_it(ledger: Ledger) -> None:
    with pytest.raises(NotInLedgerError, match=r"call 'c-1' is not in it"):
        ledger.record_many([Entry(score=scored().score)])


@pytest.mark.parametrize("ask", [Ledger.call, Ledger.latest_result])
def test_a_call_that_is_not_there_is_named(
    ledger: Ledger, ask: Callable[[Ledger, CallId], object]
) -> None:
    with pytest.raises(NotInLedgerError, match="'nobody'"):
        ask(ledger, CallId("nobody"))


def test_a_fault_between_any_two_statements_leaves_nothing(ledger: Ledger) -> None:
    """Every statement of the transaction fails once; only the run without a fault stores."""
    entry = rescored(scored(level=1), level=3, targets=("embedded", "slack"))
    first = scored(level=1, targets=("embedded", "slack"))
    ledger.record_many([first])
    whole = Entry(
        score=entry.score,
        call=first.call,
        extraction=first.extraction,
        deliveries=entry.deliveries,
        activities=(first.activities[0].model_copy(update={"id": "another"}),),
        review=entry.review,
    )
    before = everything(ledger)
    faults = 0
    while True:
        with statements_fail_after(ledger, faults) as injected:
            try:
                ledger.record_many([whole])
            except ZeroDivisionError:
                assert everything(ledger) == before
                faults += 1
                continue
        break
    assert not injected.fired
    assert faults >= 8
    assert everything(ledger) != before


class statements_fail_after:  # noqa: N801 - reads as a sentence
    def __init__(self, ledger: Ledger, passing: int) -> None:
        self._engine = ledger._database.engine
        self._left = passing
        self.fired = False

    def __enter__(self) -> statements_fail_after:
        event.listen(self._engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._count)

    def _count(self, _c: object, _k: object, statement: str, *_: object) -> None:
        if self.fired or statement.startswith("BEGIN"):
            return
        if self._left == 0:
            self.fired = True
            raise ZeroDivisionError
        self._left -= 1


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_repetition_of_chunks_stores_what_once_stores(
    open_ledger: Callable[[], Ledger], empty_url: str, data: st.DataObject
) -> None:
    """A run that is killed and started again repeats chunks, cut differently; never reorders."""
    ledger = open_ledger()
    with ledger._database.write() as connection:
        for name in ["deliveries", "scores", "reviews", "extractions", "calls", "activities"]:
            connection.execute(text(f"DELETE FROM {name}"))
    entries = many(6, targets=("embedded", "slack"))
    for entry in entries:
        ledger.record_many([entry])
    once = everything(ledger)
    assert len(once["deliveries"]) == 12

    repeats = data.draw(st.lists(st.lists(st.sampled_from(entries), max_size=8), max_size=5))
    for chunk in repeats:
        assert ledger.record_many(chunk).queued == 0

    assert everything(ledger) == once


def test_two_entries_of_one_call_in_a_chunk_end_as_if_one_after_the_other(ledger: Ledger) -> None:
    first = scored(level=1)
    second = rescored(first, level=4)

    changed = ledger.record_many([first, second])

    assert (changed.scored, changed.queued) == (2, 2)
    states = {d.note.points: d.state for d in ledger.deliveries()}
    assert states == {
        first.score.points: DeliveryState.SUPERSEDED,
        second.score.points: DeliveryState.PENDING,
    }
