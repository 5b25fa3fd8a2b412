"""One campaign database behind one object: the recorder, the ledger, the lock, the results and the questions.

What survives what, on SQLite: whatever an awaited call returned for survives the kill of the process (-9 included); a
power cut may take the last commits with it (the log is synced at checkpoints, not at each commit), but never leaves the
database damaged, and the ledger then runs those stages again. On PostgreSQL the server's own settings decide.
"""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType

from sqlalchemy import bindparam, delete, insert, update

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.documents import model_json
from miniatures.store.engine import Database
from miniatures.store.lock import campaign_lock
from miniatures.store.queries import Node, Queries, Run, Spent, StepStatistics
from miniatures.store.reader import StageReader
from miniatures.store.recorder import Recorder
from miniatures.store.results import Results
from miniatures.store.sql_ledger import SqlLedger
from miniatures.store.tables import runs, stages
from miniatures.store.writer import REVIEWS, Change, Row, Writer

_FORGET = delete(stages).where(stages.c.campaign == bindparam("of"), stages.c.prospect == bindparam("whom"))
_END_RUN = update(runs).where(runs.c.id == bindparam("run")).values(ended_at=bindparam("at"), outcome=bindparam("how"))


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """An open store; `open_store` makes one. Close it, or use it as a context manager.

    Awaited calls return when what they wrote is durable. Every call raises `StoreError` if the database fails; after a
    failed write nothing more is taken on, because it could not be kept. `now` is the clock for what a person reads;
    no decision depends on it.
    """

    def __init__(self, database: Database, now: Callable[[], datetime] = _utc_now) -> None:
        self._database = database
        self._now = now
        self._writer = Writer(database)
        self._reader = StageReader(database)
        self._results = Results(database, self._writer, now)
        self._queries = Queries(database)
        self._ledgers: dict[str, SqlLedger] = {}
        self.recorder = Recorder(self._writer)
        atexit.register(self._close_at_exit)

    def ledger(self, campaign: str) -> SqlLedger:
        """The ledger of a campaign's finished stages."""
        if campaign not in self._ledgers:
            self._ledgers[campaign] = SqlLedger(campaign, self._writer, self._reader)
        return self._ledgers[campaign]

    def campaign_lock(self, campaign: str) -> AbstractContextManager[None]:
        """Hold the campaign for a block; raises `CampaignBusy` if it is held already."""
        return campaign_lock(self._database, campaign, self._now())

    async def enrol(self, campaign: str, prospects: Iterable[Prospect]) -> int:
        """Put prospects at the end of the campaign's list, page by page; who is on it keeps their place."""
        return await self._results.enrol(campaign, prospects)

    async def save_result(self, result: ProspectResult) -> None:
        """Save a result in place of the prospect's earlier one under the same policy."""
        await self._results.save(result)

    def results(self, campaign: str, policy: str | None = None) -> Iterator[ProspectResult]:
        """Each prospect's result under a policy, or the one saved last, in the list's order; `pending` without one."""
        return self._results.stream(campaign, policy)

    async def statuses(self, campaign: str, policy: str, keys: Sequence[str]) -> dict[str, DraftStatus]:
        """The status of those prospects (by key) that have a result under the policy."""
        return await self._results.statuses(campaign, policy, keys)

    def counts(self, campaign: str, policy: str | None = None) -> dict[DraftStatus, int]:
        """How many prospects stand where."""
        return self._results.counts(campaign, policy)

    async def forget_stages(self, campaign: str, prospect: str) -> None:
        """Forget a prospect's finished stages (by key), so that they run again. Traces and results are kept."""
        await self._writer.ask(Change(_FORGET, {"of": campaign, "whom": prospect}))
        self.ledger(campaign).forget(prospect)

    async def start_run(self, run_id: str, campaign: str, policy: str) -> None:
        """Note that a run begins; `new_id` makes its id."""
        run = {"id": run_id, "campaign": campaign, "policy": policy, "started_at": self._now()}
        await self._writer.ask(Change(insert(runs), run))

    async def finish_run(self, run_id: str, outcome: str) -> None:
        """Note how a run ended."""
        await self._writer.ask(Change(_END_RUN, {"run": run_id, "at": self._now(), "how": outcome}))

    def runs(self, campaign: str) -> list[Run]:
        """The campaign's runs, the newest last."""
        return self._queries.runs(campaign)

    def spent(self, campaign: str, prospect: str | None = None) -> Spent:
        """Tokens and cost of all saved model calls of a campaign or one prospect (by key), in all and by backend."""
        return self._queries.spent(campaign, prospect)

    def traces(self, campaign: str, prospect: str | None = None) -> Iterator[Trace]:
        """The saved model calls of a campaign or one prospect (by key), oldest first."""
        return self._queries.traces(campaign, prospect)

    def spans(self, campaign: str, prospect: str | None = None) -> Iterator[Span]:
        """The other saved steps of a campaign or one prospect (by key), oldest first."""
        return self._queries.spans(campaign, prospect)

    async def add_review(self, review: Review) -> None:
        """Keep what a person said; returns when it is durable. The same review given twice is kept once."""
        await self._writer.ask(Row(REVIEWS, f'{{"document":{model_json(review)}}}'))

    def reviews(self, campaign: str | None = None, reviewer: str | None = None) -> Iterator[Review]:
        """The reviews, or those of one campaign, or by one reviewer, or both; oldest first."""
        return self._queries.reviews(campaign, reviewer)

    def tree(self, campaign: str, prospect: str) -> list[Node]:
        """All that happened for one prospect (by key), as trees."""
        return self._queries.tree(campaign, prospect)

    def step_statistics(self, campaign: str) -> list[StepStatistics]:
        """Count, errors and time of each kind of step."""
        return self._queries.step_statistics(campaign)

    def close(self) -> None:
        """Save what is queued and let go of the database. Closing twice is fine.

        Raises:
            StoreError: entries that nobody waited for could not be saved.
        """
        try:
            self._reader.close()
            self._writer.close()
        finally:
            self._database.engine.dispose()
        atexit.unregister(self._close_at_exit)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self.close()
        except StoreError:
            if error is None:
                raise

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except StoreError as error:
            logging.getLogger(__name__).error("%s", error)
