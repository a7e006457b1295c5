"""Close's words for ours, and its values for ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bantam.domain.crm_fields import CRM_FIELDS, FieldKind
from bantam.domain.crm_records import Firmographics
from bantam.domain.deals import Outcome
from integrations.close import wire
from integrations.crm.leads import REQUEST_LABEL
from integrations.crm.named_fields import NamedField
from integrations.crm.records import moment_of

VENDOR = "close"

TYPES: Mapping[FieldKind, str] = {
    FieldKind.NUMBER: "number",
    FieldKind.TEXT: "text",
    FieldKind.LONG_TEXT: "textarea",
    FieldKind.URL: "text",
    FieldKind.DATETIME: "datetime",
}


def fields_of() -> dict[str, dict[str, str]]:
    """Return the bodies that create our fields, by label."""
    types = {f.label: TYPES[f.kind] for f in CRM_FIELDS} | {REQUEST_LABEL: "text"}
    return {label: {"name": label, "type": type_} for label, type_ in types.items()}


def listed_fields(fields: Sequence[wire.Field]) -> list[NamedField]:
    """Return Close's list of fields in the terms of all CRMs."""
    return [NamedField(f.id, f.name, f.type) for f in fields]


def key_of(code: str) -> str:
    """Return the key of a custom field (`cf_...`) in an opportunity; other keys as they are."""
    return f"custom.{code}" if code.startswith("cf_") else code


def outcome_of(opportunity: wire.Opportunity) -> Outcome | None:
    """Return how an opportunity ended, or None when it has no closing date."""
    won = opportunity.status_type == "won"
    closed = moment_of(opportunity.date_won if won else opportunity.date_lost)
    if closed is None or opportunity.status_type not in {"won", "lost"}:
        return None
    cents = opportunity.value
    return Outcome.model_validate(
        {
            "deal_id": opportunity.id,
            "account_id": opportunity.lead_id,
            "won": won,
            "closed_at": closed,
            "amount": cents / 100 if cents is not None and cents >= 0 else None,
            "currency": opportunity.value_currency,
        }
    )


def firmographics_of(contact: wire.Contact, lead: wire.Lead | None) -> Firmographics:
    """Return what Close has fields for: the title and the country."""
    countries = [a.country for a in lead.addresses if a.country] if lead else []
    country = countries[0] if countries else None
    return Firmographics(title=contact.title or None, country=country, source=VENDOR)
