"""Who joins a batch next, so that one caller's long prompt does not hold up everybody's short ones.

What is soon read goes first, in the order in which it came. What takes long (a heavy entry) waits in a line of its own,
and the engine takes the next of it only when it has read the last: nobody waits for more than one of them.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class WaitingLine(Generic[T]):
    """Two queues that one thread takes from and any thread puts into."""

    def __init__(self) -> None:
        self._light: deque[T] = deque()
        self._heavy: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, entry: T, *, heavy: bool = False) -> bool:
        """Let the entry wait; False if the line has been closed, and nobody will take it."""
        with self._changed:
            if not self._closed:
                (self._heavy if heavy else self._light).append(entry)
                self._changed.notify()
            return not self._closed

    def take(self, *, heavy: bool, wait: bool) -> T | None:
        """The next entry; None if there is none to be had. `heavy`: a heavy one would do. `wait`: until one comes, or
        the line is closed."""
        with self._changed:
            while True:
                if self._light:
                    return self._light.popleft()
                if heavy and self._heavy:
                    return self._heavy.popleft()
                if not wait or self._closed:
                    return None
                self._changed.wait()

    def close(self) -> list[T]:
        """Take nothing more in. Who still waited, light ones first."""
        with self._changed:
            self._closed = True
            left = [*self._light, *self._heavy]
            self._light.clear()
            self._heavy.clear()
            self._changed.notify_all()
            return left
