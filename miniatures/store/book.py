"""What was spent of each budget and what calls in flight have set aside of it: a book that all who spend share.

One process without a store keeps it in memory; `sql_book.py` keeps it where several processes can read it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from miniatures.datamodel.campaign import Budget


@dataclass(frozen=True)
class Amount:
    """What is weighed against a budget: tokens, and USD as far as prices are known."""

    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.tokens + other.tokens, self.usd + other.usd)

    def within(self, limit: Budget) -> bool:
        """Whether the limit allows it."""
        return (limit.tokens is None or self.tokens <= limit.tokens) and (limit.usd is None or self.usd <= limit.usd)


@dataclass(frozen=True)
class Account:
    """One budget in a book: its name there, its limit, and what was spent before the book began."""

    name: str
    limit: Budget
    opening: Amount = Amount()


@dataclass(frozen=True)
class Balance:
    """How an account stands."""

    spent: Amount = Amount()
    held: Amount = Amount()


Balances = Mapping[str, Balance]


def all_fit(accounts: Sequence[Account], balances: Balances, most: Amount) -> bool:
    """Whether every account has room for `most` beside what is spent and held already."""
    stand = ((balances[account.name], account.limit) for account in accounts)
    return all((balance.spent + balance.held + most).within(limit) for balance, limit in stand)


class Book(Protocol):
    """Keeps accounts. A reservation is named by its maker, and is in all its accounts or in none."""

    async def reserve(self, name: str, accounts: Sequence[Account], most: Amount) -> Balances:
        """Set `most` aside in the accounts if all have room; tells how they stood before."""
        ...

    def settle(self, name: str, accounts: Sequence[Account], spent: Amount) -> None:
        """Replace a reservation by what counts as spent; never blocks."""
        ...

    def spent(self, account: Account) -> Amount:
        """What counts against the account's limit."""
        ...


class MemoryBook:
    """A book of this process alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, Amount] = {}
        self._held: defaultdict[str, dict[str, Amount]] = defaultdict(dict)

    async def reserve(self, name: str, accounts: Sequence[Account], most: Amount) -> Balances:
        with self._lock:
            balances = {account.name: self._balance(account) for account in accounts}
            if all_fit(accounts, balances, most):
                for account in accounts:
                    self._held[account.name][name] = most
            return balances

    def settle(self, name: str, accounts: Sequence[Account], spent: Amount) -> None:
        with self._lock:
            for account in accounts:
                self._held[account.name].pop(name, None)
                self._spent[account.name] = self._spent.get(account.name, account.opening) + spent

    def spent(self, account: Account) -> Amount:
        return self._spent.get(account.name, account.opening)

    def _balance(self, account: Account) -> Balance:
        held = self._held[account.name].values()
        return Balance(self.spent(account), Amount(sum(one.tokens for one in held), sum(one.usd for one in held)))
