"""A Close that behaves, from the facts of the contract page: its own document checks no bodies.

Every path ends in a slash; fields without a value are left out; no upsert and no keys.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from bantam.domain.crm_fields import FIELDS_BY_NAME, canonical
from integrations.close.mapping import fields_of
from integrations.crm import slots_from
from tests.servers import Received, Reply, StandIn, route

KEY = "api_1"
V = "/api/v1"
_SLOTS = {slot.name: slot for slot in slots_from()}
_TYPES = {"text", "textarea", "number", "date", "datetime", "choices", "user", "contact"}


class Close(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.opportunities: dict[str, dict[str, Any]] = {}
        self.contacts: dict[str, dict[str, Any]] = {}
        self.leads: dict[str, dict[str, Any]] = {}
        self.fields: list[dict[str, str]] = []
        self.notes: list[dict[str, Any]] = []
        self.page_size = 100

    # What tests look at and do by hand

    def prepare(self) -> None:
        for body in fields_of().values():
            self._add_field(body)

    def add_deal(
        self, deal_id: str, *, email: str | None = None, closed: bool = False, **fields: Any
    ) -> None:
        lead = f"lead_{email or deal_id}"
        self.leads.setdefault(lead, {"id": lead, "addresses": []})
        if email is not None:
            self.contact(email)
        status = "won" if closed else "active"
        self.opportunities[deal_id] = {
            "id": deal_id,
            "lead_id": lead,
            "status_type": status,
            **fields,
        }

    def contact(self, email: str, **fields: Any) -> str:
        record = f"cont_{hashlib.sha1(email.encode()).hexdigest()[:8]}"
        made = {
            "id": record,
            "lead_id": f"lead_{email}",
            "emails": [{"email": email, "type": "office"}],
        }
        self.contacts.setdefault(record, made).update(fields)
        return record

    def deals_of(self, email: str) -> list[str]:
        """Return the deals of everybody with an address."""
        leads = {c["lead_id"] for c in self.contacts.values() if c["emails"][0]["email"] == email}
        return [i for i, o in self.opportunities.items() if o["lead_id"] in leads]

    def people(self) -> list[str]:
        return [c["emails"][0]["email"] for c in self.contacts.values()]

    def close_deal(self, deal_id: str) -> None:
        self.opportunities[deal_id]["status_type"] = "lost"

    def edit(self, deal_id: str, name: str, value: str) -> None:
        self._set(self.opportunities[deal_id], self.key(name), value or None)

    def shown(self, deal_id: str, name: str) -> str:
        return canonical(_SLOTS[name].kind, self.opportunities[deal_id].get(self.key(name)))

    def notes_on(self, deal_id: str) -> list[str]:
        lead = self.opportunities[deal_id]["lead_id"]
        return [n["note"] for n in self.notes if n["lead_id"] == lead]

    def their_field(self) -> str:
        """Return the key of a text field that people use."""
        return self._add_field({"name": "Next step", "type": "text"})["id"]

    def typed(self, deal_id: str, key: str, value: str | None = None) -> str:
        """Type a value into a field as a person, or look at what stands there."""
        if value is not None:
            self._set(self.opportunities[deal_id], f"custom.{key}", value or None)
        return self.opportunities[deal_id].get(f"custom.{key}", "")

    def remove(self, deal_id: str) -> None:
        del self.opportunities[deal_id]

    def key(self, name: str) -> str:
        label = FIELDS_BY_NAME[name].label
        return next((f"custom.{f['id']}" for f in self.fields if f["name"] == label), "none")

    @property
    def writes(self) -> int:
        return sum(r.method != "GET" and r.operation != "search" for r in self.received)

    def _add_field(self, body: dict[str, str]) -> dict[str, str]:
        self.fields.append({"id": f"cf_{len(self.fields):04}", **body})
        return self.fields[-1]

    @staticmethod
    def _set(record: dict[str, Any], key: str, value: Any) -> None:
        if value is None:
            record.pop(key, None)
        else:
            record[key] = value

    # Close

    def authorise(self, request: Received) -> Reply | None:
        wanted = base64.b64encode(f"{KEY}:".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return self.refuse(401, "unauthorized")
        return None

    @route("GET", f"{V}/me/")
    def me(self, request: Received) -> Reply:
        return Reply(200, {"id": "user_1"})

    @route("GET", f"{V}/opportunity/{{id}}/")
    def one_opportunity(self, request: Received) -> Reply:
        found = self.opportunities.get(request.params["id"])
        return Reply(200, found) if found else self.refuse(404, "not found")

    @route("POST", f"{V}/opportunity/")
    def add_opportunity(self, request: Received) -> Reply:
        body = request.json()
        known = {f"custom.{f['id']}" for f in self.fields}
        wrong = set(body) - {"lead_id", "contact_id", "status_id"} - known
        if wrong or body.get("lead_id") not in self.leads:
            return Reply(400, {"error": "", "field-errors": dict.fromkeys(wrong, "Invalid")})
        number = f"oppo_{len(self.opportunities) + 100}"
        at = f"{self.now().isoformat()}{len(self.opportunities)}"
        made = {"id": number, "status_type": "active", "date_created": at, **body}
        self.opportunities[number] = made
        return Reply(200, made)

    @route("POST", f"{V}/lead/")
    def add_lead(self, request: Received) -> Reply:
        body = request.json()
        if set(body) != {"name", "contacts"} or not body["name"]:
            return Reply(400, {"error": "", "field-errors": {"name": "Invalid"}})
        lead = f"lead_{len(self.leads) + 100}"
        contacts = [
            {**person, "id": f"cont_{len(self.contacts) + 100 + n}", "lead_id": lead}
            for n, person in enumerate(body["contacts"])
        ]
        self.contacts.update({c["id"]: c for c in contacts})
        self.leads[lead] = {"id": lead, "addresses": [], "contacts": contacts}
        return Reply(200, self.leads[lead])

    @route("PUT", f"{V}/opportunity/{{id}}/")
    def update_opportunity(self, request: Received) -> Reply:
        found = self.opportunities.get(request.params["id"])
        if found is None:
            return self.refuse(404, "not found")
        types = {f"custom.{f['id']}": f["type"] for f in self.fields}
        wrong = {
            k: "Invalid" for k, v in request.json().items()
            if k not in types or (v is not None and (types[k] == "number") != isinstance(v, int | float))
        }  # fmt: skip
        if wrong:
            return Reply(400, {"error": "Invalid request.", "field-errors": wrong, "errors": []})
        for key, value in request.json().items():
            self._set(
                found, key, float(value) if types[key] == "number" and value is not None else value
            )
        return Reply(200, found)

    @route("GET", f"{V}/opportunity/")
    def list_opportunities(self, request: Received) -> Reply:
        wanted = {k: v[0] for k, v in request.query.items() if not k.startswith("_")}
        since = wanted.pop("date_updated__gte", "")
        found = [
            o for o in self.opportunities.values()
            if all(o.get(k) == v for k, v in wanted.items()) and str(o.get("date_updated", "9")) >= since
        ]  # fmt: skip
        return self._page(found, request)

    @route("POST", f"{V}/data/search/")
    def search(self, request: Received) -> Reply:
        body = request.json()
        wanted = [
            q["related_query"]["condition"]["value"] for q in body["query"]["queries"][1]["queries"]
        ]
        # By words, as text search does: an address that holds another one is found too.
        found = [
            c for c in self.contacts.values() if any(w in c["emails"][0]["email"] for w in wanted)
        ]
        start = int(body.get("cursor") or 0)
        page = found[start : start + self.page_size]
        more = str(start + self.page_size) if start + self.page_size < len(found) else None
        return Reply(200, {"data": page, "cursor": more})

    @route("GET", f"{V}/lead/{{id}}/")
    def one_lead(self, request: Received) -> Reply:
        return Reply(200, self.leads[request.params["id"]])

    @route("GET", f"{V}/activity/note/")
    def list_notes(self, request: Received) -> Reply:
        return self._page(
            [n for n in self.notes if n["lead_id"] == request.one("lead_id")], request
        )

    @route("POST", f"{V}/activity/note/")
    def add_note(self, request: Received) -> Reply:
        made = f"{self.now().isoformat()}{len(self.notes):04}"
        number = hashlib.sha1(made.encode()).hexdigest()[:8]  # as theirs: no order in it
        self.notes.append({"id": f"acti_{number}", "date_created": made, **request.json()})
        return Reply(200, self.notes[-1])

    @route("DELETE", f"{V}/activity/note/{{id}}/")
    def delete_note(self, request: Received) -> Reply:
        found = [n for n in self.notes if n["id"] == request.params["id"]]
        if not found:
            return self.refuse(404, "not found")
        self.notes.remove(found[0])
        return Reply(200, {})

    @route("GET", f"{V}/custom_field_schema/opportunity/")
    def schema(self, request: Received) -> Reply:
        return Reply(
            200, {"fields": [{**f, "accepts_multiple_values": False} for f in self.fields]}
        )

    @route("POST", f"{V}/custom_field/opportunity/")
    def create_field(self, request: Received) -> Reply:
        if request.json().get("type") not in _TYPES:
            return Reply(400, {"error": "", "field-errors": {"type": "Invalid"}})
        return Reply(200, self._add_field(request.json()))

    def _page(self, found: list[Any], request: Received) -> Reply:
        start, limit = (
            int(request.one("_skip", "0")),
            min(int(request.one("_limit", "100")), self.page_size),
        )
        page = found[start : start + limit]
        return Reply(200, {"data": page, "has_more": start + limit < len(found)})
