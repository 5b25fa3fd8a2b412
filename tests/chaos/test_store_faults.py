"""The store under kills, full disks, lost connections and several processes: what was acknowledged is there, once."""

from __future__ import annotations

import asyncio
import json
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import event, text

from miniatures.datamodel.errors import StoreError
from miniatures.store.engine import database_at
from miniatures.store.ledger import StageKey
from miniatures.store.open import Store, open_store
from tests.store.databases import (  # noqa: F401 (fixtures)
    CAMPAIGN,
    person,
    postgres_server,
    postgres_url,
    span_of,
    store,
    store_url,
    trace_of,
)

ROOT = Path(__file__).resolve().parents[2]

WORKER = """
import asyncio, sys
from miniatures.store.ledger import StageKey
from miniatures.store.open import open_store
from tests.store.databases import person, span_of, trace_of

async def work(store, campaign, number):
    someone, ledger = person(number), store.ledger(campaign)
    for stage in ("research", "write", "verify"):
        key = StageKey.of(stage, someone.key, brief="1")
        if await ledger.recall(key) is None:
            trace = trace_of(someone, campaign=campaign, node=stage)
            store.recorder.record(trace)
            store.recorder.record(span_of(someone, campaign=campaign, parent_id=trace.id))
            await ledger.finish(key, trace.id)
            print(number, stage, trace.id, flush=True)

async def main(url, campaign, prospects):
    with open_store(url) as store, store.campaign_lock(campaign):
        async with asyncio.TaskGroup() as tasks:
            for number in range(prospects):
                tasks.create_task(work(store, campaign, number))
                if number % 16 == 0:
                    await asyncio.sleep(0.005)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def worker(url: str, campaign: str, prospects: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, url, campaign, str(prospects)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def check_all_acknowledged(url: str, acknowledged: dict[tuple[int, str], str]) -> None:
    """Every stage whose `finish` returned is recalled with the trace that was left before it, and its span."""

    async def recall(opened: Store) -> None:
        for (number, stage), trace_id in acknowledged.items():
            key = StageKey.of(stage, person(number).key, brief="1")
            assert await opened.ledger(CAMPAIGN).recall(key) == trace_id

    with open_store(url) as opened:
        asyncio.run(recall(opened))
        assert set(acknowledged.values()) <= {trace.id for trace in opened.traces(CAMPAIGN)}
        assert set(acknowledged.values()) <= {span.parent_id for span in opened.spans(CAMPAIGN)}


@pytest.mark.slow
def test_what_was_acknowledged_survives_every_kill(store_url: str) -> None:  # noqa: F811
    prospects, kills, chance = 400, 12, random.Random(20260101)
    acknowledged: dict[tuple[int, str], str] = {}
    open_store(store_url).close()
    for _ in range(kills):
        process = worker(store_url, CAMPAIGN, prospects)
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 90)):
            note(acknowledged, process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        for line in process.stdout:
            note(acknowledged, line)
        process.wait()
        check_all_acknowledged(store_url, acknowledged)
        _wait_until_free(store_url)
    last = worker(store_url, CAMPAIGN, prospects)
    output, _ = last.communicate(timeout=120)
    for line in output.splitlines(keepends=True):
        note(acknowledged, line)
    assert last.returncode == 0
    check_all_acknowledged(store_url, acknowledged)


def note(acknowledged: dict[tuple[int, str], str], line: str) -> None:
    """A whole line says that a stage is finished; none is ever finished twice."""
    if not line.endswith("\n"):
        return
    number, stage, trace_id = line.split()
    assert (int(number), stage) not in acknowledged
    acknowledged[int(number), stage] = trace_id


def _wait_until_free(url: str) -> None:
    """A server needs a moment to notice that a client was killed."""
    with open_store(url) as opened:
        for _ in range(200):
            with suppress(Exception), opened.campaign_lock(CAMPAIGN):
                return
            asyncio.run(asyncio.sleep(0.05))
    raise AssertionError("a killed process still holds the campaign")


@pytest.mark.slow
def test_two_processes_share_a_database(store_url: str) -> None:  # noqa: F811
    """Two campaigns at once in one database, while a third process opens it and reads."""
    processes = [worker(store_url, campaign, 150) for campaign in ("one", "two")]
    for process in processes:
        process.communicate(timeout=120)
    assert [process.returncode for process in processes] == [0, 0]
    with open_store(store_url) as opened:
        for campaign in ("one", "two"):
            assert len(list(opened.traces(campaign))) == 450


@contextmanager
def full_disk(opened: Store, spare_pages: int) -> Iterator[None]:
    """SQLite's own limit of pages stands in for the disk's: it gives the same error at the same place."""
    engine = opened._database.engine

    def limit(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + spare_pages}")

    engine.dispose()
    event.listen(engine, "connect", limit)
    yield
    event.remove(engine, "connect", limit)


async def finish_until_it_fails(opened: Store, most: int) -> tuple[int, StoreError]:
    ledger = opened.ledger(CAMPAIGN)
    for number in range(most):
        try:
            opened.recorder.record(trace_of(person(number), output="x" * 2000))
            await ledger.finish(StageKey.of("write", person(number).key, brief="1"), "x" * 1000)
        except StoreError as error:
            return number, error
    raise AssertionError("the disk never became full")


async def check_only_acknowledged(url: str, acknowledged: int) -> None:
    """All that was acknowledged is there, and after the fault it goes on."""
    with open_store(url) as again:
        ledger = again.ledger(CAMPAIGN)
        keys = [StageKey.of("write", person(number).key, brief="1") for number in range(acknowledged)]
        assert all([await ledger.recall(key) == "x" * 1000 for key in keys])
        assert len(list(again.traces(CAMPAIGN))) == acknowledged
        await ledger.finish(StageKey.of("write", "later"), "goes on")


async def test_a_full_disk_is_told_to_everyone_and_nothing_is_claimed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.sqlite"
    opened = open_store(url)
    with full_disk(opened, spare_pages=100):
        acknowledged, error = await finish_until_it_fails(opened, 1000)
        assert acknowledged > 5
        assert "the disk is full" in error.message
        assert "intact" in error.hint
        with pytest.raises(StoreError, match="full"):
            opened.recorder.record(span_of(person(1)))
        with pytest.raises(StoreError, match="full"):
            await opened.enrol(CAMPAIGN, [person(1)])
        with pytest.raises(StoreError, match="full; 1 entries were not saved"):
            opened.close()
    await check_only_acknowledged(url, acknowledged)


async def test_everyone_who_waits_when_the_disk_fills_is_told(tmp_path: Path) -> None:
    opened = open_store(f"sqlite:///{tmp_path}/store.sqlite")
    ledger = opened.ledger(CAMPAIGN)
    with full_disk(opened, spare_pages=2):
        waiting = [ledger.finish(StageKey.of("write", f"p{number}"), "x" * 5000) for number in range(50)]
        outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 20)
        assert all(isinstance(outcome, StoreError) for outcome in outcomes)
        opened.close()


LIMITED = """
import asyncio, sys
from tests.chaos.test_store_faults import finish_until_it_fails
from miniatures.store.open import open_store
opened = open_store(sys.argv[1])
acknowledged, error = asyncio.run(finish_until_it_fails(opened, 5000))
print(acknowledged, error.message, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
def test_a_file_that_may_grow_no_more(tmp_path: Path) -> None:
    """The operating system itself refuses the write: the error comes from a true system call."""
    url = f"sqlite:///{tmp_path}/store.sqlite"
    open_store(url).close()
    size = 3_000_000
    finished = subprocess.run(
        [sys.executable, "-c", LIMITED, url],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    acknowledged, _, message = finished.stdout.partition(" ")
    assert int(acknowledged) > 20
    assert "disk could not be read or written" in message
    asyncio.run(check_only_acknowledged(url, int(acknowledged)))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes, where this process may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("may not mount a small file system; the other full-disk tests stand in")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is Linux's")
async def test_a_file_system_without_space(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk}/store.sqlite"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(500_000))
    opened = open_store(url)
    acknowledged, error = await finish_until_it_fails(opened, 2000)
    assert "the disk is full" in error.message
    with suppress(StoreError):
        opened.close()
    ballast.unlink()
    await check_only_acknowledged(url, acknowledged)


async def test_a_servers_full_disk(postgres_url: str) -> None:  # noqa: F811
    """The server raises its own disk_full error in the middle of a transaction."""
    opened = open_store(postgres_url)
    await opened.ledger(CAMPAIGN).finish(StageKey.of("write", "before"), 1)
    with opened._database.change() as connection:
        connection.execute(text(_RAISE_DISK_FULL))
        connection.execute(text("CREATE TRIGGER full_disk BEFORE INSERT ON stages EXECUTE FUNCTION full_disk()"))
    opened.recorder.record(trace_of(person(1)))
    with pytest.raises(StoreError, match="the server's disk is full"):
        await opened.ledger(CAMPAIGN).finish(StageKey.of("write", "after"), 1)
    with pytest.raises(StoreError, match="full"):
        opened.recorder.record(trace_of(person(1)))
    assert list(opened.traces(CAMPAIGN)) == []
    with pytest.raises(StoreError, match="1 entries were not saved"):
        opened.close()


_RAISE_DISK_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$
"""


@pytest.mark.slow
async def test_connections_that_the_server_ends_cost_nothing(postgres_url: str) -> None:  # noqa: F811
    """An administrator ends every connection again and again; each stage and trace is there once."""
    opened = open_store(postgres_url)
    ledger = opened.ledger(CAMPAIGN)
    other = database_at(postgres_url)
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )

    async def work(number: int) -> None:
        for stage in ("research", "write"):
            opened.recorder.record(trace_of(person(number), node=stage))
            await ledger.finish(StageKey.of(stage, person(number).key), number)

    async def cut_connections() -> None:
        for _ in range(4):
            await asyncio.sleep(0.05)
            with other.change() as connection:
                connection.execute(cut)

    await asyncio.gather(cut_connections(), *map(work, range(400)))
    assert len(list(opened.traces(CAMPAIGN))) == 800
    opened.close()
    other.engine.dispose()


async def test_a_connection_that_the_driver_reports_raw_is_made_again(
    store_url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """pg8000 lets a reset through as the socket's own error: the group is committed over a new connection, once."""
    from miniatures.store import writer

    monkeypatch.setattr(writer, "_RECONNECT_AFTER_S", (0.01,))
    opened = open_store(store_url)
    ledger = opened.ledger(CAMPAIGN)
    resets = iter([ConnectionResetError(104, "Connection reset by peer")])

    def reset_once(*_: object) -> None:
        if (reset := next(resets, None)) is not None:
            raise reset

    event.listen(opened._database.engine, "before_cursor_execute", reset_once)
    opened.recorder.record(trace_of(person(1)))
    await ledger.finish(StageKey.of("write", person(1).key), 1)
    assert next(resets, None) is None
    assert len(list(opened.traces(CAMPAIGN))) == 1
    opened.close()


async def test_a_server_that_stays_away_is_told(
    postgres_server: Callable[[str], str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The database is dropped under the store: the writer tries again for a while, then says so."""
    from miniatures.store import writer

    monkeypatch.setattr(writer, "_RECONNECT_AFTER_S", (0.01, 0.02))
    admin = database_at(postgres_server("postgres"))
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE leaving"))
        opened = open_store(postgres_server("leaving"))
        connection.execute(text("DROP DATABASE leaving WITH (FORCE)"))
    admin.engine.dispose()
    with pytest.raises(StoreError):
        await asyncio.wait_for(opened.ledger(CAMPAIGN).finish(StageKey.of("write", "someone"), 1), 20)
    opened.close()


def test_an_interpreter_that_ends_without_closing_saves_all(store_url: str) -> None:  # noqa: F811
    program = (
        "import sys, json\nfrom miniatures.store.open import open_store\n"
        "from tests.store.databases import person, trace_of\n"
        "opened = open_store(sys.argv[1])\n"
        "ids = [trace_of(person(number)) for number in range(500)]\n"
        "[opened.recorder.record(trace) for trace in ids]\nprint(json.dumps([trace.id for trace in ids]))"
    )
    command = [sys.executable, "-c", program, store_url]
    output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=60).stdout
    with open_store(store_url) as opened:
        assert [trace.id for trace in opened.traces(CAMPAIGN)] == json.loads(output)


def test_a_reader_never_waits_for_the_writer(store_url: str) -> None:  # noqa: F811
    """Listings read while a transaction of another process is open."""
    with open_store(store_url) as opened:
        asyncio.run(opened.enrol(CAMPAIGN, [person(1)]))
        other = database_at(store_url)
        with other.engine.begin() as connection:
            connection.execute(text("UPDATE prospects SET position = 7"))
            assert [result.prospect for result in opened.results(CAMPAIGN)] == [person(1)]
        other.engine.dispose()
