"""Takes the bytes of deleted rows out of a SQLite file: deleting only unlinks them, and the log has them as well."""

from __future__ import annotations

from miniatures.datamodel.errors import StoreError
from miniatures.store.engine import Database


def scrub(database: Database) -> None:
    """Leave no byte of what was deleted in the file or its log. On a server there is nothing to do: it decides itself.

    Raises:
        StoreError: another process reads or writes the file all the while; the rows are gone, the bytes may not be.
    """
    if database.path is None:
        return
    with database.errors_told(), database.engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        alone.exec_driver_sql("PRAGMA secure_delete = ON")
        alone.exec_driver_sql("PRAGMA temp_store = FILE")
        alone.exec_driver_sql("VACUUM")
        busy = alone.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
    if busy:
        raise StoreError(
            f"another process reads {database.path}, so that its log still holds what was erased",
            hint="End what has it open, such as `miniatures app`, and give the same command again.",
        )
