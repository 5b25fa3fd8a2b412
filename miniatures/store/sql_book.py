"""A book of budgets in the database, for all processes that work on one campaign.

A reservation stands under its run, so that what a killed run had set aside is dropped when the next one starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from miniatures.datamodel.errors import StoreError
from miniatures.store.book import Account, Amount, Balance, Balances, all_fit
from miniatures.store.documents import plain_json
from miniatures.store.engine import Database
from miniatures.store.tables import budgets, reservations
from miniatures.store.writer import BUDGETS, Row, Writer


def _asked(columns: Any) -> tuple[Any, ...]:
    return columns.campaign == bindparam("of"), columns.account.in_(bindparam("named", expanding=True))


_SPENT = select(budgets.c.account, budgets.c.tokens, budgets.c.usd).where(*_asked(budgets.c))
_LOCKED = (  # An update of nothing keeps the rows from every other process, on both databases.
    update(budgets)
    .where(*_asked(budgets.c))
    .values(tokens=budgets.c.tokens)
    .returning(budgets.c.account, budgets.c.tokens, budgets.c.usd)
)
_HELD = (
    select(reservations.c.account, func.sum(reservations.c.tokens), func.sum(reservations.c.usd))
    .where(*_asked(reservations.c))
    .group_by(reservations.c.account)
)
_HOLD = insert(reservations)
_RELEASE = delete(reservations).where(reservations.c.name == bindparam("reservation"))
_SPEND = (
    update(budgets)
    .where(*_asked(budgets.c))
    .values(tokens=budgets.c.tokens + bindparam("more_tokens"), usd=budgets.c.usd + bindparam("more_usd"))
)


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
        asked = self._of(accounts)
        rows = [self._row(account, most) | {"name": name, "run": self._run_id} for account in accounts]

        def hold(connection: Connection) -> Balances:
            spent = _amounts(connection.execute(_LOCKED, asked))
            held = _amounts(connection.execute(_HELD, asked))
            balances = {name: Balance(amount, held.get(name, Amount())) for name, amount in spent.items()}
            if all_fit(accounts, balances, most):
                connection.execute(_HOLD, rows)
            return balances

        try:
            balances: Balances = await self._writer.ask(hold)
        except asyncio.CancelledError:  # It may be held already, or will be: what is queued after it lets it go.
            with suppress(StoreError):
                self._writer.put(lambda connection: connection.execute(_RELEASE, {"reservation": name}))
            raise
        return balances

    def settle(self, name: str, accounts: Sequence[Account], spent: Amount) -> None:
        """Replace a reservation by what counts as spent; never blocks.

        Raises:
            StoreError: the store failed before or is closed.
        """
        more = self._of(accounts) | {"more_tokens": spent.tokens, "more_usd": spent.usd}

        def settle(connection: Connection) -> None:
            connection.execute(_RELEASE, {"reservation": name})
            connection.execute(_SPEND, more)

        self._writer.put(settle)

    def spent(self, account: Account) -> Amount:
        """What counts against the account's limit, as far as it is saved."""
        with self._database.read() as connection:
            return _amounts(connection.execute(_SPENT, self._of([account]))).get(account.name, account.opening)

    def _open(self, accounts: Sequence[Account]) -> None:
        for account in accounts:
            if account.name not in self._opened:
                self._opened.add(account.name)
                self._writer.put(Row(BUDGETS, plain_json(self._row(account, account.opening))))

    def _of(self, accounts: Sequence[Account]) -> dict[str, Any]:
        return {"of": self._campaign, "named": [account.name for account in accounts]}

    def _row(self, account: Account, amount: Amount) -> dict[str, Any]:
        return {"campaign": self._campaign, "account": account.name, "tokens": amount.tokens, "usd": amount.usd}


def _amounts(rows: Any) -> dict[str, Amount]:
    return {account: Amount(int(tokens), usd) for account, tokens, usd in rows}
