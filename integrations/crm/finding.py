"""Which deal a call is about, with the reason. None or several is an answer too: a person says."""

from __future__ import annotations

from bantam.domain.calls import Call, CallId
from bantam.domain.crm_records import DealFound, buyer_emails, linked_deals, the_one_deal
from bantam.domain.delivery import Delivery
from bantam.errors import NotInLedgerError, UnresolvedDealError
from bantam.ports import CallLookup, CrmMemory
from integrations.crm.records import DealRecords

_MOST_SHOWN = 5


def call_record(call_id: CallId) -> str:
    """Return the name under which a call's records are remembered."""
    return f"call:{call_id}"


def deal_record(deal_id: str) -> str:
    """Return the name under which a deal is remembered."""
    return f"deal:{deal_id}"


def find_deal(
    delivery: Delivery, records: DealRecords, memory: CrmMemory, calls: CallLookup
) -> DealFound:
    """Return the deal that a delivery belongs to.

    Asked in this order: what was found before or named by a person, the recorder's own link, the
    call's deal id, the open deals of everybody on the call who is not the seller.

    Raises:
        UnresolvedDealError: none or several fit.
        VendorError: the CRM cannot be asked.
    """
    before = memory.recall(delivery.target, call_record(delivery.call_id))
    if before.deal_id:
        return DealFound(
            deal_id=before.deal_id,
            reason="found before, or named by a person",
            contact_id=before.contact_id or None,
        )
    call = _call(calls, delivery.call_id)
    linked = linked_deals(call, records.vendor) if call else ()
    if len(linked) == 1:
        return DealFound(deal_id=linked[0], reason="the recorder links this deal to the call")
    named = delivery.deal_id or (call.deal_id if call else None)
    if named and (named in linked or records.exists(named)):
        return DealFound(deal_id=named, reason="the call's deal id")
    if linked:
        raise _unresolved(delivery, records, linked, "the recorder links several deals")
    return _by_emails(delivery, records, buyer_emails(call) if call else ())


def _by_emails(delivery: Delivery, records: DealRecords, emails: tuple[str, ...]) -> DealFound:
    if not emails:
        raise _unresolved(delivery, records, (), "no link, no deal id and no attendee's e-mail")
    candidates = records.open_deals_of(emails)
    found = the_one_deal(candidates)
    if found is None:
        ids = tuple(dict.fromkeys(c.deal_id for c in candidates))
        why = "its attendees have several open deals" if ids else "its attendees have no open deal"
        raise _unresolved(delivery, records, ids, why)
    contact = f" of contact {found.contact_id}" if found.contact_id else ""
    reason = f"the one open deal{contact}, matched by an attendee's e-mail"
    return DealFound(deal_id=found.deal_id, reason=reason, contact_id=found.contact_id)


def _call(calls: CallLookup, call_id: CallId) -> Call | None:
    try:
        return calls.call(call_id)
    except NotInLedgerError:
        return None


def _unresolved(
    delivery: Delivery, records: DealRecords, ids: tuple[str, ...], why: str
) -> UnresolvedDealError:
    shown = ", ".join(ids[:_MOST_SHOWN]) + (", ..." if len(ids) > _MOST_SHOWN else "")
    listed = f" ({shown})" if ids else ""
    return UnresolvedDealError(
        records.vendor,
        f"call {delivery.call_id}: {why}{listed}; say which with"
        f" `bantam crm link {delivery.target} {delivery.call_id} DEAL`",
        candidates=ids,
    )
