"""Keeps what servers said, many emails at a time: while one commit is on its way, what is said next gathers.

A commit that reaches the disk takes longer than a server takes for an email, so waiting for one after each email would
halve the rate. Until it is kept, an email's row says `sending`, and whoever is killed leaves it uncertain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from miniatures.store.mail.outbox import Outbox
from miniatures.store.mail.transitions import Settled

_MOST_WAITING = 100


class Settler:
    """Settles the emails of one sender; runs beside those who send.

    With `gather_s`, what is said within so many seconds is kept together, for mailboxes that send many a second.
    """

    def __init__(
        self, outbox: Outbox, sender: str, on_settled: Callable[[Settled], None], *, gather_s: float = 0.0
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._on_settled = on_settled
        self._gather_s = gather_s
        self._waiting: list[Settled] = []
        self._changed = asyncio.Condition()
        self._ended = asyncio.Event()

    async def put(self, settled: Settled) -> None:
        """Have an email settled soon; waits while many do already."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._waiting) < _MOST_WAITING)
            self._waiting.append(settled)
            self._changed.notify_all()

    async def end(self) -> None:
        """Settle what waits, and stop."""
        async with self._changed:
            self._ended.set()
            self._changed.notify_all()

    async def run(self) -> None:
        """Settle until the end.

        Raises:
            StoreError: what was sent cannot be kept; nothing more must leave then.
        """
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._waiting) or self._ended.is_set())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._gather_s)
            async with self._changed:
                group, self._waiting = self._waiting, []
                self._changed.notify_all()
            if not group:
                return
            await self._outbox.settle(group, self._sender)
            for settled in group:
                self._on_settled(settled)
