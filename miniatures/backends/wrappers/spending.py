"""Hard limits in tokens and USD that hold however many calls are in flight.

Before a call the most it can cost is reserved, after it the true cost is settled, so what was spent never passes the
limit. A call that does not fit beside the reservations of others waits for them to settle; one that would not fit even
without them meets `BudgetReached`. Reserving in several spendings is all or nothing, and nothing is held while waiting,
so no two calls can hold what the other waits for. The amounts stand in a book: one in memory, or the store's.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from contextvars import ContextVar

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.errors import BudgetReached, BudgetScope, InputError
from miniatures.datamodel.trace import new_id
from miniatures.store.book import Account, Amount, Book, MemoryBook, all_fit

__all__ = ["Amount", "Reservation", "Spending", "areserve", "prospect_spending"]

_LOOK_AGAIN_S = 0.5
"""How long another process's settlement may go unnoticed."""

_SETTINGS = {
    BudgetScope.PROSPECT: "prospect_budget.{unit}",
    BudgetScope.BACKEND: "budget_{unit} of the backend",
    BudgetScope.CAMPAIGN: "budget.{unit}",
}

_lock = threading.Lock()
_next_settlement: Future[None] = Future()


class Spending:
    """What one backend, campaign or prospect has spent of its budget; without limits it only counts, in memory.

    `owner` is how messages and the book name it, such as "campaign autumn"; `backend` names the backend whose own it
    is. A resumed run begins at what was spent already.
    """

    def __init__(
        self,
        limit: Budget,
        scope: BudgetScope,
        owner: str,
        *,
        backend: str | None = None,
        book: Book | None = None,
        already_tokens: int = 0,
        already_usd: float = 0.0,
    ) -> None:
        self.limit = limit
        self.scope = scope
        self.owner = owner
        self.backend = backend
        self.account = Account(owner, limit, Amount(already_tokens, already_usd))
        self.book = book if book is not None and self.limited else MemoryBook()
        self._bill = Bill()

    @property
    def limited(self) -> bool:
        return self.limit.tokens is not None or self.limit.usd is not None

    @property
    def spent(self) -> Amount:
        """What counts against the limit: the starting amount, what was reported, and the most that calls without a
        report (cut off, timed out) may have cost."""
        return self.book.spent(self.account)

    @property
    def bill(self) -> Bill:
        """What backends reported since the start."""
        return self._bill

    def check_price(self, backend: str, *, known: bool) -> None:
        """Refuse a USD limit for a backend without a price.

        Raises:
            InputError: the limit could not be kept.
        """
        if self.limit.usd is not None and not known:
            raise InputError(
                f"{self.owner} has a limit in USD, but the price of {backend} is not known, so it cannot be kept",
                hint="Set `price:` for the backend (zeros if it costs nothing), or limit tokens instead of USD.",
            )

    def _refuse_if_over(self, spent: Amount, most: Amount) -> None:
        limit, after = self.limit, spent + most
        if limit.tokens is not None and after.tokens > limit.tokens:
            raise self._reached("tokens", f"{spent.tokens:,} of {limit.tokens:,} tokens", f"{most.tokens:,} tokens")
        if limit.usd is not None and after.usd > limit.usd:
            raise self._reached("usd", f"${spent.usd:.4f} of ${limit.usd:.4f}", f"${most.usd:.4f}")

    def _reached(self, unit: str, so_far: str, most: str) -> BudgetReached:
        return BudgetReached(
            f"the budget of {self.owner} is reached: {so_far} spent, and the next call may take up to {most}",
            hint=f"Raise `{_SETTINGS[self.scope].format(unit=unit)}` and run again; what is finished is kept.",
            scope=self.scope,
            backend=self.backend,
        )


prospect_spending: ContextVar[Spending | None] = ContextVar("miniatures_prospect_spending", default=None)
"""The budget of the prospect that this task works on; set by the campaign runner."""


class Reservation:
    """The most that one call can cost, set aside in every spending that guards it."""

    def __init__(self, spendings: Sequence[Spending], most: Amount) -> None:
        self.most = most
        self._name = new_id()
        self._spendings = spendings
        self._held: dict[Book, list[Account]] = {}

    def settle(self, spent: Amount, bill: Bill) -> None:
        """Replace the reservation by what counts as spent, and note what was reported; never blocks."""
        global _next_settlement
        self._let_go(spent)
        with _lock:
            for spending in self._spendings:
                spending._bill = spending._bill + bill
            settled, _next_settlement = _next_settlement, Future()
        if settled.set_running_or_notify_cancel():
            settled.set_result(None)

    async def _hold(self) -> bool:
        """Set it aside in every book or in none, and say which. The prospect's, which comes last, is asked first."""
        by_book: defaultdict[Book, list[Spending]] = defaultdict(list)
        for spending in reversed(self._spendings):
            by_book[spending.book].append(spending)
        try:
            for book, guards in by_book.items():
                if not await self._hold_in(book, guards):
                    self._let_go(Amount())
                    return False
        except BaseException:
            self._let_go(Amount())
            raise
        return True

    async def _hold_in(self, book: Book, guards: Sequence[Spending]) -> bool:
        accounts = [guard.account for guard in guards]
        balances = await book.reserve(self._name, accounts, self.most)
        for guard in guards:
            guard._refuse_if_over(balances[guard.owner].spent, self.most)
        if fit := all_fit(accounts, balances, self.most):
            self._held[book] = accounts
        return fit

    def _let_go(self, spent: Amount) -> None:
        for book, accounts in self._held.items():
            book.settle(self._name, accounts, spent)
        self._held = {}


async def areserve(spendings: Sequence[Spending], most: Amount) -> Reservation:
    """Set `most` aside in all of the spendings, waiting while other calls are in the way.

    Raises:
        BudgetReached: it would not fit even if nothing else were in flight.
    """
    reservation = Reservation(spendings, most)
    settlement: Future[None] | None = None
    while not await reservation._hold():
        if settlement is not None:
            await asyncio.wait([asyncio.wrap_future(settlement)], timeout=_LOOK_AGAIN_S)
        settlement = _next_settlement
    return reservation
