"""A Salesforce that behaves: opportunities with field history, an external id, SOQL, tokens."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from bantam.domain.crm_fields import FieldKind, canonical
from integrations.crm import slots_from
from integrations.salesforce.mapping import (
    ASSESSMENT,
    LINK,
    NOTE,
    REQUEST,
    assessment_fields,
    contact_fields,
    key_of,
    opportunity_fields,
)
from tests.servers import Received, Reply, StandIn, route

CLIENT_ID = "client-1"
SECRET = "secret-1"
OUR_USER = "005000000000001AAA"
PERSON = "005000000000007AAA"
_DATA = "/services/data/{version}"
_SLOTS = {slot.name: slot for slot in slots_from()}
_LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'")
_TYPES = {
    "Number": "double",
    "Text": "string",
    "LongTextArea": "textarea",
    "Url": "url",
    "DateTime": "datetime",
    "Lookup": "reference",
}


class Salesforce(StandIn):
    spec = "salesforce"

    def __init__(self) -> None:
        super().__init__()
        self.opportunities: dict[str, dict[str, Any]] = {}
        self.contacts: dict[str, dict[str, Any]] = {}
        self.roles: list[tuple[str, str]] = []
        """(opportunity, contact)"""
        self.history: list[dict[str, Any]] = []
        self.keeps_history = True
        self.assessments: dict[str, dict[str, Any]] = {}
        self.fields: dict[str, dict[str, str]] = {
            "Opportunity": {"Id": "id"},
            ASSESSMENT: {"Id": "id"},
            "Contact": {"Id": "id"},
        }
        self.may_create = True
        self.may_delete = True
        self.refused_objects: dict[str, str] = {}
        """{object: statusCode} of new records that are refused."""
        self.hidden: set[str] = set()
        """Full names of fields that exist and that we cannot see."""
        self.hides_new_fields = False
        self.token = "token-1"
        self.item_errors: dict[str, str] = {}
        """{call id: statusCode} of composite records that are refused."""
        self.page_size = 2000
        self.queries: list[str] = []
        self.assertions: list[str] = []
        self._cursors: dict[str, list[dict[str, Any]]] = {}
        self._next = 0

    # What tests look at and do by hand

    def prepare(self) -> None:
        for name, (_, described) in opportunity_fields().items():
            self.fields["Opportunity"][name] = described
        for name, (_, described) in assessment_fields().items():
            self.fields[ASSESSMENT][name] = described
        for name, (_, described) in contact_fields().items():
            self.fields["Contact"][name] = described

    def add_deal(
        self, deal_id: str, *, email: str | None = None, closed: bool = False, **fields: Any
    ) -> None:
        self.opportunities[deal_id] = {"Id": deal_id, "IsClosed": closed, **fields}
        if email is not None:
            self.roles.append((deal_id, self.contact(email)))

    def contact(self, email: str, **fields: Any) -> str:
        record = next((i for i, c in self.contacts.items() if c["Email"] == email), None)
        record = record or f"003{len(self.contacts) + 1:012}AAA"
        self.contacts.setdefault(record, {"Id": record, "Email": email}).update(fields)
        return record

    def deals_of(self, email: str) -> list[str]:
        """Return the deals of everybody with an address."""
        people = {i for i, c in self.contacts.items() if c["Email"] == email}
        return [deal for deal, person in self.roles if person in people]

    def people(self) -> list[str]:
        return [c["Email"] for c in self.contacts.values()]

    def close_deal(self, deal_id: str) -> None:
        self.opportunities[deal_id]["IsClosed"] = True

    def edit(self, deal_id: str, name: str, value: str) -> None:
        self._set(deal_id, key_of(name), value or None, PERSON)

    def shown(self, deal_id: str, name: str) -> str:
        return canonical(_SLOTS[name].kind, self.opportunities[deal_id].get(key_of(name)))

    def notes_on(self, deal_id: str) -> list[str]:
        return [a[NOTE] for a in self.assessments.values() if a[LINK] == deal_id]

    def their_field(self) -> str:
        """Return the key of a text field that people use."""
        self.fields["Opportunity"]["NextStep"] = "string"
        return "NextStep"

    def typed(self, deal_id: str, key: str, value: str | None = None) -> str:
        """Type a value into a field as a person, or look at what stands there."""
        if value is not None:
            self._set(deal_id, key, value or None, PERSON)
        return self.opportunities[deal_id].get(key) or ""

    def remove(self, deal_id: str) -> None:
        del self.opportunities[deal_id]

    @property
    def writes(self) -> int:
        names = ("patch_one", "upsert", "create_field")
        return sum(r.operation in names for r in self.received)

    def _set(self, deal_id: str, key: str, value: Any, user: str) -> None:
        self.opportunities[deal_id][key] = value
        at = self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        change = {"OpportunityId": deal_id, "Field": key, "CreatedById": user, "CreatedDate": at}
        self.history.insert(0, change)

    # Salesforce

    def authorise(self, request: Received) -> Reply | None:
        if request.operation == "login":
            return None
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return self._error(401, "INVALID_SESSION_ID")
        return None

    def refuse(self, status: int, why: str) -> Reply:
        return self._error(status, "JSON_PARSER_ERROR" if status == 400 else "NOT_FOUND")

    @route("POST", "/services/oauth2/token")
    def login(self, request: Received) -> Reply:
        form = request.form()
        if form["grant_type"] == "client_credentials":
            if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, SECRET):
                return Reply(400, {"error": "invalid_client", "error_description": "invalid"})
        else:
            self.assertions.append(form["assertion"])
        host = request.headers["host"]
        return Reply(200, {
            "access_token": self.token, "instance_url": f"http://{host}", "token_type": "Bearer",
            "id": f"https://login.salesforce.com/id/00D000000000001/{OUR_USER}",
        })  # fmt: skip

    @route("GET", f"{_DATA}/limits")
    def limits(self, request: Received) -> Reply:
        return Reply(200, {"DailyApiRequests": {"Max": 5000, "Remaining": 4000}})

    @route("GET", f"{_DATA}/sobjects/{{sobject}}/describe")
    def describe(self, request: Received) -> Reply:
        name = request.params["sobject"]
        if name not in self.fields:
            return self._error(404, "NOT_FOUND")
        found = [
            {"name": f, "type": t, "updateable": f != "Id"}
            for f, t in self.fields[name].items()
            if f"{name}.{f}" not in self.hidden
        ]
        may = {"createable": self.may_create, "deletable": self.may_delete}
        return Reply(200, {"name": name, **may, "fields": found})

    @route("GET", f"{_DATA}/sobjects/{{sobject}}/{{id}}")
    def get_one(self, request: Received) -> Reply:
        record = request.params["id"]
        if record not in self.opportunities:
            return self._error(404, "NOT_FOUND")
        return Reply(
            200, {f: self.opportunities[record].get(f) for f in request.one("fields").split(",")}
        )

    @route("PATCH", f"{_DATA}/sobjects/{{sobject}}/{{id}}")
    def patch_one(self, request: Received) -> Reply:
        record, body = request.params["id"], request.json()
        if record not in self.opportunities:
            return self._error(404, "NOT_FOUND")
        unknown = [k for k in body if not self._visible("Opportunity", k)]
        if unknown:
            return self._error(400, "INVALID_FIELD", unknown)
        for key, value in body.items():
            if self.opportunities[record].get(key) != value:
                self._set(record, key, self._stored("Opportunity", key, value), OUR_USER)
        return Reply(204)

    @route("DELETE", f"{_DATA}/sobjects/{{sobject}}/{{id}}")
    def delete_one(self, request: Received) -> Reply:
        if request.params["sobject"] != ASSESSMENT:
            return self._error(403, "INSUFFICIENT_ACCESS_OR_READONLY")
        found = [k for k, a in self.assessments.items() if a["Id"] == request.params["id"]]
        if not found:
            return self._error(404, "ENTITY_IS_DELETED")
        del self.assessments[found[0]]
        return Reply(204)

    @route("PATCH", f"{_DATA}/composite/sobjects/{{sobject}}/{{externalIdField}}")
    def upsert(self, request: Received) -> Reply:
        name, key = request.params["sobject"], request.params["externalIdField"]
        if name not in self.fields:
            return self._error(404, "NOT_FOUND")
        records = request.json()["records"]
        if key == REQUEST:
            return Reply(200, [self._upserted(name, record) for record in records])
        keys = [r[key] for r in records]
        answers = []
        for record in records:
            code = self.item_errors.get(record[key])
            code = "DUPLICATE_VALUE" if keys.count(record[key]) > 1 else code
            unknown = [k for k in record if k != "attributes" and not self._visible(name, k)]
            if unknown:
                code = "INVALID_FIELD_FOR_INSERT_UPDATE"
            if code:
                answers.append(
                    {
                        "id": None,
                        "success": False,
                        "created": False,
                        "errors": [{"statusCode": code, "message": "m", "fields": []}],
                    }
                )
                continue
            created = record[key] not in self.assessments
            there = self.assessments.setdefault(record[key], {"Id": self._id()})
            there.update({k: v for k, v in record.items() if k != "attributes"})
            answers.append({"id": there["Id"], "success": True, "created": created, "errors": []})
        return Reply(200, answers)

    def _upserted(self, name: str, record: dict[str, Any]) -> dict[str, Any]:
        """Make or change a contact or an opportunity by its request."""
        if not self._visible(name, REQUEST):
            return _refused("INVALID_FIELD_FOR_INSERT_UPDATE")
        there = self.contacts if name == "Contact" else self.opportunities
        values = {k: v for k, v in record.items() if k not in {"attributes", "ContactId"}}
        found = next((r for r in there.values() if r.get(REQUEST) == record[REQUEST]), None)
        needed = {"LastName"} if name == "Contact" else {"Name", "StageName", "CloseDate"}
        if found is None and name in self.refused_objects:
            return _refused(self.refused_objects[name])
        if found is None and not needed <= set(values):
            return _refused("REQUIRED_FIELD_MISSING")
        if found is not None and "ContactId" in record:
            return _refused("INVALID_FIELD_FOR_INSERT_UPDATE")
        if found is None:
            number = f"{'003' if name == 'Contact' else '006'}9{len(there) + 1:011}AAA"
            closed = {} if name == "Contact" else {"IsClosed": False}
            found = there.setdefault(number, {"Id": number, **closed})
            if "ContactId" in record:
                self.roles.append((number, record["ContactId"]))
        found.update(values)
        return {"id": found["Id"], "success": True, "created": True, "errors": []}

    @route("POST", f"{_DATA}/tooling/sobjects/CustomField")
    def create_field(self, request: Received) -> Reply:
        body = request.json()
        object_name, _, name = body["FullName"].partition(".")
        if object_name not in self.fields:
            return self._error(400, "INVALID_TYPE")
        if name in self.fields[object_name]:
            return self._error(400, "DUPLICATE_DEVELOPER_NAME")
        self.fields[object_name][name] = _TYPES[body["Metadata"]["type"]]
        if self.hides_new_fields:
            self.hidden.add(body["FullName"])
        return Reply(201, {"id": self._id(), "success": True, "errors": []})

    @route("GET", f"{_DATA}/query")
    def query(self, request: Received) -> Reply:
        soql = request.one("q")
        self.queries.append(soql)
        found = self._found(soql)
        return found if isinstance(found, Reply) else self._page(found)

    @route("GET", f"{_DATA}/query/{{locator}}")
    def next_page(self, request: Received) -> Reply:
        return self._page(self._cursors[request.params["locator"]])

    def _page(self, records: list[dict[str, Any]]) -> Reply:
        page, rest = records[: self.page_size], records[self.page_size :]
        body: dict[str, Any] = {"totalSize": len(records), "done": not rest, "records": page}
        if rest:
            locator = self._id()
            self._cursors[locator] = rest
            body["nextRecordsUrl"] = f"/services/data/v62.0/query/{locator}"
        return Reply(200, body)

    def _found(self, soql: str) -> list[dict[str, Any]] | Reply:
        literals = [re.sub(r"\\(.)", r"\1", m) for m in _LITERAL.findall(soql)]
        shape = re.sub(r"\(\?(?:, \?)*\)", "(?)", _LITERAL.sub("?", soql))
        shapes = {
            "WHERE Id IN (SELECT OpportunityId FROM OpportunityContactRole": self._by_contact,
            "FROM Opportunity WHERE AccountId = ?": self._open_of_account,
            f"FROM Opportunity WHERE {REQUEST} = ?": self._by_request,
            "FROM Contact WHERE Email = ?": self._first_person,
            f"FROM {ASSESSMENT} WHERE Call_Id__c = ?": self._assessment,
            "FROM Opportunity WHERE Id IN (?)": self._deals_by_id,
            "FROM OpportunityFieldHistory WHERE": self._changes,
            "FROM OpportunityContactRole WHERE Contact.Email IN (?) AND": self._by_role,
            "AccountId IN (SELECT AccountId FROM Contact WHERE Email IN (?))": self._by_account,
            "FROM Contact WHERE Email IN (?)": self._people,
            "WHERE IsClosed = true AND CloseDate >=": self._closed,
        }
        for part, find in shapes.items():
            if part in shape:
                return find(shape, literals)
        return [] if shape.endswith("LIMIT 1") else self._error(400, "MALFORMED_QUERY")

    def _by_contact(self, shape: str, literals: list[str]) -> list[dict[str, Any]] | Reply:
        found = [d for d, person in self.roles if person == literals[0]]
        return self._leads(shape, [self.opportunities[d] for d in reversed(found)])

    def _open_of_account(self, shape: str, literals: list[str]) -> list[dict[str, Any]] | Reply:
        deals = self.opportunities.values()
        return self._leads(
            shape, [o for o in deals if o.get("AccountId") == literals[0] and not o["IsClosed"]]
        )

    def _by_request(self, shape: str, literals: list[str]) -> list[dict[str, Any]] | Reply:
        deals = self.opportunities.values()
        return self._leads(shape, [o for o in deals if o.get(REQUEST) == literals[0]])

    def _leads(self, shape: str, found: list[dict[str, Any]]) -> list[dict[str, Any]] | Reply:
        if not self._visible("Opportunity", REQUEST):
            return self._error(400, "INVALID_FIELD", [REQUEST])
        return [self._record(o, ["Id", "IsClosed", REQUEST]) for o in found]

    def _assessment(self, shape: str, literals: list[str]) -> list[dict[str, Any]]:
        found = self.assessments.get(literals[0])
        return [{"Id": found["Id"]}] if found else []

    def _first_person(self, shape: str, literals: list[str]) -> list[dict[str, Any]]:
        return self._people(shape, literals)[:1]

    def _deals_by_id(self, shape: str, literals: list[str]) -> list[dict[str, Any]] | Reply:
        names = shape.removeprefix("SELECT ").partition(" FROM ")[0].split(", ")
        if unknown := [f for f in names if not self._visible("Opportunity", f)]:
            return self._error(400, "INVALID_FIELD", unknown)
        return [self._record(self._by_id(i), names) for i in literals if self._by_id(i)]

    def _changes(self, shape: str, literals: list[str]) -> list[dict[str, Any]] | Reply:
        if not self.keeps_history:
            return self._error(400, "INVALID_TYPE")
        ids = {self._by_id(i).get("Id") for i in literals}
        found = [h for h in self.history if h["OpportunityId"] in ids]
        return [h for h in found if "Field IN" not in shape or h["Field"] in literals]

    def _by_role(self, shape: str, literals: list[str]) -> list[dict[str, Any]]:
        people = {c["Id"] for c in self._people(shape, literals)}
        is_open = {i for i, o in self.opportunities.items() if not o["IsClosed"]}
        found = [(o, c) for o, c in self.roles if c in people and o in is_open]
        return [{"OpportunityId": o, "ContactId": c} for o, c in found]

    def _by_account(self, shape: str, literals: list[str]) -> list[dict[str, Any]]:
        accounts = {c.get("AccountId") for c in self._people(shape, literals)} - {None}
        deals = self.opportunities.items()
        return [{"Id": i} for i, o in deals if o.get("AccountId") in accounts and not o["IsClosed"]]

    def _people(self, shape: str, literals: list[str]) -> list[dict[str, Any]]:
        return [c for _, c in sorted(self.contacts.items()) if c["Email"] in literals]

    def _closed(self, shape: str, literals: list[str]) -> list[dict[str, Any]]:
        day = shape.partition("CloseDate >= ")[2].partition(" ")[0]
        closed = [o for o in self.opportunities.values() if o["IsClosed"]]
        closed = [o for o in closed if o.get("CloseDate", "") >= day]
        return sorted(closed, key=lambda o: (o["CloseDate"], o["Id"]))

    def _by_id(self, record: str) -> dict[str, Any]:
        return next((o for i, o in self.opportunities.items() if i[:15] == record[:15]), {})

    def _record(self, values: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
        return {"attributes": {"type": "Opportunity"}, **{f: values.get(f) for f in wanted}}

    def _stored(self, object_name: str, key: str, value: Any) -> Any:
        """Store as Salesforce does: CRLF in long texts, floats, its own form of a time."""
        described = self.fields[object_name][key]
        if described == "textarea" and isinstance(value, str):
            return value.replace("\n", "\r\n")
        if described == "datetime" and isinstance(value, str):
            moment = datetime.fromisoformat(canonical(FieldKind.DATETIME, value))
            return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        return float(value) if described == "double" and value is not None else value

    def _visible(self, object_name: str, name: str) -> bool:
        return name in self.fields[object_name] and f"{object_name}.{name}" not in self.hidden

    def _id(self) -> str:
        self._next += 1
        return f"a00{self._next:012}AAA"

    def _error(self, status: int, code: str, fields: list[str] | None = None) -> Reply:
        return Reply(status, [{"message": "m", "errorCode": code, "fields": fields or []}])


def _refused(code: str) -> dict[str, Any]:
    errors = [{"statusCode": code, "message": "m", "fields": []}]
    return {"id": None, "success": False, "created": False, "errors": errors}
