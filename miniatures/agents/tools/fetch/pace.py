"""Politeness: one request in flight per host, and a pause between two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from miniatures.agents.tools.bounded import BoundedDict

LONGEST_PAUSE_S = 30.0
"""A host that asks for a longer pause between requests gets this one."""

_HOSTS_REMEMBERED = 4_096


@dataclass
class HostPace:
    """When a host may be asked again. `interval_s` is ours, raised to what its robots.txt asks for."""

    interval_s: float
    free_at: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pace:
    """Hands out turns, host by host."""

    def __init__(
        self,
        interval_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._sleep = sleep
        self._hosts: BoundedDict[str, HostPace] = BoundedDict(_HOSTS_REMEMBERED, self._is_busy)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[HostPace]:
        """The host's only turn: nobody else asks it within the block. Wait with `wait` before each request."""
        pace = self._hosts.get(host, lambda: HostPace(self._interval_s))
        async with pace.turn:
            yield pace

    async def wait(self, pace: HostPace) -> None:
        """Wait until the host may be asked, and book the next pause."""
        pause = pace.free_at - self._clock()
        if pause > 0:
            await self._sleep(pause)
        pace.free_at = self._clock() + pace.interval_s

    def slow_down(self, pace: HostPace, pause_s: float) -> None:
        """The host asked for a pause (Crawl-delay): keep it from now on, capped."""
        pace.interval_s = max(self._interval_s, min(pause_s, LONGEST_PAUSE_S))

    def back_off(self, pace: HostPace, pause_s: float) -> None:
        """The host asked to be left alone for a while (Retry-After), capped."""
        pace.free_at = max(pace.free_at, self._clock() + min(pause_s, LONGEST_PAUSE_S))

    def _is_busy(self, pace: HostPace) -> bool:
        return pace.turn.locked() or pace.free_at > self._clock()
