"""Activities, labels, paid answers, the embedded CRM and bookkeeping."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import event

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.bant import Criterion, Usage
from bantam.domain.calls import CallId, DealId
from bantam.domain.deals import Outcome
from bantam.domain.review import Review
from bantam.errors import NotInLedgerError
from bantam.ledger.rows import Answer, Entry, Failure, Run
from bantam.ledger.store import Ledger
from tests.factories import a_call
from tests.ledgers import NOW, many, scored


def an_activity(n: int, **changes: object) -> Activity:
    fields: dict[str, object] = {
        "id": f"a-{n:04}",
        "at": NOW + timedelta(minutes=n),
        "customer": "D-1",
        "kind": ActivityKind.CALL_SCORED,
        "actor": "bantam",
    }
    return Activity(**{**fields, **changes})


class TestActivities:
    def test_they_come_back_in_order_of_time_and_as_they_went_in(self, ledger: Ledger) -> None:
        told = [
            an_activity(
                n,
                features={"n": n, "share": 0.5, "who": "Zoë \0", "none": None, "yes": True},
                revenue_impact=1200.5,
                link="https://recorder.example/1",
            )
            for n in range(1100)
        ]
        shuffled = random.Random(1).sample(told, len(told))
        ledger.add_activities(shuffled)

        assert list(ledger.activities()) == told

    def test_telling_the_same_twice_changes_nothing(self, ledger: Ledger) -> None:
        ledger.add_activities([an_activity(1)])
        ledger.add_activities([an_activity(1, actor="somebody else"), an_activity(2)])
        ledger.add_activities([])

        assert list(ledger.activities()) == [an_activity(1), an_activity(2)]

    def test_kinds_and_times_select(self, ledger: Ledger) -> None:
        booked = ActivityKind.CALL_BOOKED
        ledger.add_activities([an_activity(n) for n in range(6)])
        ledger.add_activities([an_activity(9, kind=booked)])

        assert [a.id for a in ledger.activities(kinds=[booked])] == ["a-0009"]
        since, until = NOW + timedelta(minutes=2), NOW + timedelta(minutes=4)
        found = ledger.activities(since=since, until=until)
        assert [a.id for a in found] == ["a-0002", "a-0003"]

    def test_the_stream_counts_each_customers_activities_of_a_kind(self, ledger: Ledger) -> None:
        """What is told late takes its place among what happened before and after it."""
        ledger.add_activities([an_activity(5), an_activity(9), an_activity(7, customer="D-2")])
        ledger.add_activities([an_activity(6, kind=ActivityKind.CALL_BOOKED)])
        ledger.add_activities([an_activity(2)])

        told = [
            (s.activity.customer, s.activity.id, s.occurrence, s.repeated_at)
            for s in ledger.activity_stream()
        ]

        assert told == [
            ("D-1", "a-0002", 1, NOW + timedelta(minutes=5)),
            ("D-1", "a-0005", 2, NOW + timedelta(minutes=9)),
            ("D-1", "a-0006", 1, None),
            ("D-1", "a-0009", 3, None),
            ("D-2", "a-0007", 1, None),
        ]
        assert [s.activity.id for s in ledger.activity_stream(customer="D-2")] == ["a-0007"]

    def test_the_stream_reaches_every_customer(self, ledger: Ledger) -> None:
        told = [an_activity(n, customer=f"D-{n % 700:03}") for n in range(1400)]
        ledger.add_activities(told)

        found = list(ledger.activity_stream())

        assert {s.activity.id for s in found} == {a.id for a in told}
        assert [s.occurrence for s in found] == [1, 2] * 700

    def test_a_customer_is_found_without_reading_the_others(self, ledger: Ledger) -> None:
        ledger.add_activities([an_activity(n, customer=f"D-{n % 50}") for n in range(2000)])
        query = "SELECT * FROM activity_stream WHERE customer = 'D-7'"
        with ledger._database.read() as connection:
            if ledger._database.is_sqlite:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
                assert "customer=?" in str(plan)
            else:
                connection.exec_driver_sql("ANALYZE activities")
                plan = connection.exec_driver_sql(f"EXPLAIN {query}").all()
                assert "ix_activities_customer" in str(plan)


def a_review(extraction_id: str, n: int = 0, **changes: object) -> Review:
    fields: dict[str, object] = {
        "extraction_id": extraction_id,
        "call_id": "c-1",
        "reviewer": "ae@seller.example",
        "reviewed_at": NOW + timedelta(minutes=n),
        "corrections": {Criterion.BUDGET: 0, Criterion.NEED: "not_discussed"},
        "reason": "they said no",
    }
    return Review(**{**fields, **changes})


class TestLabels:
    def test_reviews_are_appended_and_stand_beside_the_result(self, ledger: Ledger) -> None:
        entry = scored()
        assert entry.extraction
        first, second = (a_review(entry.extraction.id, n) for n in (1, 2))
        ledger.record_many([entry])

        for review in (second, first, first):
            ledger.record_many([Entry(score=entry.score, review=review)])

        assert list(ledger.reviews()) == [first, second]
        assert list(ledger.reviews(call_id=CallId("c-1"))) == [first, second]
        assert list(ledger.reviews(call_id=CallId("c-2"))) == []
        assert ledger.latest_result(CallId("c-1")).reviews == (first, second)

    def test_outcomes_are_what_the_crm_says_now(self, ledger: Ledger) -> None:
        lost = Outcome(deal_id=DealId("D-1"), won=False, closed_at=NOW)
        won = Outcome(
            deal_id=DealId("D-1"),
            account_id="A-1",
            won=True,
            closed_at=NOW - timedelta(days=1),
            amount=1200.5,
            currency="EUR",
        )
        other = Outcome(deal_id=DealId("D-0"), won=False, closed_at=NOW)
        closed = an_activity(1, kind=ActivityKind.DEAL_CLOSED, revenue_impact=1200.5)

        ledger.record_outcomes([lost])
        ledger.record_outcomes([other, won], [closed])
        ledger.record_outcomes([])

        assert list(ledger.outcomes()) == [won, other]
        assert ledger.outcome(DealId("D-1")) == won
        assert ledger.outcome(DealId("D-9")) is None
        assert list(ledger.activities()) == [closed]


class TestAnswers:
    paid = Answer('{"id": "chat-1", "text": "a \\u0000 b"}', Usage(requests=1, cost_usd=0.02))

    def test_a_paid_answer_is_there_before_its_call_is(self, ledger: Ledger) -> None:
        assert ledger.answer("k") is None
        ledger.keep_answer("k", self.paid, call_id=CallId("c-1"), now=NOW)
        assert ledger.answer("k") == self.paid

    def test_the_first_answer_stays(self, ledger: Ledger) -> None:
        ledger.keep_answer("k", self.paid, call_id=None, now=NOW)
        ledger.keep_answer("k", Answer("{}", Usage()), call_id=None, now=NOW)
        assert ledger.answer("k") == self.paid


class TestEmbeddedCrm:
    def test_a_call_has_one_row_with_what_it_was_told_last(self, ledger: Ledger) -> None:
        low, high = (scored(level=level).deliveries[0] for level in (1, 4))

        assert ledger.write_crm_score(low, now=NOW) == "c-1"
        ledger.write_crm_score(high, now=NOW + timedelta(hours=1))
        ledger.write_crm_score(high, now=NOW + timedelta(hours=2))

        (row,) = ledger.crm_scores()
        assert (row.note, row.delivery_key) == (high.note, high.key)
        assert row.written_at == NOW + timedelta(hours=1)

    def test_levels_are_columns_for_whoever_reads_the_table(self, ledger: Ledger) -> None:
        ledger.write_crm_score(scored(level=3).deliveries[0], now=NOW)
        query = "SELECT budget, authority, need, timeframe, points FROM crm_scores"
        with ledger._database.read() as connection:
            (row,) = connection.exec_driver_sql(query)
        assert tuple(row) == ("3", "3", "3", "3", scored(level=3).score.points)

    def test_rows_come_in_order_of_the_calls(self, ledger: Ledger) -> None:
        deliveries = [e.deliveries[0] for e in many(210)]
        for delivery in reversed(deliveries):
            ledger.write_crm_score(delivery, now=NOW)
        assert [r.note.call_id for r in ledger.crm_scores()] == [d.call_id for d in deliveries]


class TestBookkeeping:
    def test_failures_count_up_and_clear(self, ledger: Ledger) -> None:
        for n, reason in enumerate(["cut", "still cut \0"]):
            at = NOW + timedelta(minutes=n)
            ledger.add_failure("a.json", stage="read", reason=reason, now=at)
        ledger.add_failure("b.json", stage="read", reason="empty", now=NOW)

        newest = Failure("a.json", "read", "still cut ", 2, NOW + timedelta(minutes=1))
        assert ledger.failures(limit=1) == [newest]
        assert ledger.clear_failures(["a.json", *(f"x-{i}" for i in range(1200))]) == 1
        assert [f.subject for f in ledger.failures()] == ["b.json"]
        assert ledger.clear_failures([]) == 0

    def test_a_run_is_open_until_it_ends(self, ledger: Ledger) -> None:
        ledger.start_run("r-1", flow="score_calls", parameters={"window": "today"}, now=NOW)
        ledger.start_run("r-1", flow="score_calls", parameters={}, now=NOW + timedelta(hours=1))
        ledger.start_run("r-2", flow="deliver", parameters={}, now=NOW + timedelta(hours=2))
        started = Run("r-1", "score_calls", NOW, None, {"window": "today"}, {})
        assert ledger.runs()[1] == started
        assert [r.id for r in ledger.runs(limit=1)] == ["r-2"]

        ledger.finish_run("r-1", {"scored": 3}, now=NOW + timedelta(hours=3))

        ended = ledger.runs()[1]
        assert (ended.finished_at, ended.counts) == (NOW + timedelta(hours=3), {"scored": 3})
        with pytest.raises(NotInLedgerError, match="run 'r-9'"):
            ledger.finish_run("r-9", {}, now=NOW)

    def test_a_cursor_moves(self, ledger: Ledger) -> None:
        assert ledger.cursor("gong") is None
        for position in ("p-1", "p-2"):
            ledger.move_cursor("gong", position, now=NOW)
        assert ledger.cursor("gong") == "p-2"

    def test_counts_are_of_everything(self, ledger: Ledger) -> None:
        ledger.record_many(many(2))
        ledger.record_calls([a_call(id=CallId("unread"))])
        ledger.keep_answer("k", TestAnswers.paid, call_id=None, now=NOW)

        assert ledger.counts() == {
            "calls": 3,
            "extractions": 2,
            "scores": 2,
            "reviews": 0,
            "outcomes": 0,
            "answers": 1,
            "activities": 4,
            "crm_scores": 0,
            "failures": 0,
            "forgotten": 0,
        }


def test_a_chunk_of_many_calls_takes_as_many_statements_as_one(ledger: Ledger) -> None:
    """Throughput rests on it: a statement per table, not per call."""

    def statements(entries: list[Entry]) -> int:
        seen: list[str] = []

        def count(_c: object, _k: object, statement: str, *_: object) -> None:
            seen.append(statement)

        event.listen(ledger._database.engine, "before_cursor_execute", count)
        ledger.record_many(entries)
        event.remove(ledger._database.engine, "before_cursor_execute", count)
        return len(seen)

    entries = many(26)
    assert statements(entries[1:]) == statements(entries[:1]) <= 12
