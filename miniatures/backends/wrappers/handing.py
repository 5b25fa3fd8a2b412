"""Coroutines that hand things out while they run, as generators do, from however deep inside.

An async generator can only yield from its own body. Here whatever a coroutine awaits may call `hand`, and the reader
who drives the coroutine gets what is handed as it comes: nested coroutines pass nothing on by themselves. All happens
in the reader's own task, but what the coroutine sets in context variables stays its own.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import suppress
from contextvars import copy_context
from inspect import CORO_CLOSED, getcoroutinestate
from types import coroutine
from typing import Any


class _Handed:
    """What travels from `hand` to the reader."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing


@coroutine
def hand(thing: Any) -> Generator[_Handed, None, None]:
    """Give the reader something, and go on when it wants more. Only within what a reader drives."""
    yield _Handed(thing)


class Reader:
    """Drives one coroutine."""

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = work
        self._within = copy_context().run

    def next(self) -> Awaitable[Any]:
        """What is handed next; None at the end."""
        return self._resumed(self._work.send, None)

    async def close(self) -> None:
        """Cancel the work, where it handed something, unless it is at its end; it has ended when this returns."""
        if getcoroutinestate(self._work) != CORO_CLOSED:
            with suppress(CancelledError):
                await self._resumed(self._work.throw, CancelledError())

    @coroutine
    def _resumed(self, step: Callable[[Any], Any], value: Any) -> Generator[Any, Any, Any]:
        """Step until something is handed; what the work waits for is passed to the event loop, and its answer back."""
        while True:
            try:
                signal = self._within(step, value)
            except StopIteration:
                return None
            if isinstance(signal, _Handed):
                return signal.thing
            try:
                step, value = self._work.send, (yield signal)
            except BaseException as error:
                step, value = self._work.throw, error
