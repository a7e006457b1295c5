"""HubSpot's words for ours, and its values for ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bantam.domain.crm_fields import CRM_FIELDS, FIELDS_BY_NAME, CrmField, FieldKind, canonical
from bantam.domain.crm_records import Firmographics
from bantam.domain.deals import Outcome
from bantam.domain.merge import Present
from integrations.crm import Slot
from integrations.crm.leads import REQUEST_LABEL, REQUEST_MEANING
from integrations.hubspot.wire import Record, Version

VENDOR = "hubspot"
GROUP = "bant"
OBJECT = "deals"
REQUEST = "bant_request"
"""Unique among deals: the key of the request that a deal was made for."""

# fmt: off
TYPES: dict[FieldKind, tuple[str, str]] = {
    # kind: (type, fieldType); the two must agree
    FieldKind.NUMBER: ("number", "number"),
    FieldKind.TEXT: ("string", "text"),
    FieldKind.LONG_TEXT: ("string", "textarea"),
    FieldKind.URL: ("string", "text"),
    FieldKind.DATETIME: ("datetime", "date"),
}
# fmt: on

_PEOPLE = frozenset({"CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "MOBILE_ANDROID", "SIDEKICK"})
"""Values of `sourceType` behind which a person sits."""
_PROGRAMS = frozenset({"INTEGRATION", "API"})


def key_of(slot: Slot | str) -> str:
    """Return the property's name: ours get a prefix, those that people use are named as is."""
    name = slot if isinstance(slot, str) else slot.name
    return f"bant_{name}" if name in FIELDS_BY_NAME else name


def property_of(field: CrmField) -> dict[str, Any]:
    """Return the body that creates one of our properties."""
    type_, field_type = TYPES[field.kind]
    return {
        "name": key_of(field.name),
        "label": field.label,
        "description": field.description,
        "type": type_,
        "fieldType": field_type,
        "groupName": GROUP,
    }


def properties_of() -> dict[str, dict[str, Any]]:
    """Return the bodies that create all our properties, by name."""
    ours = {key_of(field.name): property_of(field) for field in CRM_FIELDS}
    request = {
        "name": REQUEST,
        "label": REQUEST_LABEL,
        "description": REQUEST_MEANING,
        "type": "string",
        "fieldType": "text",
        "groupName": GROUP,
        "hasUniqueValue": True,
    }
    return {**ours, REQUEST: request}


def presents(record: Record, slots: Sequence[Slot], our_source: str | None) -> dict[str, Present]:
    """Return what stands in the slots of a deal, with who wrote it last."""
    found = {}
    for slot in slots:
        versions = record.propertiesWithHistory.get(key_of(slot), [])
        raw = record.properties.get(key_of(slot))
        newest = versions[0] if versions else None
        if raw is None and newest is not None:
            raw = newest.value
        value = canonical(slot.kind, raw)
        found[slot.name] = Present(value=value, **_author(newest, our_source))
    return found


def _author(version: Version | None, our_source: str | None) -> dict[str, Any]:
    if version is None:
        return {}
    by_person: bool | None = None
    if version.sourceType in _PEOPLE:
        by_person = True
    elif version.sourceType in _PROGRAMS and our_source and version.sourceId == our_source:
        by_person = False
    user = f" user {version.updatedByUserId}" if version.updatedByUserId is not None else ""
    by = f"{version.sourceType}{user}" if version.sourceType else None
    return {"by": by, "at": version.timestamp, "by_person": by_person}


def outcome_of(record: Record, account_id: str | None) -> Outcome | None:
    """Return how a deal ended, or None when it has no closing date."""
    closed = canonical(FieldKind.DATETIME, record.properties.get("closedate"))
    if not closed.endswith("Z"):
        return None
    amount = _amount(record.properties.get("amount"))
    return Outcome.model_validate(
        {
            "deal_id": record.id,
            "account_id": account_id,
            "won": record.properties.get("hs_is_closed_won") == "true",
            "closed_at": closed,
            "amount": amount,
            "currency": record.properties.get("deal_currency_code") or None,
        }
    )


def firmographics_of(contact: Record, company: Record | None) -> Firmographics:
    """Return who the buyer is, from a contact and its company."""
    theirs = company.properties if company else {}
    employees = canonical(FieldKind.NUMBER, theirs.get("numberofemployees"))
    return Firmographics(
        title=contact.properties.get("jobtitle") or None,
        employees=int(employees) if employees.isdecimal() else None,
        industry=theirs.get("industry") or None,
        country=theirs.get("country") or contact.properties.get("country") or None,
        source=VENDOR,
    )


def _amount(raw: str | None) -> float | None:
    text = canonical(FieldKind.NUMBER, raw)
    try:
        amount = float(text) if text else None
    except ValueError:
        return None
    return amount if amount is not None and amount >= 0 else None
