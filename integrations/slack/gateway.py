"""Slack as a place that scores are delivered to.

Slack knows no idempotency key. The claim of a delivery in the ledger is the intent, stored
before anything is sent; when an earlier attempt's end is unknown, the channel is searched for
our message (its metadata carries the call's id) before another one is written, and after: of two
the older stays. What remains possible: something on the way repeats our request by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from bantam.domain.calls import CallId, DealId, Side
from bantam.domain.delivery import Delivery, DeliveryKind, DeliveryState, Receipt, ScoreNote
from bantam.domain.value import Value
from bantam.errors import (
    NotInLedgerError,
    VendorBusyError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from bantam.ports import CallLookup, Clock
from integrations.slack.alerts import OWNER, AlertPolicy, Route, channel_for, why_alert
from integrations.slack.client import NAME, Place, SlackClient, as_message
from integrations.slack.mapping import blocks, fallback_text

_CLOCKS_DIFFER_BY = timedelta(days=1)
"""Searching a day of messages is cheap; missing ours because our clock is ahead is not."""
NOT_POSTED = "not posted"
"""Record id of a delivery that was not worth a message; its score counts as the last one."""


class Sent(Protocol):
    """A delivery that arrived."""

    @property
    def delivery(self) -> Delivery:
        """What was sent."""
        ...

    @property
    def receipt(self) -> Receipt:
        """What the target answered."""
        ...


class Past(Protocol):
    """What was owed and sent before; the ledger knows."""

    def last_sent(
        self, target: str, *, call_id: CallId | None = None, deal_id: DealId | None = None
    ) -> Sent | None:
        """Return what arrived last for a call or a deal."""
        ...

    def is_claimed(self, delivery: Delivery, *, now: datetime) -> bool:
        """Say whether a delivery is still the worker's that it was given to."""
        ...

    def deliveries(
        self, *, target: str | None = None, call_id: CallId | None = None
    ) -> Iterator[Delivery]:
        """Yield what was ever owed for a call."""
        ...


class Routing(Value):
    """Where messages go."""

    default: str
    """A channel id, or "@owner"."""
    routes: tuple[Route, ...] = ()


