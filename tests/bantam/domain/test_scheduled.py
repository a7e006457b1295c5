"""The states of a booking: what is possible, and what no order of events can break."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.activity import ActivityKind
from bantam.domain.calls import CallId, DealId
from bantam.domain.scheduled import (
    TRANSITIONS,
    WITH_CALL,
    Booking,
    BookingState,
    CallRequest,
    Happened,
    Happening,
    Lead,
    follow,
    requested,
    told,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def a_booking() -> Booking:
    lead = Lead(email="bo@buyer.example", name="Bo")
    request = CallRequest(form_id="f", response_id="r", submitted_at=NOW, lead=lead)
    return requested(request, now=NOW)


def happened(what: Happening, minute: int = 0) -> Happened:
    at = NOW + timedelta(minutes=minute)
    timed = what in {Happening.MEETING_BOOKED, Happening.MEETING_MOVED}
    return Happened(
        what=what,
        at=at,
        starts_at=at + timedelta(hours=1) if timed else None,
        ends_at=at + timedelta(hours=2) if timed else None,
        call_id=CallId(f"gong:{minute}") if what is Happening.RECORDING_FOUND else None,
    )


def led(*events: Happening) -> Booking:
    booking = a_booking()
    for minute, what in enumerate(events):
        moved = follow(booking, happened(what, minute))
        assert moved is not None, what
        booking = moved
    return booking


H = Happening
PATHS = [
    pytest.param([H.MEETING_BOOKED, H.RECORDING_FOUND, H.CALL_SCORED, H.SCORE_DELIVERED], "delivered", id="straight"),
    pytest.param([H.MEETING_BOOKED, H.MEETING_MOVED, H.MEETING_MOVED, H.RECORDING_FOUND], "held", id="moved twice"),
    pytest.param([H.MEETING_BOOKED, H.NOBODY_CAME, H.RECORDING_FOUND, H.CALL_SCORED], "scored", id="a no-show's recording surfaces"),
    pytest.param([H.MEETING_BOOKED, H.NOBODY_CAME, H.MEETING_MOVED], "rescheduled", id="a no-show gets another time"),
    pytest.param([H.MEETING_BOOKED, H.MEETING_CANCELLED, H.MEETING_MOVED], "rescheduled", id="cancelled, then booked anew"),
    pytest.param([H.MEETING_CANCELLED], "cancelled", id="cancelled before a time was agreed"),
    pytest.param([H.MEETING_BOOKED, H.RECORDING_FOUND, H.TRANSCRIPT_LATE, H.TRANSCRIPT_GIVEN_UP], "never_came", id="no transcript came"),
    pytest.param([H.MEETING_BOOKED, H.RECORDING_FOUND, H.TRANSCRIPT_LATE, H.TRANSCRIPT_GIVEN_UP, H.CALL_SCORED], "scored", id="it came after all"),
    pytest.param([H.MEETING_BOOKED, H.RECORDING_FOUND, H.TRANSCRIPT_LATE, H.RECORDING_OF_OTHERS], "booked", id="another meeting's recording"),
]  # fmt: skip


@pytest.mark.parametrize(("events", "state"), PATHS)
def test_each_path_leads_to_its_state(events: list[Happening], state: str) -> None:
    assert led(*events).state == state


@given(st.lists(st.sampled_from(list(Happening)), max_size=30))
def test_no_order_of_events_breaks_a_booking(events: list[Happening]) -> None:
    booking = a_booking()
    for minute, what in enumerate(events):
        moved = follow(booking, happened(what, minute))
        if moved is None:
            assert (booking.state, what) not in TRANSITIONS
            continue
        assert moved.state is TRANSITIONS[booking.state, what]
        assert moved.steps == booking.steps + 1
        assert moved.entered_at == NOW + timedelta(minutes=minute)
        assert (moved.call_id is not None) == (moved.state in WITH_CALL)
        assert moved.lead == booking.lead
        assert (
            told(booking, moved).id
            != told(
                booking, booking.model_copy(update={"state": moved.state, "steps": booking.steps})
            ).id
        )
        booking = moved


@given(st.lists(st.sampled_from(list(Happening)), max_size=30))
def test_the_same_event_twice_in_a_row_changes_nothing_but_a_second_move(
    events: list[Happening],
) -> None:
    booking = a_booking()
    for minute, what in enumerate(events):
        moved = follow(booking, happened(what, minute))
        if moved is not None:
            booking = moved
            if what is not Happening.MEETING_MOVED:
                assert follow(booking, happened(what, minute)) is None


def test_every_state_can_be_reached_and_only_what_is_over_is_the_end() -> None:
    reached = {BookingState.REQUESTED, *TRANSITIONS.values()}
    assert reached == set(BookingState)
    left = {state for state, _ in TRANSITIONS}
    assert set(BookingState) - left == {BookingState.DELIVERED, BookingState.FORGOTTEN}


def test_every_transition_is_an_activity_of_the_deal() -> None:
    booking = a_booking().model_copy(update={"deal_id": DealId("D-1")})
    kinds = []
    for state, what in TRANSITIONS:
        before = booking.model_copy(
            update={
                "state": state,
                "call_id": CallId("c") if state in WITH_CALL else None,
                "starts_at": NOW,
                "ends_at": NOW + timedelta(hours=1),
            }
        )
        after = follow(before, happened(what))
        assert after is not None
        activity = told(before, after)
        assert activity.customer == "D-1"
        assert "bo@buyer.example" not in activity.model_dump_json()
        kinds.append(activity.kind)
    assert ActivityKind.CALL_MISTAKEN in kinds


def test_without_a_deal_the_booking_is_its_own_customer() -> None:
    booking = a_booking()
    after = follow(booking, happened(Happening.MEETING_BOOKED))
    assert after is not None
    assert told(booking, after).customer == f"booking:{booking.id}"
