"""A store on a disk that cannot be written is read as it lies there, and nothing is made beside it.

The looking is done by a process of its own that is held to the folder's permissions, even if root runs the tests.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.datamodel.prospect import Prospect
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.migrations import version_table
from miniatures.store.open import open_store

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A campaign that was run."""
    create_campaign(tmp_path / "autumn")
    asyncio.run(_enrol(tmp_path / "autumn"))
    yield tmp_path / "autumn"
    for path in (tmp_path / "autumn", *(tmp_path / "autumn").rglob("*")):
        path.chmod(0o755)


async def _enrol(folder: Path) -> None:
    loaded = load_campaign(folder)
    with open_store(loaded.store_url) as store:
        await store.enrol(loaded.name, [row for row in loaded.prospects() if isinstance(row, Prospect)])


def lock_up(folder: Path) -> dict[str, bytes]:
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def held_to_permissions() -> None:
    """Give up root's right to write what the permissions forbid, and with it that to read it."""
    if os.getuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
                os._exit(77)


def look(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "miniatures", *arguments]
    finished = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=120, preexec_fn=held_to_permissions
    )
    if finished.returncode == 77:
        pytest.skip("root cannot be held to permissions here")
    assert "Traceback" not in finished.stderr
    return finished


@pytest.mark.parametrize("command", ["status", "drafts", "export", "traces"])
def test_looking_at_it_works_and_changes_nothing(folder: Path, command: str) -> None:
    before = lock_up(folder)
    finished = look(command, str(folder))
    told = "Left out: 3 pending\n" if command == "export" else ""
    assert (finished.returncode, finished.stderr) == (0, told)
    assert contents(folder) == before


def test_what_a_killed_run_left_in_the_log_is_read(folder: Path) -> None:
    """The log is there and no other process: the entry in it is not in the file yet."""
    code = (
        "import os, sqlite3, sys\nconnection = sqlite3.connect(sys.argv[1])\n"
        'connection.execute(\'update prospects set campaign = "autumn" || "2" where position = 1\')\n'
        "connection.commit(); os._exit(9)"
    )
    store = folder / "runs" / "autumn" / "campaign.sqlite"
    subprocess.run([sys.executable, "-c", code, str(store)], check=False)
    assert store.with_name("campaign.sqlite-wal").stat().st_size
    before = lock_up(folder)
    assert '"prospects": 3' in look("status", str(folder), "--json").stdout
    assert contents(folder) == before


def test_an_older_store_says_that_it_cannot_be_brought_up_to_date(folder: Path) -> None:
    store = folder / "runs" / "autumn" / "campaign.sqlite"
    with sqlite3.connect(store) as connection:
        connection.execute(f"update {version_table.name} set version_num = '0002'")
    connection.close()
    lock_up(folder)
    finished = look("status", str(folder))
    assert finished.returncode == 7
    assert "has schema 0002, not 0005, and cannot be brought up to date there" in finished.stderr


def test_a_run_says_that_it_cannot_write(folder: Path) -> None:
    before = lock_up(folder)
    finished = look("run", str(folder))
    assert (finished.returncode, contents(folder)) == (7, before)
    assert "cannot be taken: Permission denied" in finished.stderr
