"""Makes guessing of passwords slow: after a few tries each further one has to wait, twice as long each time.

Tries are counted by name and by the address that they come from, and are forgiven one by one as time passes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

Clock = Callable[[], float]
LONGEST_PAUSE_S = 300.0
MOST_KNOWN = 10_000
"""Names, and addresses, whose tries are counted."""


@dataclass(frozen=True)
class _Tries:
    number: float
    at: float


class Pauses:
    """The tries of many, each by a key."""

    def __init__(self, clock: Clock, *, free: int, forgiven_after_s: float, most: int = MOST_KNOWN) -> None:
        """`free` tries follow one another without a pause, and one is forgiven after each `forgiven_after_s`."""
        self._clock = clock
        self._free = free
        self._forgiven_after_s = forgiven_after_s
        self._most = most
        self._tries: dict[str, _Tries] = {}

    def __len__(self) -> int:
        return len(self._tries)

    def wait(self, key: str) -> float:
        """How many seconds the next try has to wait; 0 if none."""
        tries = self._tries.get(key)
        if tries is None or tries.number < self._free:
            return 0.0
        pause = min(LONGEST_PAUSE_S, math.exp2(min(tries.number - self._free, 30)))
        return max(0.0, tries.at + pause - self._clock())

    def count(self, key: str) -> None:
        """One more try."""
        if key not in self._tries and len(self._tries) >= self._most:
            self._make_room()
        self._tries[key] = _Tries(self._left(key) + 1, self._clock())

    def take_back(self, key: str) -> None:
        """A try that was none."""
        tries = self._tries.get(key)
        if tries is not None:
            self._tries[key] = _Tries(max(0.0, tries.number - 1), tries.at)

    def forget(self, key: str) -> None:
        """As if there had been no try."""
        self._tries.pop(key, None)

    def _left(self, key: str) -> float:
        """The tries that time has not forgiven."""
        tries = self._tries.get(key)
        if tries is None:
            return 0.0
        return max(0.0, tries.number - (self._clock() - tries.at) / self._forgiven_after_s)

    def _make_room(self) -> None:
        """Forget the tenth that has the fewest tries left, so that no flood of new keys frees one that has many."""
        fewest_first = sorted(self._tries, key=self._left)
        for key in fewest_first[: max(1, self._most // 10)]:
            del self._tries[key]


class SignInLimit:
    """Who has to wait before they may try a password."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._names = Pauses(clock, free=5, forgiven_after_s=300)
        self._addresses = Pauses(clock, free=20, forgiven_after_s=60)

    def begin(self, name: str, address: str) -> float:
        """Begin a try, which counts as a wrong one until `succeeded`. Else how long to wait, and nothing is counted."""
        network = network_of(address)
        wait = max(self._names.wait(name), self._addresses.wait(network))
        if wait == 0:
            self._names.count(name)
            self._addresses.count(network)
        return wait

    def succeeded(self, name: str, address: str) -> None:
        """The try was right: the name has none against it any more.

        The address keeps the others: somebody with a password of their own could free it after each guess.
        """
        self._names.forget(name)
        self._addresses.take_back(network_of(address))


def network_of(address: str) -> str:
    """What one client has: an address, or with IPv6 all those that share its first half."""
    try:
        known = ip_address(address)
    except ValueError:
        return address[:100]
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ip_network(f"{address.partition('%')[0]}/64", strict=False))
