"""A cache that somebody sent gives nothing that is damaged or unpacks without end; it is fetched again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from miniatures.agents.tools import disk_cache
from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.agents.tools.extract.extractor import Extractor
from miniatures.agents.tools.fetch.http_cache import HttpCache
from miniatures.agents.tools.fetching import FetchStatus


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


HEAD = {"status": 200, "headers": {"content-type": "text/html"}, "fetched_at": "2026-09-01T08:00:00Z"}
SENT: dict[str, object] = {
    "nothing": b"",
    "no object": b"[]",
    "no key": b"{}",
    "nested": b"[" * 100_000,
    "a status that is none": HEAD | {"status": 10**30},
    "no headers": HEAD | {"headers": None},
    "a header that is no text": HEAD | {"headers": {"content-type": 5}},
    "a time that is none": HEAD | {"fetched_at": "yesterday"},
    "a time without a zone": HEAD | {"fetched_at": "2026-09-01"},
}


@pytest.mark.parametrize("head", SENT.values(), ids=SENT)
async def test_an_entry_that_is_no_reply_and_no_extraction_is_fetched_and_read_again(
    head: object, tmp_path: Path
) -> None:
    content = (head if isinstance(head, bytes) else json.dumps(head).encode()) + b"\n<p>Nothing of this is true.</p>"
    pages, read = DiskCache(tmp_path / "http.sqlite"), DiskCache(tmp_path / "extract.sqlite")
    await pages.put("GET http://store.example/", content)
    assert await HttpCache(pages).get(httpx.URL("http://store.example/")) is None
    body = b"<p>The cold store at Larvik has eleven doors and four rooms.</p>"
    await read.put(f"EXTRACT {hashlib.sha256(body).hexdigest()} 10 text/html", content)
    assert (await Extractor(10, tmp_path).extract(body, "text/html", "")).status is FetchStatus.FETCHED


@pytest.mark.parametrize("column", ["content", "kept_at"])
@pytest.mark.parametrize("value", ["some text", None])
async def test_an_entry_of_other_types_is_none(column: str, value: object, tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache.sqlite")
    await cache.put("page", b"text")
    with closing(sqlite3.connect(tmp_path / "cache.sqlite")) as connection, connection:
        connection.execute(f"UPDATE entries SET {column} = ?", (value,))
    assert await cache.get("page") is None
    cache.close()
