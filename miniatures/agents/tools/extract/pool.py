"""The extraction workers of this process: a few, started when needed, used by every run and every event loop in it."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from miniatures.agents.tools.extract.extraction import Extraction
from miniatures.agents.tools.extract.process import WorkerGone, WorkerNotStarted, WorkerProcess
from miniatures.agents.tools.extract.protocol import LARGEST_FRAME, Document
from miniatures.agents.tools.fetching import FetchStatus

WORKERS = 3
"""At most; more than two, so that a document or two that take long never stop the rest. About 100 MB each."""

_TRIES = 3


class _Job:
    """A document on its way through the pool, which whoever waits for it may give up at any moment."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._worker: WorkerProcess | None = None
        self.is_abandoned = False
        self._lock = threading.Lock()

    def ask(self, worker: WorkerProcess) -> Extraction:
        """The worker's answer. Raises: as `WorkerProcess.ask`, at once if the job is given up."""
        self._hand_to(worker)
        try:
            return worker.ask(self.document)
        finally:
            self._hand_to(None)

    def abandon(self) -> None:
        with self._lock:
            self.is_abandoned = True
            if self._worker is not None:
                self._worker.kill()

    def _hand_to(self, worker: WorkerProcess | None) -> None:
        with self._lock:
            self._worker = worker
            if worker is not None and self.is_abandoned:
                worker.kill()


class ExtractionPool:
    """Reads documents in worker processes, one each at a time; those that find no worker free wait their turn.

    A thread waits on each busy worker, so the pool belongs to no event loop. The workers end with this process.
    """

    def __init__(self, size: int) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="extraction")
        self._idle: deque[WorkerProcess] = deque()

    async def extract(self, document: Document) -> Extraction:
        """What the document says, or why there is no telling; its deadline runs from when a worker has it.

        A cancelled call ends its worker, too.
        """
        if len(document.body) > LARGEST_FRAME:
            return Extraction(FetchStatus.TOO_LARGE, detail=f"larger than {LARGEST_FRAME >> 20} MiB")
        job = _Job(document)
        try:
            reading = asyncio.get_running_loop().run_in_executor(self._threads, self._read, job)
        except RuntimeError as error:  # the system gives no thread, or this process is ending
            job.abandon()
            return _not_started(error)
        try:
            return await reading
        except asyncio.CancelledError:
            job.abandon()
            raise

    def close(self) -> None:
        """End the workers; documents that are being read come to nothing."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        while self._idle:
            self._idle.pop().close()

    def _read(self, job: _Job) -> Extraction:
        for _ in range(_TRIES):
            if job.is_abandoned:
                break
            try:
                worker = self._take()
                extraction = job.ask(worker)
            except WorkerNotStarted as error:
                return _not_started(error)
            except WorkerGone as gone:
                if gone.has_read:
                    return gone.extraction
            else:
                self._idle.append(worker)
                return extraction
        return Extraction(FetchStatus.FAILED, detail="the extraction workers ended before they read it")

    def _take(self) -> WorkerProcess:
        """An idle worker that has not ended meanwhile, else a new one."""
        with contextlib.suppress(IndexError):
            while True:
                worker = self._idle.pop()
                if worker.is_alive:
                    return worker
                worker.close()
        return WorkerProcess()


def _not_started(error: Exception) -> Extraction:
    return Extraction(FetchStatus.FAILED, detail=f"no extraction worker could be started: {error}")


@lru_cache(maxsize=1)
def shared_pool() -> ExtractionPool:
    """The pool of this process."""
    pool = ExtractionPool(WORKERS)
    atexit.register(pool.close)
    return pool


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=shared_pool.cache_clear)  # a forked process has none of the pool's threads
