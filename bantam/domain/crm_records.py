"""CRM records as Bantam sees them: which deal a call is about, and what we remember of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import AwareDatetime, Field

from bantam.domain.calls import Call, DealId, Side
from bantam.domain.value import Value

_DEAL_TYPES = frozenset({"deal", "opportunity"})


class DealCandidate(Value):
    """A deal that a call may be about."""

    deal_id: str
    """The CRM's own id."""
    contact_id: str | None = None
    """The contact that led there, when one did."""


class DealFound(Value):
    """The deal of a call, with the visible reason."""

    deal_id: str
    reason: str
    contact_id: str | None = None


class RecordMemory(Value):
    """What we remember of a CRM record, or of a call's records there."""

    version: int = Field(default=0, ge=0)
    """Grows with each write; 0 means that nothing is remembered."""
    deal_id: str = ""
    """Of a call: the deal that it was delivered to, or that a person named."""
    contact_id: str = ""
    """Of a call: the contact that led to the deal, when one did."""
    note_id: str = ""
    """Of a call: the note that we wrote."""
    left: tuple[str, ...] = ()
    """Of a call: "deal/note" where it was written before a person named another deal."""
    note_key: str = ""
    """Of a call: the key of the delivery that the note shows."""
    written: Mapping[str, tuple[str, ...]] = {}
    """Of a deal: per field the fingerprints of what we wrote last, or were about to write."""
    call_id: str = ""
    """Of a deal: the call whose reading was written there last, or was about to be."""
    called_at: AwareDatetime | None = None
    """Of a deal: when the call started whose reading stands there."""
    scored_at: AwareDatetime | None = None
    sender: str = ""
    """Of a deal: who is writing it now; "" when nobody is."""
    sender_until: AwareDatetime | None = None


class Edited(Value):
    """A field on a deal that a person changed after our last write."""

    deal_id: DealId
    field: str
    """Our name of it, or the CRM's key of a field that people use."""
    mark: str
    """Fingerprint of what stands there now; the words themselves are nobody's business here."""
    by: str | None = None
    """Who, in the vendor's words, where it keeps a history."""
    at: AwareDatetime | None = None


class Firmographics(Value):
    """What fit is judged by. Any part may be unknown."""

    title: str | None = None
    """Job title of the main contact."""
    employees: int | None = Field(default=None, ge=0)
    industry: str | None = None
    country: str | None = None
    source: str = ""
    """Who said so: "hubspot", "people-data-labs", ..."""

    def filled_from(self, other: Firmographics) -> Firmographics:
        """Return these facts, with what is unknown taken from `other`."""
        gaps = {
            name: getattr(other, name)
            for name in ("title", "employees", "industry", "country")
            if getattr(self, name) is None and getattr(other, name) is not None
        }
        if not gaps:
            return self
        sources = dict.fromkeys(s for s in (self.source, other.source) if s)
        return self.model_copy(update={**gaps, "source": " and ".join(sources)})


class SetupStep(Value):
    """One thing that `bantam crm setup` finds or makes."""

    name: str
    """The vendor's own name of the field, group or object."""
    state: str
    """"exists", "created", "would create", or what a person has to do."""
    ready: bool = True
    """False when a person has to do something."""


class Check(Value):
    """One line of `bantam connect`."""

    name: str
    ok: bool
    detail: str = ""
    """What is missing and where to set it; empty when all is well."""


def linked_deals(call: Call, vendor: str) -> tuple[str, ...]:
    """Return the deals that the recorder itself links to a call, each once, in order."""
    found = []
    for linked in call.crm_ids:
        whose, _, rest = linked.partition(":")
        kind, _, record = rest.partition(":")
        if whose.lower() == vendor and kind.lower() in _DEAL_TYPES and record:
            found.append(record)
    return tuple(dict.fromkeys(found))


def buyer_emails(call: Call) -> tuple[str, ...]:
    """Return the e-mail addresses of everybody who is not the seller, each once, lower case."""
    emails = [
        p.email.strip().lower() for p in call.participants if p.email and p.side != Side.SELLER
    ]
    return tuple(dict.fromkeys(e for e in emails if "@" in e))


def the_one_deal(candidates: Sequence[DealCandidate]) -> DealCandidate | None:
    """Return the deal that all candidates name, or None when they name none or several."""
    ids = {c.deal_id for c in candidates}
    return candidates[0] if len(ids) == 1 else None
