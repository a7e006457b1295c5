"""Close's contract facts; its own document accepts any body, so a 200 there proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bantam.domain.calls import DealId
from bantam.domain.crm_fields import CRM_FIELDS
from bantam.errors import VendorAuthError, VendorBusyError, VendorError, VendorRejectedError
from integrations.close.client import CloseAccount, CloseClient, read_problem
from integrations.close.facts import CloseFacts
from integrations.close.gateway import CloseDeals
from integrations.close.mapping import fields_of, outcome_of
from integrations.close.wire import Opportunity
from integrations.crm import AeFields, slots_from
from integrations.crm.leads import REQUEST_LABEL
from integrations.http import Answer, Patience
from tests.crm_cases import a_delivery
from tests.crm_worlds import EMAIL, world
from tests.factories import a_call
from tests.faults import LOST_ANSWER
from tests.servers import Server, serve
from tests.standins.close import KEY, Close
from tests.surroundings import NOW, surroundings

SLOTS = slots_from()
PATIENT = Patience(connect_timeout=5, read_timeout=5, deadline=20)


@pytest.fixture
def server() -> Iterator[Server]:
    close = Close()
    close.now = lambda: NOW
    close.prepare()
    close.add_deal("oppo_1", email=EMAIL)
    with serve(close) as serving:
        yield serving


def client_of(server: Server, key: str = KEY) -> CloseClient:
    account = CloseAccount(key, f"{server.url}/api/v1")
    return CloseClient(account, surroundings(patience=PATIENT))


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        pytest.param("PUT", "/opportunity/oppo_1/", {"custom.cf_0000": 78}, 200, id="PUT behaves as patch"),
        pytest.param("PUT", "/opportunity/oppo_1/", {"cf_0000": 78}, 400, id="the key has a prefix"),
        pytest.param("PUT", "/opportunity/oppo_1/", {"custom.cf_0000": "78"}, 400, id="a number is no text"),
        pytest.param("PUT", "/opportunity/oppo_1", {"custom.cf_0000": 78}, 404, id="the slash at the end"),
        pytest.param("GET", "/opportunity", None, 404, id="the slash at the end of a list"),
        pytest.param("POST", "/lead/", {"name": "Acme", "contacts": []}, 200, id="lead"),
        pytest.param("POST", "/lead/", {"contacts": []}, 400, id="lead: no name"),
        pytest.param("POST", "/opportunity/", {"lead_id": f"lead_{EMAIL}"}, 200, id="opportunity"),
        pytest.param("POST", "/opportunity/", {"lead_id": f"lead_{EMAIL}", "cf_0000": 7}, 400, id="opportunity: the key has a prefix"),
        pytest.param("POST", "/custom_field/opportunity/", {"name": "x", "type": "number"}, 200, id="field"),
        pytest.param("POST", "/custom_field/opportunity/", {"name": "x", "type": "double"}, 400, id="field: no such type"),
    ],
)  # fmt: skip
def test_the_contract(server: Server, method: str, path: str, body: Any, expected: int) -> None:
    """The stand-in keeps the facts of the contract page, so that what we send is held to them."""
    url = f"{server.url}/api/v1{path}"
    assert httpx.request(method, url, json=body, auth=(KEY, "")).status_code == expected


def test_every_field_is_made_under_its_label() -> None:
    assert set(fields_of()) == {f.label for f in CRM_FIELDS} | {REQUEST_LABEL}


def test_every_path_that_is_asked_ends_in_a_slash() -> None:
    with world("close") as here:
        here.calls.by_id["c-1"] = a_call()
        here.gateway.send(a_delivery("close"))
        here.gateway.records.check()
        here.gateway.records.setup(dry_run=False)
        assert all(r.path.endswith("/") for r in here.crm.received)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"RateLimit": "limit=100, remaining=0, reset=4.2", "Retry-After": "5"}, 4.2, id="reset is decimal and wins"),
        pytest.param({"RateLimit": "limit=100, remaining=0, reset=5"}, 5, id="whole seconds"),
        pytest.param({"Retry-After": "5"}, 5, id="Retry-After alone"),
    ],
)  # fmt: skip
def test_when_to_come_back(headers: dict[str, str], seconds: float) -> None:
    problem = read_problem(Answer(429, httpx.Headers(headers), b"{}"), NOW)
    assert problem
    assert (problem.kind, problem.retry_at) == (VendorBusyError, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("code", "body", "kind", "said"),
    [
        pytest.param(400, {"error": "Forty", "field-errors": {"custom.cf_1": "Forty"}}, VendorRejectedError, "custom.cf_1", id="field errors"),
        pytest.param(400, {"error": "Forty"}, VendorRejectedError, "", id="no field errors"),
        pytest.param(402, {}, VendorRejectedError, "plan", id="plan limit"),
        pytest.param(415, {}, None, "", id="left to the status"),
        pytest.param(200, {}, None, "", id="success"),
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


def test_the_key_is_the_user_of_basic_with_no_password(server: Server) -> None:
    client_of(server).me()
    with pytest.raises(VendorAuthError) as caught:
        client_of(server, "api_wrong").me()
    assert "api_wrong" not in str(caught.value) + repr(CloseAccount("api_wrong"))


def test_the_search_goes_by_words_and_addresses_are_held_against_it(server: Server) -> None:
    server.stand_in.add_deal("oppo_2", email=f"not{EMAIL}")
    found = CloseDeals(client_of(server)).open_deals_of([EMAIL])
    assert [c.deal_id for c in found] == ["oppo_1"]


def test_lists_go_by_skip_and_searches_by_cursor(server: Server) -> None:
    close = server.stand_in
    close.page_size = 2
    for i in range(5):
        close.notes.append({"id": f"acti_{i}", "lead_id": f"lead_{EMAIL}", "note": f"n{i}"})
        close.contact(f"p{i}@buyer.example")
    client = client_of(server)
    assert len(list(client.notes(f"lead_{EMAIL}"))) == 5
    assert len(client.contacts_of([f"p{i}@buyer.example" for i in range(5)])) == 5


def test_a_field_whose_answer_was_lost_is_not_made_twice(server: Server) -> None:
    server.stand_in.fields.clear()
    server.faults.next(LOST_ANSWER, operation="create_field")
    CloseDeals(client_of(server)).setup(dry_run=False)
    names = [f["name"] for f in server.stand_in.fields]
    assert len(names) == len(set(names)) == len(fields_of())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"status_type": "won", "date_won": "2026-03-05", "value": 120050, "value_currency": "EUR"}, (True, 1200.5), id="cents"),
        pytest.param({"status_type": "lost", "date_lost": "2026-03-05T00:00:00+00:00"}, (False, None), id="lost without value"),
        pytest.param({"status_type": "active"}, None, id="open"),
        pytest.param({"status_type": "won", "date_won": "soon"}, None, id="no day"),
    ],
)  # fmt: skip
def test_outcomes(fields: dict[str, Any], expected: tuple[bool, float | None] | None) -> None:
    outcome = outcome_of(Opportunity(id="oppo_1", lead_id="lead_1", **fields))
    assert (outcome and (outcome.won, outcome.amount)) == expected
    if outcome:
        assert outcome.closed_at == datetime(2026, 3, 5, tzinfo=UTC)
        assert outcome.account_id == "lead_1"


def test_closed_deals_since(server: Server) -> None:
    close = server.stand_in
    lately = {"date_updated": "2026-03-20T00:00:00+00:00"}
    close.add_deal("oppo_2", closed=True, date_won="2026-03-05", **lately)
    close.add_deal("oppo_3", closed=True, date_won="2026-01-05", **lately)
    close.add_deal("oppo_4", closed=True, date_won="2026-03-02", **lately)
    found = CloseFacts(client_of(server)).closed_deals(datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert [o.deal_id for o in found] == ["oppo_2", "oppo_4"]


def test_fit_comes_from_the_contact_and_its_lead(server: Server) -> None:
    server.stand_in.contact(EMAIL, title="CFO")
    server.stand_in.leads[f"lead_{EMAIL}"]["addresses"] = [{"country": None}, {"country": "DE"}]
    found = CloseFacts(client_of(server)).firmographics(a_call())
    assert (found.title, found.country, found.employees) == ("CFO", "DE", None)


def test_what_an_ae_wrote_has_no_time_in_close(server: Server) -> None:
    server.stand_in.add_deal("oppo_9", closed=True, **{"custom.cf_1": 8})
    server.stand_in.add_deal("oppo_8", closed=True)
    facts = CloseFacts(client_of(server), AeFields(score="cf_1", score_most=10))
    (view,) = facts.ae_views([DealId("oppo_9"), DealId("oppo_8")])
    assert (view.deal_id, view.words[0].score, view.words[0].at) == ("oppo_9", 80, None)
