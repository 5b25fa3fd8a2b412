"""Runs the prospect graph over a campaign's prospects: many in flight, each settled once, resumable at any point."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from miniatures.agents.context import CampaignContext
from miniatures.agents.prospect import build_prospect_graph
from miniatures.agents.run_counts import Meter, Tally
from miniatures.agents.run_events import OnEvent, RunEvent, RunOutcome, RunSummary, ignore_event
from miniatures.backends.errors import (
    AuthenticationFailed,
    BackendError,
    MissingExtra,
    MissingKey,
    UnknownModel,
    UnknownSpec,
)
from miniatures.backends.wrappers.spending import Spending, prospect_spending
from miniatures.datamodel.backend import Usage, add_costs
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.errors import BudgetReached, BudgetScope, InputError, MiniaturesError, StoreError
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.trace import new_id
from miniatures.store.open import Store
from miniatures.store.tracing import Scope, enter_scope, span

_BATCH = 256
_FAILURES_IN_A_ROW = 20
_SETTLED = frozenset({DraftStatus.READY, DraftStatus.NEEDS_REVIEW, DraftStatus.NOTHING_FOUND})

# The same question to the same backend would fail for every prospect alike.
_HOPELESS = (MissingKey, MissingExtra, AuthenticationFailed, UnknownModel, UnknownSpec)


class CampaignRunner:
    """One run of one policy over one stream of prospects.

    `stop`, once set, lets what is in flight finish and starts nothing more. What an earlier run settled under the same
    policy is counted as reused and not worked on again, unless its key is in `again`; failed, blocked and over-budget
    prospects are tried again.
    """

    def __init__(
        self,
        *,
        campaign: str,
        policy: str,
        context: CampaignContext,
        store: Store,
        concurrency: int = 32,
        prospect_budget: Budget | None = None,
        again: frozenset[str] = frozenset(),
        on_event: OnEvent = ignore_event,
        stop: asyncio.Event | None = None,
    ) -> None:
        self._campaign = campaign
        self._policy = policy
        self._context = context
        self._store = store
        self._concurrency = concurrency
        self._prospect_budget = prospect_budget or Budget()
        self._again = again
        self._on_event = on_event
        self._stop = stop or asyncio.Event()
        self._graph = build_prospect_graph().compile()
        self._run_id = new_id()
        self._tally = Tally()
        self._meter = Meter(store.recorder)
        self._halted_by: MiniaturesError | None = None
        self._left_some = False

    async def run(self, prospects: Iterable[Prospect | BadRow], total: int | None = None) -> RunSummary:
        """Settle every prospect of the stream, `total` of them if that is known.

        Raises:
            StoreError: the database stopped accepting results.
            InputError: a prompt template or a budget of the campaign is wrong.
        """
        self._tally.total = total
        await self._store.start_run(self._run_id, self._campaign, self._policy)
        feed = self._pending(prospects)
        turn = asyncio.Lock()
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self._concurrency):
                    workers.create_task(self._work(feed, turn))
        except* (StoreError, InputError) as group:
            raise _first_of(group) from None
        summary = self._summary()
        await self._store.finish_run(self._run_id, summary.outcome.value)
        return summary

    async def _pending(self, prospects: Iterable[Prospect | BadRow]) -> AsyncIterator[Prospect]:
        good = self._without_bad_rows(prospects)
        while batch := list(islice(good, _BATCH)):
            await self._store.enrol(self._campaign, batch)
            before = await self._store.statuses(self._campaign, self._policy, [prospect.key for prospect in batch])
            for prospect in batch:
                if self._finishing:
                    self._left_some = True
                    return
                status = before.get(prospect.key)
                if status in _SETTLED and prospect.key not in self._again:
                    self._settle(prospect, status, reused=True)
                else:
                    yield prospect

    def _without_bad_rows(self, prospects: Iterable[Prospect | BadRow]) -> Iterator[Prospect]:
        for row in prospects:
            if isinstance(row, BadRow):
                self._tally.note_bad_row(row)
            else:
                yield row

    async def _work(self, feed: AsyncIterator[Prospect], turn: asyncio.Lock) -> None:
        while True:
            async with turn:
                prospect = await anext(feed, None)
            if prospect is None:
                return
            await self._settle_one(prospect)

    async def _settle_one(self, prospect: Prospect) -> None:
        started = time.perf_counter()
        scope = Scope(self._meter, self._run_id, self._campaign, prospect.key)
        with enter_scope(scope), self._within_budget(prospect), span("prospect", prospect.key):
            status, dossier, draft, error = await self._attempt(prospect)
        if status is DraftStatus.PENDING:
            return
        usage, cost_usd = _totals(dossier, draft)
        result = ProspectResult(
            campaign=self._campaign,
            policy=self._policy,
            prospect=prospect,
            status=status,
            dossier=dossier,
            draft=draft,
            error=error,
            usage=usage,
            cost_usd=cost_usd,
            seconds=time.perf_counter() - started,
        )
        await self._store.save_result(result)
        self._settle(prospect, status)

    @contextmanager
    def _within_budget(self, prospect: Prospect) -> Iterator[None]:
        """Guard the prospect's model calls, counting what earlier runs spent on it."""
        limit = self._prospect_budget
        if limit == Budget():
            yield
            return
        before = self._store.spent(self._campaign, prospect.key).total
        spending = Spending(
            limit,
            BudgetScope.PROSPECT,
            f"prospect {prospect.email}",
            already_tokens=before.usage.total_tokens,
            already_usd=before.known_usd,
        )
        token = prospect_spending.set(spending)
        try:
            yield
        finally:
            prospect_spending.reset(token)

    async def _attempt(self, prospect: Prospect) -> tuple[DraftStatus, Dossier | None, Draft | None, str | None]:
        """Run the graph once. `PENDING` comes back only when the whole run is to halt."""
        try:
            state: dict[str, Any] = await self._graph.ainvoke(
                {"prospect": prospect}, context=self._context, config={"recursion_limit": 100}
            )
        except BudgetReached as error:
            if error.scope is BudgetScope.PROSPECT:
                return DraftStatus.OVER_BUDGET, None, None, _words(error)
            self._halted_by = self._halted_by or error
            return DraftStatus.PENDING, None, None, None
        except (StoreError, InputError):
            raise
        except _HOPELESS as error:
            self._halted_by = self._halted_by or error
            return DraftStatus.PENDING, None, None, None
        except Exception as error:  # One prospect's trouble, foreseen or not, is not the others'.
            self._note_failure(error)
            return DraftStatus.FAILED, None, None, _words(error)
        self._tally.failures_in_a_row = 0
        dossier, draft = state.get("dossier"), state.get("draft")
        return _status_of(dossier, draft), dossier, draft, None

    def _note_failure(self, error: Exception) -> None:
        """A backend that fails for one prospect after another is down: stop asking it."""
        if isinstance(error, BackendError):
            self._tally.failures_in_a_row += 1
            if self._tally.failures_in_a_row >= _FAILURES_IN_A_ROW:
                self._halted_by = self._halted_by or error

    def _settle(self, prospect: Prospect, status: DraftStatus, *, reused: bool = False) -> None:
        tally, meter = self._tally, self._meter
        tally.by_status[status] += 1
        tally.reused += reused
        self._on_event(
            RunEvent(
                done=tally.done,
                total=tally.total,
                failed=tally.by_status[DraftStatus.FAILED],
                reused=tally.reused,
                status=status,
                prospect=prospect,
                tokens=meter.usage.total_tokens,
                cost_usd=meter.cost_usd,
                seconds=tally.seconds,
            )
        )

    @property
    def _finishing(self) -> bool:
        return self._stop.is_set() or self._halted_by is not None

    def _summary(self) -> RunSummary:
        error = self._halted_by
        if isinstance(error, BudgetReached):
            outcome = RunOutcome.BUDGET_REACHED
        elif error is not None:
            outcome = RunOutcome.BACKEND_UNAVAILABLE
        elif self._left_some:
            outcome = RunOutcome.INTERRUPTED
        else:
            outcome = RunOutcome.COMPLETED
        tally = self._tally
        return RunSummary(
            run_id=self._run_id,
            campaign=self._campaign,
            outcome=outcome,
            message=error.message if error else "",
            hint=error.hint if error else "",
            by_status=dict(tally.by_status),
            new=tally.done - tally.reused,
            reused=tally.reused,
            bad_rows=tuple(tally.bad_rows),
            bad_row_count=tally.bad_row_count,
            usage=self._meter.usage,
            cost_usd=self._meter.cost_usd,
            seconds=tally.seconds,
        )


def _totals(dossier: Dossier | None, draft: Draft | None) -> tuple[Usage, float | None]:
    """What a prospect's result took, recalled stages included."""
    usage, cost_usd = Usage(), 0.0 if dossier else None
    for part in (dossier, draft):
        if part is not None:
            usage, cost_usd = usage + part.usage, add_costs(cost_usd, part.cost_usd)
    return usage, cost_usd


def _status_of(dossier: Dossier | None, draft: Draft | None) -> DraftStatus:
    if draft is not None:
        return draft.status
    match dossier.status if dossier else DossierStatus.FAILED:
        case DossierStatus.FOUND | DossierStatus.NOTHING_FOUND:
            return DraftStatus.NOTHING_FOUND
        case DossierStatus.BLOCKED:
            return DraftStatus.BLOCKED
        case DossierStatus.FAILED:
            return DraftStatus.FAILED


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _first_of(group: BaseExceptionGroup[MiniaturesError]) -> BaseException:
    """The first error of a group, which may hold groups."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
