"""What tests of several parts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.postgres import PostgresServer, programs, running_postgres

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
