"""Keeps at most N calls in flight, for providers that limit concurrency and machines that would thrash.

The slots are counted under a thread lock and waiting is done on futures, so one limit holds across threads and event
loops. Calls get their slot in the order in which they asked.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import replace

from miniatures.backends.base import Backend
from miniatures.backends.wrappers.call import Call
from miniatures.backends.wrappers.wrapper import WrappedBackend


class Slots:
    """N slots, first come, first served."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[Future[None]] = deque()
        self._lock = threading.Lock()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[float]:
        """Hold a slot; gives the milliseconds waited."""
        started = time.perf_counter()
        turn = self._ask()
        if turn is not None:
            try:
                await asyncio.wrap_future(turn)
            except BaseException:
                self._give_up(turn)
                raise
        try:
            yield (time.perf_counter() - started) * 1000
        finally:
            self._release()

    def _ask(self) -> Future[None] | None:
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return None
            turn: Future[None] = Future()
            self._waiting.append(turn)
            return turn

    def _give_up(self, turn: Future[None]) -> None:
        """A waiter was interrupted; if its turn had come already, hand it on."""
        if not turn.cancel() and not turn.cancelled():
            self._release()

    def _release(self) -> None:
        with self._lock:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    turn.set_result(None)
                    return
            self._free += 1


class LimitedBackend(WrappedBackend):
    """At most `slots` calls of `inner` at once; a stream holds its slot until it ends or is closed."""

    slots: Slots

    def __init__(self, inner: Backend, *, max_concurrency: int) -> None:
        super().__init__(inner, slots=Slots(max_concurrency))

    async def around(self, call: Call) -> None:
        async with self.slots.held() as waited_ms:
            await replace(call, waited_ms=waited_ms).ask(self.inner)
