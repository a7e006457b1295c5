"""Pipedrive over HTTP: API v2, and v1 for what v2 does not have yet (notes, users)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from bantam.domain.limits import RequestLimit
from bantam.errors import VendorBusyError, VendorNotFoundError, VendorRejectedError
from integrations.http import (
    Answer,
    Ask,
    Fixed,
    Page,
    Problem,
    Surroundings,
    Vendor,
    VendorClient,
    paginate,
)
from integrations.http.later import after_seconds, next_midnight, retry_after
from integrations.pipedrive import wire
from integrations.pipedrive.mapping import VENDOR

T = TypeVar("T")
PAGE = 100


@dataclass(frozen=True)
class PipedriveAccount:
    """Which company, and how to get in."""

    token: str = field(repr=False)
    base_url: str = "https://api.pipedrive.com"
    """Or https://COMPANY.pipedrive.com."""
    requests_per_second: float = 10.0
    """Of the 2 s burst window; the plan decides."""


class PipedriveClient:
    """The requests that Bantam makes. Thread-safe."""

    def __init__(self, account: PipedriveAccount, around: Surroundings) -> None:
        """Take the account and the world around; nothing is sent."""
        limit = RequestLimit(
            vendor=VENDOR,
            per_second=account.requests_per_second,
            burst=max(1, int(2 * account.requests_per_second)),
        )
        vendor = Vendor(VENDOR, account.base_url, limit=limit, read_problem=read_problem)
        self._http = VendorClient(vendor, Fixed({"x-api-token": account.token}), around)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def deal(self, deal_id: str) -> wire.Deal | None:
        """Return one deal, or None when it is gone; an archived one cannot be seen or edited."""
        try:
            found = self._read(f"api/v2/deals/{quote(deal_id, safe='')}", wire.Envelope[wire.Deal])
        except VendorNotFoundError:
            return None
        return None if found.is_deleted else found

    def changes(self, deal_id: str) -> Iterator[wire.Change]:
        """Yield what was changed in a deal's fields, page by page (v1, with a cursor)."""
        path = f"api/v1/deals/{quote(deal_id, safe='')}/changelog"
        return self._pages(path, wire.Envelope[list[wire.Change] | None], {})

    def update_deal(self, deal_id: str, custom_fields: Mapping[str, Any]) -> wire.Deal:
        """Set custom fields of one deal; v2 nests them."""
        path = f"api/v2/deals/{quote(deal_id, safe='')}"
        ask = Ask("PATCH", path, json={"custom_fields": dict(custom_fields)})
        return self._http.read(ask, wire.Envelope[wire.Deal]).data

    def deals(self, **params: str | int) -> Iterator[wire.Deal]:
        """Yield the deals that pass the filters, page by page."""
        return self._pages("api/v2/deals", wire.Envelope[list[wire.Deal] | None], params)

    def add_deal(self, body: Mapping[str, Any]) -> wire.Deal:
        """Create a deal. Doing it twice makes two."""
        ask = Ask("POST", "api/v2/deals", json=dict(body))
        return self._http.read(ask, wire.Envelope[wire.Deal]).data

    def add_person(self, name: str, email: str) -> int:
        """Create a person and return its id. Doing it twice makes two."""
        emails = [{"value": email, "primary": True, "label": "work"}]
        ask = Ask("POST", "api/v2/persons", json={"name": name, "emails": emails})
        return self._http.read(ask, wire.Envelope[wire.FoundPerson]).data.id

    def persons_of(self, email: str) -> list[int]:
        """Return the ids of the persons with exactly this address; the dearest call there is."""
        params: dict[str, str | int] = {
            "term": email,
            "fields": "email",
            "exact_match": "true",
            "limit": PAGE,
        }

        def page(cursor: str | None) -> Page[int]:
            asked = {**params, "cursor": cursor} if cursor else params
            ask = Ask("GET", "api/v2/persons/search", params=asked)
            found = self._http.read(ask, wire.Envelope[wire.Hits])
            return Page([hit.item.id for hit in found.data.items], _cursor(found.additional_data))

        return list(dict.fromkeys(paginate(VENDOR, page)))

    def person(self, person_id: int) -> wire.Person:
        """Return one person."""
        return self._read(f"api/v2/persons/{person_id}", wire.Envelope[wire.Person])

    def organization(self, org_id: int) -> wire.Organization:
        """Return one organisation."""
        return self._read(f"api/v2/organizations/{org_id}", wire.Envelope[wire.Organization])

    def deal_fields(self) -> list[wire.Field]:
        """Return all deal fields, ours among them, oldest first."""
        return list(self._pages("api/v2/dealFields", wire.Envelope[list[wire.Field] | None], {}))

    def create_deal_field(self, body: Mapping[str, str]) -> None:
        """Create a deal field. Names are not unique: doing it twice makes two."""
        ask = Ask("POST", "api/v2/dealFields", json=dict(body))
        self._http.read(ask, wire.Envelope[wire.Field])

    def notes(self, deal_id: str) -> Iterator[wire.Note]:
        """Yield the notes of a deal, page by page (v1: start and limit)."""

        def page(cursor: str | None) -> Page[wire.Note]:
            start = int(cursor or 0)
            params: dict[str, str | int] = {"deal_id": deal_id, "start": start, "limit": PAGE}
            ask = Ask("GET", "api/v1/notes", params=params)
            found = self._http.read(ask, wire.Envelope[list[wire.Note] | None])
            return Page(found.data or [], _next_start(found.additional_data))

        return paginate(VENDOR, page)

    def add_note(self, deal_id: str, content: str) -> int:
        """Create a note and return its id. Doing it twice makes two."""
        ask = Ask("POST", "api/v1/notes", json={"deal_id": int(deal_id), "content": content})
        return self._http.read(ask, wire.Envelope[wire.Note]).data.id

    def delete_note(self, note_id: str) -> None:
        """Delete a note.

        Raises:
            VendorNotFoundError: it is gone.
        """
        path = f"api/v1/notes/{quote(note_id, safe='')}"
        self._http.read(Ask("DELETE", path), wire.Done)

    def me(self) -> None:
        """Ask who we are."""
        self._http.read(Ask("GET", "api/v1/users/me"), wire.Envelope[wire.FoundPerson])

    def _read(self, path: str, shape: type[wire.Envelope[T]]) -> T:
        return self._http.read(Ask("GET", path), shape).data

    def _pages(
        self,
        path: str,
        shape: type[wire.Envelope[list[T] | None]],
        params: Mapping[str, str | int],
    ) -> Iterator[T]:
        def page(cursor: str | None) -> Page[T]:
            asked = {**params, "limit": PAGE}
            if cursor:
                asked["cursor"] = cursor
            found = self._http.read(Ask("GET", path, params=asked), shape)
            return Page(found.data or [], _cursor(found.additional_data))

        return paginate(VENDOR, page)


