"""Salesforce as the place that leads come into.

Nothing is made twice: contacts and opportunities are upserted by external ids of ours
(`BANT_Request__c`: of a contact the digest of its address, of an opportunity the request's key).
What remains possible: a person who enters the same address by hand at the same moment makes a
second contact; the org's duplicate rules are there for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bantam.domain.scheduled import Lead
from bantam.domain.value import digest
from bantam.errors import VendorConflictError, VendorRejectedError
from bantam.ports import Clock
from integrations.crm.leads import LeadContact, LeadDeal, deal_name, names_of
from integrations.salesforce.client import SalesforceClient, item_error, soql_text
from integrations.salesforce.mapping import OBJECT, REQUEST, VENDOR

_LONGEST_NAME = 80
"""Of a person's last name; an opportunity's name may be longer."""


class SalesforceLeads:
    """Implements `LeadRecords`. Thread-safe."""

    def __init__(
        self, client: SalesforceClient, clock: Clock, *, stage: str, closes_after: timedelta
    ) -> None:
        """Take the client, a clock, and how new opportunities stand; nothing is sent."""
        self._client = client
        self._clock = clock
        self._stage = stage
        self._closes_after = closes_after

    def contact_of(self, email: str) -> LeadContact | None:
        """Return the oldest contact with this address."""
        found = self._client.query(
            "SELECT Id, AccountId FROM Contact"  # noqa: S608 - escaped
            f" WHERE Email = {soql_text(email)} ORDER BY CreatedDate LIMIT 1"
        )
        first = next(iter(found), None)
        return LeadContact(first["Id"], first.get("AccountId") or "") if first else None

    def add_contact(self, lead: Lead) -> LeadContact:
        """Make a contact without an account: which company it is, a person says."""
        first, last = names_of(lead)
        values = {
            REQUEST: digest(lead.email),
            "Email": lead.email,
            "LastName": (last or lead.email)[:_LONGEST_NAME],
            **({"FirstName": first[:40]} if first else {}),
        }
        return LeadContact(self._upserted("Contact", values))

    def deals_of(self, contact: LeadContact) -> Sequence[LeadDeal]:
        """Return the opportunities that name a contact, else the one open one of its account."""
        roles = self._deals(
            "Id IN (SELECT OpportunityId FROM OpportunityContactRole"  # noqa: S608 - escaped
            f" WHERE ContactId = {soql_text(contact.id)})"
        )
        if any(deal.is_open for deal in roles) or not contact.account:
            return roles
        account = self._deals(f"AccountId = {soql_text(contact.account)} AND IsClosed = false")
        return [*roles, *account] if len(account) == 1 else roles

    def add_deal(self, lead: Lead, contact: LeadContact, key: str) -> str:
        """Make an opportunity; its contact role is made with it, by `ContactId`."""
        closes = (self._clock() + self._closes_after).date()
        values = {
            REQUEST: key,
            "Name": deal_name(lead)[:120],
            "StageName": self._stage,
            "CloseDate": closes.isoformat(),
            "ContactId": contact.id,
            **({"AccountId": contact.account} if contact.account else {}),
        }
        before = self._deals(f"{REQUEST} = {soql_text(key)}")
        if before:
            # Upserting it again would put it back to its first stage.
            return before[0].id
        try:
            return self._upserted(OBJECT, values)
        except VendorRejectedError as error:
            # Somebody made it at the same moment: `ContactId` is refused for what exists.
            if self._deals(f"{REQUEST} = {soql_text(key)}"):
                raise VendorConflictError(VENDOR, "the opportunity exists already") from error
            raise

    def _deals(self, where: str) -> list[LeadDeal]:
        found = self._client.query(
            f"SELECT Id, IsClosed, {REQUEST} FROM {OBJECT} WHERE {where} ORDER BY CreatedDate DESC"  # noqa: S608 - escaped
        )
        return [
            LeadDeal(r["Id"], is_open=r.get("IsClosed") is not True, request=r.get(REQUEST) or "")
            for r in found
        ]

    def _upserted(self, object_name: str, values: Mapping[str, Any]) -> str:
        record = {"attributes": {"type": object_name}, **values}
        answers = self._client.upsert(object_name, REQUEST, [record])
        answer = answers[0] if answers else None
        if answer is None:
            raise VendorRejectedError(VENDOR, "composite: an answer is missing")
        if not answer.success or not answer.id:
            raise item_error(answer, f"new {object_name}", self._clock())
        return answer.id
