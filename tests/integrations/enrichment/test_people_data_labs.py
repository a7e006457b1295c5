from __future__ import annotations

from collections.abc import Iterator

import pytest

from bantam.domain.calls import Participant, Side
from bantam.domain.crm_records import Firmographics
from bantam.errors import VendorAuthError, VendorBusyError, VendorRejectedError
from integrations.enrichment.people_data_labs import PeopleDataLabs, PeopleDataLabsAccount
from integrations.http import Patience
from tests.factories import a_call
from tests.faults import status, too_many
from tests.servers import Server, serve
from tests.standins import people_data_labs
from tests.surroundings import surroundings

PATIENT = Patience(connect_timeout=5, read_timeout=5, deadline=20)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(people_data_labs.PeopleDataLabs()) as serving:
        yield serving


def adapter(server: Server, key: str = people_data_labs.KEY) -> PeopleDataLabs:
    account = PeopleDataLabsAccount(key, f"{server.url}/v5")
    return PeopleDataLabs(account, surroundings(patience=PATIENT))


CFO = {
    "likelihood": 9, "job_title": "chief financial officer", "job_company_size": "51-200",
    "job_company_industry": "software", "job_company_location_country": "germany",
}  # fmt: skip


def test_a_person_brings_title_and_company(server: Server) -> None:
    server.stand_in.people["bo@buyer.example"] = CFO
    found = adapter(server).firmographics(a_call())
    assert found == Firmographics(
        title="chief financial officer", employees=51, industry="software", country="germany",
        source="people_data_labs",
    )  # fmt: skip
    assert server.stand_in.count("company") == 0


def test_the_sellers_people_are_never_looked_up(server: Server) -> None:
    adapter(server).firmographics(a_call())
    asked = {r.one("email") for r in server.stand_in.received if r.operation == "person"}
    assert asked == {"bo@buyer.example"}


def test_a_match_that_is_not_likely_enough_is_not_taken(server: Server) -> None:
    server.stand_in.people["bo@buyer.example"] = {**CFO, "likelihood": 3}
    assert adapter(server).firmographics(a_call()).title is None


def test_what_the_person_does_not_say_comes_from_the_company(server: Server) -> None:
    server.stand_in.people["bo@buyer.example"] = {"likelihood": 9, "job_title": "cfo"}
    server.stand_in.companies["buyer.example"] = {
        "employee_count": 120,
        "industry": "software",
        "location": {"country": "germany"},
    }
    found = adapter(server).firmographics(a_call())
    assert (found.title, found.employees, found.industry, found.country) == (
        "cfo",
        120,
        "software",
        "germany",
    )


def test_a_free_mail_domain_is_no_company(server: Server) -> None:
    bo = Participant(id="b", name="Bo", email="bo@gmail.com", side=Side.BUYER)
    found = adapter(server).firmographics(a_call(participants=(bo,), turns=()))
    assert found == Firmographics(source="people_data_labs")
    assert server.stand_in.count("company") == 0


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param("10001+", 10001, id="open range"),
        pytest.param("1-10", 1, id="range"),
        pytest.param("many", None, id="words"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_sizes(server: Server, size: str | None, expected: int | None) -> None:
    server.stand_in.people["bo@buyer.example"] = {
        "likelihood": 9,
        "job_title": "x",
        "job_company_size": size,
    }
    assert adapter(server).firmographics(a_call()).employees == expected


def test_used_up_credits_say_so(server: Server) -> None:
    server.faults.next(status(402, {"status": 402}))
    with pytest.raises(VendorRejectedError, match="credits are used up"):
        adapter(server).firmographics(a_call())


def test_too_many_requests_are_waited_for(server: Server) -> None:
    server.stand_in.people["bo@buyer.example"] = CFO
    server.faults.next(too_many(None))
    assert adapter(server).firmographics(a_call()).title == "chief financial officer"
    server.faults.next(too_many(None), times=9)
    with pytest.raises(VendorBusyError):
        adapter(server).firmographics(a_call())


def test_a_wrong_key_is_an_error_without_the_key(server: Server) -> None:
    with pytest.raises(VendorAuthError) as caught:
        adapter(server, "pdl-wrong").firmographics(a_call())
    assert "pdl-wrong" not in str(caught.value) + repr(PeopleDataLabsAccount("pdl-wrong"))
