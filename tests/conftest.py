"""What holds for every test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text

from bantam.ledger.database import parsed_url
from tests.postgres import running_postgres

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("bantam", deadline=None)
settings.load_profile("bantam")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty schema of its own."""
    schema = f"t_{uuid.uuid4().hex}"
    engine = create_engine(parsed_url(postgres_server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        yield f"{postgres_server}?options=-csearch_path%3D{schema}"
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()
