"""Runs the prospect graph over a campaign's prospects: many in flight, each settled once, resumable at any point."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from miniatures.agents.context import CampaignContext
from miniatures.agents.prospect import build_prospect_graph
from miniatures.agents.roles.verifier import VERIFIER
from miniatures.agents.run_counts import Meter, Tally
from miniatures.agents.run_events import OnEvent, RunEvent, RunSummary, ignore_event
from miniatures.agents.runner import RunEnd, Runner
from miniatures.agents.write import declined
from miniatures.backends.wrappers.spending import Spending, prospect_spending
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.errors import BudgetReached, BudgetScope, described
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.trace import new_id
from miniatures.store.open import Store
from miniatures.store.tracing import Scope, enter_scope, span

_log = logging.getLogger(__name__)
_BATCH = 256
SETTLED = frozenset({DraftStatus.READY, DraftStatus.NEEDS_REVIEW, DraftStatus.NOTHING_FOUND})
"""What a run does not work on again."""


class CampaignRunner:
    """One run of one policy, which may be an arm's, over one stream of prospects.

    `stop`, once set, lets what is in flight finish and starts nothing more. What an earlier run settled under the same
    policy, for the same row of the list, is counted as reused and not worked on again, unless its key is in `again`;
    failed, blocked and over-budget prospects are tried again.
    """

    def __init__(
        self,
        *,
        campaign: str,
        context: CampaignContext,
        store: Store,
        concurrency: int = 32,
        prospect_budget: Budget | None = None,
        again: frozenset[str] = frozenset(),
        on_event: OnEvent = ignore_event,
        stop: asyncio.Event | None = None,
        run_id: str | None = None,
    ) -> None:
        self._campaign = campaign
        self._policy = context.policy
        self._context = context
        self._store = store
        self._concurrency = concurrency
        self._prospect_budget = prospect_budget or Budget()
        self._again = again
        self._on_event = on_event
        self._stop = stop
        self._graph = build_prospect_graph().compile()
        self._run_id = run_id or new_id()
        self._arm = ""
        self._begun = False
        self._tally = Tally()
        self._meter = Meter(store.recorder)
        seats = (self._policy.seat(role) for role in self._policy.seats if role != VERIFIER.name)
        self._indispensable = frozenset(str(seat.backend) for seat in seats if seat is not None)
        self._prospects: Iterable[Prospect | BadRow] = ()
        self._started: dict[str, float] = {}

    async def begin(self, arm: str = "", beside: Collection[str] = ()) -> str:
        """Note that the run begins, if it is an arm's of which, beside those runs; returns its id.

        `run` does so itself unless it was done. Runs that go on side by side all begin before any of them works: what
        a killed run had set aside of budgets is dropped when one begins.
        """
        await self._store.keep_policy(self._policy)
        await self._store.start_run(self._run_id, self._campaign, self._policy.hash, beside)
        self._arm, self._begun = arm, True
        return self._run_id

    async def run(self, prospects: Iterable[Prospect | BadRow], total: int | None = None) -> RunSummary:
        """Settle every prospect of the stream, `total` of them if that is known.

        Raises:
            StoreError: the database stopped accepting results.
            InputError: a prompt template or a budget of the campaign is wrong.
        """
        self._prospects, self._tally.total = prospects, total
        if not self._begun:
            await self.begin()
        end = await Runner(self, concurrency=self._concurrency, stop=self._stop).run()
        await self._store.finish_run(self._run_id, end.outcome.value)
        return self._summary(end)

    async def claim(self) -> AsyncIterator[Prospect]:
        """The prospects that are this run's to work on, page by page; those that are settled are told on the way."""
        good = self._without_bad_rows()
        while batch := list(islice(good, _BATCH)):
            await self._store.enrol(self._campaign, batch)
            before = await self._store.statuses(self._campaign, self._policy.hash, batch)
            fresh = []
            for prospect in batch:
                status = before.get(prospect.key)
                if status in SETTLED and prospect.key not in self._again:
                    self._tell(prospect, status, reused=True)
                else:
                    fresh.append(prospect)
            own = await self._store.claim(self._campaign, self._run_id, [prospect.key for prospect in fresh])
            for prospect in fresh:
                if prospect.key in own:
                    yield prospect

    def needs(self, item: Prospect) -> frozenset[str]:
        """A draft can do without an opinion, and without a second backend."""
        return self._indispensable

    async def do(self, item: Prospect) -> ProspectResult:
        """Run the graph once. A prospect's own budget ends that prospect's work alone."""
        self._started[item.key] = time.perf_counter()
        scope = Scope(self._meter, self._run_id, self._campaign, item.key, policy=self._policy.hash)
        with enter_scope(scope), self._within_budget(item), span("prospect", item.key):
            try:
                state: dict[str, Any] = await self._graph.ainvoke(
                    {"prospect": item}, context=self._context, config={"recursion_limit": 100}
                )
            except BudgetReached as error:
                if error.scope is not BudgetScope.PROSPECT:
                    raise
                return self._result(item, DraftStatus.OVER_BUDGET, error=described(error))
        dossier, draft = state.get("dossier"), state.get("draft")
        if dossier is not None and draft is not None and draft.status is DraftStatus.NOTHING_FOUND:
            dossier, draft = declined(dossier, draft), None
        status = _status_of(dossier, draft)
        return self._result(item, status, dossier=dossier, draft=draft)

    async def failed(self, item: Prospect, error: Exception) -> ProspectResult:
        _log.debug("%s failed", item.key, exc_info=error)
        return self._result(item, DraftStatus.FAILED, error=described(error))

    async def settle(self, item: Prospect, done: ProspectResult) -> None:
        await self._store.save_result(done)
        self._tell(item, done.status)

    def _without_bad_rows(self) -> Iterator[Prospect]:
        for row in self._prospects:
            if isinstance(row, BadRow):
                self._tally.bad_rows.note(row)
            else:
                yield row

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

    def _result(
        self,
        prospect: Prospect,
        status: DraftStatus,
        *,
        dossier: Dossier | None = None,
        draft: Draft | None = None,
        error: str | None = None,
    ) -> ProspectResult:
        bills = [part.bill for part in (dossier, draft) if part is not None]
        return ProspectResult(
            campaign=self._campaign,
            policy=self._policy.hash,
            arm=self._arm,
            prospect=prospect,
            status=status,
            dossier=dossier,
            draft=draft,
            error=error,
            bill=Bill.total(bills) if dossier else Bill(cost_usd=None),
            seconds=time.perf_counter() - self._started.pop(prospect.key),
        )

    def _tell(self, prospect: Prospect, status: DraftStatus, *, reused: bool = False) -> None:
        tally = self._tally
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
                bill=self._meter.bill,
                seconds=tally.seconds,
            )
        )

    def _summary(self, end: RunEnd) -> RunSummary:
        tally = self._tally
        return RunSummary(
            run_id=self._run_id,
            campaign=self._campaign,
            outcome=end.outcome,
            message=end.error.message if end.error else "",
            hint=end.error.hint if end.error else "",
            by_status=dict(tally.by_status),
            new=tally.done - tally.reused,
            reused=tally.reused,
            bad_rows=tuple(tally.bad_rows.first),
            bad_row_count=tally.bad_rows.count,
            bill=self._meter.bill,
            seconds=tally.seconds,
        )


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
