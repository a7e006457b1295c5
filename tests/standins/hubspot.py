"""A HubSpot that behaves: deals with property history, contacts, notes, associations, search."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bantam.domain.crm_fields import canonical
from integrations.crm import slots_from
from integrations.hubspot.mapping import key_of, properties_of
from tests.servers import Received, Reply, StandIn, route

TOKEN = "pat-1"
V = "2026-09"
SOURCE = "app-7"
_SLOTS = {slot.name: slot for slot in slots_from()}


class HubSpot(StandIn):
    spec = "hubspot_crm"

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, dict[str, str]]] = {
            "deals": {}, "contacts": {}, "companies": {}, "notes": {},
        }  # fmt: skip
        self.history: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.links: dict[tuple[str, str, str], list[str]] = {}
        self.known: dict[str, dict[str, Any]] = {}
        self.group_names: list[str] = []
        self.page_size = 100
        self.rejects: dict[str, str] = {}
        """{deal id: category} of deals that spoil a batch."""
        self.partial: dict[str, str] = {}
        """{deal id: category} of deals that get a 207."""
        self.missing_scopes: set[str] = set()
        self._next = 9000

    # What tests look at and do by hand

    def prepare(self) -> None:
        """Make our properties, as setup would."""
        self.group_names = ["bant"]
        self.known = {name: dict(body) for name, body in properties_of().items()}

    def add_deal(
        self, deal_id: str, *, email: str | None = None, closed: bool = False, **properties: str
    ) -> None:
        self.objects["deals"][deal_id] = {
            "hs_is_closed": "true" if closed else "false",
            **properties,
        }
        if email is not None:
            self.link("contacts", self.contact(email), "deals", deal_id)

    def contact(self, email: str, **properties: str) -> str:
        for record, values in self.objects["contacts"].items():
            if values["email"] == email:
                values.update(properties)
                return record
        record = str(501 + len(self.objects["contacts"]))
        self.objects["contacts"][record] = {"email": email, **properties}
        return record

    def link(self, kind: str, record: str, to: str, other: str) -> None:
        self.links.setdefault((kind, record, to), []).append(other)
        self.links.setdefault((to, other, kind), []).append(record)

    def deals_of(self, email: str) -> list[str]:
        """Return the deals of everybody with an address."""
        people = [i for i, v in self.objects["contacts"].items() if v["email"] == email]
        return [d for person in people for d in self.links.get(("contacts", person, "deals"), [])]

    def people(self) -> list[str]:
        return [v["email"] for v in self.objects["contacts"].values()]

    def close_deal(self, deal_id: str) -> None:
        self.objects["deals"][deal_id]["hs_is_closed"] = "true"

    def edit(self, deal_id: str, name: str, value: str) -> None:
        self._set(deal_id, key_of(name), value, source="CRM_UI", user=7)

    def shown(self, deal_id: str, name: str) -> str:
        return canonical(_SLOTS[name].kind, self.objects["deals"][deal_id].get(key_of(name)))

    def notes_on(self, deal_id: str) -> list[str]:
        ids = self.links.get(("deals", deal_id, "notes"), [])
        return [self.objects["notes"][i]["hs_note_body"] for i in ids]

    def their_field(self) -> str:
        """Return the key of a text field that people use."""
        return "next_step"

    def typed(self, deal_id: str, key: str, value: str | None = None) -> str:
        """Type a value into a field as a person, or look at what stands there."""
        if value is not None:
            self._set(deal_id, key, value, source="CRM_UI", user=7)
        return self.objects["deals"][deal_id].get(key, "")

    def remove(self, deal_id: str) -> None:
        del self.objects["deals"][deal_id]

    def _set(
        self, deal_id: str, key: str, value: str, *, source: str, user: int | None = None
    ) -> None:
        self.objects["deals"][deal_id][key] = value
        version = {"value": value, "timestamp": _time(self.now()), "sourceType": source}
        version |= {"updatedByUserId": user} if user else {"sourceId": SOURCE}
        self.history.setdefault((deal_id, key), []).insert(0, version)

    @property
    def writes(self) -> int:
        """How many requests meant to change something."""
        names = ("update_deals", "update_contacts", "add_note", "create_property", "create_group")
        with_input = [
            r for r in self.received if r.operation in names and r.json().get("inputs") != []
        ]
        return len(with_input)

    # HubSpot

    def authorise(self, request: Received) -> Reply | None:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self._error(401, "INVALID_AUTHENTICATION")
        if request.operation in self.missing_scopes:
            scope = {"requiredGranularScopes": ["crm.objects.deals.write"]}
            return self._error(403, "MISSING_SCOPES", errors=[{"message": "m", "context": scope}])
        return None

    def refuse(self, status: int, why: str) -> Reply:
        return self._error(status, "VALIDATION_ERROR")

    @route("GET", f"/crm/objects/{V}/deals/{{objectId}}")
    def one_deal(self, request: Received) -> Reply:
        return self._one("deals", request)

    @route("GET", f"/crm/objects/{V}/contacts/{{objectId}}")
    def one_contact(self, request: Received) -> Reply:
        return self._one("contacts", request)

    @route("POST", f"/crm/objects/{V}/contacts")
    def add_contact(self, request: Received) -> Reply:
        values = request.json()["properties"]
        if values["email"] in self.people():
            return self._error(409, "CONFLICT")
        self._next += 1
        self.objects["contacts"][str(self._next)] = dict(values)
        return Reply(201, self._record("contacts", str(self._next), []))

    @route("POST", f"/crm/objects/{V}/contacts/batch/update")
    def update_contacts(self, request: Received) -> Reply:
        times = {"startedAt": _time(self.now()), "completedAt": _time(self.now())}
        return Reply(200, {"status": "COMPLETE", "results": [], **times})

    @route("POST", f"/crm/objects/{V}/deals/batch/upsert")
    def upsert_deals(self, request: Received) -> Reply:
        results = []
        for item in request.json()["inputs"]:
            key = item["idProperty"]
            if not self.known.get(key, {}).get("hasUniqueValue"):
                return self._error(400, "VALIDATION_ERROR")
            found = self._by_value("deals", key, item["id"])
            if found is None:
                self._next += 1
                self.objects["deals"][str(self._next)] = {"hs_is_closed": "false"}
            record = found or str(self._next)
            self.objects["deals"][record].update(item["properties"])
            results.append({**self._record("deals", record, []), "new": found is None})
        times = {"startedAt": _time(self.now()), "completedAt": _time(self.now())}
        return Reply(200, {"status": "COMPLETE", "results": results, **times})

    @route("PUT", f"/crm/objects/{V}/deals/{{deal}}/associations/default/contacts/{{contact}}")
    def associate(self, request: Received) -> Reply:
        deal, contact = request.params["deal"], request.params["contact"]
        if deal not in self.objects["deals"] or contact not in self.objects["contacts"]:
            return self._error(404, "OBJECT_NOT_FOUND")
        if contact not in self.links.get(("deals", deal, "contacts"), []):
            self.link("contacts", contact, "deals", deal)
        return Reply(200, {"status": "COMPLETE", "results": []})

    @route("POST", f"/crm/objects/{V}/deals/batch/read")
    def read_deals(self, request: Received) -> Reply:
        return self._batch_read("deals", request.json())

    @route("POST", f"/crm/objects/{V}/companies/batch/read")
    def read_companies(self, request: Received) -> Reply:
        return self._batch_read("companies", request.json())

    @route("POST", f"/crm/objects/{V}/notes/batch/read")
    def read_notes(self, request: Received) -> Reply:
        return self._batch_read("notes", request.json())

    @route("POST", f"/crm/objects/{V}/deals/batch/update")
    def update_deals(self, request: Received) -> Reply:
        inputs = request.json()["inputs"]
        if any("idProperty" in i for i in inputs) or len({i["id"] for i in inputs}) != len(inputs):
            return self._error(400, "VALIDATION_ERROR")
        unknown = [
            k for i in inputs for k in i["properties"] if k not in self.known and k != "next_step"
        ]
        if unknown:
            context = {"propertyName": unknown}
            details = [{"message": "m", "code": "PROPERTY_DOESNT_EXIST", "context": context}]
            return self._error(400, "VALIDATION_ERROR", errors=details)
        for item in inputs:
            if item["id"] in self.rejects:
                category = self.rejects[item["id"]]
                return self._error(409 if category == "CONFLICT" else 400, category)
        results, errors = [], []
        for item in inputs:
            if item["id"] in self.partial or item["id"] not in self.objects["deals"]:
                category = self.partial.get(item["id"], "OBJECT_NOT_FOUND")
                errors.append(_standard_error(category, item["id"]))
                continue
            for key, value in item["properties"].items():
                self._set(item["id"], key, value, source="INTEGRATION")
            results.append(self._record("deals", item["id"], list(item["properties"])))
        body = {
            "status": "COMPLETE",
            "results": results,
            "startedAt": _time(self.now()),
            "completedAt": _time(self.now()),
        }
        if errors:
            return Reply(207, {**body, "numErrors": len(errors), "errors": errors})
        return Reply(200, body)

    @route("POST", f"/crm/objects/{V}/contacts/search")
    def search_contacts(self, request: Received) -> Reply:
        return self._search("contacts", request.json())

    @route("POST", f"/crm/objects/{V}/deals/search")
    def search_deals(self, request: Received) -> Reply:
        return self._search("deals", request.json())

    @route("POST", f"/crm/associations/{V}/{{from}}/{{to}}/batch/read")
    def associations(self, request: Received) -> Reply:
        kind, to = request.params["from"], request.params["to"]
        results = []
        for item in request.json()["inputs"]:
            linked = self.links.get((kind, item["id"], to), [])
            start = int(item.get("after", "0"))
            page = linked[start : start + self.page_size]
            result: dict[str, Any] = {
                "from": {"id": item["id"]},
                "to": [{"toObjectId": i} for i in page],
            }
            if start + self.page_size < len(linked):
                result["paging"] = {"next": {"after": str(start + self.page_size)}}
            if page:
                results.append(result)
        return Reply(200, {"status": "COMPLETE", "results": results})

    @route("POST", f"/crm/objects/{V}/notes")
    def add_note(self, request: Received) -> Reply:
        body = request.json()
        if not body["properties"].get("hs_timestamp"):
            return self._error(400, "VALIDATION_ERROR")
        self._next += 1
        note = str(self._next)
        self.objects["notes"][note] = dict(body["properties"])
        for association in body["associations"]:
            kinds = {214: "deals", 202: "contacts"}
            kind = kinds[association["types"][0]["associationTypeId"]]
            self.link(kind, association["to"]["id"], "notes", note)
        return Reply(201, self._record("notes", note, []))

    @route("DELETE", f"/crm/objects/{V}/notes/{{note}}")
    def archive_note(self, request: Received) -> Reply:
        note = request.params["note"]
        if self.objects["notes"].pop(note, None) is None:
            return self._error(404, "OBJECT_NOT_FOUND")
        for linked in self.links.values():
            if note in linked:
                linked.remove(note)
        return Reply(204)

    @route("GET", f"/crm/properties/{V}/{{objectType}}")
    def properties(self, request: Received) -> Reply:
        standard = {"name": "amount", "label": "Amount", "type": "number"}
        found = [standard, *self.known.values()]
        return Reply(200, {"results": [{"archived": False, "displayOrder": 0, **p} for p in found]})

    @route("POST", f"/crm/properties/{V}/{{objectType}}")
    def create_property(self, request: Received) -> Reply:
        body = request.json()
        if body["name"] in self.known:
            return self._error(409, "OBJECT_ALREADY_EXISTS")
        if body["groupName"] not in self.group_names:
            return self._error(400, "VALIDATION_ERROR")
        self.known[body["name"]] = body
        return Reply(201, {"options": [], "description": "", **body})

    @route("GET", f"/crm/properties/{V}/{{objectType}}/groups")
    def groups(self, request: Received) -> Reply:
        return Reply(200, {"results": [_group(name) for name in self.group_names]})

    @route("POST", f"/crm/properties/{V}/{{objectType}}/groups")
    def create_group(self, request: Received) -> Reply:
        name = request.json()["name"]
        if name in self.group_names:
            return self._error(409, "OBJECT_ALREADY_EXISTS")
        self.group_names.append(name)
        return Reply(201, _group(name))

    def _one(self, kind: str, request: Received) -> Reply:
        record: str | None = request.params["objectId"]
        key = request.one("idProperty")
        if key and key != "email" and not self.known.get(key, {}).get("hasUniqueValue"):
            return self._error(400, "VALIDATION_ERROR")
        if key:
            record = self._by_value(kind, key, request.params["objectId"])
        if record is None or record not in self.objects[kind]:
            return self._error(404, "OBJECT_NOT_FOUND")
        return Reply(200, self._record(kind, record, []))

    def _by_value(self, kind: str, key: str, value: str) -> str | None:
        return next((i for i, v in self.objects[kind].items() if v.get(key) == value), None)

    def _batch_read(self, kind: str, body: dict[str, Any]) -> Reply:
        history = body["propertiesWithHistory"]
        if len(body["inputs"]) > (50 if history else 100):
            return self._error(400, "VALIDATION_ERROR")
        ids = [i["id"] for i in body["inputs"] if i["id"] in self.objects[kind]]
        results = [self._record(kind, i, body["properties"], history) for i in ids]
        times = {"startedAt": _time(self.now()), "completedAt": _time(self.now())}
        return Reply(200, {"status": "COMPLETE", "results": results, **times})

    def _search(self, kind: str, body: dict[str, Any]) -> Reply:
        if (
            set(body) != {"filterGroups", "properties", "sorts", "limit", "after"}
            or body["limit"] > 200
        ):
            return self._error(400, "VALIDATION_ERROR")
        start = int(body["after"])
        if start >= 10_000:
            return self._error(400, "VALIDATION_ERROR")
        filters = body["filterGroups"][0]["filters"]
        found = [i for i, v in self.objects[kind].items() if all(_passes(i, v, f) for f in filters)]
        sort = body["sorts"][0]
        found.sort(key=lambda i: self.objects[kind][i].get(sort, ""))
        page = found[start : start + min(body["limit"], self.page_size)]
        answer: dict[str, Any] = {
            "total": len(found),
            "results": [self._record(kind, i, body["properties"]) for i in page],
        }
        if start + len(page) < len(found):
            answer["paging"] = {"next": {"after": str(start + len(page))}}
        return Reply(200, answer)

    def _record(
        self, kind: str, record: str, wanted: list[str], history: list[str] | None = None
    ) -> dict[str, Any]:
        values = self.objects[kind][record]
        found = {"id": record, "createdAt": _time(self.now()), "updatedAt": _time(self.now())}
        properties = {k: values[k] for k in wanted if k in values}
        with_history = {
            k: self.history[record, k] for k in history or [] if (record, k) in self.history
        }
        return {**found, "properties": properties, "propertiesWithHistory": with_history}

    def _error(self, status: int, category: str, **more: Any) -> Reply:
        body = {"status": "error", "message": "m", "correlationId": "c-1", "category": category}
        return Reply(status, {**body, **more}, {"x-hubspot-correlation-id": "c-1"})


def _passes(record: str, values: dict[str, str], wanted: dict[str, Any]) -> bool:
    name = wanted["propertyName"]
    value = record if name == "hs_object_id" else values.get(name, "")
    if wanted["operator"] == "IN":
        return value in wanted["values"]
    if wanted["operator"] == "GTE":
        return bool(value) and _epoch(value) >= int(wanted["value"])
    assert wanted["operator"] == "EQ"
    return value == wanted["value"]


def _epoch(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp() * 1000)


def _group(name: str) -> dict[str, Any]:
    return {"name": name, "label": name, "displayOrder": 0, "archived": False}


def _standard_error(category: str, deal_id: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": category,
        "message": "m",
        "context": {"ids": [deal_id]},
        "errors": [],
        "links": {},
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
