from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from bantam.domain.activity import ActivityKind
from bantam.domain.bant import (
    AuthorityValue,
    BudgetValue,
    Criterion,
    NeedValue,
    Plan,
    TimeframeValue,
    Usage,
)
from bantam.domain.booking import event_id
from bantam.domain.calls import Call, CallId, DealId, Participant, Side, Turn
from bantam.domain.crm_records import Firmographics
from bantam.domain.delivery import DeliveryKind, DeliveryState, Receipt, erasure_key
from bantam.domain.evidence import Evidence, RejectedEvidence, Rejection, Span
from bantam.domain.fit import FitModel, KnownBuyer, WordRule
from bantam.domain.pickup import Notice
from bantam.domain.review import Review
from bantam.domain.scheduled import BookingState, CallRequest, Happened, Happening, Lead
from bantam.errors import LeaseLostError, NotInLedgerError
from bantam.ledger.rows import Answer, Claim, Entry, Recorded
from bantam.ledger.store import Ledger
from bantam.scoring import BANT
from tests.factories import a_call, a_reading, an_extraction
from tests.ledgers import NOW, many, scored

SECRET = "xylophone"
"""Stands in every text that can hold somebody's words or name."""

ASKS = BANT.model_copy(
    update={"name": "asks", "fit": FitModel(title=WordRule(wanted=("CFO",), points_off=5))}
)

LATER = NOW + timedelta(days=30)


def a_wordy_call(call_id: str, deal_id: str | None = "D-1") -> Call:
    return Call(
        id=CallId(call_id),
        title=f"Call with {SECRET}",
        started_at=NOW,
        deal_id=DealId(deal_id) if deal_id else None,
        participants=(
            Participant(id="b", name=SECRET, email=f"{SECRET}@x.example", side=Side.BUYER),
        ),
        # Long enough to fill pages of its own in the file.
        turns=tuple(Turn(speaker="b", text=f"{SECRET} {i} " * 40) for i in range(60)),
        url=f"https://recorder.example/{SECRET}",
    )


def a_wordy_entry(call_id: str, deal_id: str | None = "D-1") -> Entry:
    call = a_wordy_call(call_id, deal_id)
    evidence = Evidence(
        turn=0, quote=SECRET, span=Span(turn=0, start=0, end=9), speaker=SECRET, side=Side.BUYER
    )
    rejected = RejectedEvidence(turn=1, quote=SECRET, reason=Rejection.TOO_SHORT)
    words = {"summary": SECRET, "evidence": (evidence,), "rejected": (rejected,)}
    values = {
        Criterion.BUDGET: BudgetValue(amount_min=40_000, text=SECRET),
        Criterion.AUTHORITY: AuthorityValue(decision_makers=(SECRET,)),
        Criterion.NEED: NeedValue(pains=(SECRET,)),
        Criterion.TIMEFRAME: TimeframeValue(plan=Plan.PLAN, text=SECRET),
    }
    extraction = an_extraction(
        readings={c: a_reading(c, 3, value=v, **words) for c, v in values.items()},
        call_id=call.id,
        transcript_digest=call.transcript_digest,
        detail=SECRET,
    )
    facts = Firmographics(title=SECRET, industry=SECRET, source="hubspot")
    buyer = KnownBuyer(who="w", facts=facts, asked_at=NOW, trouble="")
    entry = scored(
        call, extraction=extraction, targets=("embedded", "slack"), model=ASKS, buyer=buyer
    )
    review = Review(
        extraction_id=extraction.id,
        call_id=call.id,
        reviewer="ae@seller.example",
        reviewed_at=NOW,
        reason=SECRET,
    )
    return Entry(**{**{f: getattr(entry, f) for f in entry.__slots__}, "review": review})


def fill(ledger: Ledger, entry: Entry) -> None:
    """Leave the call's words wherever words can be; slack's delivery is sent."""
    ledger.record_many([entry])
    (sent,) = ledger.claim_deliveries(1, now=NOW, lease_seconds=60, worker="w", targets=["slack"])
    ledger.mark_sent(sent, Receipt(record_id="ts-1"), now=NOW)
    ledger.write_crm_score(entry.deliveries[0], now=NOW)
    answer = Answer(f'{{"text": "{SECRET}"}}', Usage())
    ledger.keep_answer(f"k-{entry.score.call_id}", answer, call_id=entry.score.call_id, now=NOW)
    ledger.add_failure(entry.score.call_id, stage="deliver", reason="refused", now=NOW)


