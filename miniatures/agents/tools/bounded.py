"""A dictionary that forgets what was used longest ago, so that state per host stays small over 100k prospects."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class BoundedDict(Generic[Key, Value]):
    """At most `size` entries, save those that `is_busy` says are in use."""

    def __init__(self, size: int, is_busy: Callable[[Value], bool] = lambda _: False) -> None:
        self._size = size
        self._is_busy = is_busy
        self._entries: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The entry of a key, made if there is none."""
        if key not in self._entries:
            self._forget()
            self._entries[key] = make()
        self._entries.move_to_end(key)
        return self._entries[key]

    def _forget(self) -> None:
        surplus = max(0, len(self._entries) - self._size + 1)
        idle = (key for key, entry in self._entries.items() if not self._is_busy(entry))
        for key in list(islice(idle, surplus)):
            del self._entries[key]
