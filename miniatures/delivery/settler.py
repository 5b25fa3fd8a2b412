"""Keeps what servers said, many emails at a time: while one commit is on its way, what is said next gathers.

A commit that reaches the disk takes longer than a server takes for an email, so waiting for one after each email would
halve the rate. Until it is kept, an email's row says `sending`, and whoever is killed leaves it uncertain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

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
        self._waiting: asyncio.Queue[Settled | None] = asyncio.Queue(_MOST_WAITING)

    async def put(self, settled: Settled) -> None:
        """Have an email settled soon; waits while many do already."""
        await self._waiting.put(settled)

    async def end(self) -> None:
        """Settle what waits, and stop."""
        await self._waiting.put(None)

    async def run(self) -> None:
        """Settle until the end.

        Raises:
            StoreError: what was sent cannot be kept; nothing more must leave then.
        """
        is_ended = False
        while not is_ended:
            group = [await self._waiting.get()]
            if self._gather_s and group != [None]:
                await asyncio.sleep(self._gather_s)
            while not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            is_ended = None in group
            await self._settle([settled for settled in group if settled is not None])

    async def _settle(self, group: list[Settled]) -> None:
        if group:
            await self._outbox.settle(group, self._sender)
        for settled in group:
            self._on_settled(settled)
