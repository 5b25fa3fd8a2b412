"""What is not sent just now: a campaign that somebody paused, or a provider that asked to be left alone for a while.

A mailbox goes by its key here (`Mailbox.key`). A person pauses something of one campaign; what a server asks of a
mailbox holds for every campaign that sends by it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select

from miniatures.store.engine import Database
from miniatures.store.mail_tables import pauses
from miniatures.store.upsert import insert_into
from miniatures.store.writer import Writer

ALL = ""
"""The name that stands for every campaign, mailbox or provider."""


@dataclass(frozen=True)
class Pause:
    """One pause; an empty name stands for all. Without `until` somebody has to resume it."""

    campaign: str
    mailbox: str
    provider: str
    until: datetime | None
    why: str


class Pauses:
    """The pauses of all campaigns."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def pause(
        self,
        campaign: str,
        *,
        mailbox: str = ALL,
        provider: str = ALL,
        until: datetime | None = None,
        why: str,
    ) -> None:
        """Send nothing of it until then, or until it is resumed; a pause that stands already is replaced."""
        values = {"campaign": campaign, "mailbox": mailbox, "provider": provider, "until": until, "why": why}

        def keep(connection: Connection) -> None:
            statement = insert_into(connection, pauses).values(**values)
            keys = list(pauses.primary_key.columns)
            changed = {name: statement.excluded[name] for name in ("until", "why")}
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))

        await self._writer.ask(keep)

    async def resume(self, campaign: str, *, mailbox: str = ALL, provider: str = ALL) -> None:
        """Send again."""
        mine = pauses.c.campaign == campaign, pauses.c.mailbox == mailbox, pauses.c.provider == provider
        gone = delete(pauses).where(*mine)
        await self._writer.ask(lambda connection: connection.execute(gone).close())

    def standing(self, campaign: str, now: datetime, mailboxes: Collection[str]) -> list[Pause]:
        """The pauses that hold something back now of a campaign that sends by these mailboxes."""
        columns = pauses.c
        concerns = columns.campaign.in_([campaign, ALL]), columns.mailbox.in_([ALL, *mailboxes])
        query = select(pauses).where(*concerns, or_(columns.until.is_(None), columns.until > now))
        query = query.order_by(columns.mailbox, columns.provider, columns.campaign)
        with self._database.read() as connection:
            return [Pause(**row._mapping) for row in connection.execute(query)]
