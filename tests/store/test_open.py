"""Opening a store where none can be: one clear sentence, what to do about it, and never a password."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from miniatures.datamodel.errors import ExitCode, StoreError
from miniatures.store.ledger import StageKey
from miniatures.store.open import open_store
from tests.store.databases import CAMPAIGN, person, trace_of

NOBODY = 65534


@contextmanager
def no_rights_beyond(folder: Path, mode: int) -> Iterator[None]:
    """As a plain user, who may do what `mode` says in the folder; root has to step down for that."""
    for path in (folder, *folder.iterdir()):
        path.chmod(mode if path.is_dir() else mode & 0o666)
    is_root = os.geteuid() == 0
    parents = [parent for parent in folder.parents if is_root and not parent.stat().st_mode & 0o001]
    for parent in parents:
        parent.chmod(parent.stat().st_mode | 0o011)
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


async def fill(path: Path, entries: int = 50) -> None:
    with open_store(str(path)) as store:
        for _ in range(entries):
            store.recorder.record(trace_of(person(1), output="x" * 5000))
        await store.ledger(CAMPAIGN).finish(StageKey.of("write", "someone"), 1)


def refusal(url: str, **options: bool) -> StoreError:
    with pytest.raises(StoreError) as caught:
        open_store(url, **options).close()
    assert caught.value.exit_code is ExitCode.STORE_UNAVAILABLE
    assert "\n" not in caught.value.message
    return caught.value


def test_folders_are_made(tmp_path: Path) -> None:
    open_store(str(tmp_path / "a" / "b" / "store.sqlite")).close()
    open_store(f"sqlite:///{tmp_path}/c/store.sqlite").close()
    assert (tmp_path / "a" / "b" / "store.sqlite").exists()
    assert (tmp_path / "c" / "store.sqlite").exists()


@pytest.mark.parametrize("name", ["a?b", "c%20d", "e#f", "grün & co"])
def test_a_path_is_meant_letter_by_letter(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "campaign.sqlite"
    with open_store(f"sqlite:///{path}"):
        assert path.is_file()
    assert [folder.name for folder in tmp_path.iterdir()] == [name]


def test_nothing_is_made_where_only_a_look_was_asked_for(tmp_path: Path) -> None:
    error = refusal(str(tmp_path / "none.sqlite"), create=False)
    assert "there is no store" in error.message
    assert list(tmp_path.iterdir()) == []


def test_no_rights_to_make_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    with no_rights_beyond(folder, 0o555):
        error = refusal(str(folder / "store.sqlite"))
        assert "cannot be opened or made" in error.message
        assert "permissions" in error.hint
        assert "cannot be made" in refusal(str(folder / "deeper" / "store.sqlite")).message


async def test_no_rights_to_write_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    await fill(folder / "store.sqlite")
    with no_rights_beyond(folder, 0o555):
        store = None
        with pytest.raises(StoreError, match=r"may only be read|cannot be opened"):
            store = open_store(str(folder / "store.sqlite"))
            await store.start_run("1", CAMPAIGN, "first")
        if store is not None:
            store.close()


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    assert "is a folder" in refusal(str(tmp_path)).message


def test_another_file_is_no_store_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 1000)
    error = refusal(str(path))
    assert "not a SQLite database" in error.message
    assert error.hint
    assert path.read_text() == "Dear diary, " * 1000


async def test_a_damaged_file_is_told_and_not_read_as_empty(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    await fill(path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with pytest.raises(StoreError, match="damaged"), open_store(str(path)) as store:
        list(store.traces(CAMPAIGN))


async def test_a_file_cut_short_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    await fill(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 3)
    with pytest.raises(StoreError, match="damaged"), open_store(str(path)) as store:
        list(store.traces(CAMPAIGN))


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", ":memory:"])
def test_memory_is_refused(url: str) -> None:
    assert "needs a file" in refusal(url).message


@pytest.mark.parametrize("url", ["mysql://host/x", "nonsense://x", "postgresql+nonsense://host/x", "sqlite+odd:///x"])
def test_other_kinds_are_refused(url: str) -> None:
    assert refusal(url).hint


def test_a_refused_connection_names_the_server_and_hides_the_password() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = refusal(f"postgresql://me:secret@127.0.0.1:{port}/campaigns")
    assert f"127.0.0.1:{port}" in error.message
    assert "cannot be reached" in error.message
    assert "secret" not in f"{error.message} {error.hint}"


def test_a_database_that_is_not_there(postgres_server: Callable[[str], str]) -> None:
    assert "createdb" in refusal(postgres_server("not_there")).hint


def test_a_missing_driver_names_the_extra() -> None:
    program = (
        "import sys\nsys.modules['pg8000'] = None\nfrom miniatures.store.open import open_store\n"
        "from miniatures.datamodel.errors import StoreError\n"
        "try:\n    open_store('postgresql://host/x')\nexcept StoreError as error:\n    print(error.hint)"
    )
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert "miniatures[postgres]" in output


async def test_a_store_may_be_moved_with_its_name(tmp_path: Path) -> None:
    """After a close all is in one file: no write-ahead log is left beside it."""
    await fill(tmp_path / "store.sqlite")
    shutil.copy(tmp_path / "store.sqlite", tmp_path / "with ? odd # name%20.sqlite")
    with open_store(str(tmp_path / "with ? odd # name%20.sqlite")) as store:
        assert len(list(store.traces(CAMPAIGN))) == 50
    assert not list(tmp_path.glob("*-wal"))


def test_a_store_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "store.sqlite")
    with pytest.raises(StoreError, match="is a pipe or a device, not a file"):
        open_store(str(tmp_path / "store.sqlite"))


@pytest.mark.parametrize(
    "odd",
    [
        "DROP TABLE runs; CREATE VIEW runs AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i FROM n) SELECT 1",
        "CREATE TRIGGER odd AFTER INSERT ON runs BEGIN DELETE FROM traces; END",
        "CREATE VIRTUAL TABLE odd USING fts5(x)",
    ],
)
def test_a_file_that_computes_is_no_store(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "store.sqlite"
    open_store(str(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(odd)
    with pytest.raises(StoreError, match="which no version of miniatures made"):
        open_store(str(path))