def rows_that_say(ledger: Ledger, word: str) -> list[str]:
    """Tables whose rows hold a word anywhere."""
    with ledger._database.read() as connection:
        return [
            name
            for name in inspect(connection).get_table_names()
            # A row's own repr leaves out the middle of what is long.
            if any(
                word in repr(tuple(row))
                for row in connection.execute(text(f"SELECT * FROM {name}"))
            )
        ]


def test_no_word_is_left_in_any_table(ledger: Ledger) -> None:
    entry = a_wordy_entry("c-1")
    fill(ledger, entry)
    assert set(rows_that_say(ledger, SECRET)) >= {
        "answers",
        "buyers",
        "calls",
        "crm_scores",
        "deliveries",
        "extractions",
        "reviews",
        "scores",
    }

    done = ledger.forget_call(CallId("c-1"), now=LATER, actor="ops@seller.example")

    assert rows_that_say(ledger, SECRET) == []
    assert (done.calls, done.answers, done.deliveries) == (("c-1",), 1, 2)
    assert done.owed == (erasure_key("slack", CallId("c-1")),)


def test_numbers_and_an_audit_line_stay(ledger: Ledger) -> None:
    entry = a_wordy_entry("c-1")
    fill(ledger, entry)
    ledger.forget_call(CallId("c-1"), now=LATER, actor="ops@seller.example")

    found = ledger.latest_result(CallId("c-1"))

    assert found.call.turns == ()
    assert found.score
    assert entry.extraction
    assert found.score.points == entry.score.points
    assert {c: r.level for c, r in found.extraction.readings.items()} == dict.fromkeys(Criterion, 3)
    assert found.extraction.readings[Criterion.BUDGET].value.amount_min == 40_000
    (told,) = ledger.activities(kinds=[ActivityKind.DATA_FORGOTTEN])
    assert (told.actor, told.customer, told.at, dict(told.features)) == (
        "ops@seller.example",
        "D-1",
        LATER,
        {"call_id": "c-1"},
    )
    assert ledger.counts()["forgotten"] == 1


def test_what_was_not_sent_never_will_be(ledger: Ledger) -> None:
    entry = a_wordy_entry("c-1")
    ledger.record_many([entry])
    (mine,) = ledger.claim_deliveries(1, now=NOW, lease_seconds=60, worker="w", targets=["slack"])

    ledger.forget_call(CallId("c-1"), now=NOW, actor="ops")

    with pytest.raises(LeaseLostError):
        ledger.delay(mine, "busy", due_at=NOW, now=NOW)
    scores = [d for d in ledger.deliveries() if d.kind is DeliveryKind.SCORE]
    assert {d.state for d in scores} == {DeliveryState.SUPERSEDED}
    # What the worker that had it may have written is taken back when it has given up.
    assert take(ledger, at=NOW + timedelta(seconds=59)) == []
    assert [(c.delivery.target, c.delivery.kind) for c in take(ledger, at=mine.until)] == [
        ("slack", DeliveryKind.ERASURE)
    ]


def take(ledger: Ledger, at: datetime = LATER, kind: DeliveryKind | None = None) -> list[Claim]:
    return ledger.claim_deliveries(9, now=at, lease_seconds=60, worker="w", kind=kind)


def test_a_target_that_took_a_score_is_owed_its_erasure_once(ledger: Ledger) -> None:
    fill(ledger, a_wordy_entry("c-1"))
    for _ in range(2):
        ledger.forget_call(CallId("c-1"), now=NOW, actor="ops")
    assert take(ledger, kind=DeliveryKind.SCORE) == []
    (owed,) = take(ledger, kind=DeliveryKind.ERASURE)
    assert (owed.delivery.target, owed.delivery.call_id) == ("slack", "c-1")
    assert SECRET not in owed.delivery.model_dump_json()
    ledger.forget_call(CallId("c-1"), now=NOW, actor="ops")
    ledger.mark_sent(owed, Receipt(record_id="gone"), now=LATER)
    assert take(ledger, at=LATER + timedelta(days=1)) == []
    last = ledger.last_sent("slack", call_id=CallId("c-1"))
    assert last is not None
    assert last.receipt.record_id == "ts-1", "what was written is still known"
    (told,) = ledger.activities(kinds=[ActivityKind.DATA_CLEARED])
    assert (told.customer, told.features["target"]) == ("D-1", "slack")


