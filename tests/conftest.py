"""Fixtures shared by the tests of several parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.postgres import PostgresServer, programs, running_postgres
from tests.support.redis import RedisServer, program, running_redis

# How long an example takes says more about the machine than about the code; bench/ measures.
settings.register_profile("shoukou", deadline=None)
settings.load_profile("shoukou")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the session."""
    found = programs()
    if found is None:
        pytest.fail("PostgreSQL is not installed: sudo apt-get install -y postgresql")
    with running_postgres(found) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server for the session; a test that ends it starts it again."""
    found = program()
    if found is None:
        pytest.fail("Redis is not installed: sudo apt-get install -y redis-server")
    with running_redis(found) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of a Redis that holds nothing."""
    redis_server.flush()
    return redis_server.url
