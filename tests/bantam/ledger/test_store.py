from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from bantam.domain.bant import ExtractionOutcome
from bantam.domain.calls import EARLIEST, LATEST, CallId, CallWindow, DealId
from bantam.errors import LedgerError
from bantam.ledger.rows import Entry
from bantam.ledger.store import Ledger
from bantam.scoring import ANUM, score
from tests.factories import a_call, an_extraction
from tests.ledgers import NOW, many, scored


def test_results_stream_in_order_of_time_over_many_pages(ledger: Ledger) -> None:
    entries = many(230)
    random.Random(1).shuffle(entries)
    ledger.record_many(entries)

    assert [r.call.id for r in ledger.results()] == [f"c-{i:04}" for i in range(230)]
    assert len(list(ledger.calls())) == 230


def test_a_page_may_be_written_to_while_the_next_is_awaited(ledger: Ledger) -> None:
    ledger.record_many(many(150))

    for result in ledger.results(model="anum"):
        assert result.score is None
        points = score(result.extraction, ANUM, scored_at=NOW)
        ledger.record_many([Entry(score=points)])

    assert all(r.score is not None for r in ledger.results(model="anum"))


def test_results_of_a_deal_and_a_window(ledger: Ledger) -> None:
    ledger.record_many(many(5, deal_id="D-1"))
    other = scored(a_call(id=CallId("other"), deal_id=DealId("D-2")))
    ledger.record_many([other, scored(a_call(id=CallId("none"), deal_id=None))])
    calls = list(ledger.calls(deal_id=DealId("D-1")))
    window = CallWindow(since=calls[1].started_at, until=calls[3].started_at)

    assert [r.call.id for r in ledger.results(deal_id=DealId("D-2"))] == ["other"]
    assert [c.id for c in ledger.calls(deal_id=DealId("D-1"), window=window)] == [
        "c-0001",
        "c-0002",
    ]
    assert list(ledger.deal_ids()) == ["D-1", "D-2"]


def test_a_call_that_was_never_read_has_no_result(ledger: Ledger) -> None:
    ledger.record_calls([a_call()])

    assert list(ledger.results()) == []
    assert [c.id for c in ledger.calls()] == ["c-1"]


def test_the_newest_score_decides_what_the_result_rests_on(ledger: Ledger) -> None:
    call = a_call()
    by_a, by_b = (
        an_extraction(
            transcript_digest=call.transcript_digest,
            run=an_extraction().run.model_copy(update={"model": model}),
        )
        for model in ("a", "b")
    )
    for extraction in (by_a, by_b):
        ledger.record_many([scored(call, extraction=extraction)])
    assert ledger.latest_result("c-1").extraction == by_b

    ledger.record_many([scored(call, extraction=by_a)])

    assert ledger.latest_result("c-1").extraction == by_a


class TestDoneKeys:
    call = a_call()

    def done(self, ledger: Ledger, entry: Entry, **changes: object) -> set[CallId]:
        assert entry.extraction is not None
        asked = {
            "digests": {self.call.id: self.call.transcript_digest},
            "reader": entry.extraction.run.version_key,
            "model": entry.score.model,
            "model_version": entry.score.model_version,
            **changes,
        }
        digests = asked.pop("digests")
        return ledger.done_keys(digests, **asked)

    def test_a_recorded_call_is_done(self, ledger: Ledger) -> None:
        entry = scored(self.call)
        assert self.done(ledger, entry) == set()
        ledger.record_many([entry])
        assert self.done(ledger, entry) == {"c-1"}

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"digests": {"c-1": "other words"}}, id="other words"),
            pytest.param({"reader": "other reader"}, id="other reader"),
            pytest.param({"model": "anum"}, id="other score model"),
            pytest.param({"model_version": "0"}, id="other weights"),
            pytest.param({"digests": {}}, id="nothing asked"),
        ],
    )
    def test_what_differs_is_not_done(self, ledger: Ledger, changes: dict[str, object]) -> None:
        entry = scored(self.call)
        ledger.record_many([entry])
        assert self.done(ledger, entry, **changes) == set()

    def test_going_back_to_an_earlier_reader_is_not_done(self, ledger: Ledger) -> None:
        run = an_extraction().run.model_copy(update={"model": "b"})
        by_b = an_extraction(transcript_digest=self.call.transcript_digest, run=run)
        entry = scored(self.call)
        ledger.record_many([entry])
        ledger.record_many([scored(self.call, extraction=by_b)])
        assert self.done(ledger, entry) == set()

    @pytest.mark.parametrize(
        ("outcome", "is_done"),
        [
            (ExtractionOutcome.TRANSPORT_ERROR, False),
            (ExtractionOutcome.REFUSAL, True),
        ],
    )
    def test_only_what_never_answered_is_asked_again(
        self, ledger: Ledger, outcome: ExtractionOutcome, is_done: bool
    ) -> None:
        extraction = an_extraction(outcome=outcome, transcript_digest=self.call.transcript_digest)
        entry = scored(self.call, extraction=extraction)
        ledger.record_many([entry])
        assert self.done(ledger, entry) == ({"c-1"} if is_done else set())

    def test_more_calls_than_one_query_takes(self, ledger: Ledger) -> None:
        entries = many(30)
        ledger.record_many(entries[:20])
        digests = {e.call.id: e.call.transcript_digest for e in entries if e.call}
        digests |= {CallId(f"x-{i}"): "" for i in range(2000)}
        assert len(self.done(ledger, entries[0], digests=digests)) == 20


def test_errors_hold_no_row(ledger: Ledger) -> None:
    secret = "we have forty thousand"
    entry = scored(a_call(("b", secret)))
    broken = entry.score.model_copy(update={"extraction_id": "not there"})

    with pytest.raises(LedgerError) as caught:
        ledger.record_many([Entry(score=broken, call=entry.call)])

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert secret not in str(caught.value)
    assert "foreign key" in str(caught.value).lower()


def test_a_row_of_another_version_is_named_without_its_words(ledger: Ledger) -> None:
    ledger.record_many([scored()])
    with ledger._database.write() as connection:
        connection.execute(text("""UPDATE calls SET body = '{"id": "c-1", "secret": "words"}'"""))

    with pytest.raises(LedgerError, match=r"call 'c-1': started_at: .*\(missing\)") as caught:
        ledger.call(CallId("c-1"))

    assert "words" not in str(caught.value)


def test_an_in_memory_ledger_serves_threads_one_after_the_other() -> None:
    with Ledger.open("sqlite://", create=True) as ledger:
        ledger.record_many(many(3))
        assert ledger.counts()["calls"] == 3


@pytest.mark.parametrize("started_at", [EARLIEST, LATEST - timedelta(seconds=1)])
def test_the_earliest_and_the_latest_times_are_stored(ledger: Ledger, started_at: datetime) -> None:
    ledger.record_many([scored(a_call(started_at=started_at))])
    assert [c.started_at for c in ledger.calls()] == [started_at]
