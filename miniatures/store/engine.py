"""Reaches the database that a store's URL names: the driver, and on SQLite the pragmas that make it fast and safe."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.mistakes import mistakes
from miniatures.datamodel.store_url import sqlite_path
from miniatures.store.failures import store_error
from miniatures.store.sent_file import LARGEST_VALUE, UNTRUSTED, require_tables_alone

_PRAGMAS = (
    UNTRUSTED,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -32000",
    "PRAGMA temp_store = MEMORY",
)
_FLUSHED = "PRAGMA synchronous = FULL"
"""Each commit reaches the disk before it returns: what has left a server must be known after a power cut, too."""
_BUSY_TIMEOUT_S = 30.0
_OLDEST_SQLITE = (3, 38, 0)


_URL_HINT = "Write sqlite:///PATH/TO/FILE or postgresql://USER@HOST/DATABASE."


@dataclass(frozen=True)
class Database:
    """A database and the way to it. Its errors come as `StoreError`."""

    engine: Engine
    url: URL

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database; None for a server."""
        return Path(self.url.database) if self.url.database and self.engine.dialect.name == "sqlite" else None

    @property
    def only_readable(self) -> bool:
        """Whether it is a SQLite file that cannot be written, by its permissions or its disk."""
        return self.path is not None and _only_readable(self.path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that changes nothing. A column that holds what no version wrote there is a `StoreError`, too."""
        with self.errors_told(), self.engine.connect() as connection:
            try:
                yield connection
            except (ValueError, TypeError) as error:
                hint = "Restore a backup, or move the file away: the next run makes it anew."
                where = self.url.render_as_string(hide_password=True)
                reason = mistakes(error, most=1) if isinstance(error, ValidationError) else error
                raise StoreError(f"the store {where} holds a value of another kind: {reason}", hint=hint) from error

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """A transaction: committed when the block ends, undone when it raises."""
        with self.errors_told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def errors_told(self) -> Iterator[None]:
        """Turn the database's errors into sentences; pg8000 lets a reset connection through as it came."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, ConnectionError) as error:
            raise store_error(error, self.url) from error


def database_at(url: str, *, flushed: bool = False) -> Database:
    """The database of a URL or of the path of a SQLite file. Connects to nothing yet.

    With `flushed`, SQLite keeps each commit through a power cut as well; a server's own settings decide there.

    Raises:
        StoreError: the URL is malformed or of another kind, or its driver is not installed.
    """
    parsed = _parse_url(url)
    try:
        match parsed.get_backend_name():
            case "sqlite":
                return Database(_sqlite_engine(parsed, flushed), parsed)
            case "postgresql":
                return Database(create_engine(_with_driver(parsed), pool_pre_ping=True), parsed)
            case other:
                raise StoreError(f"a store cannot be a {other} database", hint=_URL_HINT)
    except ModuleNotFoundError as error:
        hint = "pip install 'miniatures[postgres]'"
        raise StoreError(f"the driver for PostgreSQL is not installed: {error}", hint=hint) from error
    except NoSuchModuleError as error:
        raise StoreError(f"no driver is named {parsed.drivername!r}", hint=_URL_HINT) from error


def _parse_url(url: str) -> URL:
    """The URL as SQLAlchemy's class, which would read `?` and `%20` in a path as its own signs."""
    path = sqlite_path(url)
    if path is not None:
        return URL.create("sqlite", database=path)
    try:
        return make_url(url)
    except ArgumentError as error:
        raise StoreError(f"{url!r} is no database URL", hint=_URL_HINT) from error


def _sqlite_engine(url: URL, flushed: bool) -> Engine:
    if url.database is None or url.database in ("", ":memory:"):
        raise StoreError("a store needs a file: one in memory would forget every run", hint=_URL_HINT)
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: 3.38 is needed", hint="Use a newer Python.")
    path = Path(url.database)
    if _only_readable(path):
        return _with_pragmas(_read_only_url(path), (UNTRUSTED,), path)
    return _with_pragmas(url, (*_PRAGMAS, _FLUSHED) if flushed else _PRAGMAS, path)


def _only_readable(path: Path) -> bool:
    return path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _read_only_url(path: Path) -> URL:
    """SQLite told that nothing can be written, and, where no log lies beside the file, that nobody else writes it."""
    beside = [path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm")]
    settled = {} if any(file.exists() for file in beside) else {"immutable": "1"}
    return URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true", **settled})


def _with_pragmas(url: URL, pragmas: tuple[str, ...], path: Path) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
        require_tables_alone(connection, path)
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")  # A damaged text spoils its own row.
        for pragma in pragmas:
            connection.execute(pragma)

    return engine


def _with_driver(url: URL) -> URL:
    """`postgresql://` means pg8000; libpq's `?host=/FOLDER` is the socket in that folder."""
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+pg8000")
    folder = url.query.get("host")
    if url.get_driver_name() == "pg8000" and isinstance(folder, str) and folder.startswith("/"):
        socket = f"{folder}/.s.PGSQL.{url.query.get('port', 5432)}"
        url = url.difference_update_query(["host", "port"]).update_query_dict({"unix_sock": socket})
    return url
