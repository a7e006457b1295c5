"""Salesforce's words for ours, and its values for ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bantam.domain.crm_fields import (
    CRM_FIELDS,
    FIELDS_BY_NAME,
    MAX_TEXT,
    CrmField,
    FieldKind,
    canonical,
    field_values,
)
from bantam.domain.crm_records import Firmographics
from bantam.domain.deals import Outcome
from bantam.domain.delivery import ScoreNote
from bantam.domain.merge import Present
from integrations.crm import Slot
from integrations.crm.leads import REQUEST_LABEL, REQUEST_MEANING
from integrations.crm.note_text import plain_note
from integrations.crm.records import as_number

VENDOR = "salesforce"
OBJECT = "Opportunity"
ASSESSMENT = "BANT_Assessment__c"
CALL_KEY = "Call_Id__c"
LINK = "Opportunity__c"
NOTE = "BANT_Note__c"
REQUEST = "BANT_Request__c"
"""External id of what was made for a request: opportunities and contacts."""
_IN_ASSESSMENT = tuple(f for f in CRM_FIELDS if f.name != "last_call_id")
"""There the call's id is the key."""

# fmt: off
METADATA: Mapping[FieldKind, Mapping[str, Any]] = {
    FieldKind.NUMBER: {"type": "Number", "precision": 5, "scale": 2},
    FieldKind.TEXT: {"type": "Text", "length": MAX_TEXT},
    FieldKind.LONG_TEXT: {"type": "LongTextArea", "length": 32768, "visibleLines": 6},
    FieldKind.URL: {"type": "Url"},
    FieldKind.DATETIME: {"type": "DateTime"},
}
DESCRIBED: Mapping[FieldKind, str] = {
    # what describe calls the same types
    FieldKind.NUMBER: "double",
    FieldKind.TEXT: "string",
    FieldKind.LONG_TEXT: "textarea",
    FieldKind.URL: "url",
    FieldKind.DATETIME: "datetime",
}
# fmt: on


def key_of(slot: Slot | str) -> str:
    """Return the field's API name: BANT_Next_Question__c; those people use are named as is."""
    name = slot if isinstance(slot, str) else slot.name
    if name not in FIELDS_BY_NAME:
        return name
    return f"BANT_{'_'.join(part.capitalize() for part in name.split('_'))}__c"


def field_of(object_name: str, field: CrmField) -> dict[str, Any]:
    """Return the Tooling API body that creates one of our fields."""
    metadata = {"label": field.label, "description": field.description, **METADATA[field.kind]}
    return {"FullName": f"{object_name}.{key_of(field.name)}", "Metadata": metadata}


def opportunity_fields() -> dict[str, tuple[dict[str, Any], str]]:
    """Return, by name, the body that creates each field on opportunities and its described type."""
    ours = {key_of(f.name): (field_of(OBJECT, f), DESCRIBED[f.kind]) for f in CRM_FIELDS}
    return {**ours, **_request_field(OBJECT)}


def contact_fields() -> dict[str, tuple[dict[str, Any], str]]:
    """Return the same for contacts: only what keeps one from being made twice."""
    return _request_field("Contact")


def _request_field(object_name: str) -> dict[str, tuple[dict[str, Any], str]]:
    metadata = {
        "label": REQUEST_LABEL,
        "description": REQUEST_MEANING,
        "type": "Text",
        "length": MAX_TEXT,
        "externalId": True,
        "unique": True,
    }
    return {REQUEST: ({"FullName": f"{object_name}.{REQUEST}", "Metadata": metadata}, "string")}


def assessment_fields() -> dict[str, tuple[dict[str, Any], str]]:
    """Return the same for the child object; the call's id is its external id."""
    named = {
        CALL_KEY: (
            {
                "label": "Call id",
                "type": "Text",
                "length": MAX_TEXT,
                "externalId": True,
                "unique": True,
            },
            "string",
        ),
        LINK: (
            {
                "label": "Opportunity",
                "type": "Lookup",
                "referenceTo": OBJECT,
                "relationshipName": "BANT_Assessments",
            },
            "reference",
        ),
        NOTE: (
            {"label": "BANT note", **METADATA[FieldKind.LONG_TEXT]},
            DESCRIBED[FieldKind.LONG_TEXT],
        ),
    }
    fields = {
        name: ({"FullName": f"{ASSESSMENT}.{name}", "Metadata": metadata}, described)
        for name, (metadata, described) in named.items()
    }
    for field in _IN_ASSESSMENT:
        fields[key_of(field.name)] = (field_of(ASSESSMENT, field), DESCRIBED[field.kind])
    return fields


def raw_value(kind: FieldKind, value: str) -> Any:
    """Return a canonical value in Salesforce's type; null clears."""
    return as_number(value) if kind is FieldKind.NUMBER else value or None


def raw_values(values: Mapping[str, str], slots: Sequence[Slot]) -> dict[str, Any]:
    """Return the body of a PATCH of one opportunity."""
    kinds = {slot.name: slot.kind for slot in slots}
    return {key_of(name): raw_value(kinds[name], value) for name, value in values.items()}


def assessment_of(deal_id: str, note: ScoreNote) -> dict[str, Any]:
    """Return one record of the composite upsert: the whole reading of one call."""
    values = field_values(note)
    return {
        "attributes": {"type": ASSESSMENT},
        CALL_KEY: note.call_id,
        LINK: deal_id,
        NOTE: canonical(FieldKind.LONG_TEXT, plain_note(note)),
        **{key_of(f.name): raw_value(f.kind, values[f.name]) for f in _IN_ASSESSMENT},
    }


def presents(
    record: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    slots: Sequence[Slot],
    our_user: str,
) -> dict[str, Present]:
    """Return what stands in the slots; field history (newest first) says who wrote it, if kept."""
    newest: dict[str, Mapping[str, Any]] = {}
    for change in history:
        newest.setdefault(str(change.get("Field")), change)
    found = {}
    for slot in slots:
        value = canonical(slot.kind, record.get(key_of(slot)))
        found[slot.name] = Present(value=value, **_author(newest.get(key_of(slot)), our_user))
    return found


def _author(change: Mapping[str, Any] | None, our_user: str) -> dict[str, Any]:
    if change is None:
        return {}
    user = str(change.get("CreatedById") or "")
    at = canonical(FieldKind.DATETIME, change.get("CreatedDate"))
    return {
        "by": f"user {user}" if user else None,
        "at": at if at.endswith("Z") else None,
        # Salesforce writes ids with 15 or 18 characters; the first 15 name the record.
        "by_person": user[:15] != our_user[:15] if user and our_user else None,
    }


def outcome_of(record: Mapping[str, Any]) -> Outcome | None:
    """Return how an opportunity ended, or None when it has no closing date."""
    day = str(record.get("CloseDate") or "")
    try:
        closed = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    except ValueError:
        return None
    amount = record.get("Amount")
    return Outcome(
        deal_id=record["Id"],
        account_id=record.get("AccountId"),
        won=record.get("IsWon") is True,
        closed_at=closed,
        amount=float(amount) if isinstance(amount, int | float) and amount >= 0 else None,
        currency=record.get("CurrencyIsoCode"),
    )


def firmographics_of(contact: Mapping[str, Any]) -> Firmographics:
    """Return who the buyer is, from a contact and its account."""
    account = contact.get("Account") or {}
    employees = account.get("NumberOfEmployees")
    return Firmographics(
        title=contact.get("Title"),
        employees=employees if isinstance(employees, int) and employees >= 0 else None,
        industry=account.get("Industry"),
        country=account.get("BillingCountry") or contact.get("MailingCountry"),
        source=VENDOR,
    )
