"""A store has exactly the tables that the code knows, made once, whoever opens the database first."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, inspect, text

from miniatures.datamodel.errors import StoreError
from miniatures.store import migrations
from miniatures.store.engine import database_at
from miniatures.store.open import open_store
from tests.store.databases import schema_differences


def test_a_new_schema_is_the_one_of_the_tables(store_url: str) -> None:
    open_store(store_url).close()
    assert schema_differences(store_url) == []


def test_a_schema_too_old_is_refused_and_left_as_it_is(store_url: str) -> None:
    database = database_at(store_url)
    with database.change() as connection:
        migrations.version_table.create(connection)
        connection.execute(insert(migrations.version_table).values(version_num="0001"))
    with pytest.raises(StoreError, match="0001, which is too old"):
        open_store(store_url)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == [migrations.version_table.name]
    database.engine.dispose()


def test_a_store_is_made_and_opened_without_alembic(store_url: str) -> None:
    program = (
        f"import sys\nfrom miniatures.store.open import open_store\nopen_store({store_url!r}).close()\n"
        "print('alembic' in sys.modules)"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
        for _ in range(2)
    )
    assert (first, second) == ("False", "False")


def test_a_newer_schema_is_refused(store_url: str) -> None:
    open_store(store_url).close()
    database = database_at(store_url)
    with database.change() as connection:
        connection.execute(text(f"UPDATE {migrations.version_table.name} SET version_num = '9999'"))
    database.engine.dispose()
    with pytest.raises(StoreError, match="9999") as caught:
        open_store(store_url)
    assert "upgrade" in caught.value.hint


def test_a_migration_that_breaks_off_leaves_nothing(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = migrations._bring_up

    def break_off(connection: object, version: str | None) -> None:
        upgrade(connection, version)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "_bring_up", break_off)
    with pytest.raises(KeyboardInterrupt):
        open_store(store_url)
    monkeypatch.undo()
    database = database_at(store_url)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == []
    database.engine.dispose()
    open_store(store_url).close()


def test_many_may_open_an_empty_database_at_once(store_url: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        for opened in threads.map(open_store, [store_url] * 6):
            opened.close()
