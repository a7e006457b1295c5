"""Pipedrive's contract facts; there is no document of it to hold requests against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bantam.domain.calls import DealId
from bantam.domain.crm_fields import CRM_FIELDS
from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from integrations.crm import AeFields, Update, slots_from
from integrations.crm.leads import REQUEST_LABEL
from integrations.crm.records import moment_of
from integrations.http import Answer, Patience
from integrations.pipedrive.client import PipedriveAccount, PipedriveClient, read_problem
from integrations.pipedrive.facts import PipedriveFacts
from integrations.pipedrive.gateway import PipedriveDeals
from integrations.pipedrive.mapping import fields_of, firmographics_of
from integrations.pipedrive.wire import Organization, Person
from tests.crm_worlds import EMAIL
from tests.factories import a_call
from tests.faults import LOST_ANSWER, status
from tests.servers import Server, serve
from tests.standins.pipedrive import TOKEN, Pipedrive
from tests.surroundings import NOW, surroundings

SLOTS = slots_from()
PATIENT = Patience(connect_timeout=5, read_timeout=5, deadline=20)


@pytest.fixture
def server() -> Iterator[Server]:
    pipedrive = Pipedrive()
    pipedrive.now = lambda: NOW
    pipedrive.prepare()
    pipedrive.add_deal("101")
    with serve(pipedrive) as serving:
        yield serving


def client_of(server: Server, token: str = TOKEN) -> PipedriveClient:
    return PipedriveClient(PipedriveAccount(token, server.url), surroundings(patience=PATIENT))


def deals_of(server: Server) -> PipedriveDeals:
    return PipedriveDeals(client_of(server))


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        pytest.param("PATCH", "/api/v2/deals/101", {"custom_fields": {"CODE": 78}}, 200, id="nested under the code"),
        pytest.param("PATCH", "/api/v2/deals/101", {"custom_fields": {"CODE": None}}, 200, id="null clears"),
        pytest.param("PATCH", "/api/v2/deals/101", {"CODE": 78}, 400, id="v1 had the code at the top"),
        pytest.param("PATCH", "/api/v2/deals/101", {"custom_fields": {"CODE": "78"}}, 400, id="a number is no text"),
        pytest.param("PATCH", "/api/v2/deals/101", {"custom_fields": {"BANT score": 78}}, 400, id="the label is no code"),
        pytest.param("PUT", "/api/v2/deals/101", {"custom_fields": {"CODE": 78}}, 405, id="PATCH only"),
        pytest.param("PATCH", "/api/v2/deals/999", {"custom_fields": {"CODE": 78}}, 404, id="archived or gone"),
        pytest.param("PATCH", "/v1/deals/101", {}, 404, id="v1 deals are gone"),
        pytest.param("POST", "/api/v2/dealFields", {"field_name": "x", "field_type": "double"}, 201, id="field"),
        pytest.param("POST", "/api/v2/dealFields", {"name": "x", "field_type": "double"}, 400, id="field: v1's words"),
        pytest.param("POST", "/api/v2/dealFields", {"field_name": "x", "field_type": "datetime"}, 400, id="field: no such type"),
        pytest.param("GET", "/api/v2/persons/search?term=a@b.c&fields=email&exact_match=true", None, 200, id="search"),
        pytest.param("GET", "/api/v2/persons/search?term=a@b.c", None, 400, id="search: too wide"),
        pytest.param("POST", "/api/v1/notes", {"deal_id": 101, "content": "x"}, 201, id="note"),
        pytest.param("POST", "/api/v1/notes", {"deal_id": 101}, 400, id="note: empty"),
        pytest.param("POST", "/api/v2/persons", {"name": "Bo", "emails": [{"value": "b@b.example", "primary": True, "label": "work"}]}, 200, id="person"),
        pytest.param("POST", "/api/v2/persons", {"name": "Bo", "email": ["b@b.example"]}, 400, id="person: v1's words"),
        pytest.param("POST", "/api/v2/deals", {"title": "Acme", "person_id": 500, "custom_fields": {"CODE": 1}}, 200, id="deal"),
        pytest.param("POST", "/api/v2/deals", {"title": "Acme", "person_id": 500, "CODE": 1}, 400, id="deal: v1 had the code at the top"),
    ],
)  # fmt: skip
def test_the_contract(server: Server, method: str, path: str, body: Any, expected: int) -> None:
    """The stand-in keeps the facts of the contract page, so that what we send is held to them."""
    server.stand_in.person(EMAIL)
    code = server.stand_in.code("score")
    text = httpx.Request(method, "http://x", json=body).content.replace(b"CODE", code.encode())
    headers = {"x-api-token": TOKEN, "content-type": "application/json"}
    answer = httpx.request(method, server.url + path, content=text, headers=headers)
    assert answer.status_code == expected


def test_every_field_is_made_under_its_label() -> None:
    assert set(fields_of()) == {f.label for f in CRM_FIELDS} | {REQUEST_LABEL}


@pytest.mark.parametrize(
    ("headers", "retry_at"),
    [
        pytest.param({"x-daily-ratelimit-token-remaining": "0", "Retry-After": "1"}, datetime(2026, 11, 25, tzinfo=UTC), id="the day is spent: midnight UTC"),
        pytest.param({"x-daily-ratelimit-token-remaining": "900", "x-ratelimit-reset": "2"}, datetime(2026, 11, 24, 9, 0, 2, tzinfo=UTC), id="burst"),
        pytest.param({"x-ratelimit-reset": "2"}, datetime(2026, 11, 24, 9, 0, 2, tzinfo=UTC), id="the daily headers are optional"),
        pytest.param({}, None, id="no headers at all"),
    ],
)  # fmt: skip
def test_when_to_come_back(headers: dict[str, str], retry_at: datetime | None) -> None:
    problem = read_problem(Answer(429, httpx.Headers(headers), b"{}"), NOW)
    assert problem
    assert (problem.kind, problem.retry_at) == (VendorBusyError, retry_at)


def test_a_spent_day_parks_and_the_other_deals_are_not_asked(server: Server) -> None:
    server.stand_in.add_deal("102")
    spent = status(429, {"success": False}, x_daily_ratelimit_token_remaining="0")
    server.faults.next(spent, operation="update_deal")
    updates = [Update("101", {"score": "50"}), Update("102", {"score": "50"})]
    answers = deals_of(server).write(updates, SLOTS)
    assert all(isinstance(a, VendorBusyError) for a in answers)
    assert server.stand_in.count("update_deal") == 1


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        pytest.param(403, {"success": False, "code": "feature_capping_deal_custom_fields"}, VendorRejectedError, id="the plan's cap"),
        pytest.param(403, {"success": False}, None, id="another 403 is left to the status"),
        pytest.param(200, {"success": False, "error": "x"}, VendorRejectedError, id="200 without success"),
        pytest.param(200, {"success": True}, None, id="success"),
    ],
)  # fmt: skip
def test_problems(code: int, body: Any, kind: type[VendorError] | None) -> None:
    problem = read_problem(
        Answer(code, httpx.Headers(), httpx.Response(code, json=body).content), NOW
    )
    assert (problem.kind if problem else None) is kind


def test_when_the_plan_has_no_room_for_fields_setup_says_so(server: Server) -> None:
    server.stand_in.fields.clear()
    server.stand_in.field_cap = 3
    with pytest.raises(VendorRejectedError, match="number of custom fields is used up"):
        deals_of(server).setup(dry_run=False)
    assert len(server.stand_in.fields) == 3
    server.stand_in.field_cap = 100
    assert len(deals_of(server).setup(dry_run=False)) == len(fields_of())
    assert len(server.stand_in.fields) == len(fields_of())


def test_a_field_whose_answer_was_lost_is_not_made_twice(server: Server) -> None:
    server.stand_in.fields.clear()
    server.faults.next(LOST_ANSWER, operation="create_field")
    deals_of(server).setup(dry_run=False)
    labels = [f["field_name"] for f in server.stand_in.fields]
    assert len(labels) == len(set(labels)) == len(fields_of())


def test_of_two_fields_with_one_label_the_older_is_used(server: Server) -> None:
    ours = server.stand_in.code("score")
    server.stand_in._add_field({"field_name": "BANT score", "field_type": "double"})
    deals_of(server).write([Update("101", {"score": "50"})], SLOTS)
    assert server.stand_in.deals["101"]["custom_fields"] == {ours: 50.0}


def test_codes_are_asked_once(server: Server) -> None:
    deals = deals_of(server)
    for _ in range(3):
        deals.read(["101"], SLOTS)
    assert server.stand_in.count("list_fields") == 1


def test_fields_made_meanwhile_are_seen(server: Server) -> None:
    made, server.stand_in.fields = server.stand_in.fields, []
    deals = deals_of(server)
    with pytest.raises(VendorRejectedError, match="bantam crm setup pipedrive"):
        deals.read(["101"], SLOTS)
    server.stand_in.fields = made
    assert deals.read(["101"], SLOTS)


def test_pages_go_by_cursor_and_notes_by_start(server: Server) -> None:
    server.stand_in.page_size = 2
    for i in range(5):
        server.stand_in.notes.append({"id": i, "deal_id": 101, "content": f"n{i}"})
        server.stand_in.add_deal(str(200 + i))
    client = client_of(server)
    assert [n.id for n in client.notes("101")] == [0, 1, 2, 3, 4]
    assert len(list(client.deals(status="open"))) == 6
    assert len(client.deal_fields()) == len(fields_of()) + 1


def test_a_wrong_token_is_named_by_connect(server: Server) -> None:
    checks = PipedriveDeals(client_of(server, "wrong")).check()
    assert not any(c.ok for c in checks)
    assert "wrong" not in str(checks)
    with pytest.raises(VendorAuthError):
        client_of(server, "wrong").me()


def test_closed_deals_come_by_the_time_of_their_closing(server: Server) -> None:
    pipedrive = server.stand_in
    won = {"value": 1200, "currency": "EUR", "org_id": 7, "update_time": "2026-03-20T00:00:00Z"}
    pipedrive.add_deal("1", closed=True, close_time="2026-03-05 12:00:00", **won)
    pipedrive.add_deal(
        "2", closed=True, lost_time="2026-03-04T12:00:00Z", update_time="2026-03-20T00:00:00Z"
    )
    pipedrive.deals["2"]["status"] = "lost"
    # Edited lately, closed long ago.
    pipedrive.add_deal(
        "3", closed=True, close_time="2026-01-05T12:00:00Z", update_time="2026-03-20T00:00:00Z"
    )
    pipedrive.add_deal(
        "4", closed=True, close_time="2026-01-05T12:00:00Z", update_time="2026-01-05T12:00:00Z"
    )
    found = list(PipedriveFacts(client_of(server)).closed_deals(datetime(2026, 3, 2, tzinfo=UTC)))
    assert [(o.deal_id, o.won) for o in found] == [("1", True), ("2", False)]
    assert (found[0].amount, found[0].currency, found[0].account_id) == (1200, "EUR", "7")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-03-05 12:00:00", datetime(2026, 3, 5, 12, tzinfo=UTC), id="v1: UTC"),
        pytest.param("2026-03-05T12:00:00Z", datetime(2026, 3, 5, 12, tzinfo=UTC), id="v2"),
        pytest.param("soon", None, id="no time"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_times(text: str | None, expected: datetime | None) -> None:
    assert moment_of(text) == expected


def test_fit_comes_from_the_person_and_its_organisation(server: Server) -> None:
    pipedrive = server.stand_in
    pipedrive.person(EMAIL, job_title="CFO", org_id=7)
    pipedrive.organizations[7] = {
        "id": 7,
        "industry": "Software",
        "employee_count": 120,
        "address": {"country": "Germany"},
    }
    found = PipedriveFacts(client_of(server)).firmographics(a_call())
    assert (found.title, found.employees, found.industry, found.country) == (
        "CFO",
        120,
        "Software",
        "Germany",
    )


def test_the_id_of_an_option_is_no_industry() -> None:
    found = firmographics_of(Person(id=1), Organization(id=7, industry=31))
    assert found.industry is None


def test_an_unreadable_deal_is_an_error_and_not_a_missing_deal(server: Server) -> None:
    server.faults.next(status(400, {"success": False}), operation="one_deal")
    with pytest.raises(VendorRejectedError):
        deals_of(server).exists("101")
    assert not deals_of(server).exists("999")
    with pytest.raises(VendorNotFoundError):
        client_of(server).update_deal("999", {})


def test_what_an_ae_wrote_comes_from_the_change_log(server: Server) -> None:
    pipedrive = server.stand_in
    pipedrive.page_size = 2
    pipedrive.add_deal("1", closed=True, custom_fields={"abc": 70, "def": "no"})
    pipedrive.changes["1"] = [
        {"field_key": "abc", "old_value": "40", "new_value": "70", "time": "2026-03-09 10:00:00"},
        {
            "field_key": "stage_id",
            "old_value": "1",
            "new_value": "2",
            "time": "2026-03-04 10:00:00",
        },
        {"field_key": "abc", "old_value": None, "new_value": "40", "time": "2026-03-03 10:00:00"},
    ]
    ae = AeFields("abc", 100, "def", ("yes",))
    facts = PipedriveFacts(client_of(server), ae)
    (view,) = facts.ae_views([DealId("1"), DealId("404")])
    told = [(w.score, w.qualified, w.at.day if w.at else None) for w in view.words]
    assert told == [(None, False, None), (40, None, 3), (70, None, 9)]
