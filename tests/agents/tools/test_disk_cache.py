"""A cache that somebody sent gives nothing that is damaged or unpacks without end; it is fetched again."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from miniatures.agents.tools import disk_cache
from miniatures.agents.tools.disk_cache import DiskCache


@pytest.mark.parametrize("content", [zlib.compress(b"x" * 2_000_000), b"no zlib", b"", zlib.compress(b"x" * 50)[:-4]])
async def test_an_entry_that_cannot_be_unpacked_is_none(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_cache, "_MOST_BYTES", 1_000_000)
    cache = DiskCache(tmp_path / "cache.sqlite")
    await cache.put("page", b"text")
    kept = await cache.get("page")
    assert kept is not None
    assert kept[0] == b"text"
    with closing(sqlite3.connect(tmp_path / "cache.sqlite")) as connection, connection:
        connection.execute("UPDATE entries SET content = ?", (content,))
    assert await cache.get("page") is None
    cache.close()
