"""What Pipedrive knows beside the score: how deals ended, and who the buyer is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bantam.domain.calls import Call
from bantam.domain.crm_records import Firmographics, buyer_emails
from bantam.domain.deals import Outcome
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.mapping import VENDOR, firmographics_of, outcome_of


class PipedriveFacts:
    """Implements `OutcomeSource` and `Fit`. Thread-safe."""

    name = VENDOR

    def __init__(self, client: PipedriveClient) -> None:
        """Take the client; nothing is sent."""
        self._client = client

    def closed_deals(self, since: datetime) -> Iterator[Outcome]:
        """Yield deals closed at or after `since`: closing updates a deal, so none is missed."""
        updated = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for status in ("won", "lost"):
            for deal in self._client.deals(status=status, updated_since=updated):
                outcome = outcome_of(deal)
                if outcome is not None and outcome.closed_at >= since:
                    yield outcome

    def firmographics(self, call: Call) -> Firmographics:
        """Return who the buyer is, from the attendees' persons and organisations."""
        known = Firmographics(source=VENDOR)
        for email in buyer_emails(call):
            for person_id in self._client.persons_of(email):
                person = self._client.person(person_id)
                company = self._client.organization(person.org_id) if person.org_id else None
                known = known.filled_from(firmographics_of(person, company))
        return known
