"""Fetched pages and search results that name a person: a page is its company's, but it may introduce its people."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import LargeBinary, Text, bindparam, column, delete, inspect, select, table

from miniatures.datamodel.mention import Mentions
from miniatures.store.engine import Database, database_at
from miniatures.store.scrub import scrub
from miniatures.store.sent_file import require_plain_journal

_ENTRIES = table("entries", column("key", Text), column("content", LargeBinary))
_MOST_BYTES = 200_000_000


def caches_in(folder: Path) -> list[Path]:
    """The caches that runs left in a folder."""
    return sorted(folder.glob("*.sqlite"))


def pages_naming(path: Path, mentions: Mentions) -> int:
    """How many entries of a cache name the person, or cannot be read and so may.

    Raises:
        StoreError: the cache cannot be read.
    """
    require_plain_journal(path)
    database = database_at(str(path))
    try:
        return sum(1 for _ in _keys(database, mentions))
    finally:
        database.engine.dispose()


def forget_pages(path: Path, mentions: Mentions) -> int:
    """Remove those entries, and every byte of what was removed before; returns how many there were.

    Raises:
        StoreError: the cache cannot be written, or another process has it open.
    """
    require_plain_journal(path)
    database = database_at(str(path))
    try:
        keys = list(_keys(database, mentions))
        with database.change() as connection:
            for key in keys:
                connection.execute(delete(_ENTRIES).where(_ENTRIES.c.key == bindparam("gone")), {"gone": key})
        scrub(database)
        return len(keys)
    finally:
        database.engine.dispose()


def _keys(database: Database, mentions: Mentions) -> Iterator[str]:
    with database.read() as connection:
        if not inspect(connection).has_table(_ENTRIES.name):
            return
        for key, content in connection.execute(select(_ENTRIES.c.key, _ENTRIES.c.content)):
            page = _unpacked(content)
            if page is None or mentions.are_in_bytes(page):
                yield key


def _unpacked(content: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        page = unpacker.decompress(content, _MOST_BYTES)
    except (zlib.error, TypeError):
        return None
    return page if unpacker.eof else None
