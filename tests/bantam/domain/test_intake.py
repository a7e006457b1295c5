"""Forms, free times, and which recording is whose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bantam.domain.booking import Busy, FormResponse
from bantam.domain.calls import Participant, Side
from bantam.domain.intake import (
    OfficeHours,
    Questions,
    as_request,
    first_free,
    is_of,
    is_of_others,
)
from bantam.domain.scheduled import Booking, BookingState, Lead
from tests.factories import CALLED_AT, a_call

MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
BERLIN = OfficeHours(time_zone="Europe/Berlin", notice_hours=0)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def a_response(email: str | None = None, **answers: str) -> FormResponse:
    titled = {title.replace("_", " "): (value,) for title, value in answers.items()}
    return FormResponse(
        form_id="f", response_id="r", submitted_at=MONDAY, email=email, answers=titled
    )


@pytest.mark.parametrize(
    ("response", "email"),
    [
        pytest.param(a_response("Bo@Buyer.example"), "bo@buyer.example", id="collected by the form"),
        pytest.param(a_response(Email=" bo@buyer.example "), "bo@buyer.example", id="asked for"),
        pytest.param(a_response(Email="none of your business"), None, id="no address"),
        pytest.param(a_response(Email="@"), None, id="only a sign"),
        pytest.param(a_response(), None, id="nothing"),
    ],
)  # fmt: skip
def test_a_response_needs_an_address(response: FormResponse, email: str | None) -> None:
    request = as_request(response, Questions())
    assert (request.lead.email if request else None) == email


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("2026-03-03T10:00:00+01:00", at(3, 9)),
        ("2026-03-03 10:00", at(3, 10)),
        ("Tuesday morning", None),
        ("", None),
    ],
)
def test_a_time_counts_when_it_is_one(said: str, wanted: datetime | None) -> None:
    request = as_request(a_response("b@b.example", Preferred_time=said), Questions())
    assert request is not None
    assert request.wanted_at == wanted


@pytest.mark.parametrize(
    ("wanted", "busy", "start"),
    [
        pytest.param(None, [], at(2, 8), id="the first hour of the day, in Berlin"),
        pytest.param(at(2, 9, 10), [], at(2, 9, 30), id="not before what was asked for"),
        pytest.param(None, [Busy(start=at(2, 7), end=at(2, 9, 1))], at(2, 9, 30), id="a busy morning"),
        pytest.param(at(2, 15, 45), [], at(3, 8), id="too late for today"),
        pytest.param(at(6, 15, 45), [], at(9, 8), id="over the weekend"),
        pytest.param(at(1, 8), [], at(2, 8), id="a time that has passed"),
        pytest.param(None, [Busy(start=at(1, 0), end=at(30, 0))], None, id="busy for weeks"),
    ],
)  # fmt: skip
def test_the_first_free_time(
    wanted: datetime | None, busy: list[Busy], start: datetime | None
) -> None:
    found = first_free(BERLIN, busy, wanted=wanted, now=MONDAY)
    assert (found.start if found else None) == start


moments = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2027, 12, 31),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)


@given(
    now=moments,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    minutes=st.sampled_from([15, 30, 45, 60]),
    busy=st.lists(st.tuples(st.integers(0, 14 * 24), st.integers(1, 40)), max_size=6),
)
def test_a_chosen_time_is_free_ahead_and_in_office_hours(
    now: datetime, zone: str, minutes: int, busy: list[tuple[int, int]]
) -> None:
    hours = OfficeHours(time_zone=zone, minutes=minutes)
    taken = [
        Busy(start=now + timedelta(hours=h), end=now + timedelta(hours=h + n)) for h, n in busy
    ]
    found = first_free(hours, taken, wanted=None, now=now)
    if found is None:
        return
    assert found.end - found.start == timedelta(minutes=minutes)
    assert found.start >= now + timedelta(hours=hours.notice_hours)
    assert not any(b.start < found.end and found.start < b.end for b in taken)
    local = found.start.astimezone(ZoneInfo(zone))
    assert local.weekday() < 5
    assert 8 <= local.hour <= 17  # an hour of play on the days when clocks change


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="no IANA time zone"):
        OfficeHours(time_zone="Mars/Base")


def booked(name: str = "Bo") -> Booking:
    return Booking(
        id="abcde",
        form_id="f",
        response_id="r",
        lead=Lead(email="bo@buyer.example", name=name),
        requested_at=MONDAY,
        entered_at=MONDAY,
        state=BookingState.BOOKED,
        starts_at=CALLED_AT,
        ends_at=CALLED_AT + timedelta(minutes=30),
    )


NO_ADDRESSES = (
    Participant(id="s", name="Ana", side=Side.SELLER),
    Participant(id="b", name="bo", side=Side.UNKNOWN),
)
OTHERS = (
    Participant(id="s", name="Ana", email="bo@buyer.example", side=Side.SELLER),
    Participant(id="b", name="Bo", email="cy@other.example", side=Side.BUYER),
)


@pytest.mark.parametrize(
    ("call", "same", "others"),
    [
        pytest.param(a_call(), True, False, id="its time and its lead"),
        pytest.param(a_call(started_at=CALLED_AT + timedelta(minutes=89)), True, False, id="started late"),
        pytest.param(a_call(started_at=CALLED_AT + timedelta(hours=3)), False, True, id="another time"),
        pytest.param(a_call(participants=OTHERS), False, True, id="other people"),
        pytest.param(a_call(participants=NO_ADDRESSES), True, False, id="no addresses, the same name"),
    ],
)  # fmt: skip
def test_whose_recording_it_is(call: object, same: bool, others: bool) -> None:
    assert is_of(booked(), call) is same  # type: ignore[arg-type]
    assert is_of_others(booked(), call) is others  # type: ignore[arg-type]


def test_without_addresses_and_names_nothing_is_claimed() -> None:
    call = a_call(participants=NO_ADDRESSES)
    assert not is_of(booked(name=""), call)
    assert not is_of_others(booked(name=""), call)
