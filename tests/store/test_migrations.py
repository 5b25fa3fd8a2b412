"""The migrations make exactly the tables that the code knows, once, whoever opens the database first."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from miniatures.datamodel.errors import StoreError
from miniatures.store import migrations
from miniatures.store.engine import database_at
from miniatures.store.open import open_store
from miniatures.store.tables import metadata


def test_migrated_schema_is_the_one_of_the_tables(store_url: str) -> None:
    open_store(store_url).close()
    database = database_at(store_url)
    with database.read() as connection:
        options = {"version_table": migrations.VERSION_TABLE, "compare_type": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    database.engine.dispose()
    assert differences == []


def test_known_revisions_are_those_on_disk_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == migrations.REVISIONS


def test_an_up_to_date_store_opens_without_alembic(store_url: str) -> None:
    program = (
        f"import sys\nfrom miniatures.store.open import open_store\nopen_store({store_url!r}).close()\n"
        "print('alembic' in sys.modules)"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
        for _ in range(2)
    )
    assert (first, second) == ("True", "False")


def test_a_newer_schema_is_refused(store_url: str) -> None:
    open_store(store_url).close()
    database = database_at(store_url)
    with database.change() as connection:
        connection.execute(text(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'"))
    database.engine.dispose()
    with pytest.raises(StoreError, match="9999") as caught:
        open_store(store_url)
    assert "upgrade" in caught.value.hint


def test_a_migration_that_breaks_off_leaves_nothing(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = migrations._upgrade

    def break_off(connection: object) -> None:
        upgrade(connection)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "_upgrade", break_off)
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
