"""Ledgers for tests: each on both databases, each test with an empty one of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bantam.ledger.store import Ledger

BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param(
        "postgres",
        id="postgres",
        # One worker, so that a parallel run starts one server.
        marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgres")],
    ),
]


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def open_ledger(empty_url: str) -> Iterator[Callable[[], Ledger]]:
    """Opens the same database again and again, as several processes would."""
    opened: list[Ledger] = []

    def another() -> Ledger:
        opened.append(Ledger.open(empty_url, create=True))
        return opened[-1]

    yield another
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[[], Ledger]) -> Ledger:
    return open_ledger()
