"""How a store is named: the URL of a server, or of a SQLite file, whose path is meant letter by letter."""

from __future__ import annotations

SQLITE = "sqlite:///"


def sqlite_path(url: str) -> str | None:
    """The path of the SQLite file that a URL or a bare path names; None for a server."""
    return None if "://" in url and not url.startswith(SQLITE) else url.removeprefix(SQLITE)
