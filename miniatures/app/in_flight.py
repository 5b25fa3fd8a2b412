"""The answers that are being made: they end with a word when the server stops, and not with a broken connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from miniatures.app.door import Refused

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class InFlight:
    """Waits for answers, until it is told to stop; what is waited for then is cancelled, and nothing more is asked."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Task[Any]] = set()
        self._given_up: set[asyncio.Task[Any]] = set()
        self._stopping = False

    async def wait_for(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """What comes of it.

        Raises:
            Refused: the server stops first.
        """
        if self._stopping:
            raise _stopping()
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            return await ask()
        except asyncio.CancelledError:
            if task not in self._given_up:
                raise
            task.uncancel()
            raise _stopping() from None
        finally:
            self._waiting.discard(task)
            self._given_up.discard(task)

    def stop(self) -> None:
        """Give up what is waited for, and say in the log how much that is."""
        self._stopping = True
        if self._waiting:
            _log.warning("the server stops: %d answers in flight are given up", len(self._waiting))
        self._given_up |= self._waiting
        for task in self._given_up:
            task.cancel()


def _stopping() -> Refused:
    return Refused(503, "server_stopping", "the server stops", hint="Ask again when it is back.")