def test_an_erasure_that_a_target_refused_is_owed_again_when_asked_again(ledger: Ledger) -> None:
    fill(ledger, a_wordy_entry("c-1"))
    ledger.forget_call(CallId("c-1"), now=NOW, actor="ops")
    (owed,) = take(ledger, kind=DeliveryKind.ERASURE)
    ledger.mark_failed(owed, "slack: not allowed", now=NOW)
    assert take(ledger) == []
    ledger.forget_call(CallId("c-1"), now=NOW, actor="ops")
    assert [c.delivery.key for c in take(ledger)] == [owed.delivery.key]


def test_what_age_erases_stays_where_it_was_delivered(ledger: Ledger) -> None:
    fill(ledger, a_wordy_entry("c-1"))
    gone = ledger.forget_older(LATER, limit=9, now=LATER, actor="retention")
    assert (gone.calls, gone.owed) == (("c-1",), ())
    assert take(ledger) == []


def ask_for_a_call(ledger: Ledger, response: str, deal: str | None = None) -> str:
    """Let a lead whose name nobody may know fill in a form; return the booking's id."""
    lead = Lead(email=f"{SECRET}@x.example", name=SECRET, company=SECRET)
    asked = CallRequest(form_id="f", response_id=response, submitted_at=NOW, lead=lead)
    ledger.request_bookings([asked], now=NOW)
    booking = event_id("f", response)
    if deal:
        ledger.know_deal(booking, DealId(deal))
    return booking


@pytest.mark.parametrize("who", ["D-1", f"{SECRET}@x.example"])
def test_who_asked_for_calls_is_erased_with_the_deal_or_the_person(
    ledger: Ledger, who: str
) -> None:
    waiting = ask_for_a_call(ledger, "r1", "D-1")
    booked = ask_for_a_call(ledger, "r2", "D-1")
    times = {"starts_at": LATER, "ends_at": LATER + timedelta(hours=1)}
    ledger.move_booking(booked, Happened(what=Happening.MEETING_BOOKED, at=NOW, **times))
    ledger.ensure_lead_deal(Lead(email=f"{SECRET}@x.example", name=SECRET), key="D-1", now=NOW)
    forget = ledger.forget_deal if who == "D-1" else ledger.forget_person
    lead_deal = rows_that_say(ledger, SECRET)
    assert lead_deal == ["bookings", "crm_leads"]

    gone = forget(who, now=LATER, actor="ops")

    left = ["crm_leads"] if who == "D-1" else []
    assert rows_that_say(ledger, SECRET) in ([], left)
    assert gone.bookings >= 2
    # Nobody is left to invite; a meeting that stands is people's to cancel.
    states = [ledger.booking(b).state for b in (waiting, booked)]
    assert states == [BookingState.CANCELLED, BookingState.BOOKED]
    told = ledger.activities(kinds=[ActivityKind.DATA_FORGOTTEN])
    assert {a.features["booking"] for a in told} == {waiting, booked}
    asked = CallRequest(
        form_id="f", response_id="r1", submitted_at=NOW, lead=Lead(email=f"{SECRET}@x.example")
    )
    assert ledger.request_bookings([asked], now=LATER) == 0
    assert ledger.booking(waiting).lead.email == "erased"


def test_a_deal_of_which_only_a_booking_is_there_can_be_forgotten(ledger: Ledger) -> None:
    ask_for_a_call(ledger, "r1", "D-1")
    other = ask_for_a_call(ledger, "r2", "D-2")
    assert ledger.forget_deal(DealId("D-1"), now=NOW, actor="ops").bookings == 1
    assert ledger.booking(other).lead.name == SECRET
    with pytest.raises(NotInLedgerError):
        ledger.forget_deal(DealId("D-1"), now=NOW, actor="ops")


