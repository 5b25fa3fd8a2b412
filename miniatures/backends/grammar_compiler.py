"""Compiles a grammar of unknown cost in a process of its own, before a request with it joins the batch that all share.

The engine compiles in the middle of a step: one that is wrong fails every answer of the batch, and one that takes a
minute stops them all for a minute. So a process with the same compiler tries it first; it is killed if it takes too
long, and started again when needed. What has passed once is known.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from miniatures.backends.constraint import Constraint
from miniatures.backends.errors import BackendError, BadSchema, RateLimited, ServerFailed
from miniatures.datamodel.child_process import start_module
from miniatures.datamodel.json_types import WireObject

COMPILE_SECONDS = 1.0
"""Of the processor: on a busy machine, no less than on an idle one. The engine takes as long again, in one step."""
_KILLED_AFTER_SECONDS = 10.0
_START_SECONDS = 120.0
_MOST_WAITING = 32
_MOST_KNOWN = 10_000

Then = Callable[[BackendError | None], None]


class GrammarCompiler:
    """One process, started by the first grammar that has to be tried."""

    def __init__(self, module: str, arguments: Callable[[], list[str]] = list) -> None:
        """`module` is run as the process (see `grammar_process`), with what `arguments` says by then."""
        self._module, self._arguments = module, arguments
        self._known: dict[str, str | None] = {}  # what is wrong, by the constraint's hash
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="grammar-compiler")
        self._waiting = 0
        self._lock = threading.Lock()

    def knows(self, constraint: Constraint) -> bool:
        """Whether it need not be tried.

        Raises:
            BadSchema: it was tried, and refused.
        """
        if (wrong := self._known.get(constraint.hash)) is not None:
            raise _refusal(wrong)
        return constraint.is_quick or constraint.hash in self._known

    def try_out(self, constraint: Constraint, then: Then) -> None:
        """Compile it, and call `then` from another thread with what is wrong, or with None.

        Raises:
            RateLimited: too many wait to be tried.
        """
        with self._lock:
            if self._waiting >= _MOST_WAITING:
                raise RateLimited("too many new JSON schemas at once", hint="Ask again.", retry_after_s=1)
            self._waiting += 1
        self._thread.submit(self._try_out, constraint, then)

    def close(self) -> None:
        """End the process; who waits is told."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=False)
        self._end()

    def _try_out(self, constraint: Constraint, then: Then) -> None:
        error: BackendError | None
        try:
            if constraint.hash not in self._known:
                self._remember(constraint.hash, self._compile(constraint))
            wrong = self._known[constraint.hash]
            error = None if wrong is None else _refusal(wrong)
        except BackendError as failure:
            error = failure
        except Exception as unforeseen:
            error = ServerFailed(f"no grammar can be compiled: {unforeseen}", hint="Ask again.")
        with self._lock:
            self._waiting -= 1
        then(error)

    def _remember(self, key: str, wrong: str | None) -> None:
        if len(self._known) >= _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = wrong

    def _compile(self, constraint: Constraint) -> str | None:
        """What is wrong with it."""
        self._require_open()
        self._start()
        answer = self._ask({"text": constraint.text, "is_grammar": constraint.is_grammar, "seconds": COMPILE_SECONDS})
        self._require_open()
        if answer is None or answer["seconds"] > COMPILE_SECONDS:
            return f"takes more than {COMPILE_SECONDS:g} s to compile"
        return None if answer["error"] is None else f"cannot be compiled: {answer['error']}"

    def _require_open(self) -> None:
        if self._closed:
            self._end()
            raise ServerFailed("the engine was closed before the answer was done", hint="Ask again.")

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._process = start_module(self._module, *self._arguments())
        if self._read(_START_SECONDS) is None:
            raise ServerFailed("the process that compiles grammars did not start", hint="Ask again.")

    def _ask(self, question: WireObject) -> WireObject | None:
        """The answer; None if the process had to be killed, or died of the question."""
        assert self._process is not None and self._process.stdin is not None
        with suppress(OSError):  # It has died since; so there is nothing to read, either.
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
        return self._read(_KILLED_AFTER_SECONDS)

    def _read(self, seconds: float) -> WireObject | None:
        assert self._process is not None and self._process.stdout is not None
        deadline = threading.Timer(seconds, self._process.kill)
        deadline.start()
        try:
            line = self._process.stdout.readline()
        finally:
            deadline.cancel()
        if not line:
            self._end()
            return None
        answer: WireObject = json.loads(line)
        return answer

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


def _refusal(wrong: str) -> BadSchema:
    return BadSchema(f"the answer's JSON schema {wrong}", hint="Simplify its patterns and its limits of length.")
