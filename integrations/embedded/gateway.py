"""Writes scores to the embedded CRM table of the ledger."""

from __future__ import annotations

from bantam.domain.delivery import Delivery, Receipt
from bantam.ledger.store import Ledger
from bantam.ports import Clock


class EmbeddedGateway:
    """A `Gateway` for teams without a CRM, and for looking before connecting one."""

    name = "embedded"

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        """Write to `ledger`, at the times that `clock` tells."""
        self._ledger = ledger
        self._clock = clock

    def send(self, delivery: Delivery) -> Receipt:
        """Write the note as the call's row; writing it again changes nothing."""
        return Receipt(record_id=self._ledger.write_crm_score(delivery, now=self._clock()))

    def clear(self, delivery: Delivery) -> Receipt:
        """Return that nothing is left: the ledger forgot its embedded CRM's row itself."""
        return Receipt(record_id=delivery.call_id)
