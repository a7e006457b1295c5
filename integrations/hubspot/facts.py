"""What HubSpot knows beside the score: how deals ended, and who the buyer is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bantam.domain.calls import Call, DealId
from bantam.domain.crm_records import Firmographics, buyer_emails
from bantam.domain.deals import AeView, Outcome
from integrations.crm.ae_words import NO_AE_FIELDS, AeFields, view_of
from integrations.hubspot import wire
from integrations.hubspot.client import MOST_INPUTS, MOST_RESULTS, HubSpotClient
from integrations.hubspot.mapping import OBJECT, VENDOR, firmographics_of, outcome_of

_DEAL = ("closedate", "hs_is_closed_won", "amount", "deal_currency_code")
_CONTACT = ("email", "jobtitle", "country", "associatedcompanyid")
_COMPANY = ("industry", "numberofemployees", "country")


class HubSpotFacts:
    """Implements `OutcomeSource`, `AeViews` and `Fit`. Thread-safe."""

    name = VENDOR

    def __init__(self, client: HubSpotClient, ae: AeFields = NO_AE_FIELDS) -> None:
        """Take the client, and the fields in which AEs judge deals; nothing is sent."""
        self._client = client
        self._ae = ae

    def closed_deals(self, since: datetime) -> Iterator[Outcome]:
        """Yield deals closed at or after `since`, in order of their closing.

        One search gives at most 10,000 deals; a longer list goes on with another search that
        starts where the last one ended.
        """
        seen: set[str] = set()
        while True:
            found = list(self._closed(since))
            fresh = [r for r in found if r.id not in seen]
            for start in range(0, len(fresh), MOST_INPUTS):
                yield from self._outcomes(fresh[start : start + MOST_INPUTS])
            last = outcome_of(found[-1], None) if found else None
            if len(found) < MOST_RESULTS or last is None or not fresh:
                return
            seen.update(r.id for r in fresh)
            since = last.closed_at

    def endings(self, deal_ids: Sequence[DealId]) -> Mapping[DealId, Outcome | None]:
        """Return how deals ended, None for an open one; see `DealEndings`."""
        ids = [d for d in deal_ids if d.isdecimal()]
        records = self._client.batch_read(OBJECT, ids, ("hs_is_closed", *_DEAL)) if ids else []
        closed = [r for r in records if r.properties.get("hs_is_closed") == "true"]
        ended = {o.deal_id: o for o in self._outcomes(closed)} if closed else {}
        stands: dict[DealId, Outcome | None] = {DealId(r.id): None for r in records}
        for record in closed:
            stands.pop(DealId(record.id))
        return {**stands, **ended}

    def ae_views(self, deal_ids: Sequence[DealId]) -> Sequence[AeView]:
        """Return what AEs wrote of deals, from the history of the properties; see `AeViews`."""
        keys = self._ae.keys
        records = self._client.batch_read(OBJECT, deal_ids, keys, history=True) if keys else []
        return [view for view in map(self._view, records) if view is not None]

    def firmographics(self, call: Call) -> Firmographics:
        """Return who the buyer is, from the contacts and companies of the attendees."""
        emails = buyer_emails(call)
        known = Firmographics(source=VENDOR)
        if not emails:
            return known
        filters = [{"propertyName": "email", "operator": "IN", "values": list(emails)}]
        contacts = list(self._client.search("contacts", filters, _CONTACT, "email"))
        ids = [c.properties.get("associatedcompanyid") for c in contacts]
        wanted = [i for i in ids if i]
        companies = self._client.batch_read("companies", wanted, _COMPANY) if wanted else []
        by_id = {c.id: c for c in companies}
        order = {email: place for place, email in enumerate(emails)}
        contacts.sort(
            key=lambda c: order.get((c.properties.get("email") or "").lower(), len(order))
        )
        for contact in contacts:
            company = by_id.get(contact.properties.get("associatedcompanyid") or "")
            known = known.filled_from(firmographics_of(contact, company))
        return known

    def _view(self, record: wire.Record) -> AeView | None:
        words = []
        for key in self._ae.keys:
            versions = record.propertiesWithHistory.get(key, [])
            words += [self._ae.word(key, v.value, v.timestamp) for v in versions]
            if not versions:
                words.append(self._ae.word(key, record.properties.get(key), None))
        return view_of(record.id, words)

    def _closed(self, since: datetime) -> Iterator[wire.Record]:
        filters = [
            {"propertyName": "hs_is_closed", "operator": "EQ", "value": "true"},
            {
                "propertyName": "closedate",
                "operator": "GTE",
                "value": str(int(since.timestamp() * 1000)),
            },
        ]
        return self._client.search(OBJECT, filters, _DEAL, "closedate")

    def _outcomes(self, records: Sequence[wire.Record]) -> Iterator[Outcome]:
        companies = self._client.associated(OBJECT, [r.id for r in records], "companies")
        for record in records:
            account = next(iter(companies.get(record.id, [])), None)
            outcome = outcome_of(record, account)
            if outcome is not None:
                yield outcome
