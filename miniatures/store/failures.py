"""Turns a database's error into a sentence and a cure, by its error code and never by its words."""

from __future__ import annotations

import sqlite3

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from miniatures.datamodel.errors import StoreError

_SPACE = "Free some space; what was saved before is intact, and the run resumes from it."
_PERMISSION = "Check the permissions of the file and its folder, or name another `store:`."

_SQLITE = {
    "SQLITE_FULL": ("the disk is full", _SPACE),
    "SQLITE_CANTOPEN": ("the file cannot be opened or made", _PERMISSION),
    "SQLITE_READONLY": ("it may only be read", _PERMISSION),
    "SQLITE_PERM": ("access is denied", _PERMISSION),
    "SQLITE_NOTADB": ("the file is not a SQLite database", "Name another `store:`, or move the file away."),
    "SQLITE_CORRUPT": (
        "the file is damaged",
        "Restore a backup, or move it away; `sqlite3 FILE .recover` may save rows.",
    ),
    "SQLITE_BUSY": ("another process keeps it locked", "End the other process, or wait for it."),
    "SQLITE_LOCKED": ("another connection keeps it locked", "End the other process, or wait for it."),
    "SQLITE_IOERR": (
        "the disk could not be read or written",
        "Check the disk, its space and its quota or size limits.",
    ),
    "SQLITE_TOOBIG": ("one of its documents is larger than any may be", "Restore a backup, or erase that row."),
    "SQLITE_PROTOCOL": ("its write-ahead log cannot be locked", "Keep the file on a local disk, not on a network one."),
}

_POSTGRESQL = {
    "53100": ("the server's disk is full", _SPACE),
    "53300": ("the server has too many connections", "Close some, or raise max_connections."),
    "28P01": ("the server refused the password", "Check user and password in the URL."),
    "28000": ("the server refused the user", "Check the user in the URL and the server's pg_hba.conf."),
    "3D000": ("the server has no database of that name", "Make it first: createdb NAME."),
    "42501": ("the user lacks a privilege", "Grant the user CREATE on the schema and rights on its tables."),
    "25006": ("the server may only be read", "Name the primary server, not a replica."),
    "57P03": ("the server is starting or stopping", "Try again in a moment."),
}

_UNREACHABLE = ("the server cannot be reached", "Check host and port in the URL, and that the server runs.")


def store_error(error: BaseException, url: URL) -> StoreError:
    """What went wrong with the database at `url`, with a password in it hidden."""
    if isinstance(error, StoreError):
        return StoreError(error.message, hint=error.hint)
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    reason, hint = _explain(cause)
    return StoreError(f"the store {url.render_as_string(hide_password=True)} failed: {reason}", hint=hint)


def _explain(cause: BaseException) -> tuple[str, str]:
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "")
        known = next((entry for code, entry in _SQLITE.items() if name.startswith(code)), None)
        return known or (str(cause), "")
    if code := sql_state(cause):
        return _POSTGRESQL.get(code, (f"{_server_message(cause)} (SQLSTATE {code})", ""))
    if type(cause).__name__ == "InterfaceError" or isinstance(cause, OSError):
        return _UNREACHABLE
    kind = "" if isinstance(cause, SQLAlchemyError) else f"{type(cause).__name__}: "
    return f"{kind}{cause}", ""


def sql_state(error: BaseException | None) -> str | None:
    """The SQLSTATE of a PostgreSQL server's error, as pg8000 or another driver carries it; None if there is none.

    A server that refuses a connection may close it so soon that pg8000's goodbye fails and hides the refusal: then the
    refusal is found behind that failure.
    """
    while error is not None:
        fields = error.args[0] if error.args else None
        code = fields.get("C") if isinstance(fields, dict) else getattr(error, "sqlstate", None)
        if code:
            return str(code)
        error = error.__cause__ or error.__context__
    return None


def _server_message(error: BaseException) -> str:
    fields = error.args[0] if error.args else None
    return str(fields.get("M") if isinstance(fields, dict) else error)
