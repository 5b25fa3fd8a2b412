"""Who is written to no more, of one campaign or of all.

Stores that are files each belong to one campaign, so what holds for all of them lies in a file of the user's own; on a
server it lies beside everything else. Both are read in the very transaction that claims an email.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from platformdirs import user_data_path
from sqlalchemy import Connection, inspect, select
from sqlalchemy.schema import CreateTable

from miniatures.datamodel.errors import StoreError, writing
from miniatures.datamodel.message import Message
from miniatures.datamodel.suppression import (
    EVERYWHERE,
    Suppression,
    SuppressionReason,
    suppression_hash,
    suppression_hashes,
)
from miniatures.datamodel.user_folder import user_folder
from miniatures.store.engine import Database, database_at
from miniatures.store.home_secret import home_secret, secret_file
from miniatures.store.mail_tables import messages, suppressions
from miniatures.store.stored import stored
from miniatures.store.upsert import insert_into
from miniatures.store.writer import Writer

_PAGE = 500


def everywhere_file() -> Path:
    """Where the list of all campaigns whose stores are files is kept."""
    return user_folder(user_data_path("miniatures")) / "suppressions.sqlite"


class Suppressions:
    """The list of one store, with the one that holds for all campaigns of this user."""

    def __init__(self, database: Database, writer: Writer, now: Callable[[], datetime]) -> None:
        self._database = database
        self._writer = writer
        self._now = now
        self._secret_is_known = False

    def secret(self) -> bytes:
        """The secret by which this list names addresses, which is also the outbox's.

        Raises:
            StoreError: the outbox was filled with the secret of another home, so that neither would know the other's
                names: whoever opted out would be written to.
        """
        secret = home_secret()
        if not self._secret_is_known:
            with self._database.read() as connection:
                self._secret_is_known = _require_own_names(connection, secret)
        return secret

    async def add(self, address: str, reason: SuppressionReason, *, campaign: str = EVERYWHERE) -> None:
        """Never write to an address again, or to anybody of `@domain`; durable on return. The first reason stays."""
        await self.add_all([address], reason, campaign=campaign)

    async def add_all(self, addresses: Iterable[str], reason: SuppressionReason, *, campaign: str = EVERYWHERE) -> None:
        """The same for many."""
        secret, since = self.secret(), self._now()
        entries = [
            Suppression(scope=campaign, address=suppression_hash(secret, one), reason=reason, since=since)
            for one in addresses
        ]
        for start in range(0, len(entries), _PAGE):
            page = entries[start : start + _PAGE]
            if campaign == EVERYWHERE and self._database.path is not None:
                await asyncio.to_thread(_keep_everywhere, page)
            else:
                await self._writer.ask(partial(_keep, entries=page))

    def listed(self, address: str, campaign: str) -> Suppression | None:
        """The entry because of which an address is not written to by a campaign; None if it may be."""
        hashes = suppression_hashes(self.secret(), address)
        with self._database.read() as connection:
            found = self.standing(connection, campaign, hashes)
        return next((found[one] for one in hashes if one in found), None)

    def standing(self, connection: Connection, campaign: str, hashes: Collection[str]) -> dict[str, Suppression]:
        """Which of these keyed hashes are listed for a campaign, read within a transaction of the store."""
        found = _found(connection, (campaign, EVERYWHERE), hashes)
        return found if self._database.path is None else found | _found_everywhere(hashes)

    def entries(self, campaign: str) -> Iterator[Suppression]:
        """The whole list of a campaign, with what holds for all."""
        with self._database.read() as connection:
            yield from _found(connection, (campaign, EVERYWHERE), None).values()
        if self._database.path is not None:
            yield from _found_everywhere(None).values()


def _require_own_names(connection: Connection, secret: bytes) -> bool:
    """Return whether there is an email to tell by; raises as `Suppressions.secret` does."""
    row = connection.execute(select(messages.c.address, messages.c.document).limit(1)).first()
    message = None if row is None else stored(Message, row.document, "messages")
    if row is None or message is None:
        return False
    if suppression_hash(secret, message.address) != row.address:
        raise StoreError(
            "the outbox of this store was filled with the secret of another home: opt-outs would not be known in it",
            hint=f"Set MINIATURES_HOME to that home, or put its {secret_file().name} and its list in place of yours.",
        )
    return True


def _found_everywhere(hashes: Collection[str] | None) -> dict[str, Suppression]:
    """What the user's own list says; one that somebody was killed while making is empty."""
    if not everywhere_file().exists():
        return {}
    database = database_at(str(everywhere_file()))
    try:
        with database.read() as connection:
            made = inspect(connection).has_table(suppressions.name)
            return _found(connection, (EVERYWHERE,), hashes) if made else {}
    finally:
        database.engine.dispose()


def _keep_everywhere(entries: list[Suppression]) -> None:
    path = everywhere_file()
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    database = database_at(str(path), flushed=True)
    try:
        with database.change() as connection:
            connection.execute(CreateTable(suppressions, if_not_exists=True))
            _keep(connection, entries)
    finally:
        database.engine.dispose()


def _keep(connection: Connection, entries: Iterable[Suppression]) -> None:
    rows = [entry.model_dump() for entry in entries]
    connection.execute(
        insert_into(connection, suppressions).on_conflict_do_nothing(index_elements=["scope", "address"]), rows
    )


def _found(connection: Connection, scopes: Collection[str], hashes: Collection[str] | None) -> dict[str, Suppression]:
    query = select(suppressions).where(suppressions.c.scope.in_(scopes)).order_by(suppressions.c.since)
    if hashes is not None:
        query = query.where(suppressions.c.address.in_(hashes))
    return {row.address: Suppression.model_validate(dict(row._mapping)) for row in connection.execute(query)}
