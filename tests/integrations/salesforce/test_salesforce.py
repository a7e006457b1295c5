"""Salesforce's own traps; what all CRMs promise stands in test_crm_gateways.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.bant import Criterion
from bantam.domain.crm_fields import CRM_FIELDS
from bantam.domain.delivery import QuotedReason
from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from integrations.crm import AeFields, NoteItem, Update, slots_from
from integrations.http import Answer, Patience
from integrations.salesforce.client import (
    SalesforceAccount,
    SalesforceClient,
    read_problem,
    soql_text,
)
from integrations.salesforce.facts import SalesforceFacts
from integrations.salesforce.gateway import SalesforceDeals
from integrations.salesforce.mapping import (
    ASSESSMENT,
    CALL_KEY,
    REQUEST,
    assessment_fields,
    assessment_of,
    contact_fields,
    key_of,
    opportunity_fields,
    presents,
)
from integrations.salesforce.package import package_files
from tests.crm_cases import a_note
from tests.crm_worlds import EMAIL
from tests.factories import a_call
from tests.faults import status
from tests.openapi import RefusedError, document
from tests.servers import Server, serve
from tests.standins.salesforce import CLIENT_ID, OUR_USER, PERSON, SECRET, Salesforce
from tests.surroundings import NOW, StillClock, surroundings

SLOTS = slots_from()
PATIENT = Patience(connect_timeout=5, read_timeout=5, deadline=20)
DEAL = "006000000000001AAA"
DATA = "/services/data/v62.0"


@pytest.fixture
def server() -> Iterator[Server]:
    salesforce = Salesforce()
    salesforce.now = lambda: NOW
    salesforce.prepare()
    salesforce.add_deal(DEAL)
    with serve(salesforce) as serving:
        yield serving


def client_of(server: Server, **changes: Any) -> SalesforceClient:
    fields = {"base_url": server.url, "client_id": CLIENT_ID, "client_secret": SECRET, **changes}
    return SalesforceClient(SalesforceAccount(**fields), surroundings(patience=PATIENT))


def deals_of(server: Server) -> SalesforceDeals:
    return SalesforceDeals(client_of(server), StillClock())


GOOD_FIELD, _ = opportunity_fields()["BANT_Score__c"]
RECORD = {"attributes": {"type": ASSESSMENT}, CALL_KEY: "c-1"}


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "allowed"),
    [
        pytest.param("PATCH", f"{DATA}/composite/sobjects/{ASSESSMENT}/{CALL_KEY}", {}, {"allOrNone": False, "records": [RECORD]}, True, id="upsert"),
        pytest.param("PATCH", f"{DATA}/composite/sobjects/{ASSESSMENT}/{CALL_KEY}", {}, {"records": []}, False, id="upsert: nothing"),
        pytest.param("PATCH", f"{DATA}/composite/sobjects/{ASSESSMENT}/{CALL_KEY}", {}, {"records": [RECORD] * 201}, False, id="upsert: 201"),
        pytest.param("PATCH", f"{DATA}/composite/sobjects/{ASSESSMENT}/{CALL_KEY}", {}, {"records": [{CALL_KEY: "c"}]}, False, id="upsert: no attributes"),
        pytest.param("PATCH", f"{DATA}/composite/sobjects/Opportunity/{REQUEST}", {}, {"allOrNone": False, "records": [{"attributes": {"type": "Opportunity"}, REQUEST: "k", "Name": "Acme"}]}, True, id="new opportunity"),
        pytest.param("PATCH", f"{DATA}/composite/sobjects/Contact/{REQUEST}", {}, {"allOrNone": "no", "records": [{"attributes": {"type": "Contact"}, REQUEST: "k"}]}, False, id="new contact: text for a boolean"),
        pytest.param("PATCH", f"{DATA}/sobjects/Opportunity/{DEAL}", {}, {"BANT_Score__c": 78}, True, id="patch"),
        pytest.param("PATCH", f"{DATA}/sobjects/Opportunity/{DEAL}", {}, {}, False, id="patch: nothing"),
        pytest.param("GET", f"{DATA}/query", {"q": ["SELECT Id FROM Contact"]}, None, True, id="query"),
        pytest.param("GET", f"{DATA}/query", {}, None, False, id="query: no q"),
        pytest.param("POST", f"{DATA}/tooling/sobjects/CustomField", {}, GOOD_FIELD, True, id="field"),
        pytest.param("POST", f"{DATA}/tooling/sobjects/CustomField", {}, {**GOOD_FIELD, "FullName": "BANT Score"}, False, id="field: no API name"),
        pytest.param("POST", f"{DATA}/tooling/sobjects/CustomField", {}, {"FullName": "Opportunity.X__c", "Metadata": {"label": "X"}}, False, id="field: no type"),
        pytest.param("GET", f"{DATA}/sobjects/Opportunity/{DEAL}", {"unauthorised": []}, None, False, id="one: no token"),
        pytest.param("GET", f"{DATA}/sobjects/Opportunity/describe", {"unauthorised": []}, None, False, id="describe: no token"),
        pytest.param("GET", f"{DATA}/limits", {"unauthorised": []}, None, False, id="limits: no token"),
        pytest.param("POST", "/services/oauth2/token", {}, {"grant_type": "client_credentials"}, False, id="login: JSON for a form"),
    ],
)  # fmt: skip
def test_the_document_refuses_what_salesforce_refuses(
    method: str, path: str, query: dict[str, list[str]], body: Any, allowed: bool
) -> None:
    """One must-fail request per operation that we use: validation is on."""
    request = httpx.Request(method, f"https://x{path}", json=body)
    headers = {"authorization": "Bearer t", "content-type": "application/json"}
    if "unauthorised" in query:
        query, headers = {}, {}
    checks = document("salesforce")
    asked = checks.request(method, path, query, headers, request.content)
    if allowed:
        checks.check_request(asked)
    else:
        with pytest.raises(RefusedError):
            checks.check_request(asked)


def test_every_field_has_a_field_on_both_objects() -> None:
    assert set(opportunity_fields()) == {key_of(f.name) for f in CRM_FIELDS} | {REQUEST}
    # There the call's id is the external id.
    shown = {key_of(f.name) for f in CRM_FIELDS if f.name != "last_call_id"}
    assert set(assessment_fields()) == shown | {CALL_KEY, "Opportunity__c", "BANT_Note__c"}
    keys = (assessment_fields()[CALL_KEY], opportunity_fields()[REQUEST], contact_fields()[REQUEST])
    assert all(key["Metadata"]["externalId"] and key["Metadata"]["unique"] for key, _ in keys)
    names = [*opportunity_fields(), *assessment_fields()]
    assert all(len(name) <= 43 for name in names)


def test_an_assessment_holds_all_fields_of_the_child_object_and_nothing_else() -> None:
    record = assessment_of(DEAL, a_note())
    assert set(record) - {"attributes"} == set(assessment_fields())
    assert (record[CALL_KEY], record["BANT_Score__c"], record["BANT_Need__c"]) == ("c-1", 62, 2)


@given(st.text())
def test_no_text_can_end_a_soql_literal(text: str) -> None:
    literal = soql_text(text)
    assert re.fullmatch(r"'(?:[^'\\\n\r]|\\.)*'", literal, flags=re.DOTALL)


def test_an_attendees_address_cannot_inject_soql(server: Server) -> None:
    evil = "x') OR (Name != '\\' OR a@b.example"
    server.stand_in.add_deal("006000000000009AAA", email="other@buyer.example")
    assert deals_of(server).open_deals_of([evil]) == []
    assert "x\\') OR (Name != \\'\\\\\\' OR a@b.example" in server.stand_in.queries[0]


def test_an_expired_session_is_renewed_once(server: Server) -> None:
    client = client_of(server)
    client.limits()
    server.stand_in.token = "token-2"
    client.limits()
    assert server.stand_in.count("login") == 2


def test_a_session_that_never_works_is_not_renewed_for_ever(server: Server) -> None:
    client = client_of(server)
    refusal = [{"message": "m", "errorCode": "INVALID_SESSION_ID"}]
    server.faults.next(status(401, refusal), operation="limits", times=9)
    with pytest.raises(VendorAuthError):
        client.limits()
    assert server.stand_in.count("limits") == 2


def test_a_wrong_secret_says_where_to_look(server: Server) -> None:
    with pytest.raises(VendorAuthError, match="Run-As user") as caught:
        client_of(server, client_secret="wrong-one").limits()
    assert caught.value.code == "invalid_client"
    assert "wrong-one" not in str(caught.value)


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_with_a_private_key_a_jwt_is_signed(server: Server, private_key: rsa.RSAPrivateKey) -> None:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    client = client_of(server, client_secret="", private_key=pem, username="bantam@seller.example")
    client.limits()
    claims = jwt.decode(
        server.stand_in.assertions[0], private_key.public_key(), algorithms=["RS256"],
        audience="https://login.salesforce.com", options={"verify_exp": False},
    )  # fmt: skip
    assert (claims["iss"], claims["sub"]) == (CLIENT_ID, "bantam@seller.example")
    assert timedelta() < datetime.fromtimestamp(claims["exp"], UTC) - NOW <= timedelta(minutes=5)
    assert pem not in repr(client.account)


def test_a_broken_private_key_is_not_repeated(server: Server) -> None:
    with pytest.raises(VendorAuthError, match="not a PEM private key") as caught:
        client_of(server, private_key="-----BEGIN secret").limits()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "body", "kind", "said"),
    [
        pytest.param(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "m"}], VendorBusyError, "allowance is spent", id="403 parks"),
        pytest.param(400, [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "m"}], VendorBusyError, "locked", id="locked row"),
        pytest.param(500, [{"errorCode": "SERVER_UNAVAILABLE", "message": "m"}], VendorDownError, "", id="unavailable"),
        pytest.param(400, [{"errorCode": "INVALID_FIELD", "message": "Forty", "fields": ["BANT_Score__c"]}], VendorRejectedError, "bantam crm setup salesforce (BANT_Score__c)".replace(" (", "` ("), id="missing field"),
        pytest.param(400, [{"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Forty", "fields": ["StageName"]}], VendorRejectedError, "a rule of the org refuses it (StageName)", id="validation rule"),
        pytest.param(400, [{"errorCode": "DUPLICATES_DETECTED", "message": "m"}], VendorRejectedError, "a rule", id="duplicates"),
        pytest.param(404, [{"errorCode": "ENTITY_IS_DELETED", "message": "m"}], VendorNotFoundError, "deleted", id="deleted"),
        pytest.param(403, [{"errorCode": "INSUFFICIENT_ACCESS", "message": "m"}], VendorAuthError, "Run-As", id="no access"),
        pytest.param(400, [{"errorCode": "SOMETHING_NEW", "message": "Forty"}], VendorRejectedError, "", id="unknown code"),
        pytest.param(400, {"error": "invalid_grant", "error_description": "Forty"}, VendorAuthError, "External Client App", id="login"),
        pytest.param(300, ["/a", "/b"], VendorConflictError, "more than one", id="ambiguous external id"),
        pytest.param(503, "<html>", None, "", id="no JSON is left to the status"),
        pytest.param(200, [{"errorCode": "INVALID_FIELD"}], None, "", id="success"),
    ],
)  # fmt: skip
def test_problems(code: int, body: Any, kind: type[VendorError] | None, said: str) -> None:
    problem = read_problem(
        Answer(code, httpx.Headers(), httpx.Response(code, json=body).content), NOW
    )
    assert (problem.kind if problem else None) is kind
    if problem:
        assert said in problem.fix
        assert "Forty" not in problem.fix


def test_a_spent_allowance_parks_the_work(server: Server) -> None:
    client = client_of(server)
    client.limits()
    asked = len(server.stand_in.received)
    spent = [{"message": "m", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    server.faults.next(status(403, spent))
    with pytest.raises(VendorBusyError) as caught:
        client.limits()
    assert caught.value.retry_at == NOW + timedelta(hours=1)
    assert len(server.stand_in.received) == asked + 1


def test_when_the_allowance_is_spent_the_other_deals_are_not_asked(server: Server) -> None:
    others = [f"00600000000000{i}AAA" for i in range(2, 6)]
    for deal in others:
        server.stand_in.add_deal(deal)
    spent = [{"message": "m", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    server.faults.next(status(403, spent), operation="patch_one")
    updates = [Update(d, {"score": "50"}) for d in (DEAL, *others)]
    answers = deals_of(server).write(updates, SLOTS)
    assert all(isinstance(a, VendorBusyError) for a in answers)
    assert server.stand_in.count("patch_one") == 1


def held(_: str) -> None:
    """Nobody takes anything over here."""


def items(*calls: str) -> list[NoteItem]:
    return [NoteItem(DEAL, None, a_note(call_id=call)) for call in calls]


def test_each_record_of_a_composite_is_read(server: Server) -> None:
    server.stand_in.item_errors = {"c-2": "REQUIRED_FIELD_MISSING", "c-3": "UNABLE_TO_LOCK_ROW"}
    answers = deals_of(server).write_notes(items("c-1", "c-2", "c-3"), held)
    assert isinstance(answers[0], str)
    assert isinstance(answers[1], VendorRejectedError)
    assert isinstance(answers[2], VendorBusyError)
    assert set(server.stand_in.assessments) == {"c-1"}


def test_a_call_named_twice_is_one_record_and_more_than_200_are_split(server: Server) -> None:
    answers = deals_of(server).write_notes(
        items("c-1", "c-1", *(f"d-{i}" for i in range(205))), held
    )
    assert all(isinstance(a, str) for a in answers)
    assert answers[0] == answers[1]
    assert len(server.stand_in.assessments) == 206
    assert server.stand_in.count("upsert") == 2


def test_a_rescore_changes_the_assessment_of_the_call(server: Server) -> None:
    deals = deals_of(server)
    (first,) = deals.write_notes(items("c-1"), held)
    (again,) = deals.write_notes([NoteItem(DEAL, None, a_note(points=71), str(first))], held)
    assert again == first
    assert server.stand_in.assessments["c-1"]["BANT_Score__c"] == 71
    (kept,) = deals.write_notes(
        [NoteItem(DEAL, None, a_note(points=71), str(first), is_current=True)], held
    )
    assert kept == first
    assert server.stand_in.count("upsert") == 2


def test_an_id_of_15_characters_is_the_same_deal(server: Server) -> None:
    there = deals_of(server).read([DEAL[:15]], SLOTS)
    assert set(there) == {DEAL[:15]}


@pytest.mark.parametrize("deal_id", ["D-7", "001000000000001AAA", "006' OR Name != '"])
def test_what_is_no_opportunity_id_is_not_asked_for(server: Server, deal_id: str) -> None:
    assert not deals_of(server).exists(deal_id)
    assert deals_of(server).read([deal_id], SLOTS) == {}
    assert server.stand_in.received == []


@pytest.mark.parametrize(
    ("user", "by_person"),
    [
        pytest.param(PERSON, True, id="a person"),
        pytest.param(OUR_USER, False, id="us"),
        pytest.param(OUR_USER[:15], False, id="us, with 15 characters"),
    ],
)
def test_field_history_says_who_wrote(user: str, by_person: bool) -> None:
    change = {
        "Field": "BANT_Score__c",
        "CreatedById": user,
        "CreatedDate": "2026-03-04T09:30:00.000+0000",
    }
    older = {**change, "CreatedById": "005000000000009AAA"}
    present = presents({"BANT_Score__c": 55.0}, [change, older], SLOTS, OUR_USER)["score"]
    assert (present.value, present.by_person) == ("55", by_person)
    assert present.at == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def test_without_field_history_what_we_wrote_last_has_to_do(server: Server) -> None:
    server.stand_in.keeps_history = False
    there = deals_of(server).read([DEAL], SLOTS)
    assert there[DEAL]["score"].by_person is None


def test_deals_of_the_contacts_account_are_found_where_no_role_names_the_contact(
    server: Server,
) -> None:
    server.stand_in.contact(EMAIL, AccountId="001A")
    server.stand_in.add_deal("006000000000002AAA")
    server.stand_in.opportunities["006000000000002AAA"]["AccountId"] = "001A"
    found = deals_of(server).open_deals_of([EMAIL])
    assert [c.deal_id for c in found] == ["006000000000002AAA"]


def test_a_new_field_that_nobody_may_see_is_reported(server: Server) -> None:
    salesforce = server.stand_in
    del salesforce.fields["Opportunity"]["BANT_Score__c"]
    salesforce.hides_new_fields = True
    steps = deals_of(server).setup(dry_run=False)
    (hidden,) = [s for s in steps if not s.ready]
    assert hidden.name == "Opportunity.BANT_Score__c"
    assert "permission set Bantam" in hidden.state
    (again,) = [s for s in deals_of(server).setup(dry_run=False) if not s.ready]
    assert "exists but is hidden" in again.state
    failed = [c for c in deals_of(server).check() if not c.ok]
    assert [c.name for c in failed] == ["fields"]


@pytest.mark.parametrize(
    ("right", "said"),
    [
        pytest.param("may_create", "may not create Opportunity and Contact", id="create"),
        pytest.param("may_delete", f"may not delete {ASSESSMENT}", id="delete"),
    ],
)
def test_connect_says_what_the_user_may_not_do(server: Server, right: str, said: str) -> None:
    setattr(server.stand_in, right, False)
    (check,) = [c for c in deals_of(server).check() if not c.ok]
    assert said in check.detail


def test_a_missing_child_object_is_for_a_person_to_deploy(server: Server) -> None:
    del server.stand_in.fields[ASSESSMENT]
    (step,) = [s for s in deals_of(server).setup(dry_run=True) if not s.ready]
    assert step.name == ASSESSMENT
    assert "--package" in step.state
    (note,) = deals_of(server).write_notes(items("c-1"), held)
    assert isinstance(note, VendorError)


def test_closed_deals_are_read_over_all_pages(server: Server) -> None:
    salesforce = server.stand_in
    salesforce.page_size = 2
    for day in range(1, 7):
        deal = f"0060000000001{day:02}AAA"
        salesforce.add_deal(
            deal,
            closed=True,
            CloseDate=f"2026-03-{day:02}",
            IsWon=day % 2 == 0,
            Amount=1000.5,
            AccountId="001A",
        )
    found = list(
        SalesforceFacts(client_of(server)).closed_deals(datetime(2026, 3, 2, 9, tzinfo=UTC))
    )
    assert [o.closed_at.day for o in found] == [2, 3, 4, 5, 6]
    assert [o.won for o in found] == [True, False, True, False, True]
    assert (found[0].amount, found[0].account_id) == (1000.5, "001A")
    assert server.stand_in.count("next_page") == 2


def test_fit_comes_from_the_contact_and_its_account(server: Server) -> None:
    account = {"Industry": "Software", "NumberOfEmployees": 120, "BillingCountry": "Germany"}
    server.stand_in.contact(EMAIL, Title="CFO", Account=account)
    found = SalesforceFacts(client_of(server)).firmographics(a_call())
    assert (found.title, found.employees, found.industry, found.country) == (
        "CFO",
        120,
        "Software",
        "Germany",
    )


def test_an_undiscussed_level_is_cleared_not_zero() -> None:
    reasons = (QuotedReason(criterion=Criterion.NEED, level="not_discussed"),)
    assert assessment_of(DEAL, a_note(reasons=reasons))["BANT_Need__c"] is None


def test_the_package_holds_every_field_and_grants_it() -> None:
    files = package_files("v62.0")
    trees = {p: ET.fromstring(t) for p, t in files.items() if not p.endswith(".md")}
    space = "{http://soap.sforce.com/2006/04/metadata}"
    wanted = {f"Opportunity.{n}" for n in opportunity_fields()}
    wanted |= {f"{ASSESSMENT}.{n}" for n in assessment_fields()} | {f"Contact.{REQUEST}"}
    made = {
        f"{path.removeprefix('objects/').removesuffix('.object')}.{name.text}"
        for path, tree in trees.items()
        for name in tree.findall(f"{space}fields/{space}fullName")
    }
    granted = [e.text for e in trees["permissionsets/Bantam.permissionset"].iter(f"{space}field")]
    assert made == set(granted) == wanted
    assert len(granted) == len(wanted)
    assert trees["package.xml"].find(f"{space}version").text == "62.0"


@pytest.mark.parametrize("tracked", [True, False])
def test_what_an_ae_wrote_has_times_where_field_history_is_tracked(
    server: Server, tracked: bool
) -> None:
    salesforce = server.stand_in
    salesforce.keeps_history = tracked
    salesforce.fields["Opportunity"].update(AE_Score__c="double", AE_Ok__c="checkbox")
    salesforce.opportunities[DEAL].update(AE_Score__c=70.0, AE_Ok__c=True)
    for day, field, value in (
        (9, "AE_Score__c", 70.0), (3, "AE_Score__c", 40.0), (4, "StageName", "x"),
    ):  # fmt: skip
        salesforce.history.append(
            {
                "OpportunityId": DEAL, "Field": field, "NewValue": value,
                "CreatedById": "005", "CreatedDate": f"2026-03-{day:02}T10:00:00.000+0000",
            }
        )  # fmt: skip
    ae = AeFields("AE_Score__c", 100, "AE_Ok__c", ("true",))
    (view,) = SalesforceFacts(client_of(server), ae).ae_views([DEAL])
    told = [(w.score, w.qualified, w.at.day if w.at else None) for w in view.words]
    if tracked:
        assert told == [(None, True, None), (40, None, 3), (70, None, 9)]
    else:
        assert sorted(told, key=str) == [(70, None, None), (None, True, None)]
    assert not list(SalesforceFacts(client_of(server)).ae_views([DEAL]))


def test_an_ae_field_that_is_not_there_is_refused(server: Server) -> None:
    with pytest.raises(VendorRejectedError):
        SalesforceFacts(client_of(server), AeFields(score="Typo__c")).ae_views([DEAL])
