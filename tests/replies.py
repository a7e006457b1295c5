"""What a stand-in answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int = 200
    body: Any = None
    """Bytes go as they are, text as UTF-8, None as nothing, all else as JSON."""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.body, (dict, list)) and "content-type" not in self.headers:
            self.headers["content-type"] = "application/json"

    @property
    def content(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()
