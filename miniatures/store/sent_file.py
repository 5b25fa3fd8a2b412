"""A SQLite file that somebody sent is data: what it could do beyond that when it is opened is refused before."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

from miniatures.datamodel.errors import StoreError

UNTRUSTED = "PRAGMA trusted_schema = OFF"
"""For each connection: expressions of the file's schema call nothing but what is harmless."""

_JOURNAL_END = bytes.fromhex("d9d505f920a163d7")
LARGEST_VALUE = 256_000_000
"""Bytes of one document, and of one group of rows that is written; a thousand times what a run leaves."""

_GONE = (FileNotFoundError, NotADirectoryError)
_BESIDE = ("-journal", "-wal", "-shm")
_SCHEMA = "SELECT CAST(name AS BLOB), CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL"
_NAMES = r'[\w\s",]'
_DROPPING = r"(?![\s\S]*\b(?i:ON|UNIQUE|COLLATE)\b)"
_PLAIN_TABLE = re.compile(rf"{_DROPPING}CREATE TABLE [\w\"]+\s*\((?:{_NAMES}|\({_NAMES}*\)|'[^']*')*\)")
"""Columns, their types, keys and constant defaults: an expression needs a bracket within a bracket, or a sign.

Nothing in it may drop what is written later: `ON CONFLICT IGNORE`, or a key that two rulings share.
"""
_PLAIN_INDEX = re.compile(rf"CREATE INDEX [\w\"]+ ON [\w\"]+\s*\({_NAMES}*\)")
_HINT = "Move the file away; what it held is made anew by the next run."


def require_plain_journal(path: Path) -> None:
    """Return unless the rollback journal beside the file names another file, which SQLite would delete.

    Raises:
        StoreError: it does. Only transactions over several files leave such a journal, and none of ours is one. Or a
            journal or log is no file, such as a pipe that SQLite would wait for.
    """
    for beside in (path.with_name(f"{path.name}{suffix}") for suffix in _BESIDE):
        with suppress(*_GONE):  # another process may end its transaction at any moment
            if not stat.S_ISREG(beside.lstat().st_mode):
                raise StoreError(f"{beside} is a link, a folder or a pipe, and no run left it", hint=_HINT)
    journal = path.with_name(f"{path.name}-journal")
    with suppress(*_GONE), journal.open("rb") as file:
        file.seek(-min(file.seek(0, os.SEEK_END), len(_JOURNAL_END)), os.SEEK_END)
        if file.read() == _JOURNAL_END:
            raise StoreError(f"the journal {journal} names another file, and no run left it", hint=_HINT)


def require_tables_alone(connection: sqlite3.Connection, path: Path) -> None:
    """Return if the file has tables of stored columns and indexes of columns, and nothing else.

    Views, triggers, virtual tables, generated columns, checks and indexes of expressions could compute without end;
    unique indexes and conflict clauses could let a later ruling fall.

    Raises:
        StoreError: it has something else; names it.
    """
    with closing(connection.execute(_SCHEMA)) as found:
        for name, sql in found:
            text = sql.decode("utf-8", "replace")
            if not (_PLAIN_TABLE.fullmatch(text) or _PLAIN_INDEX.fullmatch(text)):
                known = name.decode("utf-8", "replace")[:80]
                raise StoreError(f"the file {path} holds {known!r}, which no version of miniatures made", hint=_HINT)
