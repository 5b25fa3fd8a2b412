"""A book of budgets in the database, for all processes that work on one campaign.

A reservation stands under its run, so that what a killed run had set aside is dropped when the next one starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from miniatures.datamodel.errors import StoreError
from miniatures.store.book import Account, Amount, Balance, Balances, all_fit
from miniatures.store.documents import plain_json
from miniatures.store.engine import Database
from miniatures.store.tables import budgets, reservations
from miniatures.store.writer import BUDGETS, Row, Writer


class SqlBook:
    """The accounts of one campaign, as one run writes them."""

    def __init__(self, campaign: str, run_id: str, database: Database, writer: Writer) -> None:
        self._campaign = campaign
        self._run_id = run_id
        self._database = database
        self._writer = writer
        self._opened: set[str] = set()

    async def reserve(self, name: str, accounts: Sequence[Account], most: Amount) -> Balances:
        """Set `most` aside in the accounts if all have room; tells how they stood before.

        Raises:
            StoreError: it could not be written down.
        """
        self._open(accounts)
        rows = [self._row(account, most) | {"name": name, "run": self._run_id} for account in accounts]

        def hold(connection: Connection) -> Balances:
            balances = self._balances(connection, accounts)
            if all_fit(accounts, balances, most):
                connection.execute(insert(reservations), rows)
            return balances

        try:
            balances: Balances = await self._writer.ask(hold)
        except asyncio.CancelledError:  # It may be held already, or will be: what is queued after it lets it go.
            with suppress(StoreError):
                self._writer.put(lambda connection: self._release(connection, name))
            raise
        return balances

    def settle(self, name: str, accounts: Sequence[Account], spent: Amount) -> None:
        """Replace a reservation by what counts as spent; never blocks.

        Raises:
            StoreError: the store failed before or is closed.
        """
        columns = budgets.c
        more = {"tokens": columns.tokens + spent.tokens, "usd": columns.usd + spent.usd}
        spend = update(budgets).where(*self._of(columns, accounts)).values(more)

        def settle(connection: Connection) -> None:
            self._release(connection, name)
            connection.execute(spend)

        self._writer.put(settle)

    def spent(self, account: Account) -> Amount:
        """What counts against the account's limit, as far as it is saved."""
        query = select(budgets.c.tokens, budgets.c.usd).where(*self._of(budgets.c, [account]))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return account.opening if row is None else Amount(*row)

    def _open(self, accounts: Sequence[Account]) -> None:
        for account in accounts:
            if account.name not in self._opened:
                self._opened.add(account.name)
                self._writer.put(Row(BUDGETS, plain_json(self._row(account, account.opening))))

    def _balances(self, connection: Connection, accounts: Sequence[Account]) -> Balances:
        """How the accounts stand, none of which another process can change until the transaction ends."""
        touch = update(budgets).where(*self._of(budgets.c, accounts)).values(tokens=budgets.c.tokens)
        spent = {row[0]: Amount(*row[1:]) for row in connection.execute(touch.returning(*_STANDING))}
        sums = func.sum(reservations.c.tokens), func.sum(reservations.c.usd)
        query = select(reservations.c.account, *sums).where(*self._of(reservations.c, accounts))
        rows = connection.execute(query.group_by(reservations.c.account))
        held = {row[0]: Amount(int(row[1]), row[2]) for row in rows}
        return {name: Balance(amount, held.get(name, Amount())) for name, amount in spent.items()}

    def _release(self, connection: Connection, name: str) -> None:
        connection.execute(delete(reservations).where(reservations.c.name == name))

    def _of(self, columns: Any, accounts: Sequence[Account]) -> tuple[Any, ...]:
        return columns.campaign == self._campaign, columns.account.in_([account.name for account in accounts])

    def _row(self, account: Account, amount: Amount) -> dict[str, Any]:
        return {"campaign": self._campaign, "account": account.name, "tokens": amount.tokens, "usd": amount.usd}


_STANDING = (budgets.c.account, budgets.c.tokens, budgets.c.usd)
