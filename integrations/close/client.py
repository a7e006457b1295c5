"""Close over HTTP: every path ends in a slash, and waits are decimal seconds."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from bantam.domain.limits import RequestLimit
from bantam.errors import VendorBusyError, VendorNotFoundError, VendorRejectedError
from integrations.close import wire
from integrations.close.mapping import VENDOR
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
from integrations.http.later import ratelimit_reset, retry_after

T = TypeVar("T")
PAGE = 100
_NAME = re.compile(r"[A-Za-z0-9_.]{1,80}")


@dataclass(frozen=True)
class CloseAccount:
    """Which organisation, and how to get in."""

    api_key: str = field(repr=False)
    base_url: str = "https://api.close.com/api/v1"
    requests_per_second: float = 10.0
    """Per group of endpoints; the RateLimit header says what is allowed."""


class CloseClient:
    """The requests that Bantam makes. Thread-safe."""

    def __init__(self, account: CloseAccount, around: Surroundings) -> None:
        """Take the account and the world around; nothing is sent."""
        burst = max(1, int(account.requests_per_second))
        limit = RequestLimit(vendor=VENDOR, per_second=account.requests_per_second, burst=burst)
        vendor = Vendor(VENDOR, account.base_url, limit=limit, read_problem=read_problem)
        basic = base64.b64encode(f"{account.api_key}:".encode()).decode()
        self._http = VendorClient(vendor, Fixed({"Authorization": f"Basic {basic}"}), around)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def opportunity(self, opportunity_id: str) -> wire.Opportunity | None:
        """Return one opportunity, or None when it is gone."""
        ask = Ask("GET", f"opportunity/{quote(opportunity_id, safe='')}/")
        try:
            return self._http.read(ask, wire.Opportunity)
        except VendorNotFoundError:
            return None

    def update_opportunity(
        self, opportunity_id: str, values: Mapping[str, Any]
    ) -> wire.Opportunity:
        """Set some fields; a PUT leaves the others as they are."""
        ask = Ask("PUT", f"opportunity/{quote(opportunity_id, safe='')}/", json=dict(values))
        return self._http.read(ask, wire.Opportunity)

    def opportunities(self, **params: str) -> Iterator[wire.Opportunity]:
        """Yield the opportunities that pass the filters, page by page."""
        return self._pages("opportunity/", wire.ListPage[wire.Opportunity], params)

    def add_opportunity(self, body: Mapping[str, Any]) -> wire.Opportunity:
        """Create an opportunity. Doing it twice makes two."""
        return self._http.read(Ask("POST", "opportunity/", json=dict(body)), wire.Opportunity)

    def add_lead(self, name: str, contact: str, email: str) -> wire.Lead:
        """Create a lead with one contact. Doing it twice makes two."""
        person = {"name": contact, "emails": [{"email": email, "type": "office"}]}
        ask = Ask("POST", "lead/", json={"name": name, "contacts": [person]})
        return self._http.read(ask, wire.Lead)

    def contacts_of(self, emails: Sequence[str]) -> list[wire.Contact]:
        """Return the contacts with exactly one of these addresses; the search goes by words."""
        body = {"query": _query(emails), "_limit": PAGE, "_fields": {"contact": list(_CONTACT)}}

        def page(cursor: str | None) -> Page[wire.Contact]:
            asked = {**body, "cursor": cursor} if cursor else body
            ask = Ask("POST", "data/search/", json=asked, repeatable=True)
            found = self._http.read(ask, wire.SearchPage)
            return Page(found.data, found.cursor)

        wanted = {e.lower() for e in emails}
        found = paginate(VENDOR, page)
        return [c for c in found if wanted & {e.email.strip().lower() for e in c.emails}]

    def lead(self, lead_id: str) -> wire.Lead:
        """Return one lead."""
        return self._http.read(Ask("GET", f"lead/{quote(lead_id, safe='')}/"), wire.Lead)

    def notes(self, lead_id: str) -> Iterator[wire.Note]:
        """Yield the notes of a lead, page by page."""
        return self._pages("activity/note/", wire.ListPage[wire.Note], {"lead_id": lead_id})

    def add_note(self, lead_id: str, text: str) -> str:
        """Create a note and return its id. Doing it twice makes two."""
        ask = Ask("POST", "activity/note/", json={"lead_id": lead_id, "note": text})
        return self._http.read(ask, wire.Note).id

    def delete_note(self, note_id: str) -> None:
        """Delete a note.

        Raises:
            VendorNotFoundError: it is gone.
        """
        path = f"activity/note/{quote(note_id, safe='')}/"
        self._http.read(Ask("DELETE", path), dict[str, Any])

    def opportunity_fields(self) -> list[wire.Field]:
        """Return the custom fields of opportunities."""
        ask = Ask("GET", "custom_field_schema/opportunity/")
        return self._http.read(ask, wire.Schema).fields

    def create_field(self, body: Mapping[str, str]) -> None:
        """Create a custom field of opportunities. Doing it twice makes two."""
        self._http.read(Ask("POST", "custom_field/opportunity/", json=dict(body)), wire.Field)

    def me(self) -> None:
        """Ask who we are."""
        self._http.read(Ask("GET", "me/"), wire.Whoever)

    def _pages(
        self, path: str, shape: type[wire.ListPage[T]], params: Mapping[str, str]
    ) -> Iterator[T]:
        def page(cursor: str | None) -> Page[T]:
            skip = int(cursor or 0)
            asked: dict[str, str | int] = {**params, "_skip": skip, "_limit": PAGE}
            found = self._http.read(Ask("GET", path, params=asked), shape)
            more = found.has_more and bool(found.data)
            return Page(found.data, str(skip + len(found.data)) if more else None)

        return paginate(VENDOR, page)


_CONTACT = ("id", "lead_id", "title", "emails")


def _query(emails: Sequence[str]) -> dict[str, Any]:
    """Return an Advanced Filtering query: contacts that have one of these addresses."""
    field_ = {"type": "regular_field", "object_type": "contact_email", "field_name": "email"}
    addresses = [
        {
            "type": "has_related",
            "this_object_type": "contact",
            "related_object_type": "contact_email",
            "related_query": {
                "type": "field_condition",
                "field": field_,
                "condition": {"type": "text", "mode": "phrase", "value": email},
            },
        }
        for email in emails
    ]
    contacts = {"type": "object_type", "object_type": "contact"}
    return {"type": "and", "queries": [contacts, {"type": "or", "queries": addresses}]}


def read_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read Close's own ways to refuse; None where the status says enough."""
    if answer.status == 429:
        # `reset` is exact; Retry-After is the same rounded.
        later = ratelimit_reset(answer.headers, now) or retry_after(answer.headers, now)
        return Problem(VendorBusyError, retry_at=later)
    if answer.status == 402:
        return Problem(VendorRejectedError, "plan_limit", fix="the plan does not include this")
    if answer.status == 400:
        errors = answer.fields().get("field-errors")
        names = [n for n in errors if _NAME.fullmatch(n)] if isinstance(errors, dict) else []
        fix = f"these fields are refused: {', '.join(names)}" if names else ""
        return Problem(VendorRejectedError, fix=fix)
    return None
