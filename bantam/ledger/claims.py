"""Keeping claimed deliveries with their worker for as long as it works on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_, update

from bantam.domain.delivery import Delivery, DeliveryState
from bantam.ledger.database import Database
from bantam.ledger.rows import Claim
from bantam.ledger.tables import DeliveryRow

_CLAIMED = DeliveryRow.state == DeliveryState.CLAIMED.value


class Claims:
    """The part of the ledger that says who has a delivery."""

    _database: Database

    def renew_claims(
        self, claims: Sequence[Claim], *, now: datetime, lease_seconds: float
    ) -> set[str]:
        """Let leases run on from now; return the keys of those that are still their worker's.

        A lease that ran out is good again as long as nobody took the delivery over.

        Args:
            claims: as given by `claim_deliveries`.
            now: aware UTC time.
            lease_seconds: after that, somebody else may take them.
        """
        if not claims:
            return set()
        place = tuple_(DeliveryRow.key, DeliveryRow.lease)
        held = place.in_([(claim.delivery.key, claim.lease) for claim in claims])
        renewed = update(DeliveryRow).where(_CLAIMED, held)
        until = now + timedelta(seconds=lease_seconds)
        with self._database.write() as connection:
            rows = connection.execute(renewed.values(leased_until=until).returning(DeliveryRow.key))
            return set(rows.scalars())

    def is_claimed(self, delivery: Delivery, *, now: datetime) -> bool:
        """Say whether a delivery is still its worker's: no lease ran out, nobody took it over.

        Args:
            delivery: as its claim holds it.
            now: aware UTC time.
        """
        query = select(DeliveryRow.key).where(
            _CLAIMED,
            DeliveryRow.key == delivery.key,
            DeliveryRow.lease == delivery.lease,
            DeliveryRow.leased_until > now,
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None
