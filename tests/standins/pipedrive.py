"""A Pipedrive that behaves, from the facts of the contract page: there is no document of it.

API v2 with cursors and nested custom fields; v1 for notes and users.
"""

from __future__ import annotations

import hashlib
from typing import Any

from bantam.domain.crm_fields import FIELDS_BY_NAME, canonical
from integrations.crm import slots_from
from integrations.pipedrive.mapping import fields_of
from tests.servers import Received, Reply, StandIn, route

TOKEN = "pd-1"
_SLOTS = {slot.name: slot for slot in slots_from()}
_TYPES = {"varchar", "text", "double", "enum", "set", "date", "daterange", "monetary", "int"}


class Pipedrive(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.deals: dict[str, dict[str, Any]] = {}
        self.persons: dict[int, dict[str, Any]] = {}
        self.organizations: dict[int, dict[str, Any]] = {}
        self.fields: list[dict[str, str]] = []
        self.notes: list[dict[str, Any]] = []
        self.changes: dict[str, list[dict[str, Any]]] = {}
        """Of a deal, newest first."""
        self.page_size = 100
        self.field_cap = 100

    # What tests look at and do by hand

    def prepare(self) -> None:
        for body in fields_of().values():
            self._add_field(body)

    def add_deal(
        self, deal_id: str, *, email: str | None = None, closed: bool = False, **fields: Any
    ) -> None:
        person = self.person(email) if email else None
        self.deals[deal_id] = {
            "id": int(deal_id), "status": "won" if closed else "open", "person_id": person,
            "custom_fields": {}, **fields,
        }  # fmt: skip

    def person(self, email: str, **fields: Any) -> int:
        found = next((i for i, p in self.persons.items() if p["email"] == email), None)
        number = found or 500 + len(self.persons)
        self.persons.setdefault(number, {"id": number, "email": email}).update(fields)
        return number

    def deals_of(self, email: str) -> list[str]:
        """Return the deals of everybody with an address."""
        people = {i for i, p in self.persons.items() if p["email"] == email}
        return [i for i, d in self.deals.items() if d["person_id"] in people]

    def people(self) -> list[str]:
        return [p["email"] for p in self.persons.values()]

    def close_deal(self, deal_id: str) -> None:
        self.deals[deal_id]["status"] = "lost"

    def edit(self, deal_id: str, name: str, value: str) -> None:
        self.deals[deal_id]["custom_fields"][self.code(name)] = value or None

    def shown(self, deal_id: str, name: str) -> str:
        return canonical(
            _SLOTS[name].kind, self.deals[deal_id]["custom_fields"].get(self.code(name))
        )

    def notes_on(self, deal_id: str) -> list[str]:
        return [n["content"] for n in self.notes if str(n["deal_id"]) == deal_id]

    def their_field(self) -> str:
        """Return the key of a text field that people use."""
        return self._add_field({"field_name": "Next step", "field_type": "varchar"})["field_code"]

    def typed(self, deal_id: str, key: str, value: str | None = None) -> str:
        """Type a value into a field as a person, or look at what stands there."""
        if value is not None:
            self.deals[deal_id]["custom_fields"][key] = value or None
        return self.deals[deal_id]["custom_fields"].get(key) or ""

    def remove(self, deal_id: str) -> None:
        del self.deals[deal_id]

    def code(self, name: str) -> str:
        label = FIELDS_BY_NAME[name].label
        return next((f["field_code"] for f in self.fields if f["field_name"] == label), "none")

    @property
    def writes(self) -> int:
        return sum(r.method != "GET" for r in self.received)

    def _add_field(self, body: dict[str, str]) -> dict[str, str]:
        code = hashlib.sha1(f"{body['field_name']}{len(self.fields)}".encode()).hexdigest()
        self.fields.append({**body, "field_code": code})
        return self.fields[-1]

    # Pipedrive

    def authorise(self, request: Received) -> Reply | None:
        if request.headers.get("x-api-token") != TOKEN:
            return self.refuse(401, "unauthorized access")
        return None

    def refuse(self, status: int, why: str, **more: Any) -> Reply:
        return Reply(status, {"success": False, "error": why, "error_info": "see docs", **more})

    @route("GET", "/api/v2/deals/{id}")
    def one_deal(self, request: Received) -> Reply:
        deal = self.deals.get(request.params["id"])
        return _ok(deal) if deal else self.refuse(404, "Deal not found")

    @route("PATCH", "/api/v2/deals/{id}")
    def update_deal(self, request: Received) -> Reply:
        deal, body = self.deals.get(request.params["id"]), request.json()
        if deal is None:
            return self.refuse(404, "Deal not found")
        known = {f["field_code"]: f["field_type"] for f in self.fields}
        if set(body) != {"custom_fields"} or not set(body["custom_fields"]) <= set(known):
            return self.refuse(400, "Validation failed")
        for code, value in body["custom_fields"].items():
            if value is not None and (known[code] == "double") != isinstance(value, int | float):
                return self.refuse(400, "Validation failed")
            deal["custom_fields"][code] = (
                float(value) if known[code] == "double" and value is not None else value
            )
        return _ok(deal)

    @route("GET", "/api/v1/deals/{id}/changelog")
    def changelog(self, request: Received) -> Reply:
        return self._page(self.changes.get(request.params["id"], []), request)

    @route("PUT", "/api/v2/deals/{id}")
    def put_deal(self, request: Received) -> Reply:
        return self.refuse(405, "Method not allowed")

    @route("POST", "/api/v2/deals")
    def add_deal_of_person(self, request: Received) -> Reply:
        body = request.json()
        known = {f["field_code"] for f in self.fields}
        standard = {"title", "person_id", "custom_fields", "pipeline_id", "stage_id"}
        if not body.get("title") or not set(body) <= standard:
            return self.refuse(400, "Validation failed")
        if body.get("person_id") not in self.persons or not set(body["custom_fields"]) <= known:
            return self.refuse(400, "Validation failed")
        number = max([700, *map(int, self.deals)]) + 1
        self.deals[str(number)] = {"id": number, "status": "open", **body}
        return _ok(self.deals[str(number)])

    @route("POST", "/api/v2/persons")
    def add_person(self, request: Received) -> Reply:
        body = request.json()
        shape = all(set(e) == {"value", "primary", "label"} for e in body.get("emails", []))
        if not body.get("name") or set(body) != {"name", "emails"} or not shape:
            return self.refuse(400, "Validation failed")
        number = 500 + len(self.persons)
        email = body["emails"][0]["value"]
        self.persons[number] = {"id": number, "name": body["name"], "email": email}
        return _ok(self.persons[number])

    @route("GET", "/api/v2/deals")
    def list_deals(self, request: Received) -> Reply:
        wanted = {k: v[0] for k, v in request.query.items() if k not in {"limit", "cursor"}}
        since = wanted.pop("updated_since", "")
        found = [
            d for d in self.deals.values()
            if all(str(d.get(k)) == v for k, v in wanted.items()) and str(d.get("update_time", "9")) >= since
        ]  # fmt: skip
        return self._page(found, request)

    @route("GET", "/api/v2/persons/search")
    def find_person(self, request: Received) -> Reply:
        if request.one("exact_match") != "true" or request.one("fields") != "email":
            return self.refuse(400, "too wide")
        hits = [
            {"item": {"id": i}, "result_score": 1}
            for i, p in self.persons.items()
            if p["email"] == request.one("term")
        ]
        start = int(request.one("cursor", "0"))
        page = hits[start : start + self.page_size]
        more = str(start + self.page_size) if start + self.page_size < len(hits) else None
        return Reply(
            200,
            {"success": True, "data": {"items": page}, "additional_data": {"next_cursor": more}},
        )

    @route("GET", "/api/v2/persons/{id}")
    def one_person(self, request: Received) -> Reply:
        return _ok(self.persons[int(request.params["id"])])

    @route("GET", "/api/v2/organizations/{id}")
    def one_organization(self, request: Received) -> Reply:
        return _ok(self.organizations[int(request.params["id"])])

    @route("GET", "/api/v2/dealFields")
    def list_fields(self, request: Received) -> Reply:
        standard = {"field_code": "title", "field_name": "Title", "field_type": "varchar"}
        return self._page([standard, *self.fields], request)

    @route("POST", "/api/v2/dealFields")
    def create_field(self, request: Received) -> Reply:
        body = request.json()
        if set(body) != {"field_name", "field_type"} or body["field_type"] not in _TYPES:
            return self.refuse(400, "Validation failed")
        if len(self.fields) >= self.field_cap:
            return self.refuse(403, "limit", code="feature_capping_deal_custom_fields")
        return Reply(201, {"success": True, "data": self._add_field(body)})

    @route("GET", "/api/v1/notes")
    def list_notes(self, request: Received) -> Reply:
        found = [n for n in self.notes if str(n["deal_id"]) == request.one("deal_id")]
        start = int(request.one("start", "0"))
        page = found[start : start + self.page_size]
        more = start + self.page_size < len(found)
        pagination = {"start": start, "more_items_in_collection": more}
        if more:
            pagination["next_start"] = start + self.page_size
        return Reply(
            200,
            {"success": True, "data": page or None, "additional_data": {"pagination": pagination}},
        )

    @route("POST", "/api/v1/notes")
    def add_note(self, request: Received) -> Reply:
        body = request.json()
        if str(body.get("deal_id")) not in self.deals or not body.get("content"):
            return self.refuse(400, "Bad request")
        newest = max((n["id"] for n in self.notes), default=899)
        self.notes.append({"id": newest + 1, **body})
        return Reply(201, {"success": True, "data": self.notes[-1]})

    @route("DELETE", "/api/v1/notes/{id}")
    def delete_note(self, request: Received) -> Reply:
        found = [n for n in self.notes if str(n["id"]) == request.params["id"]]
        if not found:
            return self.refuse(404, "Note not found")
        self.notes.remove(found[0])
        return Reply(200, {"success": True, "data": True})

    @route("GET", "/api/v1/users/me")
    def me(self, request: Received) -> Reply:
        return _ok({"id": 1})

    def _page(self, found: list[Any], request: Received) -> Reply:
        start = int(request.one("cursor", "0"))
        page = found[start : start + self.page_size]
        more = str(start + self.page_size) if start + self.page_size < len(found) else None
        return Reply(200, {"success": True, "data": page, "additional_data": {"next_cursor": more}})


def _ok(data: Any) -> Reply:
    return Reply(200, {"success": True, "data": data})
