"""The one writer: every change of the database goes through its queue and is committed in groups, in order.

Because the queue is ordered and a group is one transaction, whatever was queued before a write that somebody waits for
is durable with it. A failed commit is final: everyone who waits is told, and nothing more is taken on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.exc import DBAPIError, InterfaceError, SQLAlchemyError

from miniatures.store import tables
from miniatures.store.batching import BatchThread
from miniatures.store.bulk import ROWS, bulk_insert
from miniatures.store.engine import Database
from miniatures.store.failures import sql_state, store_error

GATHER_S = 0.002
"""How long a group gathers once somebody waits for its commit."""

IDLE_S = 0.2
"""How long traces and spans may lie unsaved while nobody waits: what a kill can lose at most."""

_RECONNECT_AFTER_S = (0.2, 1.0, 3.0)


@dataclass(frozen=True, eq=False)
class Target:
    """A table, and the columns that a row takes over when its primary key is already there (none: it is left alone)."""

    table: Table
    replace: tuple[str, ...] = ()


PROSPECTS = Target(tables.prospects, replace=("document",))
NEW_PROSPECTS = Target(tables.prospects)
STAGES = Target(tables.stages, replace=("document",))
RESULTS = Target(tables.results, replace=tuple(tables.results.c.keys()[4:]))
TRACES = Target(tables.traces)
SPANS = Target(tables.spans)
REVIEWS = Target(tables.reviews)
POLICIES = Target(tables.policies)
BUDGETS = Target(tables.budgets)
DRAFTS = Target(tables.drafts, replace=tuple(tables.drafts.c.keys()[1:]))


@dataclass(frozen=True, slots=True)
class Row:
    """A row as JSON text. Of several with one key in a group only the last is written; without a key, all are."""

    target: Target
    json: str
    key: tuple[str, ...] | None = None


Change = Callable[[Connection], Any]
"""Any other change: sees what was queued before it and returns its answer. A group that failed is done once more."""


class Writer(BatchThread[Row | Change]):
    """Owns the connection that writes. A group that the server cut off or set back is tried again, a few times."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._url = database.url
        self._statements: dict[Target, Executable] = {}
        super().__init__("miniatures-writer", self._commit, gather_s=GATHER_S, idle_s=IDLE_S, fatal=True)

    def _commit(self, group: list[Row | Change]) -> list[Any]:
        pauses = iter(_RECONNECT_AFTER_S)
        while True:
            try:
                with self._engine.begin() as connection:
                    return self._write(connection, group)
            except (SQLAlchemyError, ConnectionError) as error:
                pause = next(pauses, None) if _may_pass(error) else None
                if pause is None:
                    raise store_error(error, self._url) from error
                self._engine.dispose()
                time.sleep(pause)

    def _write(self, connection: Connection, group: list[Row | Change]) -> list[Any]:
        answers: list[Any] = []
        for are_rows, works in groupby(group, lambda work: isinstance(work, Row)):
            if are_rows:
                rows = [work for work in works if isinstance(work, Row)]
                self._insert(connection, rows)
                answers += [None] * len(rows)
            else:
                answers += [change(connection) for change in works if not isinstance(change, Row)]
        return answers

    def _insert(self, connection: Connection, rows: Iterable[Row]) -> None:
        for target, texts in _by_target(rows):
            connection.execute(self._statement(target), {ROWS: f"[{','.join(texts)}]"})

    def _statement(self, target: Target) -> Executable:
        if target not in self._statements:
            dialect = self._engine.dialect.name
            self._statements[target] = bulk_insert(target.table, dialect, replace=target.replace)
        return self._statements[target]


def _by_target(rows: Iterable[Row]) -> Iterator[tuple[Target, Iterable[str]]]:
    """The rows of each table, in the order in which the tables were first met; of equal keys the last one."""
    groups: dict[Target, dict[object, str]] = {}
    for number, row in enumerate(rows):
        texts = groups.setdefault(row.target, {})
        texts[number if row.key is None else row.key] = row.json
    return ((target, texts.values()) for target, texts in groups.items())


def _may_pass(error: SQLAlchemyError | ConnectionError) -> bool:
    """Whether the connection was lost, or the server set the transaction back for another's sake (class 40)."""
    if isinstance(error, ConnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if state := sql_state(error.orig):
        return state.startswith(("08", "57P", "40"))
    return error.connection_invalidated or isinstance(error, InterfaceError)
