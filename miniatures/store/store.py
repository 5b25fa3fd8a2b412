"""One campaign database behind one object: the recorder, the ledger, the lock, the results and the questions.

What survives what, on SQLite: whatever an awaited call returned for survives the kill of the process (-9 included); a
power cut may take the last commits with it (the log is synced at checkpoints, not at each commit), but never leaves the
database damaged, and the ledger then runs those stages again. On PostgreSQL the server's own settings decide.
"""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from types import TracebackType

from sqlalchemy import delete, select

from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.policy import Policy
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review
from miniatures.store.call_links import CallLinks
from miniatures.store.decide import Outcome, claim, decision, release
from miniatures.store.documents import model_json, plain_json
from miniatures.store.drafts import QueuedDraft, SavedDraft, saved_since, waiting_drafts
from miniatures.store.engine import Database
from miniatures.store.lock import campaign_lock
from miniatures.store.mail.mail import MailStore
from miniatures.store.queries import Queries
from miniatures.store.reader import StageReader
from miniatures.store.recorder import Recorder
from miniatures.store.results import Results
from miniatures.store.runs import Runs
from miniatures.store.sql_book import SqlBook
from miniatures.store.sql_ledger import SqlLedger
from miniatures.store.stored import stored
from miniatures.store.tables import about, policies, stages
from miniatures.store.trace_listing import TraceListing
from miniatures.store.writer import POLICIES, REVIEWS, Row, Writer

