"""Google's calendar as intake uses it, against a calendar that people change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bantam.domain.booking import Meeting
from bantam.errors import VendorConflictError, VendorNotFoundError
from integrations.google.calendar import CalendarClient
from integrations.google.desk import GoogleDesk
from integrations.http import Fixed
from tests.servers import Server, serve
from tests.standins.google import SUBJECT, Calendar
from tests.surroundings import surroundings

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
MEETING = Meeting(
    event_id="abcde0123",
    summary="Call with Acme",
    start=START,
    end=START + timedelta(minutes=30),
    attendees=("bo@buyer.example",),
    origin="R1",
)


@pytest.fixture
def google() -> Iterator[Server]:
    with serve(Calendar()) as server:
        yield server


@pytest.fixture
def desk(google: Server) -> GoogleDesk:
    credentials = Fixed({"Authorization": "Bearer ya29.1"})
    client = CalendarClient(credentials, surroundings(), base_url=google.base_url)
    return GoogleDesk(client, SUBJECT)


def change(google: Server, **changes: object) -> None:
    google.stand_in.events[MEETING.event_id].update(changes)  # type: ignore[attr-defined]


def test_a_booked_meeting_stands_as_asked_for_with_a_link(desk: GoogleDesk) -> None:
    first, again = desk.book(MEETING), desk.book(MEETING)
    assert (first.starts_at, first.ends_at) == (MEETING.start, MEETING.end)
    assert first.link
    assert again == first == desk.standing(MEETING.event_id)


def test_a_meeting_that_was_moved_before_we_heard_of_it_stands_where_people_put_it(
    google: Server, desk: GoogleDesk
) -> None:
    desk.book(MEETING)
    moved = START + timedelta(days=1)
    change(
        google,
        start={"dateTime": moved.isoformat()},
        end={"dateTime": (moved + timedelta(minutes=30)).isoformat()},
    )
    assert desk.book(MEETING).starts_at == moved


def test_a_cancelled_meeting_says_so_and_is_not_booked_again(
    google: Server, desk: GoogleDesk
) -> None:
    desk.book(MEETING)
    change(google, status="cancelled")
    assert desk.book(MEETING).cancelled


def test_an_event_of_somebody_else_is_no_meeting_of_ours(google: Server, desk: GoogleDesk) -> None:
    desk.book(MEETING)
    change(google, extendedProperties={"private": {}})
    with pytest.raises(VendorConflictError):
        desk.book(MEETING)


def test_an_all_day_event_has_no_time(google: Server, desk: GoogleDesk) -> None:
    desk.book(MEETING)
    change(google, start={"date": "2026-11-25"}, end={"date": "2026-11-26"})
    assert desk.standing(MEETING.event_id) is None


def test_an_event_that_never_was_is_not_found(desk: GoogleDesk) -> None:
    with pytest.raises(VendorNotFoundError):
        desk.standing("zzzzz".replace("z", "a"))


def test_busy_times_of_all_calendars_count(desk: GoogleDesk) -> None:
    (busy,) = desk.busy(START - timedelta(days=1), START + timedelta(days=1))
    assert busy.end == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
