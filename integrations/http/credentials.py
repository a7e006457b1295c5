"""What proves who we are: fixed headers, or a token that is fetched, kept and renewed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bantam.ports import Clock

_EARLY = timedelta(seconds=60)
"""A token is renewed this long before it ends, so that it cannot end on the way."""


class Credentials(Protocol):
    """Headers for a request, and a second chance after a 401."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers that authenticate a request."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Say whether asking again, after these headers were refused, may help."""
        ...


class Fixed:
    """Headers that never change: an API key, Basic, a long-lived bearer token."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def headers(self) -> Mapping[str, str]:
        """Return the headers."""
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - part of the protocol
        """Return False: the same key cannot work a second time."""
        return False


@dataclass(frozen=True)
class Token:
    """A bearer token."""

    value: str = field(repr=False)
    expires_at: datetime | None = None
    """Aware UTC; None when the vendor does not say."""


class Renewable:
    """A bearer token kept until shortly before it ends, fetched again after a 401. Thread-safe."""

    def __init__(self, fetch: Callable[[], Token], clock: Clock) -> None:
        """Take how to get a token; nothing is fetched before the first request."""
        self._fetch = fetch
        self._clock = clock
        self._token: Token | None = None
        self._lock = threading.Lock()

    def headers(self) -> Mapping[str, str]:
        """Return the Authorization header.

        Raises:
            VendorError: no token can be had.
        """
        with self._lock:
            token = self._token
            if token is None or self._ends_soon(token):
                token = self._token = self._fetch()
            return _bearer(token)

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Forget the refused token; another thread may have renewed it already."""
        with self._lock:
            if self._token is not None and _bearer(self._token) == dict(refused):
                self._token = None
            return True

    def _ends_soon(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - _EARLY <= self._clock()


def _bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.value}"}
