"""A SQLite file that somebody sent is data: what it could do beyond that when it is opened is refused before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from miniatures.datamodel.errors import StoreError

UNTRUSTED = "PRAGMA trusted_schema = OFF"
"""For each connection: expressions of the file's schema call nothing but what is harmless."""

_JOURNAL_END = bytes.fromhex("d9d505f920a163d7")
_ODD = "SELECT name FROM sqlite_schema WHERE type IN ('view', 'trigger') OR sql LIKE 'CREATE VIRTUAL%' LIMIT 1"
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
    """Return unless the file has a view, a trigger or a virtual table, which could compute without end.

    Raises:
        StoreError: it has.
    """
    with closing(connection.execute(_ODD)) as found:
        odd = found.fetchone()
    if odd is not None:
        raise StoreError(f"the file {path} holds {odd[0]!r}, which no version of miniatures made", hint=_HINT)
