"""Fields of a CRM in which account executives judge their deals, read into our terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bantam.domain.calls import DealId
from bantam.domain.crm_fields import FieldKind, canonical
from bantam.domain.deals import AeView, AeWord

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class AeFields:
    """Which fields, and how to read them."""

    score: str = ""
    """The CRM's key; empty: there is none."""
    score_most: float = 100.0
    qualified: str = ""
    qualified_yes: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the fields there are."""
        return tuple(key for key in (self.score, self.qualified) if key)

    def word(self, key: str, raw: Any, at: datetime | None) -> AeWord:
        """Return what stands, or stood, in a field.

        Args:
            key: one of `keys`.
            raw: as the CRM's JSON has it.
            at: when it was typed, if that is known.
        """
        if key == self.score:
            return AeWord(about="score", score=self._score(raw), at=at)
        text = canonical(FieldKind.TEXT, raw).casefold()
        yes = {word.casefold() for word in self.qualified_yes}
        return AeWord(about="qualified", qualified=text in yes if text else None, at=at)

    def _score(self, raw: Any) -> float | None:
        try:
            score = 100 * float(canonical(FieldKind.NUMBER, raw)) / self.score_most
        except ValueError:
            return None
        return score if 0 <= score <= 100 else None


NO_AE_FIELDS = AeFields()


def view_of(deal_id: str, words: Iterable[AeWord]) -> AeView | None:
    """Return words about a deal in the order of their times, None when there are none."""
    ordered = sorted(words, key=lambda w: w.at or _NEVER)
    said = any(w.score is not None or w.qualified is not None for w in ordered)
    return AeView(deal_id=DealId(deal_id), words=tuple(ordered)) if said else None
