"""Bookings, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from bantam.domain.booking import Busy
from bantam.domain.calls import CallId
from bantam.domain.deals import Outcome
from bantam.domain.scheduled import Booking, BookingState, CallRequest, Happened, Happening, Lead
from bantam.errors import LeaseLostError, NotInLedgerError
from bantam.ledger.leases import Terms
from bantam.ledger.store import Ledger
from tests.ledgers import NOW

HALF_AN_HOUR = timedelta(minutes=30)


def a_request(n: int = 1, *, at: datetime = NOW, email: str = "bo@buyer.example") -> CallRequest:
    lead = Lead(email=email, name="Bo")
    return CallRequest(form_id="f", response_id=f"r-{n}", submitted_at=at, lead=lead)


def terms(at: timedelta = timedelta(0), worker: str = "w", limit: int = 10) -> Terms:
    return Terms(limit=limit, now=NOW + at, lease_seconds=60, worker=worker)


def all_of(ledger: Ledger, *, at: timedelta = timedelta(0)) -> list[Booking]:
    claims = ledger.claim_bookings(terms(at), states=list(BookingState))
    return [claim.booking for claim in claims]


def next_free(busy: Sequence[Busy]) -> Busy:
    start = NOW + timedelta(hours=1)
    while any(b.start == start for b in busy):
        start += HALF_AN_HOUR
    return Busy(start=start, end=start + HALF_AN_HOUR)


def booked(ledger: Ledger, n: int = 1) -> str:
    ledger.request_bookings([a_request(n)], now=NOW)
    booking = all_of(ledger, at=timedelta(days=n))[-1]
    when = {"starts_at": NOW + n * timedelta(hours=1)}
    what = Happening.MEETING_BOOKED
    happened = Happened(what=what, at=NOW, ends_at=when["starts_at"] + HALF_AN_HOUR, **when)
    assert ledger.move_booking(booking.id, happened) is not None
    return booking.id


def test_a_response_is_one_booking_however_often_it_is_read(ledger: Ledger) -> None:
    assert [ledger.request_bookings([a_request()], now=NOW) for _ in range(3)] == [1, 0, 0]
    assert ledger.booking_counts() == {BookingState.REQUESTED: 1}


def test_an_edit_counts_until_a_time_is_agreed(ledger: Ledger) -> None:
    ledger.request_bookings([a_request()], now=NOW)
    edited = a_request(at=NOW + timedelta(minutes=1), email="new@buyer.example")
    assert ledger.request_bookings([edited], now=NOW) == 1
    (booking,) = all_of(ledger)
    assert booking.lead.email == "new@buyer.example"
    ledger.move_booking(
        booking.id,
        Happened(what=Happening.MEETING_BOOKED, at=NOW, starts_at=NOW, ends_at=NOW + HALF_AN_HOUR),
    )
    again = a_request(at=NOW + timedelta(minutes=2))
    assert ledger.request_bookings([again], now=NOW) == 0


def test_workers_that_choose_at_once_choose_different_times(
    open_ledger: Callable[[], Ledger],
) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    ledgers[0].request_bookings([a_request(n) for n in range(12)], now=NOW)
    ids = [b.id for b in all_of(ledgers[0]) + all_of(ledgers[0])]

    def choose(n: int) -> datetime | None:
        reserved = ledgers[n % 4].reserve_time(ids[n], next_free, now=NOW)
        return reserved.starts_at if reserved else None

    with ThreadPoolExecutor(8) as threads:
        times = list(threads.map(choose, range(len(ids))))
    assert len(set(times)) == len(ids) == 12


def test_a_chosen_time_stays_until_it_has_passed(ledger: Ledger) -> None:
    ledger.request_bookings([a_request()], now=NOW)
    (booking,) = all_of(ledger)
    first = ledger.reserve_time(booking.id, next_free, now=NOW)
    again = ledger.reserve_time(booking.id, lambda _: None, now=NOW)
    assert first == again
    later = NOW + timedelta(days=1)
    assert ledger.reserve_time(booking.id, lambda _: None, now=later) is None


def test_a_recording_belongs_to_one_booking(ledger: Ledger) -> None:
    one, two = booked(ledger, 1), booked(ledger, 2)
    found = Happened(what=Happening.RECORDING_FOUND, at=NOW, call_id=CallId("gong:1"))
    assert ledger.move_booking(one, found) is not None
    assert ledger.move_booking(two, found) is None
    holder = ledger.booking_of_call(CallId("gong:1"))
    assert holder is not None
    assert holder.id == one


def test_what_does_not_follow_changes_nothing_and_tells_nothing(ledger: Ledger) -> None:
    booking = booked(ledger)
    before = ledger.counts()["activities"]
    assert ledger.move_booking(booking, Happened(what=Happening.SCORE_DELIVERED, at=NOW)) is None
    assert ledger.counts()["activities"] == before
    with pytest.raises(NotInLedgerError):
        ledger.move_booking("nobody", Happened(what=Happening.NOBODY_CAME, at=NOW))
    with pytest.raises(NotInLedgerError):
        ledger.booking("nobody")


def test_who_takes_a_booking_has_it_until_the_lease_ends(ledger: Ledger) -> None:
    ledger.request_bookings([a_request()], now=NOW)
    states = [BookingState.REQUESTED]
    (first,) = ledger.claim_bookings(terms(), states=states)
    assert ledger.claim_bookings(terms(timedelta(seconds=59)), states=states) == []
    (second,) = ledger.claim_bookings(terms(timedelta(seconds=60), "other"), states=states)
    with pytest.raises(LeaseLostError):
        ledger.free_booking(first, seen=first.booking, due_at=NOW)
    ledger.free_booking(second, seen=second.booking, due_at=NOW + timedelta(hours=1))
    assert ledger.claim_bookings(terms(timedelta(minutes=59)), states=states) == []
    assert len(ledger.claim_bookings(terms(timedelta(minutes=60)), states=states)) == 1


def test_a_booking_that_moved_on_meanwhile_stays_due(ledger: Ledger) -> None:
    """Who saw an older state must not put the newer one to sleep."""
    booking = booked(ledger)
    states = list(BookingState)
    (claim,) = ledger.claim_bookings(terms(timedelta(days=3)), states=states)
    found = Happened(what=Happening.RECORDING_FOUND, at=NOW, call_id=CallId("gong:1"))
    ledger.move_booking(booking, found)
    ledger.free_booking(claim, seen=claim.booking, due_at=NOW.replace(year=9999))
    assert len(ledger.claim_bookings(terms(timedelta(days=3)), states=states)) == 1


def test_a_lead_has_one_open_deal_whoever_asks_first(open_ledger: Callable[[], Ledger]) -> None:
    ledgers = [open_ledger() for _ in range(4)]
    lead = Lead(email="bo@buyer.example")

    def ensure(n: int) -> str:
        return ledgers[n % 4].ensure_lead_deal(lead, key=f"key-{n}".ljust(32, "x"), now=NOW)

    with ThreadPoolExecutor(8) as threads:
        (deal,) = set(threads.map(ensure, range(16)))
    ledgers[0].record_outcomes([Outcome(deal_id=deal, won=True, closed_at=NOW)])
    assert ensure(99) != deal
    assert ledgers[0].ensure_lead_deal(Lead(email="cy@x.example"), key="k" * 32, now=NOW) != deal