class SlackGateway:
    """Implements `Gateway`."""

    name = NAME

    def __init__(
        self,
        client: SlackClient,
        past: Past,
        calls: CallLookup,
        *,
        routing: Routing,
        policy: AlertPolicy,
        clock: Clock,
    ) -> None:
        """Take the client, the ledger in two roles, and what is worth telling to whom."""
        self._client = client
        self._past = past
        self._calls = calls
        self._routing = routing
        self._policy = policy
        self._clock = clock

    def send(self, delivery: Delivery) -> Receipt:
        """Update the call's message, or write one when the score is worth it.

        Raises:
            VendorBusyError | VendorDownError: may work later.
            VendorRejectedError: the note has no score.
            VendorError: will not work as it is.
        """
        note = delivery.note
        if note.points is None:
            raise VendorRejectedError(NAME, f"call {note.call_id}: has no score to tell")
        before = self._past.last_sent(self.name, call_id=note.call_id)
        place = _place_of(before) or self._unconfirmed(delivery)
        why = self._why(note)
        if place is not None:
            try:
                return self._receipt(self._client.update(place, _message(delivery, why)), note)
            except VendorNotFoundError:
                # Somebody deleted it: only news brings it back.
                place = None
        if why is None:
            return Receipt(record_id=NOT_POSTED, details={"points": str(note.points)})
        return self._receipt(self._post(delivery, why), note)

    def clear(self, delivery: Delivery) -> Receipt:
        """Delete the call's message; see `Erasable`.

        Where the workspace lets no message be deleted, it is written anew without words.

        Raises:
            VendorError: Slack cannot be asked.
        """
        last = self._past.last_sent(self.name, call_id=delivery.call_id)
        place = _place_of(last) or self._unconfirmed(delivery)
        if place is None:
            return Receipt(record_id=NOT_POSTED)
        with suppress(VendorNotFoundError):
            try:
                self._client.delete(place)
            except VendorRejectedError:
                self._client.update(place, _message(delivery, None))
        return Receipt(record_id=f"{place.channel}/{place.ts}")

    def _why(self, note: ScoreNote) -> str | None:
        """Return why this score is news; an older call than the last one is none."""
        assert note.points is not None
        if self._clock() - note.called_at > self._policy.quiet_after:
            return None
        last = (
            self._past.last_sent(self.name, deal_id=note.deal_id)
            if note.deal_id
            else self._past.last_sent(self.name, call_id=note.call_id)
        )
        if last is None:
            return why_alert(note.points, None, self._policy)
        if last.delivery.note.called_at > note.called_at:
            return None
        return why_alert(note.points, last.delivery.note.points, self._policy)

    def _unconfirmed(self, delivery: Delivery) -> Place | None:
        """Return a message that an attempt wrote whose end nobody knows."""
        tried = _tried_before(delivery, self._past)
        if not tried:
            return None
        since = min(d.note.scored_at for d in tried) - _CLOCKS_DIFFER_BY
        channel = self._channel(delivery.note)
        return self._client.find(channel, delivery.call_id, since)

    def _post(self, delivery: Delivery, why: str) -> Place:
        """Write a message, unless another worker has the delivery by now.

        Raises:
            VendorBusyError: another worker has it, or may.
        """
        channel = self._channel(delivery.note)
        if not self._is_mine(delivery):
            message = f"call {delivery.call_id}: another worker is sending it"
            raise VendorBusyError(NAME, message, retry_at=self._clock())
        place = self._client.post(channel, _message(delivery, why))
        if delivery.lease > 1 or not self._is_mine(delivery):
            return self._the_older(place, delivery)
        return place

    def _is_mine(self, delivery: Delivery) -> bool:
        return self._past.is_claimed(delivery, now=self._clock())

    def _the_older(self, mine: Place, delivery: Delivery) -> Place:
        """Return the oldest message about a call, and delete ours if that is another one."""
        with suppress(VendorError):
            since = delivery.note.scored_at - _CLOCKS_DIFFER_BY
            found = self._client.find(mine.channel, delivery.call_id, since)
            if found is not None and found.ts != mine.ts:
                with suppress(VendorNotFoundError):
                    self._client.delete(mine)
                return found
        # It was written, and stands: an error here must not have it written again.
        return mine

    def _channel(self, note: ScoreNote) -> str:
        owner = self._owner(note.call_id)
        channel = channel_for(note, owner, self._routing.routes, self._routing.default)
        if channel != OWNER:
            return channel
        direct = self._client.direct_channel(owner) if owner else None
        if direct:
            return direct
        if self._routing.default == OWNER:
            raise VendorRejectedError(
                NAME,
                f"call {note.call_id}: its owner is not in the workspace; set slack.channel to a"
                " channel id for such calls",
            )
        return self._routing.default

    def _owner(self, call_id: CallId) -> str | None:
        """Return the address of the first seller who has one: the account executive."""
        try:
            sellers = self._calls.call(call_id).on_side(Side.SELLER)
        except NotInLedgerError:
            return None
        return next((p.email for p in sellers if p.email), None)

    def _receipt(self, place: Place, note: ScoreNote) -> Receipt:
        details = {"channel": place.channel, "ts": place.ts, "points": str(note.points)}
        return Receipt(record_id=f"{place.channel}/{place.ts}", details=details)


def _message(delivery: Delivery, why: str | None) -> dict[str, object]:
    note = delivery.note
    payload = {"call_id": note.call_id, "delivery": delivery.key}
    return as_message(fallback_text(note, why or ""), blocks(note, why or ""), payload)


def _place_of(sent: Sent | None) -> Place | None:
    details = sent.receipt.details if sent else {}
    if "channel" in details and "ts" in details:
        return Place(details["channel"], details["ts"])
    return None


def _tried_before(delivery: Delivery, past: Past) -> Sequence[Delivery]:
    """Return this call's deliveries that were attempted and of which no receipt is known."""
    return [
        d
        for d in past.deliveries(target=NAME, call_id=delivery.call_id)
        if d.kind is DeliveryKind.SCORE
        and d.state is not DeliveryState.SENT
        and not d.receipt
        # Not attempts: they start again when a person asks for another try.
        and d.lease > (1 if d.key == delivery.key else 0)
    ]
