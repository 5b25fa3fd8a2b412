"""The schema's versions, and bringing a database up to the newest one when it is opened.

An up-to-date database is recognized by one read; Alembic is imported only where there is something to migrate.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from miniatures.datamodel.errors import StoreError
from miniatures.store.engine import Database

REVISIONS = ("0001", "0002", "0003")
"""Every version of the schema that this code knows, oldest first."""

VERSION_TABLE = "miniatures_schema"


def ensure_schema(database: Database) -> None:
    """Migrate the database to the newest version, in one transaction.

    Raises:
        StoreError: the database was written by a newer version of this package.
    """
    with database.read() as connection:
        version = current_version(connection)
    if version == REVISIONS[-1]:
        return
    if version is not None and version not in REVISIONS:
        raise StoreError(
            f"the store has schema {version}, and this version of miniatures knows up to {REVISIONS[-1]}",
            hint="pip install --upgrade miniatures",
        )
    with database.change() as connection:
        _begin_alone(connection)
        _upgrade(connection)


def current_version(connection: Connection) -> str | None:
    """The schema's version; None for a database that has no schema of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return None if version is None else str(version)


def _begin_alone(connection: Connection) -> None:
    """Let one process migrate at a time, and make SQLite's changes of the schema part of the transaction."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": VERSION_TABLE})


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
