"""What Close knows beside the score: how opportunities ended, and who the buyer is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bantam.domain.calls import Call, DealId
from bantam.domain.crm_records import Firmographics, buyer_emails
from bantam.domain.deals import AeView, Outcome
from integrations.close.client import CloseClient
from integrations.close.mapping import VENDOR, firmographics_of, outcome_of
from integrations.crm.ae_words import NO_AE_FIELDS, AeFields, view_of


class CloseFacts:
    """Implements `OutcomeSource`, `AeViews` and `Fit`. Thread-safe."""

    name = VENDOR

    def __init__(self, client: CloseClient, ae: AeFields = NO_AE_FIELDS) -> None:
        """Take the client, and the fields in which AEs judge deals; nothing is sent."""
        self._client = client
        self._ae = ae

    def closed_deals(self, since: datetime) -> Iterator[Outcome]:
        """Yield opportunities closed at or after `since`: closing updates, so none is missed."""
        updated = since.astimezone(UTC).isoformat()
        for status in ("won", "lost"):
            params = {"status_type": status, "date_updated__gte": updated}
            for opportunity in self._client.opportunities(**params):
                outcome = outcome_of(opportunity)
                if outcome is not None and outcome.closed_at.date() >= since.date():
                    yield outcome

    def endings(self, deal_ids: Sequence[DealId]) -> Mapping[DealId, Outcome | None]:
        """Return how opportunities ended, None for an active one; see `DealEndings`."""
        stands: dict[DealId, Outcome | None] = {}
        for deal_id in deal_ids:
            opportunity = self._client.opportunity(deal_id)
            if opportunity is None:
                continue
            outcome = outcome_of(opportunity)
            if outcome is not None or opportunity.status_type == "active":
                stands[deal_id] = outcome
        return stands

    def ae_views(self, deal_ids: Sequence[DealId]) -> Sequence[AeView]:
        """Return what AEs wrote of opportunities, without times: Close keeps no history of them.

        See `AeViews`.
        """
        views = []
        for deal_id in deal_ids if self._ae.keys else ():
            found = self._client.opportunity(deal_id)
            custom = found.custom if found is not None else {}
            words = [self._ae.word(k, custom.get(f"custom.{k}"), None) for k in self._ae.keys]
            views.append(view_of(deal_id, words))
        return [view for view in views if view is not None]

    def firmographics(self, call: Call) -> Firmographics:
        """Return who the buyer is: the title of the contact, the country of its lead."""
        emails = buyer_emails(call)
        known = Firmographics(source=VENDOR)
        contacts = self._client.contacts_of(emails) if emails else []
        for contact in contacts:
            lead = self._client.lead(contact.lead_id) if contact.lead_id else None
            known = known.filled_from(firmographics_of(contact, lead))
        return known
