"""The schema's version, and bringing a database up to it when it is opened.

A new database gets the tables as `tables.py` and `mail_tables.py` have them. An up-to-date one is recognized by one
read; Alembic is imported only where there is an older schema to change.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select, text, update

from miniatures.datamodel.errors import StoreError
from miniatures.store.engine import Database
from miniatures.store.mail_tables import messages

NEWEST = "0005"

version_table = Table("miniatures_schema", MetaData(), Column("version_num", String(32), primary_key=True))


def ensure_schema(database: Database) -> None:
    """Make the tables, or migrate the database to the newest version, in one transaction.

    Raises:
        StoreError: the database's version is newer than this package's, or too old to be migrated.
    """
    with database.read() as connection:
        if current_version(connection) == NEWEST:
            return
    with database.change() as connection:
        _begin_alone(connection)
        version = current_version(connection)
        if version != NEWEST:  # Another process may have brought it up meanwhile.
            _bring_up(connection, version)


def require_schema(database: Database) -> None:
    """Return if a database that cannot be written has the newest version.

    Raises:
        StoreError: it has another, and cannot be brought up to date where it lies.
    """
    with database.read() as connection:
        version = current_version(connection)
    if version != NEWEST:
        raise StoreError(
            f"the store {database.path} has schema {version}, not {NEWEST}, and cannot be brought up to date there",
            hint="Copy the campaign's folder to a disk that can be written.",
        )


def current_version(connection: Connection) -> str | None:
    """The schema's version; None for a database that has no schema of ours."""
    if not inspect(connection).has_table(version_table.name):
        return None
    return connection.scalar(select(version_table.c.version_num))


def _begin_alone(connection: Connection) -> None:
    """Let one process migrate at a time, and make SQLite's changes of the schema part of the transaction."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": version_table.name})


def _bring_up(connection: Connection, version: str | None) -> None:
    match version:
        case None:
            messages.metadata.create_all(connection)
            version_table.create(connection)
            connection.execute(insert(version_table).values(version_num=NEWEST))
        case "0002":
            from miniatures.store.migrations.links import upgrade

            upgrade(connection)
            _bring_up(connection, "0003")
        case "0003":
            from miniatures.store.migrations.desk import upgrade as upgrade_desk

            upgrade_desk(connection)
            _bring_up(connection, "0004")
        case "0004":
            from miniatures.store.migrations.mail import upgrade as upgrade_mail

            upgrade_mail(connection)
            connection.execute(update(version_table).values(version_num=NEWEST))
        case "0001":
            raise StoreError(
                "the store has schema 0001, which is too old to be brought up to date",
                hint="Read it with the version that wrote it, and name another `store:` for new campaigns.",
            )
        case _:
            raise StoreError(
                f"the store has schema {version}, and this version of miniatures knows up to {NEWEST}",
                hint="pip install --upgrade miniatures",
            )
