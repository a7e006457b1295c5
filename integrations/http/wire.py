"""The base of every shape that a vendor sends."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Frozen; ignores what it does not know, because vendors add fields without notice.

    Its repr is its type's name: what vendors send are people's words.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    __str__ = __repr__
