"""Looks for a person in every byte of files and databases, in whatever way the bytes may be written."""

from __future__ import annotations

import json
import quopri
import sqlite3
import zlib
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path

from miniatures.datamodel.prospect import Prospect
from miniatures.store.engine import database_at
from miniatures.store.tables import metadata


def traces_of(prospect: Prospect, *folders: Path) -> list[str]:
    """Where a file's name or bytes, or an unpacked entry of a cache, still hold something of theirs."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    found = [f"{path}: {word!r}" for path in files for word in _words_in(_read(path), prospect)]
    return found + [f"{path} is named {path.name}" for path in files if list(_words_in(str(path).encode(), prospect))]


def rows_of(prospect: Prospect, url: str) -> list[str]:
    """Which columns of which tables still hold something of theirs."""
    database = database_at(url)
    with database.read() as connection:
        rows = [(table, row) for table in metadata.sorted_tables for row in connection.execute(table.select())]
    database.engine.dispose()
    return [
        f"{table.name}.{column}: {word!r}"
        for table, row in rows
        for column, value in row._mapping.items()
        for word in _words_in(value if isinstance(value, bytes) else str(value).encode(), prospect)
    ]


def _read(path: Path) -> bytes:
    content = path.read_bytes()
    if path.parent.name == "cache" and path.suffix == ".sqlite":
        with sqlite3.connect(path) as cache:
            content += b"\n".join(zlib.decompress(one) for (one,) in cache.execute("SELECT content FROM entries"))
    return content


def _words_in(content: bytes, prospect: Prospect) -> Iterator[bytes]:
    lowered = content.lower()
    yield from (word for word in _written(prospect) if word in content or word.lower() in lowered)


def _written(prospect: Prospect) -> set[bytes]:
    words = prospect.email, prospect.full_name, prospect.email.partition("@")[0], prospect.key
    return {form for word in words for form in _forms(word)}


def _forms(word: str) -> Iterator[bytes]:
    utf8 = word.encode()
    yield from (utf8, word.encode("utf-16-le"), word.encode("utf-16-be"), word.encode("cp1252"))
    yield from (escape(word).encode(), json.dumps(word)[1:-1].encode(), quopri.encodestring(utf8))
    for offset in range(3):  # Base64 of the word within a longer text, without what its neighbours change.
        yield b64encode(b"\0" * offset + utf8)[4 if offset else 0 : 4 * ((offset + len(utf8)) // 3)]
