"""One extraction worker as the run sees it: started, asked, and killed when it is late."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator

from miniatures.agents.tools.extract.extraction import Extraction
from miniatures.agents.tools.extract.protocol import (
    MEMORY_BYTES,
    OUT_OF_MEMORY,
    Document,
    PipeBroken,
    from_json,
    read_frame,
    write_document,
)
from miniatures.agents.tools.fetching import FetchStatus
from miniatures.datamodel.child_process import start_module

_START_S = 60.0
_LAST_BREATH_S = 5.0
_WORKER = "miniatures.agents.tools.extract.worker"


class WorkerNotStarted(Exception):
    """The machine gave no worker; that says nothing about any document."""


class WorkerGone(Exception):
    """The worker ended instead of answering; `has_read` tells whether in the midst of the document or before."""

    def __init__(self, extraction: Extraction, *, has_read: bool) -> None:
        super().__init__(extraction.detail)
        self.extraction = extraction
        self.has_read = has_read


class WorkerProcess:
    """A process that reads one document at a time.

    Raises:
        WorkerNotStarted: it could not be started.
    """

    def __init__(self) -> None:
        self._is_late = False
        try:
            self._process = start_module(_WORKER)
        except OSError as error:
            raise WorkerNotStarted(str(error)) from error
        assert self._process.stdin is not None and self._process.stdout is not None
        self._documents, self._answers = self._process.stdin, self._process.stdout
        try:
            with self._deadline(_START_S):
                read_frame(self._answers)
        except PipeBroken as error:
            raise WorkerNotStarted(f"it ended with status {self.close()}") from error

    @property
    def is_alive(self) -> bool:
        """Whether it still runs, as far as is known."""
        return self._process.poll() is None

    def ask(self, document: Document) -> Extraction:
        """What the document says, within its deadline.

        Raises:
            WorkerGone: there is no answer; the worker is closed.
            WorkerNotStarted: there is no watching over it; the worker is closed.
        """
        has_read = False
        try:
            with self._deadline(document.deadline_s):
                write_document(self._documents, document)
                has_read = bool(read_frame(self._answers))
                return from_json(read_frame(self._answers))
        except PipeBroken as error:
            raise WorkerGone(self._post_mortem(document), has_read=has_read) from error

    def kill(self) -> None:
        """End it there and then; from any thread."""
        self._process.kill()

    def close(self) -> int:
        """End it unless it has ended, and give its exit status. Nothing of it is left."""
        self.kill()
        for pipe in (self._documents, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()
        return self._process.wait()

    @contextlib.contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the worker if the block takes longer."""
        watch = threading.Timer(seconds, self._kill_late)
        watch.daemon = True
        try:
            watch.start()
        except RuntimeError as error:  # the system gives no more threads
            self.close()
            raise WorkerNotStarted(str(error)) from error
        try:
            yield
        finally:
            watch.cancel()
            watch.join()
        if self._is_late:  # the answer and the deadline met: the worker is dead all the same
            raise PipeBroken

    def _kill_late(self) -> None:
        self._is_late = True
        self.kill()

    def _post_mortem(self, document: Document) -> Extraction:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_BREATH_S)
        status = self.close()
        if self._is_late:
            return Extraction(FetchStatus.TIMED_OUT, detail=f"not read after {document.deadline_s:g} s")
        if status == OUT_OF_MEMORY:
            return Extraction(FetchStatus.TOO_LARGE, detail=f"takes more than {MEMORY_BYTES >> 20} MiB to read")
        ended = signal.Signals(-status).name if status < 0 else f"status {status}"
        return Extraction(FetchStatus.CRASHED, detail=f"ended the process that read it: {ended}")
