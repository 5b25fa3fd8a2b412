"""One thread that serves in groups what many tasks ask one by one: the shape that the store's writer and reader share.

While the thread serves one group, the next one gathers, so the fixed cost of a transaction or a query is shared by
everyone who waits. Order is kept: a group holds requests in the order in which they came.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from miniatures.datamodel.errors import StoreError

Work = TypeVar("Work")

LARGEST_GROUP = 2000
"""Requests in one group at most: bounds the memory of a transaction."""


@dataclass(frozen=True, slots=True)
class _Request(Generic[Work]):
    work: Work
    waiting: asyncio.Future[Any] | None


class BatchThread(Generic[Work]):
    """Calls `serve(works)`, which returns one answer for each, in a thread of its own.

    `gather_s` is how long a group gathers once somebody waits; `idle_s`, how long while nobody does. With `fatal` the
    first failure is final: all that is queued fails with it, and nothing more is taken on.
    """

    def __init__(
        self,
        name: str,
        serve: Callable[[list[Work]], Sequence[Any]],
        *,
        gather_s: float = 0.0,
        idle_s: float = 0.0,
        fatal: bool = False,
    ) -> None:
        self._serve = serve
        self._gather_s = gather_s
        self._idle_s = idle_s
        self._fatal = fatal
        self._queue: deque[_Request[Work]] = deque()
        self._changed = threading.Condition()
        self._somebody_waits = False
        self._closing = False
        self._failure: StoreError | None = None
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def has_failed(self) -> bool:
        """Whether nothing more is taken on because what was queued could not be served."""
        return self._failure is not None

    def put(self, work: Work) -> None:
        """Queue work that nobody waits for; never blocks."""
        self._add(_Request(work, None))

    async def ask(self, work: Work) -> Any:
        """Queue work and wait for its answer, or raise what serving it raised."""
        waiting = asyncio.get_running_loop().create_future()
        self._add(_Request(work, waiting))
        return await waiting

    def close(self) -> None:
        """Serve what is queued, then end.

        Raises:
            StoreError: work that nobody waited for could not be served; says how much.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        if self._failure is not None and self._lost:
            lost, self._lost = self._lost, 0
            raise StoreError(f"{self._failure.message}; {lost} entries were not saved", hint=self._failure.hint)

    def _add(self, request: _Request[Work]) -> None:
        with self._changed:
            self._refuse_after_end()
            self._queue.append(request)
            first_to_wait = request.waiting is not None and not self._somebody_waits
            self._somebody_waits = self._somebody_waits or first_to_wait
            if first_to_wait or len(self._queue) in (1, LARGEST_GROUP):
                self._changed.notify()

    def _refuse_after_end(self) -> None:
        if self._failure is not None:
            raise StoreError(self._failure.message, hint=self._failure.hint)
        if self._closing:
            raise StoreError("the store is closed", hint="Open it again with open_store().")

    def _run(self) -> None:
        while group := self._next_group():
            try:
                answers = self._serve([request.work for request in group])
            except BaseException as error:
                failure = error if isinstance(error, StoreError) else StoreError(f"{type(error).__name__}: {error}")
                if self._fatal:
                    self._stop(failure, group)
                    return
                _settle_each(group, [failure] * len(group))
            else:
                _settle_each(group, answers)

    def _next_group(self) -> list[_Request[Work]]:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            self._changed.wait_for(self._is_due, timeout=self._idle_s)
        if not self._closing and self._gather_s:
            time.sleep(self._gather_s)
        with self._changed:
            group = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_GROUP))]
            self._somebody_waits = any(request.waiting is not None for request in self._queue)
        return group

    def _is_due(self) -> bool:
        return self._somebody_waits or self._closing or len(self._queue) >= LARGEST_GROUP

    def _stop(self, failure: StoreError, group: list[_Request[Work]]) -> None:
        with self._changed:
            self._failure = failure
            unserved = [*group, *self._queue]
            self._queue.clear()
        self._lost = sum(request.waiting is None for request in unserved)
        _settle_each(unserved, [failure] * len(unserved))


def _settle_each(group: Sequence[_Request[Any]], answers: Sequence[Any]) -> None:
    """Hand each waiting task its answer, waking each event loop once."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = defaultdict(list)
    for request, answer in zip(group, answers, strict=True):
        if request.waiting is not None:
            by_loop[request.waiting.get_loop()].append((request.waiting, answer))
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:  # the loop is closed, so nobody waits any more
            continue


def _settle(settled: Iterable[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in settled:
        if future.done():
            continue
        if isinstance(answer, StoreError):
            future.set_exception(StoreError(answer.message, hint=answer.hint))
        else:
            future.set_result(answer)