def read_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read Pipedrive's own ways to refuse; None where the status says enough."""
    body = answer.fields()
    code = body.get("code")
    if answer.status == 429:
        return _later(answer, now)
    if answer.status == 403 and isinstance(code, str) and code.startswith("feature_capping_"):
        fix = "the plan's number of custom fields is used up; delete some or upgrade"
        return Problem(VendorRejectedError, code, fix=fix)
    if answer.status < 300 and body.get("success") is False:
        return Problem(VendorRejectedError, code if isinstance(code, str) else None)
    return None


def _later(answer: Answer, now: datetime) -> Problem:
    """A burst is over within seconds; a spent day only at midnight UTC. Headers may lack."""
    if answer.headers.get("x-daily-ratelimit-token-remaining", "").strip() == "0":
        return Problem(VendorBusyError, "daily_budget", next_midnight(now))
    reset = after_seconds(answer.headers.get("x-ratelimit-reset"), now)
    return Problem(VendorBusyError, "burst", retry_after(answer.headers, now) or reset)


def _cursor(additional: wire.Additional | None) -> str | None:
    return additional.next_cursor if additional else None


def _next_start(additional: wire.Additional | None) -> str | None:
    pagination = additional.pagination if additional else None
    if pagination is None or not pagination.more_items_in_collection:
        return None
    return None if pagination.next_start is None else str(pagination.next_start)
