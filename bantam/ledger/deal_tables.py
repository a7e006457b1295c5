"""Tables of what CRMs and data vendors know of deals and buyers, beside `tables.py`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bantam.ledger.columns import Json, Utc
from bantam.ledger.tables import Base


class AeViewRow(Base):
    """What an AE wrote of a deal in the CRM, with its history; as the CRM told it last."""

    __tablename__ = "ae_views"

    deal_id: Mapped[str] = mapped_column(Text, primary_key=True)
    body: Mapped[str] = mapped_column(Json, comment="the whole AeView: numbers, words yes and no")


class BuyerRow(Base):
    """Who the buyer of a call is, as a CRM or a data vendor told it; erased with the call."""

    __tablename__ = "buyers"
    __table_args__ = (Index(None, "who", "asked_at"),)

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    who: Mapped[str] = mapped_column(String(64), comment="digest of the buyers' addresses")
    asked_at: Mapped[datetime] = mapped_column(Utc)
    complete: Mapped[bool] = mapped_column(
        Boolean, comment="false: somebody could not be asked, and may be asked again"
    )
    body: Mapped[str] = mapped_column(Json, comment="the whole KnownBuyer")


class OutcomeRow(Base):
    """How a deal ended, as the CRM says it now."""

    __tablename__ = "outcomes"

    __table_args__ = (Index(None, "closed_at", "deal_id"),)

    deal_id: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[str | None] = mapped_column(Text)
    won: Mapped[bool] = mapped_column(Boolean)
    closed_at: Mapped[datetime] = mapped_column(Utc)
    amount: Mapped[float | None] = mapped_column(Float)
    currency: Mapped[str | None] = mapped_column(Text, comment="ISO 4217")
