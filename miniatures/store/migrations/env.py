"""Alembic's entry point: migrates the connection it is handed, within the transaction that its owner began."""

from __future__ import annotations

from alembic import context

from miniatures.store.migrations import VERSION_TABLE
from miniatures.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
context.run_migrations()
