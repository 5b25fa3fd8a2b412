"""Extraction in worker processes: what a document does to its worker, and what that means for everybody else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from miniatures.agents.tools.extract.document import extract
from miniatures.agents.tools.extract.extraction import Extraction
from miniatures.agents.tools.extract.extractor import Extractor
from miniatures.agents.tools.extract.pool import WORKERS, ExtractionPool, _Job
from miniatures.agents.tools.extract.process import WorkerProcess
from miniatures.agents.tools.extract.protocol import Document
from miniatures.agents.tools.fetching import FetchStatus
from miniatures.agents.tools.search.base import SearchQuery, SearchStatus
from miniatures.agents.tools.search.folder import FolderSearch

URL = "http://nordvik.example/news"
STORY = b"<title>Store</title><p>The cold store at Larvik has eleven doors and four rooms.</p><a href=/more>more</a>"
ENDLESS = b"<p " + b" ".join(b"a%d=1" % number for number in range(150_000)) + b">The parser compares each with all."
"""Takes minutes: libxml2 looks for each attribute among all that came before."""


def read(extractor: Extractor, body: bytes, content_type: str = "text/html") -> asyncio.Task[Extraction]:
    return asyncio.ensure_future(extractor.extract(body, content_type, URL))  # type: ignore[return-value]


def workers(of: int | None = None) -> list[psutil.Process]:
    """The extraction workers that a process has started."""
    return [
        child
        for child in psutil.Process(of).children()
        if child.status() != psutil.STATUS_ZOMBIE and "miniatures.agents.tools.extract.worker" in child.cmdline()
    ]


async def test_a_worker_reads_what_this_process_would() -> None:
    assert await Extractor().extract(STORY, "text/html", URL) == extract(STORY, "text/html", URL)


async def test_a_document_over_its_deadline_is_named_and_the_others_are_read() -> None:
    late = read(Extractor(5), ENDLESS)
    others = await asyncio.gather(*(read(Extractor(60), STORY) for _ in range(20)))
    assert {other.status for other in others} == {FetchStatus.FETCHED}
    assert await late == Extraction(FetchStatus.TIMED_OUT, detail="not read after 5 s")


async def test_a_worker_that_dies_is_named_and_replaced() -> None:
    await read(Extractor(), STORY)
    broken = read(Extractor(60), ENDLESS)
    await asyncio.sleep(0.5)
    for worker in workers():
        worker.send_signal(signal.SIGSEGV)
    found = await broken
    assert found.status is FetchStatus.CRASHED and "SIGSEGV" in found.detail
    assert (await read(Extractor(), STORY)).status is FetchStatus.FETCHED


async def test_a_worker_that_died_between_two_documents_costs_none() -> None:
    await read(Extractor(), STORY)
    for worker in workers():
        worker.kill()
        worker.wait()
    assert (await read(Extractor(), STORY)).status is FetchStatus.FETCHED


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit of address space")
async def test_a_document_that_takes_too_much_memory_is_too_large() -> None:
    found = await read(Extractor(60), b"ab\n" * 20_000_000, "text/plain")
    assert found.status is FetchStatus.TOO_LARGE and "1024 MiB" in found.detail


async def test_giving_up_ends_the_work() -> None:
    await read(Extractor(), STORY)
    given_up = read(Extractor(60), ENDLESS)
    await asyncio.sleep(0.5)
    before = workers()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    deadline = time.monotonic() + 30
    while all(worker.is_running() for worker in before):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_what_defeated_extraction_is_not_tried_again(tmp_path: Path) -> None:
    first = await read(Extractor(4, tmp_path), ENDLESS)
    started = time.monotonic()
    assert await read(Extractor(4, tmp_path), ENDLESS) == first
    assert first.status is FetchStatus.TIMED_OUT and time.monotonic() - started < 3


async def test_a_folder_tells_the_file_that_could_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "endless.html").write_bytes(ENDLESS)
    (tmp_path / "story.html").write_bytes(STORY)
    query = SearchQuery(text="cold store", company="Nordvik", signal="news")
    outcome = await FolderSearch(tmp_path, Extractor(8)).search(query, 5)
    assert outcome.status is SearchStatus.FOUND and "endless.html: timed_out" in outcome.detail


def test_many_loops_share_the_workers() -> None:
    for _ in range(3):
        assert asyncio.run(Extractor().extract(STORY, "text/html", URL)).status is FetchStatus.FETCHED
    assert len(workers()) <= WORKERS


SCRIPT = """
    import asyncio, sys
    from pathlib import Path
    from miniatures.agents.tools.extract.extractor import Extractor

    held = b"x" * int(sys.argv[2])
    print(asyncio.run(Extractor(100).extract(Path(sys.argv[1]).read_bytes(), "text/html", "http://nordvik.example/")))
"""


def script(folder: Path, body: bytes, held_bytes: int = 0) -> subprocess.Popen[bytes]:
    """A script without a guard for `__main__`, in a folder with a module that must not be imported."""
    (folder / "script.py").write_text(textwrap.dedent(SCRIPT))
    (folder / "body.html").write_bytes(body)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lxml.py").write_text("raise SystemExit('imported from the working folder')")
    return subprocess.Popen(
        [sys.executable, folder / "script.py", folder / "body.html", str(held_bytes)],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_an_unguarded_script_may_extract(tmp_path: Path) -> None:
    out, err = script(tmp_path, STORY).communicate(timeout=60)
    assert b"eleven doors" in out and not err


def test_a_process_that_holds_a_model_has_workers_like_any_other(tmp_path: Path) -> None:
    out, err = script(tmp_path, STORY, held_bytes=700 << 20).communicate(timeout=60)
    assert b"eleven doors" in out and not err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_process_that_started_it(tmp_path: Path, number: signal.Signals) -> None:
    running = script(tmp_path, ENDLESS)
    deadline = time.monotonic() + 60
    while not (started := workers(running.pid)) or started[0].cpu_times().user < 1.5:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(number)
    running.communicate(timeout=20)
    _, alive = psutil.wait_procs(started, timeout=10 if sys.platform == "linux" else 110)
    assert not alive


async def test_any_number_of_workers_that_died_while_idle_cost_no_document() -> None:
    pool = ExtractionPool(1)
    pool._idle.extend(WorkerProcess() for _ in range(4))
    for worker in workers():
        worker.kill()
        worker.wait()
    assert (await pool.extract(Document(STORY, "text/html", URL, 60))).status is FetchStatus.FETCHED
    pool.close()


def test_a_document_that_was_given_up_takes_no_worker() -> None:
    pool, job = ExtractionPool(1), _Job(Document(STORY, "text/html", URL, 60))
    before = workers()
    job.abandon()
    assert pool._read(job).status is FetchStatus.FAILED
    assert workers() == before
    pool.close()


async def test_a_system_without_threads_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = workers()

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    for kind in (threading.Timer, threading.Thread):
        pool = ExtractionPool(1)
        with monkeypatch.context() as patch:
            patch.setattr(kind, "start", start)
            found = await pool.extract(Document(STORY, "text/html", URL, 60))
        assert found.status is FetchStatus.FAILED and "can't start new thread" in found.detail
        pool.close()
    assert workers() == before
