"""People Data Labs: who the attendees are and what company they work for. Each match is billed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel

from bantam.domain.calls import Call
from bantam.domain.crm_records import Firmographics, buyer_emails
from bantam.domain.limits import RequestLimit
from bantam.errors import VendorBusyError, VendorNotFoundError, VendorRejectedError
from integrations.http import Answer, Ask, Fixed, Problem, Surroundings, Vendor, VendorClient

T = TypeVar("T", bound=BaseModel)

VENDOR = "people_data_labs"
PAYMENT_REQUIRED = 402

_FREE_MAIL = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "msn.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "proton.me",
        "protonmail.com",
        "mail.com",
        "yandex.ru",
        "qq.com",
        "163.com",
    ]
)
"""Domains that say nothing about a company."""


@dataclass(frozen=True)
class PeopleDataLabsAccount:
    """How to get in, and how sure a match must be."""

    api_key: str = field(repr=False)
    base_url: str = "https://api.peopledatalabs.com/v5"
    min_likelihood: int = 6
    """1 to 10."""
    requests_per_minute: int = 100


class _Person(BaseModel):
    job_title: str | None = None
    job_company_size: str | None = None
    """A range such as "51-200" or "10001+"."""
    job_company_employee_count: int | None = None
    job_company_industry: str | None = None
    job_company_location_country: str | None = None


class _PersonAnswer(BaseModel):
    data: _Person


class _Place(BaseModel):
    country: str | None = None


class _Company(BaseModel):
    employee_count: int | None = None
    size: str | None = None
    industry: str | None = None
    location: _Place | None = None


class PeopleDataLabs:
    """Implements `Fit`. Thread-safe."""

    name = VENDOR

    def __init__(self, account: PeopleDataLabsAccount, around: Surroundings) -> None:
        """Take the account and the world around; nothing is sent."""
        self._account = account
        per_second = account.requests_per_minute / 60
        limit = RequestLimit(vendor=VENDOR, per_second=per_second, burst=10)
        vendor = Vendor(VENDOR, account.base_url, limit=limit, read_problem=read_problem)
        self._http = VendorClient(vendor, Fixed({"X-Api-Key": account.api_key}), around)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def firmographics(self, call: Call) -> Firmographics:
        """Return what is known of the first attendee who is found, and of his company.

        Raises:
            VendorError: it cannot be asked, or the credits are used up.
        """
        known = Firmographics(source=VENDOR)
        for email in buyer_emails(call):
            known = known.filled_from(self._person(email))
            if known.title is not None:
                break
        if known.employees is None or known.industry is None or known.country is None:
            known = known.filled_from(self._company(buyer_emails(call)))
        return known

    def _person(self, email: str) -> Firmographics:
        params: dict[str, str | int] = {
            "email": email,
            "min_likelihood": self._account.min_likelihood,
        }
        answer = self._asked(Ask("GET", "person/enrich", params=params), _PersonAnswer)
        if answer is None:
            return Firmographics(source=VENDOR)
        found = answer.data
        return Firmographics(
            title=found.job_title,
            employees=_employees(found.job_company_employee_count, found.job_company_size),
            industry=found.job_company_industry,
            country=found.job_company_location_country,
            source=VENDOR,
        )

    def _company(self, emails: tuple[str, ...]) -> Firmographics:
        domains = dict.fromkeys(e.rpartition("@")[2] for e in emails)
        domain = next((d for d in domains if d not in _FREE_MAIL), None)
        if domain is None:
            return Firmographics(source=VENDOR)
        params: dict[str, str | int] = {
            "website": domain,
            "min_likelihood": self._account.min_likelihood,
        }
        found = self._asked(Ask("GET", "company/enrich", params=params), _Company)
        if found is None:
            return Firmographics(source=VENDOR)
        return Firmographics(
            employees=_employees(found.employee_count, found.size),
            industry=found.industry,
            country=found.location.country if found.location else None,
            source=VENDOR,
        )

    def _asked(self, ask: Ask, shape: type[T]) -> T | None:
        """Return the answer, or None: 404 says that nobody was found, and costs nothing."""
        try:
            return self._http.read(ask, shape)
        except VendorNotFoundError:
            return None


def read_problem(answer: Answer, now: datetime) -> Problem | None:  # noqa: ARG001 - a ReadProblem
    """Read the vendor's own ways to refuse; None where the status says enough."""
    if answer.status == PAYMENT_REQUIRED:
        return Problem(VendorRejectedError, "credits", fix="the account's credits are used up")
    if answer.status == 429:
        return Problem(VendorBusyError, "rate_limit")
    return None


def _employees(count: int | None, size: str | None) -> int | None:
    """Return a head count; of a range ("51-200", "10001+") its lower end."""
    if count is not None and count >= 0:
        return count
    low = (size or "").partition("-")[0].rstrip("+").strip()
    return int(low) if low.isdecimal() else None