WRITTEN = (DraftStatus.READY, DraftStatus.NEEDS_REVIEW)
"""The statuses of drafts that a person may judge."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store(Queries, TraceListing, CallLinks):
    """An open store: whatever its bases answer, and all that is written. `open_store` makes one.

    Close it, or use it as a context manager.

    Awaited calls return when what they wrote is durable. Every call raises `StoreError` if the database fails; after a
    failed write nothing more is taken on, because it could not be kept. `now` is the clock for what a person reads;
    no decision depends on it.
    """

    def __init__(self, database: Database, now: Callable[[], datetime] = _utc_now) -> None:
        super().__init__(database)
        self._now = now
        self._writer = Writer(database)
        self._reader = StageReader(database)
        self._results = Results(database, self._writer, now)
        self._runs = Runs(self._writer, now)
        self._ledgers: dict[str, SqlLedger] = {}
        self.recorder = Recorder(self._writer)
        self.mail = MailStore(database, self._writer, now)
        """What leaves and what comes back."""
        atexit.register(self._close_at_exit)

    def now(self) -> datetime:
        """What the store's clock says."""
        return self._now()

    @property
    def has_failed(self) -> bool:
        """Whether a write has failed, after which nothing more is taken on: open it again."""
        return self._writer.has_failed

    def ledger(self, campaign: str) -> SqlLedger:
        """The ledger of a campaign's finished stages."""
        if campaign not in self._ledgers:
            self._ledgers[campaign] = SqlLedger(campaign, self._writer, self._reader)
        return self._ledgers[campaign]

    def book(self, campaign: str, run_id: str) -> SqlBook:
        """The book of a campaign's budgets as a run keeps it, for after the run's start."""
        return SqlBook(campaign, run_id, self._database, self._writer)

    def campaign_lock(self, campaign: str) -> AbstractContextManager[None]:
        """Hold the campaign for a block; raises `CampaignBusy` if it is held already."""
        return campaign_lock(self._database, campaign, self._now())

    async def enrol(self, campaign: str, prospects: Iterable[Prospect]) -> int:
        """Put prospects at the end of the campaign's list, page by page; who is on it keeps their place."""
        return await self._results.enrol(campaign, prospects)

    async def save_result(self, result: ProspectResult) -> None:
        """Save a result in place of the prospect's earlier one under the same policy."""
        await self._results.save(result)

    def result(self, campaign: str, prospect: str, policy: str | None = None) -> ProspectResult | None:
        """One prospect's result (by key) under a policy, or that of their first email which was saved last."""
        return self._results.one(campaign, prospect, policy)

    def results(self, campaign: str, policy: str | None = None) -> Iterator[ProspectResult]:
        """Each prospect's result under a policy, or that of their first email which was saved last, in the list's
        order; `pending` without one."""
        return self._results.stream(campaign, policy)

    def follow_ups(self, campaign: str, prospect: str | None = None) -> Iterator[ProspectResult]:
        """The follow-ups to all prospects or to one (by key), of each step the one saved last."""
        return self._results.follow_ups(campaign, prospect)

    def follow_up_rows(self, campaign: str) -> dict[tuple[str, int], tuple[str, DraftStatus]]:
        """What became of follow-ups: by prospect's key and step, the row of the list that they were for, and how it
        stands."""
        return self._results.follow_up_rows(campaign)

    async def statuses(self, campaign: str, policy: str, prospects: Sequence[Prospect]) -> dict[str, DraftStatus]:
        """The status, by key, of those prospects that have a result under the policy for their present row."""
        return await self._results.statuses(campaign, policy, prospects)

    def counts(self, campaign: str, policy: str | None = None) -> dict[DraftStatus, int]:
        """How many prospects stand where."""
        return self._results.counts(campaign, policy)

    async def forget_stages(self, campaign: str, prospect: str) -> None:
        """Forget a prospect's finished stages (by key), so that they run again. Traces and results are kept."""
        forget = delete(stages).where(*about(stages, campaign, prospect))
        await self._writer.ask(lambda connection: connection.execute(forget).close())
        self.ledger(campaign).forget(prospect)

    async def keep_policy(self, policy: Policy) -> None:
        """Keep the document that a policy's hash stands for; one that is kept already stays as it is."""
        names = f'"hash":{plain_json(policy.hash)},"first_used_at":{plain_json(self._now())}'
        await self._writer.ask(Row(POLICIES, f'{{{names},"document":{model_json(policy)}}}'))

    def policy(self, policy_hash: str) -> Policy | None:
        """The policy of this hash; None if none was kept, or if it is damaged."""
        with self._database.read() as connection:
            document = connection.scalar(select(policies.c.document).where(policies.c.hash == policy_hash))
        return None if document is None else stored(Policy, document, f"policies {policy_hash}")

    async def start_run(self, run_id: str, campaign: str, policy: str, beside: Collection[str] = ()) -> None:
        """Note that a run begins; `new_id` makes its id. Whoever calls it holds the campaign's lock, and has begun the
        runs that it goes on `beside`, as arms do: others without an end were killed."""
        await self._runs.start(run_id, campaign, policy, beside)

    async def finish_run(self, run_id: str, outcome: str) -> None:
        """Note how a run ended; what it had claimed is free."""
        await self._runs.finish(run_id, outcome)

    async def claim(self, campaign: str, run_id: str, keys: Sequence[str]) -> set[str]:
        """Claim enrolled prospects (by key) for a run; returns those that no other live run holds."""
        return await self._runs.claim(campaign, run_id, keys)

    async def add_review(self, review: Review) -> None:
        """Keep what a person said; returns when it is durable. The same review given twice is kept once."""
        await self._writer.ask(Row(REVIEWS, f'{{"document":{model_json(review)}}}'))

    async def decide(self, review: Review, text_hash: str, seen: int) -> Outcome:
        """Keep a decision about a draft, unless the draft or what is known of it has changed; durable on return.

        Args:
            review: the decision; the same one given again is kept once.
            text_hash: of the text that the reviewer saw.
            seen: how many decisions about the draft were known when it was shown.
        """
        outcome: Outcome = await self._writer.ask(decision(review, text_hash, seen, self._now()))
        return outcome

    async def claim_draft(self, draft: str, campaign: str, reviewer: str, length: timedelta) -> str:
        """Take a draft for a while, if nobody else has it just now; returns who has it."""
        holder: str = await self._writer.ask(claim(draft, campaign, reviewer, self._now(), length))
        return holder

    async def release_drafts(self, campaign: str, reviewer: str) -> None:
        """Let go of all drafts that somebody had taken."""
        await self._writer.ask(release(campaign, reviewer))

    async def queue_draft(self, draft: Draft, campaign: str, prospect: str | None = None, policy: str = "") -> None:
        """Let a draft wait for reviewers that no result carries, such as a synthesized one."""
        await self._results.queue(draft, campaign, prospect, policy)

    def waiting(self, campaign: str, reviewer: str, statuses: Sequence[DraftStatus] = WRITTEN) -> list[QueuedDraft]:
        """The drafts that this reviewer has not judged, in the order in which they were saved.

        A draft that a newer result of its prospect replaced waits for nobody.
        """
        return waiting_drafts(self._database, campaign, reviewer, statuses)

    def saved_since(self, campaign: str, revision: int, most: int = 500) -> list[SavedDraft]:
        """What was saved after a revision to be judged, in its order, at most so many."""
        return saved_since(self._database, campaign, revision, most)

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
