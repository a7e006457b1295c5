"""What Salesforce knows beside the score: how opportunities ended, and who the buyer is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bantam.domain.calls import Call
from bantam.domain.crm_records import Firmographics, buyer_emails
from bantam.domain.deals import Outcome
from integrations.salesforce.client import SalesforceClient, soql_list
from integrations.salesforce.mapping import VENDOR, firmographics_of, outcome_of


class SalesforceFacts:
    """Implements `OutcomeSource` and `Fit`. Thread-safe."""

    name = VENDOR

    def __init__(self, client: SalesforceClient) -> None:
        """Take the client; nothing is sent."""
        self._client = client

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
