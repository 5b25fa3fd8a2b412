"""One process at a time works on a campaign; a killed one holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from miniatures.datamodel.errors import CampaignBusy, ExitCode, StoreError
from miniatures.store.engine import database_at
from miniatures.store.open import Store, open_store
from tests.store.databases import CAMPAIGN

HOLDER = """
import sys
from miniatures.store.open import open_store
with open_store(sys.argv[1]) as store, store.campaign_lock(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url, CAMPAIGN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_by_name_until_the_first_is_killed(store_url: str) -> None:
    process = holder(store_url)
    try:
        with open_store(store_url) as store:
            with pytest.raises(CampaignBusy, match=rf"process {process.pid} on \S+, started at 2") as caught:
                store.campaign_lock(CAMPAIGN).__enter__()
            assert caught.value.exit_code is ExitCode.CAMPAIGN_BUSY
            with store.campaign_lock("another"):
                pass
            process.kill()
            process.wait()
            _take_soon(store)
    finally:
        process.kill()
        process.communicate()


def _take_soon(store: Store) -> None:
    """A server hears of a killed client within moments; an operating system frees its files at once."""
    import time

    deadline = time.monotonic() + 10
    while True:
        try:
            with store.campaign_lock(CAMPAIGN):
                return
        except CampaignBusy:
            if time.monotonic() > deadline or store._database.path is not None:
                raise
            time.sleep(0.05)


def test_a_process_cannot_hold_it_twice_but_again(store: Store) -> None:
    with store.campaign_lock(CAMPAIGN):
        with pytest.raises(CampaignBusy, match=str(os.getpid())):
            store.campaign_lock(CAMPAIGN).__enter__()
        with pytest.raises(CampaignBusy):
            store.campaign_lock(CAMPAIGN).__enter__()
    with store.campaign_lock(CAMPAIGN):
        pass


def test_a_failed_block_lets_go(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), store.campaign_lock(CAMPAIGN):
        raise KeyboardInterrupt
    with store.campaign_lock(CAMPAIGN):
        pass


@pytest.mark.parametrize("year", [1999, 2099])
def test_no_clock_is_believed(store_url: str, year: int) -> None:
    """A holder whose clock is decades off still holds; one that is gone holds nothing, whatever time it wrote down."""
    with open_store(store_url, now=lambda: datetime(year, 1, 1, tzinfo=UTC)) as store, open_store(store_url) as other:
        with store.campaign_lock(CAMPAIGN), pytest.raises(CampaignBusy, match=str(year)):
            other.campaign_lock(CAMPAIGN).__enter__()
        with other.campaign_lock(CAMPAIGN):
            pass


def test_a_lock_whose_connection_was_cut_is_left_in_peace(postgres_url: str) -> None:
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with open_store(postgres_url) as store:
        with store.campaign_lock(CAMPAIGN):
            other = database_at(postgres_url)
            with other.change() as connection:
                connection.execute(cut)
            other.engine.dispose()
        with store.campaign_lock(CAMPAIGN):
            pass


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "store.sqlite.autumn.lock").symlink_to(precious)
    with (
        open_store(str(tmp_path / "store.sqlite")) as store,
        pytest.raises(StoreError, match="is a link"),
        store.campaign_lock("autumn"),
    ):
        pass
    assert precious.read_text() == "mine"
