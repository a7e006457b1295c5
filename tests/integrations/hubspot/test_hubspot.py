"""HubSpot's own traps; what all CRMs promise stands in test_crm_gateways.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bantam.domain.crm_fields import CRM_FIELDS
from bantam.domain.merge import Present
from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from integrations.crm import AeFields, Update, slots_from
from integrations.http import Answer, Patience
from integrations.hubspot import client, facts
from integrations.hubspot.client import HubSpotAccount, HubSpotClient, read_problem
from integrations.hubspot.facts import HubSpotFacts
from integrations.hubspot.gateway import HubSpotDeals
from integrations.hubspot.mapping import REQUEST, TYPES, key_of, presents, properties_of
from integrations.hubspot.wire import Record
from tests.crm_worlds import EMAIL
from tests.factories import a_call
from tests.faults import partial, status
from tests.openapi import RefusedError, document
from tests.servers import Server, serve
from tests.standins.hubspot import TOKEN, HubSpot, V
from tests.surroundings import NOW, StillClock, surroundings

SLOTS = slots_from()
PATIENT = Patience(connect_timeout=5, read_timeout=5, deadline=20)


@pytest.fixture
def server() -> Iterator[Server]:
    hubspot = HubSpot()
    hubspot.now = lambda: NOW
    hubspot.prepare()
    with serve(hubspot) as serving:
        yield serving


def client_of(server: Server, **changes: Any) -> HubSpotClient:
    account = HubSpotAccount(token=TOKEN, base_url=server.url, **changes)
    clock = StillClock()
    return HubSpotClient(account, surroundings(clock, patience=PATIENT))


OBJECTS = f"/crm/objects/{V}"
PROPERTIES = f"/crm/properties/{V}/deals"
READ = {"inputs": [{"id": "1"}], "properties": [], "propertiesWithHistory": []}
GOOD_PROPERTY = properties_of()["bant_score"]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "allowed"),
    [
        pytest.param("POST", f"{OBJECTS}/deals/batch/update", {"inputs": [{"id": "1", "properties": {"bant_score": "78"}}]}, {}, True, id="update"),
        pytest.param("POST", f"{OBJECTS}/deals/batch/update", {"inputs": [{"id": "1", "properties": {"bant_score": 78}}]}, {}, False, id="update: a number is refused"),
        pytest.param("POST", f"{OBJECTS}/deals/batch/update", {"inputs": [{"id": "1", "properties": {"bant_score": None}}]}, {}, False, id="update: null does not clear"),
        pytest.param("POST", f"{OBJECTS}/deals/batch/update", {}, {}, False, id="update: no inputs"),
        pytest.param("POST", f"{OBJECTS}/deals/batch/update", {"inputs": []}, {"authorization": ""}, False, id="update: no key"),
        pytest.param("POST", f"{OBJECTS}/deals/batch/read", READ, {}, True, id="read"),
        pytest.param("POST", f"{OBJECTS}/deals/batch/read", {"inputs": [{"id": "1"}]}, {}, False, id="read: history left out"),
        pytest.param("POST", f"{OBJECTS}/deals/batch/read", {**READ, "inputs": ["1"]}, {}, False, id="read: bare id"),
        pytest.param("POST", f"{OBJECTS}/companies/batch/read", {**READ, "properties": "industry"}, {}, False, id="read companies: text for a list"),
        pytest.param("POST", f"{OBJECTS}/contacts/search", {"filterGroups": [{"filters": [{"operator": "IN"}]}]}, {}, False, id="search contacts: no property"),
        pytest.param("POST", f"{OBJECTS}/deals/search", {"sorts": [{"propertyName": "closedate"}]}, {}, False, id="search deals: sort by an object"),
        pytest.param("POST", f"/crm/associations/{V}/deals/notes/batch/read", {"inputs": []}, {}, False, id="associations: nothing asked"),
        pytest.param("POST", f"/crm/associations/{V}/deals/notes/batch/read", {"inputs": [{"id": str(i)} for i in range(101)]}, {}, False, id="associations: 101 ids"),
        pytest.param("POST", PROPERTIES, GOOD_PROPERTY, {}, True, id="property"),
        pytest.param("POST", PROPERTIES, {**GOOD_PROPERTY, "type": "text"}, {}, False, id="property: wrong type"),
        pytest.param("POST", PROPERTIES, {"name": "bant_score"}, {}, False, id="property: only a name"),
        pytest.param("POST", f"{PROPERTIES}/groups", {"name": "bant"}, {}, False, id="group: no label"),
        pytest.param("GET", f"{PROPERTIES}/groups", None, {"authorization": ""}, False, id="groups: no key"),
        pytest.param("GET", PROPERTIES, None, {"authorization": ""}, False, id="properties: no key"),
        pytest.param("GET", f"{OBJECTS}/deals/1", None, {"authorization": ""}, False, id="one deal: no key"),
        pytest.param("GET", f"{OBJECTS}/deal/1", None, {}, False, id="no such path"),
        pytest.param("GET", f"{OBJECTS}/contacts/bo@b.example", None, {"authorization": ""}, False, id="one contact: no key"),
        pytest.param("POST", f"{OBJECTS}/contacts", {"properties": {"email": "bo@b.example"}}, {}, True, id="new contact"),
        pytest.param("POST", f"{OBJECTS}/contacts", {"email": "bo@b.example"}, {}, False, id="new contact: no properties"),
        pytest.param("POST", f"{OBJECTS}/contacts/batch/update", {}, {}, False, id="update contacts: no inputs"),
        pytest.param("POST", f"{OBJECTS}/deals/batch/upsert", {"inputs": [{"idProperty": REQUEST, "id": "k", "properties": {REQUEST: "k"}}]}, {}, True, id="upsert"),
        pytest.param("POST", f"{OBJECTS}/deals/batch/upsert", {"inputs": [{"idProperty": REQUEST, "properties": {}}]}, {}, False, id="upsert: no id"),
    ],
)  # fmt: skip
def test_the_document_refuses_what_hubspot_refuses(
    method: str, path: str, body: Any, headers: dict[str, str], allowed: bool
) -> None:
    """One must-fail request per operation that we use: validation is on."""
    request = httpx.Request(method, f"https://x{path}", json=body)
    sent = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json", **headers}
    sent = {k: v for k, v in sent.items() if v}
    document_ = document("hubspot_crm")
    asked = document_.request(method, path, {}, sent, request.content)
    if allowed:
        document_.check_request(asked)
    else:
        with pytest.raises(RefusedError):
            document_.check_request(asked)


def test_every_field_has_a_property_whose_types_agree() -> None:
    properties = properties_of()
    assert set(properties) == {key_of(f.name) for f in CRM_FIELDS} | {REQUEST}
    assert [n for n, p in properties.items() if p.get("hasUniqueValue")] == [REQUEST]
    assert all(p["groupName"] == "bant" and p["description"] for p in properties.values())
    agree = {"number": {"number"}, "string": {"text", "textarea"}, "datetime": {"date"}}
    assert all(field in agree[type_] for type_, field in TYPES.values())


def test_the_version_is_a_setting(server: Server) -> None:
    with pytest.raises(VendorNotFoundError):
        client_of(server, version="2031-03").one("deals", "1")
    assert server.stand_in.received[-1].path == "/crm/objects/2031-03/deals/1"


@pytest.mark.parametrize(
    ("code", "body", "headers", "kind", "said"),
    [
        pytest.param(429, {"policyName": "TEN_SECONDLY_ROLLING"}, {}, VendorBusyError, None, id="burst"),
        pytest.param(429, {"policyName": "DAILY"}, {}, VendorBusyError, "2026-11-25T05:00:00", id="daily: midnight of the account's zone"),
        pytest.param(423, {}, {}, VendorBusyError, "2026-11-24T09:00:02", id="locked: at least 2 s"),
        pytest.param(477, {}, {"Retry-After": "7200"}, VendorBusyError, "2026-11-24T11:00:00", id="migration"),
        pytest.param(521, {}, {}, None, None, id="521 is left to the statuses"),
        pytest.param(530, {}, {}, VendorAuthError, "malformed", id="malformed token"),
        pytest.param(403, {"category": "MISSING_SCOPES", "errors": [{"context": {"requiredGranularScopes": ["crm.objects.deals.write"]}}]}, {}, VendorAuthError, "crm.objects.deals.write", id="missing scope"),
        pytest.param(400, {"errors": [{"code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["bant_score"]}}]}, {}, VendorRejectedError, "bantam crm setup hubspot", id="property"),
        pytest.param(400, {"category": "VALIDATION_ERROR", "message": "Forty thousand", "errors": [{"context": {"propertyName": ["close_reason"]}}]}, {}, VendorRejectedError, "validation rule of the account refuses it on close_reason", id="the admin's rule"),
        pytest.param(400, {"errors": "what"}, {}, VendorRejectedError, "", id="every field is optional"),
        pytest.param(200, {}, {}, None, None, id="success"),
    ],
)  # fmt: skip
def test_problems(
    code: int, body: Any, headers: dict[str, str], kind: type[VendorError] | None, said: str | None
) -> None:
    answer = Answer(code, httpx.Headers(headers), httpx.Response(code, json=body).content)
    problem = read_problem(answer, NOW, "America/New_York")
    assert (problem.kind if problem else None) is kind
    if problem and problem.kind is VendorBusyError:
        assert (problem.retry_at and problem.retry_at.strftime("%Y-%m-%dT%H:%M:%S")) == said
    elif problem:
        assert said in problem.fix
        assert "Forty" not in problem.fix


def test_a_daily_budget_parks_instead_of_backing_off(server: Server) -> None:
    server.faults.next(status(429, {"policyName": "DAILY"}))
    with pytest.raises(VendorBusyError) as caught:
        client_of(server).one("deals", "1")
    assert caught.value.retry_at == datetime(2026, 11, 25, tzinfo=UTC)
    assert len(server.stand_in.received) == 1


def add_deals(server: Server, *ids: str) -> None:
    for deal in ids:
        server.stand_in.add_deal(deal)


def updates(*ids: str) -> list[Update]:
    return [Update(i, {"score": "50"}) for i in ids]


@pytest.mark.parametrize("category", ["CONFLICT", "VALIDATION_ERROR"])
def test_one_input_that_spoils_a_batch_is_found_by_halving(server: Server, category: str) -> None:
    ids = [str(i) for i in range(1, 9)]
    add_deals(server, *ids)
    server.stand_in.rejects = {"3": category}
    answers = HubSpotDeals(client_of(server)).write(updates(*ids), SLOTS)
    kinds = {"CONFLICT": VendorConflictError, "VALIDATION_ERROR": VendorRejectedError}
    assert [i for i, a in zip(ids, answers, strict=True) if isinstance(a, kinds[category])] == ["3"]
    assert {server.stand_in.shown(i, "score") for i in ids if i != "3"} == {"50"}
    assert server.stand_in.shown("3", "score") == ""


def test_of_a_207_each_item_is_read(server: Server) -> None:
    add_deals(server, "1", "2", "3")
    server.stand_in.partial = {"2": "OBJECT_NOT_FOUND"}
    answers = HubSpotDeals(client_of(server)).write(updates("1", "2", "3"), SLOTS)
    assert [isinstance(a, VendorNotFoundError) for a in answers] == [False, True, False]
    assert answers[0] == {"score": "50"}


def test_an_item_that_a_207_forgets_is_asked_alone(server: Server) -> None:
    add_deals(server, "1", "2")
    server.faults.next(partial(lambda body: {**body, "results": body["results"][:1]}))
    answers = HubSpotDeals(client_of(server)).write(updates("1", "2"), SLOTS)
    assert not any(isinstance(a, VendorError) for a in answers)
    assert server.stand_in.count("update_deals") == 2


def test_more_than_fifty_deals_with_history_are_read_in_chunks(server: Server) -> None:
    ids = [str(i) for i in range(1, 121)]
    add_deals(server, *ids)
    there = HubSpotDeals(client_of(server)).read([*ids, "1"], SLOTS)
    assert set(there) == set(ids)
    assert server.stand_in.count("read_deals") == 3


def test_notes_are_looked_for_on_every_page(server: Server) -> None:
    add_deals(server, "1")
    server.stand_in.page_size = 2
    for i in range(5):
        server.stand_in.objects["notes"][str(i)] = {"hs_note_body": f"n{i}"}
        server.stand_in.link("deals", "1", "notes", str(i))
    linked = client_of(server).associated("deals", ["1"], "notes")
    assert linked == {"1": ["0", "1", "2", "3", "4"]}


@pytest.mark.parametrize(
    ("source", "ours", "by_person"),
    [
        pytest.param({"sourceType": "CRM_UI", "updatedByUserId": 7}, "app-7", True, id="a person in the app"),
        pytest.param({"sourceType": "INTEGRATION", "sourceId": "app-7"}, "app-7", False, id="us"),
        pytest.param({"sourceType": "INTEGRATION", "sourceId": "app-8"}, "app-7", None, id="another program"),
        pytest.param({"sourceType": "INTEGRATION", "sourceId": "app-7"}, None, None, id="we do not know our own id"),
    ],
)  # fmt: skip
def test_the_history_says_who_wrote(
    source: dict[str, Any], ours: str | None, by_person: bool | None
) -> None:
    version = {"value": "55", "timestamp": "2026-03-04T09:30:00Z", **source}
    record = Record.model_validate({
        "id": "1", "properties": {"bant_score": "55"},
        "propertiesWithHistory": {"bant_score": [version, {**version, "value": "50"}]},
    })  # fmt: skip
    present = presents(record, SLOTS, ours)["score"]
    assert (present.value, present.by_person) == ("55", by_person)
    assert present.at == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    assert presents(record, SLOTS, ours)["grade"] == Present()


def test_missing_scopes_are_named_by_connect(server: Server) -> None:
    server.stand_in.missing_scopes = {"update_deals"}
    failed = [c for c in HubSpotDeals(client_of(server)).check() if not c.ok]
    assert [c.name for c in failed] == ["write deals"]
    assert "crm.objects.deals.write" in failed[0].detail


def test_a_wrong_key_is_named_by_connect(server: Server) -> None:
    account = HubSpotAccount(token="wrong", base_url=server.url)
    checks = HubSpotDeals(HubSpotClient(account, surroundings(patience=PATIENT))).check()
    assert not any(c.ok for c in checks)
    assert "check the credentials" in checks[0].detail
    assert "wrong" not in str(checks) + repr(account)


def test_a_property_of_another_type_is_left_to_a_person(server: Server) -> None:
    server.stand_in.known["bant_score"]["type"] = "string"
    steps = HubSpotDeals(client_of(server)).setup(dry_run=False)
    (wrong,) = [s for s in steps if not s.ready]
    assert (wrong.name, wrong.state) == (
        "bant_score", "is a string, not a number: rename or delete it, then run this again",
    )  # fmt: skip


def test_a_property_made_by_somebody_meanwhile_is_a_success(server: Server) -> None:
    del server.stand_in.known["bant_score"]
    hubspot = client_of(server)
    hubspot.create_property("deals", GOOD_PROPERTY)
    hubspot.create_property("deals", GOOD_PROPERTY)
    hubspot.create_group("deals", "bant", "BANT")
    assert server.stand_in.known["bant_score"] == GOOD_PROPERTY


def closed(server: Server, deal: str, day: int, **properties: str) -> None:
    at = f"2026-03-{day:02}T12:00:00Z"
    server.stand_in.add_deal(deal, closed=True, closedate=at, **properties)


def test_closed_deals_come_with_account_amount_and_currency(server: Server) -> None:
    closed(server, "1", 5, hs_is_closed_won="true", amount="1200.50", deal_currency_code="EUR")
    closed(server, "2", 3, hs_is_closed_won="false", amount="")
    closed(server, "3", 1, hs_is_closed_won="true")
    server.stand_in.link("deals", "1", "companies", "77")
    since = datetime(2026, 3, 2, tzinfo=UTC)
    lost, won = HubSpotFacts(client_of(server)).closed_deals(since)
    assert (lost.deal_id, lost.won, lost.amount, lost.account_id) == ("2", False, None, None)
    assert (won.deal_id, won.won, won.amount, won.currency, won.account_id) == (
        "1",
        True,
        1200.5,
        "EUR",
        "77",
    )
    assert won.closed_at == datetime(2026, 3, 5, 12, tzinfo=UTC)


def test_more_closed_deals_than_one_search_gives(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.stand_in.page_size = 2
    monkeypatch.setattr(client, "MOST_RESULTS", 4)
    monkeypatch.setattr(facts, "MOST_RESULTS", 4)
    for i in range(9):
        closed(server, str(i), 1 + i)
    found = list(HubSpotFacts(client_of(server)).closed_deals(datetime(2026, 2, 1, tzinfo=UTC)))
    assert [o.deal_id for o in found] == [str(i) for i in range(9)]


def test_fit_comes_from_the_attendees_contact_and_its_company(server: Server) -> None:
    hubspot = server.stand_in
    hubspot.objects["companies"]["77"] = {
        "industry": "SOFTWARE",
        "numberofemployees": "120",
        "country": "Germany",
    }
    hubspot.contact(EMAIL, jobtitle="CFO", associatedcompanyid="77")
    found = HubSpotFacts(client_of(server)).firmographics(a_call())
    assert (found.title, found.employees, found.industry, found.country) == (
        "CFO",
        120,
        "SOFTWARE",
        "Germany",
    )
    assert found.source == "hubspot"


def test_fit_of_nobody_is_unknown(server: Server) -> None:
    found = HubSpotFacts(client_of(server)).firmographics(a_call())
    assert (found.title, found.employees) == (None, None)


def test_the_daily_budget_ends_at_the_accounts_own_midnight() -> None:
    answer = Answer(429, httpx.Headers(), b'{"policyName": "DAILY"}')
    berlin = read_problem(answer, NOW, "Europe/Berlin")
    assert berlin
    assert berlin.retry_at == datetime(2026, 11, 24, 23, tzinfo=UTC)


def test_what_an_ae_wrote_comes_with_its_history(server: Server) -> None:
    hubspot = server.stand_in
    for deal in ("1", "2", "3"):
        hubspot.add_deal(deal, closed=True)
    hubspot.objects["deals"]["3"]["ae_score"] = "4"  # imported: no history
    for day, score in ((1, "3"), (5, ""), (9, "lots")):
        hubspot.now = lambda day=day: datetime(2026, 3, day, tzinfo=UTC)
        hubspot.typed("1", "ae_score", score)
    hubspot.typed("1", "ae_ok", "Yes")
    ae = AeFields(score="ae_score", score_most=5, qualified="ae_ok", qualified_yes=("yes",))
    facts = HubSpotFacts(client_of(server), ae)
    first, third = facts.ae_views(["1", "2", "3"])
    told = [(w.about, w.score, w.qualified, w.at.day if w.at else None) for w in first.words]
    assert told == [
        ("score", 60, None, 1), ("score", None, None, 5), ("score", None, None, 9),
        ("qualified", None, True, 9),
    ]  # fmt: skip
    assert (third.deal_id, third.words[0].score, third.words[0].at) == ("3", 80, None)
    before = len(hubspot.received)
    assert list(HubSpotFacts(client_of(server)).ae_views(["1"])) == []
    assert len(hubspot.received) == before
