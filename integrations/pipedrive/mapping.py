"""Pipedrive's words for ours, and its values for ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bantam.domain.crm_fields import CRM_FIELDS, FieldKind
from bantam.domain.crm_records import Firmographics
from bantam.domain.deals import Outcome
from integrations.crm.leads import REQUEST_LABEL
from integrations.crm.named_fields import NamedField
from integrations.crm.records import moment_of
from integrations.pipedrive import wire

VENDOR = "pipedrive"

TYPES: Mapping[FieldKind, str] = {
    FieldKind.NUMBER: "double",
    FieldKind.TEXT: "varchar",
    FieldKind.LONG_TEXT: "text",
    FieldKind.URL: "varchar",
    # There is no type for a moment, only for days and for times of day.
    FieldKind.DATETIME: "varchar",
}


def fields_of() -> dict[str, dict[str, str]]:
    """Return the bodies that create our fields, by label."""
    types = {f.label: TYPES[f.kind] for f in CRM_FIELDS} | {REQUEST_LABEL: "varchar"}
    return {label: {"field_name": label, "field_type": type_} for label, type_ in types.items()}


def listed_fields(fields: Sequence[wire.Field]) -> list[NamedField]:
    """Return Pipedrive's list of fields in the terms of all CRMs."""
    return [NamedField(f.field_code, f.field_name, f.field_type) for f in fields]


def outcome_of(deal: wire.Deal) -> Outcome | None:
    """Return how a deal ended, or None when it has no closing time."""
    closed = moment_of(deal.close_time or deal.won_time or deal.lost_time)
    if closed is None or deal.status not in {"won", "lost"}:
        return None
    return Outcome.model_validate(
        {
            "deal_id": str(deal.id),
            "account_id": str(deal.org_id) if deal.org_id is not None else None,
            "won": deal.status == "won",
            "closed_at": closed,
            "amount": deal.value if deal.value is not None and deal.value >= 0 else None,
            "currency": deal.currency,
        }
    )


def firmographics_of(person: wire.Person, company: wire.Organization | None) -> Firmographics:
    """Return who the buyer is, from a person and its organisation."""
    industry = company.industry if company else None
    country = (company.address or {}).get("country") if company else None
    employees = company.employee_count if company else None
    return Firmographics(
        title=person.job_title or None,
        employees=employees if employees is not None and employees >= 0 else None,
        # A number is the id of an option, which says nothing to anybody.
        industry=industry if isinstance(industry, str) and not industry.isdecimal() else None,
        country=country if isinstance(country, str) and country else None,
        source=VENDOR,
    )
