"""A worker whose requests are interrupted: something happens before or after one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from tests.surroundings import network

LEASE_IS_OVER = 600
"""Seconds after which every lease of a delivery or a deal has run out."""


class Killed(BaseException):
    """The worker is no more."""


@dataclass
class Interrupted(httpx.BaseTransport):
    """Lets something happen at one request: before it is sent, or after it was answered."""

    number: int
    """Of the request, from 0."""
    after: bool
    happen: Callable[[], None]
    seen: int = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        mine, self.seen = self.seen == self.number, self.seen + 1
        if mine and not self.after:
            self.happen()
        answer = network().handle_request(request)
        if mine and self.after:
            answer.read()
            self.happen()
        return answer
