"""The base of every domain value."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Frozen, refuses unknown keys, never NaN or infinity.

    Frozen is shallow: copy a mapping inside, never edit it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def digest(*parts: Any) -> str:
    """Return a hex SHA-256 over JSON of `parts`; stable across processes and platforms.

    Args:
        parts: anything JSON can hold. Key order does not matter.
    """
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
