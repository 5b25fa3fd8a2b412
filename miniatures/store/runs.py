"""When runs begin and end, and which prospects each may work on: those that no other run holds.

A claim lasts as long as its run. Whoever starts a run holds the campaign's lock, so another one without an end was
killed: it is given an end, which frees what it had claimed, and what it had set aside of budgets is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from miniatures.store.tables import budgets, prospects, reservations, runs
from miniatures.store.writer import Writer

_BATCH = 256


class Runs:
    """The runs of all campaigns, and their claims."""

    def __init__(self, writer: Writer, now: Callable[[], datetime]) -> None:
        self._writer = writer
        self._now = now

    async def start(self, run_id: str, campaign: str, policy: str, beside: Collection[str] = ()) -> None:
        """Note that a run begins, and clear away what killed ones left; those that it goes on `beside` were not."""
        now, open_still = self._now(), (runs.c.campaign == campaign, runs.c.ended_at.is_(None))
        killed = update(runs).where(*open_still, runs.c.id.not_in(beside)).values(ended_at=now)
        accounts = [delete(table).where(table.c.campaign == campaign) for table in (reservations, budgets)]
        begun = insert(runs).values(id=run_id, campaign=campaign, policy=policy, started_at=now)

        def start(connection: Connection) -> None:
            for statement in (killed, *accounts, begun):
                connection.execute(statement)

        await self._writer.ask(start)

    async def finish(self, run_id: str, outcome: str) -> None:
        """Note how a run ended."""
        ended = update(runs).where(runs.c.id == run_id).values(ended_at=self._now(), outcome=outcome)
        await self._writer.ask(lambda connection: connection.execute(ended).close())

    async def claim(self, campaign: str, run_id: str, keys: Sequence[str]) -> set[str]:
        """Claim enrolled prospects (by key) for a run; returns those that are the run's."""
        claimed: set[str] = set()
        for start in range(0, len(keys), _BATCH):
            claimed |= await self._claim(campaign, run_id, keys[start : start + _BATCH])
        return claimed

    async def _claim(self, campaign: str, run_id: str, keys: Sequence[str]) -> set[str]:
        columns = prospects.c
        # An end is never taken back, so an older view of the runs may leave a prospect out but gives none away twice.
        ended = select(runs.c.id).where(runs.c.campaign == campaign, runs.c.ended_at.is_not(None))
        free = or_(columns.claimed_by.is_(None), columns.claimed_by == run_id, columns.claimed_by.in_(ended))
        asked = columns.campaign == campaign, columns.prospect.in_(keys), free
        take = update(prospects).where(*asked).values(claimed_by=run_id).returning(columns.prospect)
        claimed: set[str] = await self._writer.ask(lambda connection: set(connection.scalars(take)))
        return claimed
