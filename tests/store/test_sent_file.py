"""A SQLite file from somebody else does nothing when it is opened, in the store and in the caches alike."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.store import engine
from miniatures.store.open import open_store

MAGIC = bytes.fromhex("d9d505f920a163d7")
PAGE = 4096


def with_deleting_journal(path: Path, victim: Path) -> None:
    """A database whose hot journal has SQLite delete `victim` when the database is read."""
    source = path.with_name("source.db")
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [("y" * 500,)] * 200)
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("UPDATE t SET x = 'z'")
        shutil.copy(source, path)
        journal = bytearray(Path(f"{source}-journal").read_bytes())
    pages = (len(journal) - 512) // (PAGE + 8)
    journal = journal[: 512 + pages * (PAGE + 8)]
    journal[8:12] = struct.pack(">I", pages)
    name = str(victim).encode()
    journal += b"\0" * (-len(journal) % 512) + struct.pack(">I", 0x40000000 // PAGE + 1) + name
    journal += struct.pack(">II", len(name), sum(name)) + MAGIC
    Path(f"{path}-journal").write_bytes(journal)


def test_the_journal_is_as_dangerous_as_it_is_taken_for(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    with_deleting_journal(tmp_path / "x.sqlite", tmp_path / "victim")
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as connection:
        connection.execute("SELECT count(*) FROM t").fetchone()
    assert not (tmp_path / "victim").exists()


async def test_a_journal_deletes_no_file(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    with_deleting_journal(tmp_path / "x.sqlite", tmp_path / "victim")
    with pytest.raises(StoreError, match="names another file, and no run left it"):
        open_store(str(tmp_path / "x.sqlite"))
    with pytest.raises(StoreError, match="names another file, and no run left it"):
        await DiskCache(tmp_path / "x.sqlite").get("page")
    assert (tmp_path / "victim").read_text() == "precious"


async def test_a_cache_that_computes_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "cache.sqlite")) as connection:
        connection.execute(
            "CREATE VIEW entries AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i FROM n) SELECT 1"
        )
    with pytest.raises(StoreError, match="which no version of miniatures made"):
        await DiskCache(tmp_path / "cache.sqlite").get("page")


def test_an_ordinary_journal_is_played_back(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite-journal").write_bytes(b"")
    open_store(str(tmp_path / "x.sqlite")).close()
    (tmp_path / "x.sqlite-journal").write_bytes(b"abc")
    open_store(str(tmp_path / "x.sqlite")).close()


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("CREATE TABLE runs", ("outcome TEXT", "outcome TEXT AS (hex(zeroblob(499000000)))")),
        ("CREATE TABLE runs", ("outcome TEXT", "outcome TEXT DEFAULT (hex(zeroblob(499000000)))")),
        ("CREATE TABLE runs", ("PRIMARY KEY (id)", "PRIMARY KEY (id), CHECK (length(zeroblob(999000000)) > 0)")),
        ("CREATE TABLE runs", ("PRIMARY KEY (id)", "PRIMARY KEY (id), CHECK(hex(id))")),
        ("CREATE INDEX runs_of_campaign", ("campaign, id", "hex(campaign)")),
        ("CREATE INDEX runs_of_campaign", ("(campaign, id)", "(campaign) WHERE id > hex(campaign)")),
        ("CREATE TABLE runs", ("CREATE TABLE runs (", "CREATE/**/VIRTUAL TABLE runs USING fts5(")),
        ("CREATE TABLE runs", ("CREATE TABLE", "create view runs as select 1 -- CREATE TABLE")),
        ("CREATE TABLE reviews", ("PRIMARY KEY (id)", "PRIMARY KEY (id), UNIQUE (campaign) ON CONFLICT IGNORE")),
        ("CREATE TABLE reviews", ("PRIMARY KEY (id)", "PRIMARY KEY (campaign) on conflict replace")),
        ("CREATE TABLE reviews", ("action TEXT NOT NULL", "action TEXT COLLATE NOCASE NOT NULL")),
    ],
)
def test_a_schema_that_computes_is_refused(statement: str, changed: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    open_store(str(path)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        rewrite = "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE sql LIKE ?"
        assert connection.execute(rewrite, (*changed, f"{statement} %")).rowcount == 1
    with pytest.raises(StoreError):
        open_store(str(path))


def test_a_store_that_would_drop_a_later_ruling_is_refused(tmp_path: Path) -> None:
    """With such an index the first ruling of a campaign stood, and every later one fell without a word."""
    path = tmp_path / "store.sqlite"
    open_store(str(path)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE UNIQUE INDEX one_word ON reviews (campaign)")
    with pytest.raises(StoreError, match="'one_word', which no version of miniatures made"):
        open_store(str(path))


async def test_a_row_is_left_alone_for_its_own_key_alone(tmp_path: Path) -> None:
    """Where another key is in the way, the writing fails and is told; the index came after the store was opened."""
    with open_store(str(tmp_path / "store.sqlite")) as store:
        with closing(sqlite3.connect(tmp_path / "store.sqlite")) as connection, connection:
            connection.execute("CREATE UNIQUE INDEX one_word ON reviews (campaign)")
        ruling = Review(reviewer="ada", campaign="autumn", trace="t1", action=ReviewAction.ACCEPT, answer={})
        await store.add_review(ruling)
        await store.add_review(ruling)
        with pytest.raises(StoreError):
            await store.add_review(ruling.model_copy(update={"id": "other"}))


@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm"])
def test_what_lies_beside_is_a_file(suffix: str, tmp_path: Path) -> None:
    open_store(str(tmp_path / "x.sqlite")).close()
    beside = tmp_path / f"x.sqlite{suffix}"
    for make in (os.mkfifo, os.mkdir, lambda path: path.symlink_to(tmp_path / "victim")):
        make(beside)
        with pytest.raises(StoreError, match="is a link, a folder or a pipe"):
            open_store(str(tmp_path / "x.sqlite"))
        beside.rmdir() if beside.is_dir() else beside.unlink()


def test_a_schema_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    open_store(str(path)).close()
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE runs", b"CREATE TABLE r\xffns"))
    with pytest.raises(StoreError):
        open_store(str(path))


def test_a_document_without_measure_is_told_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LARGEST_VALUE", 1_000_000)
    open_store(str(tmp_path / "x.sqlite")).close()
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as connection, connection:
        connection.execute("INSERT INTO prospects VALUES ('autumn', 'k', 0, NULL, ?)", ["x" * 1_000_001])
    with (
        open_store(str(tmp_path / "x.sqlite")) as store,
        pytest.raises(StoreError, match="one of its documents is larger than any may be"),
    ):
        list(store.results("autumn"))


def test_what_sqlite_itself_keeps_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    open_store(str(path)).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ANALYZE")
    open_store(str(path)).close()
