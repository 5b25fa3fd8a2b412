"""Hard limits in tokens and USD that hold however many calls are in flight.

Before a call the most it can cost is reserved, after it the true cost is settled, so what was spent never passes the
limit. A call that does not fit beside the reservations of others waits for them to settle; one that would not fit even
without them meets `BudgetReached`. Reserving in several spendings is all or nothing under one lock, so no two calls can
hold what the other waits for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.errors import BudgetReached, BudgetScope, InputError


@dataclass(frozen=True)
class Amount:
    """What is weighed against a budget: tokens, and USD as far as prices are known."""

    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.tokens + other.tokens, self.usd + other.usd)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.tokens - other.tokens, self.usd - other.usd)


_SETTINGS = {
    BudgetScope.PROSPECT: "prospect_budget.{unit}",
    BudgetScope.BACKEND: "budget_{unit} of the backend",
    BudgetScope.CAMPAIGN: "budget.{unit}",
}

_lock = threading.Lock()
_waiting: list[Future[None]] = []


class Spending:
    """What one backend, campaign or prospect has spent of its budget; without limits it only counts.

    `owner` is how messages name it, such as "campaign autumn". A resumed run begins at what was spent already.
    """

    def __init__(
        self, limit: Budget, scope: BudgetScope, owner: str, *, already_tokens: int = 0, already_usd: float = 0.0
    ) -> None:
        self.limit = limit
        self.scope = scope
        self.owner = owner
        self._spent = Amount(already_tokens, already_usd)
        self._reserved = Amount()
        self._bill = Bill()

    @property
    def limited(self) -> bool:
        return self.limit.tokens is not None or self.limit.usd is not None

    @property
    def spent(self) -> Amount:
        """What counts against the limit: the starting amount, what was reported, and the most that calls without a
        report (cut off, timed out) may have cost."""
        with _lock:
            return self._spent

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

    def _refuse_if_over(self, most: Amount) -> None:
        spent, limit, after = self._spent, self.limit, self._spent + most
        if limit.tokens is not None and after.tokens > limit.tokens:
            raise self._reached("tokens", f"{spent.tokens:,} of {limit.tokens:,} tokens", f"{most.tokens:,} tokens")
        if limit.usd is not None and after.usd > limit.usd:
            raise self._reached("usd", f"${spent.usd:.4f} of ${limit.usd:.4f}", f"${most.usd:.4f}")

    def _reached(self, unit: str, so_far: str, most: str) -> BudgetReached:
        return BudgetReached(
            f"the budget of {self.owner} is reached: {so_far} spent, and the next call may take up to {most}",
            hint=f"Raise `{_SETTINGS[self.scope].format(unit=unit)}` and run again; what is finished is kept.",
            scope=self.scope,
        )

    def _fits(self, most: Amount) -> bool:
        after = self._spent + self._reserved + most
        tokens_fit = self.limit.tokens is None or after.tokens <= self.limit.tokens
        return tokens_fit and (self.limit.usd is None or after.usd <= self.limit.usd)


prospect_spending: ContextVar[Spending | None] = ContextVar("miniatures_prospect_spending", default=None)
"""The budget of the prospect that this task works on; set by the campaign runner."""


class Reservation:
    """The most that one call can cost, set aside in every spending that guards it."""

    def __init__(self, spendings: Sequence[Spending], most: Amount) -> None:
        self.most = most
        self._spendings = spendings

    def settle(self, spent: Amount, bill: Bill) -> None:
        """Replace the reservation by what counts as spent, and note what was reported."""
        with _lock:
            for spending in self._spendings:
                spending._reserved = spending._reserved - self.most
                spending._spent = spending._spent + spent
                spending._bill = spending._bill + bill
            woken = _waiting.copy()
            _waiting.clear()
        for waiter in woken:
            if waiter.set_running_or_notify_cancel():
                waiter.set_result(None)


def reserve(spendings: Sequence[Spending], most: Amount) -> Reservation:
    """Set `most` aside in all of the spendings, waiting in this thread while other calls are in the way.

    Raises:
        BudgetReached: it would not fit even if nothing else were in flight.
    """
    while True:
        attempt = _try_reserve(spendings, most)
        if isinstance(attempt, Reservation):
            return attempt
        attempt.result()


async def areserve(spendings: Sequence[Spending], most: Amount) -> Reservation:
    """As `reserve`, without blocking the event loop."""
    while True:
        attempt = _try_reserve(spendings, most)
        if isinstance(attempt, Reservation):
            return attempt
        await asyncio.wrap_future(attempt)


def _try_reserve(spendings: Sequence[Spending], most: Amount) -> Reservation | Future[None]:
    """A reservation, or a future that is done when it is worth another try."""
    with _lock:
        for spending in spendings:
            spending._refuse_if_over(most)
        if all(spending._fits(most) for spending in spendings):
            for spending in spendings:
                spending._reserved = spending._reserved + most
            return Reservation(spendings, most)
        waiter: Future[None] = Future()
        _waiting.append(waiter)
        return waiter
