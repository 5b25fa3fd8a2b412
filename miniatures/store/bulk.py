"""Writes any number of rows with one statement: the database itself takes a JSON array apart into columns.

One statement a table instead of one a row spares PostgreSQL the round trips, and SQLite's work happens in one call that
does not hold the interpreter's lock, so the event loop runs on while rows are written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Executable,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite

from miniatures.store.tables import LOOKED_UP, PATH, UNLISTED, WHOLE, UtcTime, prospects

ROWS = "rows"
"""Name of the statement's one parameter: the JSON array, as text."""


def bulk_insert(table: Table, dialect: str, *, replace: Sequence[str] = ()) -> Executable:
    """The statement that writes `{"rows": "[{...}, ...]"}` to a table.

    A row whose primary key is already there is left alone; or, with `replace`, those columns take their new values.
    """
    match dialect:
        case "sqlite":
            return _insert(sqlite.insert(table), table, _sqlite_source(table), replace)
        case "postgresql":
            return _insert(postgresql.insert(table), table, _postgresql_source(table), replace)
        case _:
            raise NotImplementedError(dialect)


def _insert(
    insert: sqlite.Insert | postgresql.Insert, table: Table, source: Select[Any], replace: Sequence[str]
) -> Executable:
    statement = insert.from_select([column.name for column in _written(table)], source)
    if not replace:
        return statement.on_conflict_do_nothing(index_elements=list(table.primary_key.columns))
    changed = or_(*(table.c[name].is_distinct_from(statement.excluded[name]) for name in replace))
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in replace},
        where=changed,
    )


def _sqlite_source(table: Table) -> Select[Any]:
    value = func.json_each(bindparam(ROWS, type_=Text)).table_valued("value").c.value

    def cut(column: Column[Any]) -> ColumnElement[Any]:
        path = "$." + ".".join(column.info[PATH])
        if WHOLE in column.info:
            return value.op("->")(path)
        found = func.json_extract(value, path)
        return func.strftime("%Y-%m-%d %H:%M:%f", found) if isinstance(column.type, UtcTime) else found

    # SQLite cannot tell the ON of ON CONFLICT from a join's without a WHERE before it.
    return select(*_values(table, cut)).where(text("1 = 1"))


def _postgresql_source(table: Table) -> Select[Any]:
    rows = cast(bindparam(ROWS, type_=Text), postgresql.JSON)
    values = func.json_array_elements(rows).table_valued("value")
    # OFFSET keeps the server from parsing the row once for each column.
    parsed = select(cast(values.c.value, postgresql.JSONB).label("row")).correlate(values).offset(0).lateral()

    def cut(column: Column[Any]) -> ColumnElement[Any]:
        path = postgresql.array([text(f"'{step}'") for step in column.info[PATH]])
        if WHOLE in column.info:
            return cast(values.c.value.op("#>")(path), column.type)
        return cast(parsed.c.row.op("#>>")(path), column.type)

    return select(*_values(table, cut)).select_from(values.join(parsed, true()))


def _written(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.info]


def _values(table: Table, cut: Callable[[Column[Any]], ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [_position(table, cut) if LOOKED_UP in column.info else cut(column) for column in _written(table)]


def _position(table: Table, cut: Callable[[Column[Any]], ColumnElement[Any]]) -> ColumnElement[Any]:
    keys = ((column, cut(table.c[column.name])) for column in prospects.primary_key)
    found = select(prospects.c.position).where(*(column == key for column, key in keys)).scalar_subquery()
    return func.coalesce(found, UNLISTED)
