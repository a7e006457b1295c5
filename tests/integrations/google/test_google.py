from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bantam.domain.booking import Meeting, event_id
from bantam.errors import (
    SettingsError,
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorNotFoundError,
    VendorRejectedError,
)
from integrations.google.auth import RefreshToken, ServiceAccount, google_credentials
from integrations.google.calendar import CalendarClient
from integrations.google.forms import FormsClient
from integrations.http import Fixed
from tests.faults import HALF_DONE, PASSING, TWICE, Fault
from tests.servers import Server, serve
from tests.standins.google import (
    REFRESH,
    SUBJECT,
    Calendar,
    Forms,
    Issuer,
    a_response,
    failure,
    service_account_json,
)
from tests.surroundings import NOW, StillClock, surroundings

BEARER = Fixed({"Authorization": "Bearer ya29.1"})
FAULTS = [pytest.param(f, id=f.name) for f in PASSING + HALF_DONE]
BERLIN = "2026-11-24T10:00:00+01:00"


@pytest.fixture
def issuer() -> Iterator[Server]:
    with serve(Issuer()) as running:
        yield running


@pytest.fixture
def forms() -> Iterator[Server]:
    with serve(Forms()) as running:
        yield running


@pytest.fixture
def calendar() -> Iterator[Server]:
    with serve(Calendar()) as running:
        yield running


def forms_client(server: Server, fault: Fault | None = None) -> FormsClient:
    return FormsClient(BEARER, surroundings(fault=fault), base_url=server.base_url)


def calendar_client(
    server: Server, clock: StillClock | None = None, fault: Fault | None = None
) -> CalendarClient:
    return CalendarClient(BEARER, surroundings(clock, fault=fault), base_url=server.base_url)


def a_meeting(**changes: Any) -> Meeting:
    fields: dict[str, Any] = {
        "event_id": event_id("F1", "R1"),
        "summary": "Acme discovery",
        "start": datetime.fromisoformat(BERLIN),
        "end": datetime.fromisoformat(BERLIN) + timedelta(minutes=30),
        "time_zone": "Europe/Berlin",
        "attendees": ("bo@buyer.example",),
        "origin": "R1",
    }
    return Meeting(**{**fields, **changes})


def test_a_service_account_signs_for_the_person_it_acts_for(issuer: Server) -> None:
    account = ServiceAccount.from_json(service_account_json(), SUBJECT)
    around = surroundings()
    headers = google_credentials(account, around, token_url=issuer.url).headers()
    assert headers == {"Authorization": "Bearer ya29.1"}
    claims = issuer.stand_in.claims
    assert (claims["iss"], claims["sub"]) == ("bantam@p.iam.example", SUBJECT)
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["iat"] == int(NOW.timestamp())
    assert "https://www.googleapis.com/auth/calendar.events" in claims["scope"].split()


def test_a_refresh_token_gives_an_access_token_that_is_kept(issuer: Server) -> None:
    clock = StillClock()
    credentials = google_credentials(
        RefreshToken(**REFRESH), surroundings(clock), token_url=issuer.url
    )
    for _ in range(3):
        assert credentials.headers() == {"Authorization": "Bearer ya29.1"}
    clock.now += timedelta(hours=1)
    credentials.headers()
    assert issuer.stand_in.count("token") == 2


def test_a_revoked_consent_is_an_auth_error(issuer: Server) -> None:
    who = RefreshToken(**{**REFRESH, "refresh_token": "revoked"})
    with pytest.raises(VendorAuthError, match="invalid_grant"):
        google_credentials(who, surroundings(), token_url=issuer.url).headers()


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"client_email": "x"}'])
def test_a_file_that_is_no_key_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match=r"google\.service_account_json"):
        ServiceAccount.from_json(text)


def test_a_broken_private_key_is_named_and_not_shown(issuer: Server) -> None:
    broken = {**json.loads(service_account_json()), "private_key": "PRIVATE"}
    account = ServiceAccount.from_json(json.dumps(broken))
    with pytest.raises(VendorAuthError, match="cannot be read") as caught:
        google_credentials(account, surroundings(), token_url=issuer.url).headers()
    assert "PRIVATE" not in str(caught.value) + repr(account)


def test_answers_come_by_their_questions_titles(forms: Server) -> None:
    (response,) = forms_client(forms).responses("F1", NOW - timedelta(hours=2))
    assert response.email == "bo@buyer.example"
    assert response.answers == {
        "Company": ("Acme",),
        "When suits you?: Monday": ("9:00", "10:00"),
        "Company (q4)": ("Acme Ltd",),
    }


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", [0, 1, 2])
def test_polling_stands_every_fault_at_every_step(forms: Server, fault: Fault, step: int) -> None:
    forms.stand_in.responses = [a_response("R1"), a_response("R2")]
    forms.faults.at(step, fault)
    found = forms_client(forms, fault).responses("F1", NOW - timedelta(hours=2))
    assert [r.response_id for r in found] == ["R1", "R2"]
    assert not forms.faults.unused


