"""A small cache on disk for search results and fetched pages: bytes under a key, with the time they were kept."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.hashing import text_hash
from miniatures.store.sent_file import UNTRUSTED, require_plain_journal, require_tables_alone

KEPT_S = 30 * 24 * 3600.0
"""Entries older than this, in seconds, are deleted when the cache is opened."""


_SELECT = """
    SELECT content, kept_at FROM entries
    WHERE key = ? AND typeof(content) = 'blob' AND typeof(kept_at) IN ('real', 'integer')
"""
_MOST_BYTES = 200_000_000


def _unpacked(content: bytes) -> bytes | None:
    """The entry; None for one that is damaged, or unpacks without end: somebody may have sent the file."""
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(content, _MOST_BYTES)
    except zlib.error:
        return None
    return unpacked if unpacker.eof else None


class DiskCache:
    """One SQLite file. Safe to share between threads and processes; `clock` gives seconds since 1970.

    Raises:
        StoreError: the file cannot be opened, read or written.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    async def get(self, key: str) -> tuple[bytes, float] | None:
        """The content and its age in seconds, or None."""
        return await asyncio.to_thread(self._get, text_hash(key))

    async def put(self, key: str, content: bytes) -> None:
        """Keep the content; when this returns it is on disk."""
        await asyncio.to_thread(self._put, text_hash(key), zlib.compress(content, 3))

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _get(self, key: str) -> tuple[bytes, float] | None:
        row = self._execute(_SELECT, key)
        content = None if row is None else _unpacked(row[0])
        return None if row is None or content is None else (content, max(0.0, self._clock() - row[1]))

    def _put(self, key: str, content: bytes) -> None:
        self._execute(
            "INSERT OR REPLACE INTO entries (key, content, kept_at) VALUES (?, ?, ?)", key, content, self._clock()
        )

    def _execute(self, statement: str, *values: object) -> tuple[bytes, float] | None:
        with self._lock:
            try:
                connection = self._connection or self._open()
                row: tuple[bytes, float] | None = connection.execute(statement, values).fetchone()
            except (sqlite3.Error, OSError) as error:
                raise StoreError(
                    f"the cache {self._path} cannot be used: {error}",
                    hint="Free some disk space, or delete the file: everything in it can be fetched again.",
                ) from error
            return row

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        require_plain_journal(self._path)
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        require_tables_alone(connection, self._path)
        connection.execute(UNTRUSTED)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, content BLOB, kept_at REAL)")
        connection.execute("DELETE FROM entries WHERE kept_at < ?", (self._clock() - KEPT_S,))
        self._connection = connection
        return connection
