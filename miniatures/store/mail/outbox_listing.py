"""The outbox as a person looks through it: a page at a time, by when the emails are due, and quick among many.

A list of one state is read along the index that senders claim by, one mailbox after the other, so that a page costs the
same in an outbox of a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, func, literal_column, select, union_all

from miniatures.datamodel.message import MessageState, OutboxRow
from miniatures.store.engine import Database
from miniatures.store.mail.outbox_rows import WITHOUT_MIME, outbox_row
from miniatures.store.mail_tables import mail_events, messages


class OutboxListing:
    """Lists the outbox of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, campaign: str, states: Collection[MessageState], *, first: int, most: int, soonest: bool
    ) -> list[OutboxRow]:
        """The emails in these states from the one at place `first` (from 0), without their bytes: those that are due
        soonest first, or latest first."""
        place, identity = self._order(soonest), self._identity
        parts = [
            select(messages.c.due_at, identity.label("identity"))
            .where(messages.c.mailbox == mailbox, messages.c.state == state, messages.c.campaign == campaign)
            .order_by(*place)
            .limit(first + most)
            for mailbox in self._mailboxes()
            for state in states
        ]
        if not parts:
            return []
        found = union_all(*(select(part.subquery()) for part in parts)).subquery()
        ordered = (found.c.due_at, found.c.identity) if soonest else (found.c.due_at.desc(), found.c.identity.desc())
        wanted = select(found.c.identity).order_by(*ordered).limit(most).offset(first)
        return self._rows(wanted, place)

    def came_there(self, ids: Collection[str]) -> dict[str, datetime]:
        """When each of these emails (by id) came into the state that it is in."""
        columns = mail_events.c
        query = select(columns.message, func.max(columns.at).label("at")).where(columns.message.in_(ids))
        with self._database.read() as connection:
            return {row.message: row.at for row in connection.execute(query.group_by(columns.message))}

    def waiting(self, campaign: str) -> dict[str, int]:
        """How many emails wait for each mailbox, those for which some do."""
        columns = messages.c
        queued = columns.campaign == campaign, columns.state == MessageState.QUEUED
        query = select(columns.mailbox, func.count().label("number")).where(*queued).group_by(columns.mailbox)
        with self._database.read() as connection:
            return {row.mailbox: row.number for row in connection.execute(query)}

    def _rows(self, wanted: Select[Any], place: tuple[ColumnElement[Any], ...]) -> list[OutboxRow]:
        query = select(*WITHOUT_MIME).where(self._identity.in_(wanted)).order_by(*place)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [one for row in rows if (one := outbox_row(row)) is not None]

    def _mailboxes(self) -> Iterator[str]:
        """Each mailbox that has emails, by a look into the index for each and not at every row."""
        column = messages.c.mailbox
        with self._database.read() as connection:
            name = connection.scalar(select(func.min(column)))
            while name is not None:
                yield name
                name = connection.scalar(select(func.min(column)).where(column > name))

    def _order(self, soonest: bool) -> tuple[ColumnElement[Any], ...]:
        due, identity = messages.c.due_at, self._identity
        return (due.asc(), identity.asc()) if soonest else (due.desc(), identity.desc())

    @property
    def _identity(self) -> ColumnElement[Any]:
        """What tells two emails apart that are due at the same moment. SQLite's own number stands in every index."""
        return literal_column("messages.rowid", Integer) if self._database.path is not None else messages.c.id
