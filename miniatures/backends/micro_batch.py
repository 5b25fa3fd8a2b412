"""Gathers requests that arrive together into one batch, for an engine that cannot take them in one by one."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class MicroBatcher(Generic[T]):
    """One worker thread runs batches of requests that share a key, oldest first.

    `run` must not raise: what goes wrong belongs to the requests of the batch. `window_s` is how long, in seconds, the
    first request of a batch waits for company when the worker is idle; while a batch runs, the next one gathers by
    itself.
    """

    def __init__(
        self,
        run: Callable[[list[T]], None],
        *,
        key: Callable[[T], Hashable],
        max_batch: int,
        window_s: float,
    ) -> None:
        self._run = run
        self._key = key
        self._max_batch = max_batch
        self._window_s = window_s
        self._waiting: deque[T] = deque()
        self._arrived = threading.Condition()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="micro-batch")

    def submit(self, request: T) -> None:
        """Queue a request; never blocks."""
        with self._arrived:
            self._waiting.append(request)
            self._arrived.notify()
        self._worker.submit(self._run_next)

    def _run_next(self) -> None:
        batch = self._gather()
        if batch:
            self._run(batch)

    def _gather(self) -> list[T]:
        deadline = time.monotonic() + self._window_s
        with self._arrived:
            while 0 < len(self._waiting) < self._max_batch and self._arrived.wait(deadline - time.monotonic()):
                pass
            return self._take()

    def _take(self) -> list[T]:
        if not self._waiting:
            return []
        key = self._key(self._waiting[0])
        batch: list[T] = []
        others: deque[T] = deque()
        while self._waiting:
            request = self._waiting.popleft()
            fits = len(batch) < self._max_batch and self._key(request) == key
            (batch if fits else others).append(request)
        self._waiting = others
        return batch
