"""Dresses a backend for a campaign: retries, limit, budgets and records, in the one order in which they are right.

From the outside in:

1. `RetryingBackend`: outermost, so each attempt takes its own slot, reservation and trace, and holds neither slot nor
   money while it waits to try again.
2. `LimitedBackend`: before the budgets, so that calls that only wait for a slot set no money aside.
3. `BudgetedBackend`: before the recorder, because a call that a budget forbids was never made and leaves no trace.
4. `RecordedBackend`: next to the engine, so a trace is one real call with its real tokens, cost and time; the wait for
   the slot is told to it and becomes part of `queue_ms`.
"""

from __future__ import annotations

from collections.abc import Sequence

from miniatures.backends.base import Backend
from miniatures.backends.wrappers.budgeted import DEFAULT_ANSWER_TOKENS, BudgetedBackend
from miniatures.backends.wrappers.limited import LimitedBackend
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.backends.wrappers.retrying import RetryingBackend, RetryPolicy
from miniatures.backends.wrappers.spending import Spending
from miniatures.datamodel.campaign import BackendSettings, Budget
from miniatures.datamodel.errors import BudgetScope


def dress(
    backend: Backend,
    *,
    settings: BackendSettings,
    spendings: Sequence[Spending] = (),
    retry: RetryPolicy | None = None,
) -> Backend:
    """The backend with everything around it that a campaign needs. Dress a backend once and share it among roles.

    `spendings` guard each call: the backend's own and the campaign's. The prospect's comes by `prospect_spending`. If
    none is the backend's own, the budget in `settings` is kept by one that starts at nothing, in this process.

    Raises:
        InputError: a USD limit guards a backend whose price is not known.
    """
    dressed: Backend = RecordedBackend(backend)
    if all(spending.scope is not BudgetScope.BACKEND for spending in spendings):
        spendings = (_own_spending(settings, str(backend.identity)), *spendings)
    answer_tokens = settings.max_tokens or DEFAULT_ANSWER_TOKENS
    dressed = BudgetedBackend(dressed, spendings=spendings, answer_tokens=answer_tokens)
    if settings.max_concurrency is not None:
        dressed = LimitedBackend(dressed, max_concurrency=settings.max_concurrency)
    return RetryingBackend(dressed, policy=retry)


def _own_spending(settings: BackendSettings, identity: str) -> Spending:
    """What counts against the backend's own budget, from nothing on."""
    limit = Budget(usd=settings.budget_usd, tokens=settings.budget_tokens)
    return Spending(limit, BudgetScope.BACKEND, f"backend {settings.use}", backend=identity)