def test_a_forgotten_call_does_not_come_back(ledger: Ledger) -> None:
    entry = a_wordy_entry("c-1")
    ledger.record_many([entry])
    ledger.forget_call(CallId("c-1"), now=NOW, actor="ops")
    assert entry.call
    assert entry.extraction

    again = ledger.record_many([entry])
    ledger.record_calls([entry.call])
    ledger.keep_answer("k", Answer("{}", Usage()), call_id=entry.call.id, now=NOW)

    assert again == Recorded(forgotten=(CallId("c-1"),))
    assert rows_that_say(ledger, SECRET) == []
    assert ledger.answer("k") is None
    asked = {"reader": "any", "model": "bant", "model_version": "any"}
    assert ledger.done_keys({entry.call.id: "any"}, **asked) == {"c-1"}


def test_forgetting_twice_keeps_the_first_time(ledger: Ledger) -> None:
    ledger.record_many([a_wordy_entry("c-1")])
    for at in (NOW, LATER):
        ledger.forget_call(CallId("c-1"), now=at, actor="ops")

    (told,) = ledger.activities(kinds=[ActivityKind.DATA_FORGOTTEN])
    assert told.at == NOW


def test_a_deal_is_forgotten_with_all_its_calls_and_no_other(ledger: Ledger) -> None:
    for call_id, deal_id in [("c-1", "D-1"), ("c-2", "D-1"), ("c-3", "D-2"), ("c-4", None)]:
        fill(ledger, a_wordy_entry(call_id, deal_id))

    done = ledger.forget_deal(DealId("D-1"), now=LATER, actor="ops")

    assert done.calls == ("c-1", "c-2")
    assert [c.id for c in ledger.calls() if c.turns] == ["c-3", "c-4"]
    assert ledger.answer("k-c-3") is not None
    assert len(list(ledger.crm_scores())) == 2


def test_who_is_not_there_cannot_be_forgotten(ledger: Ledger) -> None:
    with pytest.raises(NotInLedgerError, match="'nobody'"):
        ledger.forget_call(CallId("nobody"), now=NOW, actor="ops")
    with pytest.raises(NotInLedgerError, match="deal 'D-9': nothing of it"):
        ledger.forget_deal(DealId("D-9"), now=NOW, actor="ops")


def test_no_word_is_left_in_the_sqlite_files(tmp_path: Path) -> None:
    """Not in freed pages, not in the write-ahead log."""
    with Ledger.open(f"sqlite:///{tmp_path}/l.db", create=True) as ledger:
        for n in range(5):
            fill(ledger, a_wordy_entry(f"c-{n}"))
        assert SECRET.encode() in b"".join(p.read_bytes() for p in tmp_path.iterdir())

        ledger.forget_deal(DealId("D-1"), now=LATER, actor="ops")

        for path in tmp_path.iterdir():
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_person_is_found_whatever_the_capitals_and_a_lead_is_erased_too(
    ledger: Ledger,
) -> None:
    people = (Participant(id="b", name="Jörg Müller", email="J.M@Buyer.example"),)
    turn = Turn(speaker="b", text="Forty thousand.")
    call = a_call(id=CallId("c-jm"), participants=people, turns=(turn,))
    ledger.record_many([scored(call), scored(a_call(id=CallId("c-2")))])
    lead = Lead(email="j.m@buyer.example", name="Jörg Müller")
    asked = CallRequest(form_id="f", response_id="r", submitted_at=NOW, lead=lead)
    notice = Notice(source="generic", delivery_id="1", event="form", request=asked)
    ledger.receive([notice], now=NOW)

    gone = ledger.forget_person("JÖRG müller ", now=NOW, actor="dpo")
    assert gone.calls == ("c-jm",)
    assert ledger.forget_person("j.m@buyer.example", now=NOW, actor="dpo").calls == ()
    with pytest.raises(NotInLedgerError, match="nobody of this name or address"):
        ledger.forget_person("j.m@buyer.example", now=NOW, actor="dpo")
    assert ledger.call(CallId("c-2")).turns


def test_older_calls_are_forgotten_some_at_a_time(ledger: Ledger) -> None:
    ledger.record_many(many(5))
    first = ledger.forget_older(NOW + timedelta(days=999), limit=3, now=NOW, actor="retention")
    assert first.calls == ("c-0000", "c-0001", "c-0002")
    again = ledger.forget_older(NOW + timedelta(days=999), limit=3, now=NOW, actor="retention")
    assert again.calls == ("c-0003", "c-0004")
