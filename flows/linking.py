"""Which booking a recorded call belongs to. Called before and after the call is scored."""

from __future__ import annotations

from datetime import datetime

from bantam.domain.calls import Call, CallId, DealId
from bantam.domain.intake import is_of, is_of_others
from bantam.domain.notes import build_note, plan_deliveries
from bantam.domain.review import apply_reviews
from bantam.domain.scheduled import Booking, Happened, Happening
from bantam.errors import NotInLedgerError
from bantam.ledger.rows import Entry
from bantam.ledger.store import Ledger
from flows.score_calls import Pipeline

_REACH_HOURS = 12.0
"""Bookings that start this near a call are looked at; `is_of` decides."""


def link(ledger: Ledger, call: Call, *, now: datetime) -> Call:
    """Tell the booking of a call that it was held; return the call with the booking's deal.

    A deal that the call names itself stays. Doing it again changes nothing.
    """
    presumed = ledger.booking_of_call(call.id)
    if presumed is not None and is_of_others(presumed, call):
        mistaken = Happened(what=Happening.RECORDING_OF_OTHERS, at=now)
        ledger.move_booking(presumed.id, mistaken)
        presumed = None
    booking = presumed or _found(ledger, call, now)
    if booking is None or booking.deal_id is None or call.deal_id is not None:
        return call
    return call.model_copy(update={"deal_id": booking.deal_id})


def scored(ledger: Ledger, call_id: CallId, *, now: datetime) -> None:
    """Tell the booking of a call, if it has one, that the call was scored."""
    booking = ledger.booking_of_call(call_id)
    if booking is not None:
        ledger.move_booking(booking.id, Happened(what=Happening.CALL_SCORED, at=now))


def belongs(pipeline: Pipeline, ledger: Ledger, call_id: CallId, deal_id: DealId) -> None:
    """Give a call that was scored before its booking was known the booking's deal.

    What was delivered without the deal is owed again with it. A call with a deal keeps it.

    Raises:
        NotInLedgerError: the call was never scored.
    """
    stored = ledger.latest_result(call_id)
    if stored.call.deal_id is not None or stored.score is None:
        return
    call = stored.call.model_copy(update={"deal_id": deal_id})
    extraction = apply_reviews(stored.extraction, stored.reviews)
    note = build_note(call, extraction, stored.score, review_url=pipeline.review_url(call.id))
    owed = plan_deliveries(note, extraction, pipeline.targets, now=pipeline.clock())
    ledger.record_many([Entry(stored.score, call=call, deliveries=owed)])


def _found(ledger: Ledger, call: Call, now: datetime) -> Booking | None:
    """Return the booking whose lead is in a call, and tell it so."""
    for booking in ledger.bookings_around(call.started_at, hours=_REACH_HOURS):
        if is_of(booking, call):
            if booking.call_id is not None and not _has_words(ledger, booking.call_id):
                # It was presumed to be of this meeting; this one shows that it is.
                mistaken = Happened(what=Happening.RECORDING_OF_OTHERS, at=now)
                ledger.move_booking(booking.id, mistaken)
            held = Happened(what=Happening.RECORDING_FOUND, at=now, call_id=call.id)
            return ledger.move_booking(booking.id, held) or booking
    return None


def _has_words(ledger: Ledger, call_id: CallId) -> bool:
    try:
        return bool(ledger.call(call_id).turns)
    except NotInLedgerError:
        return False