def test_polling_overlaps_and_the_filter_stays_from_page_to_page(forms: Server) -> None:
    forms.stand_in.responses = [
        a_response("R1", "2026-11-24T08:51:00Z"),
        a_response("R2", "2026-11-24T08:49:59Z"),
        a_response("R3", "2026-11-24T09:00:00Z"),
    ]
    found = list(forms_client(forms).responses("F1", NOW))
    assert [r.response_id for r in found] == ["R1", "R3"]
    filters = {r.one("filter") for r in forms.stand_in.received if r.operation == "list_responses"}
    assert filters == {"timestamp >= 2026-11-24T08:50:00Z"}


def test_an_edited_response_is_a_new_version_of_the_same_one(forms: Server) -> None:
    forms.stand_in.responses = [a_response("R1"), a_response("R1", "2026-11-24T08:30:00Z")]
    first, edited = forms_client(forms).responses("F1", NOW - timedelta(hours=2))
    assert first.response_id == edited.response_id
    assert first.key != edited.key


def test_a_form_without_new_responses_is_empty(forms: Server) -> None:
    assert list(forms_client(forms).responses("F1", NOW + timedelta(days=1))) == []


def test_a_meeting_is_booked_once(calendar: Server) -> None:
    client = calendar_client(calendar)
    first, again = (client.book(SUBJECT, a_meeting()) for _ in range(2))
    assert (first.created, again.created) == (True, False)
    assert first.video_link == again.video_link == "https://meet.example/x"
    assert again.changed_by_people == ()
    (event,) = calendar.stand_in.events.values()
    assert event["start"] == {"dateTime": BERLIN, "timeZone": "Europe/Berlin"}
    asked = calendar.stand_in.received[0]
    assert asked.path == "/calendar/v3/calendars/ana%40seller.example/events"
    assert (asked.one("sendUpdates"), asked.one("conferenceDataVersion")) == ("all", "1")


@pytest.mark.parametrize("fault", FAULTS)
def test_booking_stands_every_fault_and_books_once(calendar: Server, fault: Fault) -> None:
    calendar.faults.next(fault)
    booked = calendar_client(calendar, fault=fault).book(SUBJECT, a_meeting())
    assert booked.event_id == event_id("F1", "R1")
    assert len(calendar.stand_in.events) == 1
    assert booked.created is (fault not in HALF_DONE)
    assert fault is not TWICE or calendar.stand_in.count("get") == 1


def test_what_people_changed_stays_and_is_told(calendar: Server) -> None:
    client = calendar_client(calendar)
    client.book(SUBJECT, a_meeting())
    (event,) = calendar.stand_in.events.values()
    event["start"] = {"dateTime": "2026-11-24T11:00:00+01:00"}
    event["end"] = {"dateTime": "2026-11-24T11:30:00+01:00"}
    event["attendees"].append({"email": "cy@buyer.example"})
    assert client.book(SUBJECT, a_meeting()).changed_by_people == ("start", "end")
    assert event["start"] == {"dateTime": "2026-11-24T11:00:00+01:00"}


def test_the_same_instant_in_another_zone_is_no_change(calendar: Server) -> None:
    client = calendar_client(calendar)
    client.book(SUBJECT, a_meeting())
    (event,) = calendar.stand_in.events.values()
    event["start"] = {"dateTime": "2026-11-24T09:00:00Z"}
    assert client.book(SUBJECT, a_meeting()).changed_by_people == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"status": "cancelled"}, "was cancelled", id="deleted keeps its id"),
        pytest.param(
            {"extendedProperties": {"private": {"bantamOrigin": "R9"}}},
            "not ours",
            id="another origin",
        ),
        pytest.param({"extendedProperties": {}}, "not ours", id="no origin"),
    ],
)
def test_an_id_that_is_taken_is_a_conflict(
    calendar: Server, change: dict[str, Any], said: str
) -> None:
    client = calendar_client(calendar)
    client.book(SUBJECT, a_meeting())
    next(iter(calendar.stand_in.events.values())).update(change)
    with pytest.raises(VendorConflictError, match=said):
        client.book(SUBJECT, a_meeting())


