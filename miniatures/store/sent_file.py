"""A SQLite file that somebody sent is data: what it could do beyond that when it is opened is refused before."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from miniatures.datamodel.errors import StoreError

UNTRUSTED = "PRAGMA trusted_schema = OFF"
"""For each connection: expressions of the file's schema call nothing but what is harmless."""

_JOURNAL_END = bytes.fromhex("d9d505f920a163d7")
_SCHEMA = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
_NAMES = r'[\w\s",]'
_PLAIN_TABLE = re.compile(rf"CREATE TABLE [\w\"]+\s*\((?:{_NAMES}|\({_NAMES}*\)|'[^']*')*\)")
"""Columns, their types, keys and constant defaults: an expression needs a bracket within a bracket, or a sign."""
_PLAIN_INDEX = re.compile(rf"CREATE (?:UNIQUE )?INDEX [\w\"]+ ON [\w\"]+\s*\({_NAMES}*\)")
_HINT = "Move the file away; what it held is made anew by the next run."


def require_plain_journal(path: Path) -> None:
    """Return unless the rollback journal beside the file names another file, which SQLite would delete.

    Raises:
        StoreError: it does. Only transactions over several files leave such a journal, and none of ours is one.
    """
    journal = path.with_name(f"{path.name}-journal")
    if not journal.is_file():
        return
    with journal.open("rb") as file:
        file.seek(-min(journal.stat().st_size, len(_JOURNAL_END)), 2)
        if file.read() == _JOURNAL_END:
            raise StoreError(f"the journal {journal} names another file, and no run left it", hint=_HINT)


def require_tables_alone(connection: sqlite3.Connection, path: Path) -> None:
    """Return if the file has tables of stored columns and indexes of columns, and nothing else.

    Views, triggers, virtual tables, generated columns, checks and indexes of expressions could compute without end.

    Raises:
        StoreError: it has something else; names it.
    """
    with closing(connection.execute(_SCHEMA)) as found:
        for name, sql in found:
            if not (_PLAIN_TABLE.fullmatch(str(sql)) or _PLAIN_INDEX.fullmatch(str(sql))):
                raise StoreError(f"the file {path} holds {name!r}, which no version of miniatures made", hint=_HINT)
