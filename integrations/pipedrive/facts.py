"""What Pipedrive knows beside the score: how deals ended, and who the buyer is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bantam.domain.calls import Call, DealId
from bantam.domain.crm_records import Firmographics, buyer_emails
from bantam.domain.deals import AeView, Outcome
from integrations.crm.ae_words import NO_AE_FIELDS, AeFields, view_of
from integrations.crm.records import moment_of
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.mapping import VENDOR, firmographics_of, outcome_of


class PipedriveFacts:
    """Implements `OutcomeSource`, `AeViews` and `Fit`. Thread-safe."""

    name = VENDOR

    def __init__(self, client: PipedriveClient, ae: AeFields = NO_AE_FIELDS) -> None:
        """Take the client, and the fields in which AEs judge deals; nothing is sent."""
        self._client = client
        self._ae = ae

    def closed_deals(self, since: datetime) -> Iterator[Outcome]:
        """Yield deals closed at or after `since`: closing updates a deal, so none is missed."""
        updated = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for status in ("won", "lost"):
            for deal in self._client.deals(status=status, updated_since=updated):
                outcome = outcome_of(deal)
                if outcome is not None and outcome.closed_at >= since:
                    yield outcome

    def ae_views(self, deal_ids: Sequence[DealId]) -> Sequence[AeView]:
        """Return what AEs wrote of deals, from their change logs; see `AeViews`."""
        views = (self._view(deal_id) for deal_id in deal_ids) if self._ae.keys else ()
        return [view for view in views if view is not None]

    def firmographics(self, call: Call) -> Firmographics:
        """Return who the buyer is, from the attendees' persons and organisations."""
        known = Firmographics(source=VENDOR)
        for email in buyer_emails(call):
            for person_id in self._client.persons_of(email):
                person = self._client.person(person_id)
                company = self._client.organization(person.org_id) if person.org_id else None
                known = known.filled_from(firmographics_of(person, company))
        return known

    def _view(self, deal_id: DealId) -> AeView | None:
        deal = self._client.deal(deal_id)
        if deal is None:
            return None
        changes = [c for c in self._client.changes(deal_id) if c.field_key in self._ae.keys]
        words = [self._ae.word(c.field_key, c.new_value, moment_of(c.time)) for c in changes]
        undated = set(self._ae.keys) - {c.field_key for c in changes}
        there = deal.custom_fields or {}
        words += [self._ae.word(key, there.get(key), None) for key in sorted(undated)]
        return view_of(deal_id, words)
