"""Opens a store by its URL. Alembic is only loaded where there is something to migrate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from miniatures.datamodel.errors import StoreError
from miniatures.store.engine import database_at
from miniatures.store.migrations import ensure_schema, require_schema
from miniatures.store.sent_file import require_plain_journal
from miniatures.store.store import Store

__all__ = ["Store", "open_store"]


def open_store(
    url: str, *, create: bool = True, now: Callable[[], datetime] | None = None, flushed: bool = False
) -> Store:
    """Open a store and bring its schema up to date; a file that cannot be written is opened to be read.

    Args:
        url: `sqlite:///PATH`, the bare path of a SQLite file, or `postgresql://USER@HOST/DATABASE`.
        create: make the SQLite file and its folder if they are not there; otherwise that is an error.
        now: the clock for what a person reads.
        flushed: on SQLite keep each commit through a power cut as well, for what sends mail.

    Raises:
        StoreError: the database cannot be reached, is damaged, is no database, has a newer schema, or has an older one
            and cannot be written.
    """
    database = database_at(url, flushed=flushed)
    if database.path is not None:
        _prepare_file(database.path, create)
        require_plain_journal(database.path)
    try:
        require_schema(database) if database.only_readable else ensure_schema(database)
    except BaseException:
        database.engine.dispose()
        raise
    return Store(database) if now is None else Store(database, now)


def _prepare_file(path: Path, create: bool) -> None:
    if path.is_dir():
        raise StoreError(f"the store {path} is a folder", hint="Name a file in it.")
    if path.exists() and not path.is_file():
        raise StoreError(f"the store {path} is a pipe or a device, not a file", hint="Name another `store:`.")
    if create:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder {path.parent} cannot be made: {error.strerror}") from error
    elif not path.exists():
        raise StoreError(f"there is no store at {path}", hint="Run the campaign first, or check the path.")
