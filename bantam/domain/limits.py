"""How often a vendor lets one tenant ask."""

from __future__ import annotations

from pydantic import Field

from bantam.domain.value import Value


class RequestLimit(Value):
    """A vendor's allowance, shared by every worker of a tenant.

    The whole value is the name of the bucket: whoever keeps the count needs no other settings.
    """

    vendor: str
    tenant: str = "default"
    group: str = ""
    """A part of the API with an allowance of its own: "search", a Slack channel; "" is the rest."""
    per_second: float = Field(gt=0)
    """Requests that come back per second; 50 a day is 50 / 86400."""
    burst: int = Field(default=1, ge=1)
    """Requests that may go at once after a pause."""
