"""Runs async code to its end for callers that cannot await."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")


class OwnLoop:
    """A private event loop. It runs in the caller's thread, whose interrupts so reach what it waits for; where another
    loop runs there already, in a thread beside it, with the caller's context."""

    def __enter__(self) -> OwnLoop:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _clear_of_loops(self._runner.close)

    def run(self, work: Awaitable[T]) -> T:
        """The result of the work; it is cancelled if the wait for it is interrupted."""
        return _clear_of_loops(lambda: self._complete(work))

    def _complete(self, work: Awaitable[T]) -> T:
        loop = self._runner.get_loop()
        task = asyncio.ensure_future(work, loop=loop)
        try:
            return loop.run_until_complete(task)
        finally:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    loop.run_until_complete(task)


def _clear_of_loops(function: Callable[[], T]) -> T:
    """Call the function here, or in a helper thread if an event loop runs here."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return function()
    context = copy_context()
    with ThreadPoolExecutor(max_workers=1) as helper:
        return helper.submit(lambda: context.run(function)).result()
