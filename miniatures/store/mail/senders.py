"""Which sending processes live: each holds a lock on its own name, which the operating system or the server lets go
when the process ends, however it ends. No clock is involved.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from miniatures.datamodel.errors import CampaignBusy
from miniatures.store.engine import Database
from miniatures.store.lock import held, lock_file
from miniatures.store.mail.outbox import Outbox


class Senders:
    """The sending processes of a store."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox

    @contextmanager
    def alive(self, sender: str) -> Iterator[None]:
        """Be known as alive under this name for as long as the block runs."""
        with held(self._database, _name(sender)):
            yield
        self._clear(sender)

    async def recover(self) -> tuple[int, int]:
        """Settle what dead senders left: how many emails went back to the queue, and how many are uncertain."""
        returned = uncertain = 0
        for sender in self._outbox.senders():
            try:
                with held(self._database, _name(sender)):
                    counts = await self._outbox.recover(sender)
            except CampaignBusy:
                continue  # It lives.
            self._clear(sender)
            returned, uncertain = returned + counts[0], uncertain + counts[1]
        return returned, uncertain

    def _clear(self, sender: str) -> None:
        if self._database.path is not None:
            lock_file(self._database.path, _name(sender)).unlink(missing_ok=True)


def _name(sender: str) -> str:
    return f"sender {sender}"
