"""Deliveries that wait for a person: which, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bantam.domain.delivery import Delivery, DeliveryState
from bantam.ledger.store import Ledger

MOST_STUCK = 10


def stuck_lines(ledger: Ledger) -> Iterator[str]:
    """Yield a line for each held or failed delivery, and one for those beyond `MOST_STUCK`."""
    waiting = [DeliveryState.HELD, DeliveryState.FAILED]
    total = sum(
        n for states in ledger.delivery_counts().values() for s, n in states.items() if s in waiting
    )
    for delivery in islice(ledger.deliveries(states=waiting), MOST_STUCK):
        yield delivery_line(delivery)
    if total > MOST_STUCK:
        yield f"and {total - MOST_STUCK} more"


def delivery_line(delivery: Delivery) -> str:
    """Return where a delivery stands, and if it does not arrive by itself, why and what to do."""
    state = f"{delivery.state} for {delivery.target}: call {delivery.call_id}"
    if delivery.state is DeliveryState.PENDING:
        state += f", due {delivery.due_at:%Y-%m-%d %H:%M}"
    reason = f": {delivery.last_error}" if delivery.last_error else ""
    # Where only naming a deal helps, the reason names that command.
    advice = "" if "`bantam" in reason else _ADVICE.get(delivery.state, "")
    return f"{state}{reason}{advice.format(call=delivery.call_id)}"


_ADVICE = {
    DeliveryState.HELD: "; look at it (`bantam show {call}`), then `bantam deliver --release"
    " {call}`",
    DeliveryState.FAILED: "; mend the cause, then `bantam deliver --retry`",
}