def test_busy_times_come_by_calendar(calendar: Server) -> None:
    start = datetime(2026, 11, 25, tzinfo=UTC)
    busy = calendar_client(calendar).busy([SUBJECT], start, start + timedelta(days=1))
    assert [(b.start.hour, b.end.hour) for b in busy[SUBJECT]] == [(9, 10)]


def test_a_calendar_that_is_not_shared_is_not_free(calendar: Server) -> None:
    with pytest.raises(VendorNotFoundError, match="calendar 2 is not shared"):
        calendar_client(calendar).busy([SUBJECT, "cy@x.example"], NOW, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param((403, "rateLimitExceeded"), VendorBusyError, id="403 rate"),
        pytest.param((403, "userRateLimitExceeded"), VendorBusyError, id="403 user rate"),
        pytest.param((403, "quotaExceeded"), VendorBusyError, id="403 quota"),
        pytest.param((429, "rateLimitExceeded"), VendorBusyError, id="429"),
        pytest.param((403, "insufficientPermissions"), VendorAuthError, id="403 scope"),
        pytest.param((400, "timeRangeEmpty"), VendorRejectedError, id="never retried"),
        pytest.param((410, "deleted"), VendorNotFoundError, id="410"),
    ],
)
def test_reasons_say_more_than_statuses(
    calendar: Server, fault: tuple[int, str], error: Any
) -> None:
    clock = StillClock()
    calendar.faults.next(Fault(fault[1], instead=failure(*fault)), times=4)
    with pytest.raises(error):
        calendar_client(calendar, clock).busy([SUBJECT], NOW, NOW + timedelta(days=1))
    assert bool(clock.slept) is (error is VendorBusyError)


def test_a_daily_quota_is_parked_until_googles_midnight(calendar: Server) -> None:
    calendar.faults.next(Fault("daily", instead=failure(403, "dailyLimitExceeded")))
    with pytest.raises(VendorBusyError) as caught:
        calendar_client(calendar).busy([SUBJECT], NOW, NOW + timedelta(days=1))
    assert caught.value.retry_at == datetime(2026, 11, 25, 8, tzinfo=UTC)


@given(form=st.text(), response=st.text())
def test_event_ids_are_googles_kind_and_always_the_same(form: str, response: str) -> None:
    own = event_id(form, response)
    assert own == event_id(form, response)
    assert Meeting(event_id=own, summary="x", start=NOW, end=NOW + timedelta(hours=1))


def test_a_known_event_id() -> None:
    own = event_id("F1", "R1")
    assert own == "pgsui3vpm2hp526qn641bddq55d9723bod34n9svnq39crnb57rg"
    assert base64.b32hexdecode(own.upper() + "====") == hashlib.sha256(b"F1|R1").digest()


def test_a_meeting_must_end_after_it_starts() -> None:
    with pytest.raises(ValidationError, match="end: must be after start"):
        a_meeting(end=datetime.fromisoformat(BERLIN))


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        pytest.param(
            "/calendars/x/events?sendUpdates=loud",
            {"start": {}, "end": {}},
            400,
            id="events: wrong enum",
        ),
        pytest.param("/calendars/x/events", {"id": "abcde"}, 400, id="events: no start and end"),
        pytest.param(
            "/calendars/x/events", {"attendees": "bo"}, 400, id="events: attendees a string"
        ),
        pytest.param("/freeBusy", {"items": "x"}, 400, id="freeBusy: items a string"),
        pytest.param("/freeBusy", {"items": []}, 200, id="allowed"),
    ],
)
def test_the_calendar_document_refuses_what_does_not_fit(
    calendar: Server, path: str, body: Any, expected: int
) -> None:
    answer = httpx.post(calendar.base_url + path, json=body, headers=BEARER.headers())
    assert answer.status_code == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/v1/forms/F1/responses?pageSize=many&filter=x", 400, id="not a number"),
        pytest.param("/v1/forms/F1/responses?filter=timestamp", 400, id="another filter"),
        pytest.param("/v1/form/F1", 404, id="no such path"),
        pytest.param("/v1/forms/F1", 200, id="allowed"),
    ],
)
def test_the_forms_document_refuses_what_does_not_fit(
    forms: Server, path: str, expected: int
) -> None:
    assert httpx.get(forms.base_url + path, headers=BEARER.headers()).status_code == expected


@pytest.mark.parametrize("path", ["/v1/forms/F1", "/v1/forms/F1/responses"])
def test_forms_lets_nobody_in_without_a_token(forms: Server, path: str) -> None:
    assert httpx.get(forms.base_url + path).status_code == 401


def test_calendar_lets_nobody_in_without_a_token(calendar: Server) -> None:
    assert httpx.get(calendar.base_url + "/calendars/x/events/abcde").status_code == 401
