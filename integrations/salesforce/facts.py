"""What Salesforce knows beside the score: how opportunities ended, and who the buyer is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bantam.domain.calls import Call, DealId
from bantam.domain.crm_fields import FieldKind, canonical
from bantam.domain.crm_records import Firmographics, buyer_emails
from bantam.domain.deals import AeView, AeWord, Outcome
from bantam.errors import VendorRejectedError
from integrations.crm.ae_words import NO_AE_FIELDS, AeFields, view_of
from integrations.salesforce.client import SalesforceClient, soql_list
from integrations.salesforce.mapping import VENDOR, firmographics_of, outcome_of

_MOST_IDS = 200
"""Of one query: its text stands in the address."""


class SalesforceFacts:
    """Implements `OutcomeSource`, `AeViews` and `Fit`. Thread-safe."""

    name = VENDOR

    def __init__(self, client: SalesforceClient, ae: AeFields = NO_AE_FIELDS) -> None:
        """Take the client, and the fields in which AEs judge deals; nothing is sent."""
        self._client = client
        self._ae = ae

    def closed_deals(self, since: datetime) -> Iterator[Outcome]:
        """Yield opportunities whose closing day is `since` or later, in order of that day."""
        day = since.astimezone(UTC).date().isoformat()
        records = self._client.query(
            "SELECT Id, AccountId, IsWon, CloseDate, Amount FROM Opportunity"  # noqa: S608 - a date
            f" WHERE IsClosed = true AND CloseDate >= {day} ORDER BY CloseDate, Id"
        )
        for record in records:
            outcome = outcome_of(record)
            if outcome is not None:
                yield outcome

    def ae_views(self, deal_ids: Sequence[DealId]) -> Sequence[AeView]:
        """Return what AEs wrote of opportunities; see `AeViews`.

        With times where the field's history is tracked in this org, and without where it is not.
        """
        views = []
        for start in range(0, len(deal_ids) if self._ae.keys else 0, _MOST_IDS):
            views += self._views(deal_ids[start : start + _MOST_IDS])
        return views

    def firmographics(self, call: Call) -> Firmographics:
        """Return who the buyer is, from the attendees' contacts and their accounts."""
        emails = buyer_emails(call)
        known = Firmographics(source=VENDOR)
        if not emails:
            return known
        contacts = self._client.query(
            "SELECT Title, MailingCountry, Account.Industry, Account.NumberOfEmployees,"  # noqa: S608 - escaped
            " Account.BillingCountry FROM Contact"
            f" WHERE Email IN {soql_list(emails)} ORDER BY CreatedDate"
        )
        for contact in contacts:
            known = known.filled_from(firmographics_of(contact))
        return known

    def _views(self, deal_ids: Sequence[DealId]) -> list[AeView]:
        where, keys = soql_list(deal_ids), self._ae.keys
        words: dict[str, list[AeWord]] = {}
        told: set[tuple[str, str]] = set()
        for change in self._history(where):
            deal, key = str(change.get("OpportunityId"))[:15], str(change.get("Field"))
            if key in keys and (at := _moment(change.get("CreatedDate"))) is not None:
                told.add((deal, key))
                words.setdefault(deal, []).append(self._ae.word(key, change.get("NewValue"), at))
        records = self._client.query(
            f"SELECT Id, {', '.join(keys)} FROM Opportunity WHERE Id IN {where}"  # noqa: S608 - checked and escaped
        )
        for record in records:
            deal = str(record.get("Id"))[:15]
            undated = [key for key in keys if (deal, key) not in told]
            words.setdefault(deal, []).extend(
                self._ae.word(key, record.get(key), None) for key in undated
            )
        views = (view_of(deal_id, words.get(deal_id[:15], ())) for deal_id in deal_ids)
        return [view for view in views if view is not None]

    def _history(self, where: str) -> Sequence[Mapping[str, Any]]:
        try:
            return list(
                self._client.query(
                    "SELECT OpportunityId, Field, NewValue, CreatedDate"  # noqa: S608 - escaped
                    f" FROM OpportunityFieldHistory WHERE OpportunityId IN {where}"
                    f" AND Field IN {soql_list(self._ae.keys)} ORDER BY CreatedDate"
                )
            )
        except VendorRejectedError:
            # Field history is switched off in this org, or for these fields.
            return []


def _moment(raw: object) -> datetime | None:
    text = canonical(FieldKind.DATETIME, raw)
    return datetime.fromisoformat(text) if text.endswith("Z") else None
