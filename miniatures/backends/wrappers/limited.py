"""Keeps at most N calls in flight, for providers that limit concurrency and machines that would thrash.

The slots are counted under a thread lock and waiting is done on futures, so one limit holds across threads and event
loops. Calls get their slot in the order in which they asked.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from miniatures.backends.base import Backend
from miniatures.backends.wrappers.wrapper import WrappedBackend, astream_of, close, stream_of

slot_wait_ms: ContextVar[float] = ContextVar("miniatures_slot_wait_ms", default=0.0)
"""How long the call that is about to be made waited for its slot; the recorder adds it to `queue_ms`."""


class Slots:
    """N slots, first come, first served."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[Future[None]] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[float]:
        """Hold a slot; gives the milliseconds waited."""
        started = time.perf_counter()
        turn = self._ask()
        if turn is not None:
            try:
                turn.result()
            except BaseException:
                self._give_up(turn)
                raise
        try:
            yield (time.perf_counter() - started) * 1000
        finally:
            self._release()

    @asynccontextmanager
    async def aheld(self) -> AsyncIterator[float]:
        """Hold a slot without blocking the event loop."""
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


@contextmanager
def _told(waited_ms: float) -> Iterator[None]:
    token = slot_wait_ms.set(waited_ms)
    try:
        yield
    finally:
        slot_wait_ms.reset(token)


class LimitedBackend(WrappedBackend):
    """At most `slots` calls of `inner` at once; a stream holds its slot until it ends or is closed."""

    slots: Slots

    def __init__(self, inner: Backend, *, max_concurrency: int) -> None:
        super().__init__(inner, slots=Slots(max_concurrency))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with self.slots.held() as waited_ms, _told(waited_ms):
            return self.inner._generate(messages, stop=stop, run_manager=run_manager, **kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        async with self.slots.aheld() as waited_ms:
            with _told(waited_ms):
                return await self.inner._agenerate(messages, stop=stop, run_manager=run_manager, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with self.slots.held() as waited_ms:
            chunks = stream_of(self.inner, messages, stop, run_manager, kwargs)
            with _told(waited_ms):  # not around a yield: the variable would leak into the reader's context
                first = next(chunks, None)
            if first is not None:
                yield first
                yield from chunks

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async with self.slots.aheld() as waited_ms:
            chunks = astream_of(self.inner, messages, stop, run_manager, kwargs)
            try:
                with _told(waited_ms):
                    first = await anext(chunks, None)
                if first is not None:
                    yield first
                    async for chunk in chunks:
                        yield chunk
            finally:
                await close(chunks)
