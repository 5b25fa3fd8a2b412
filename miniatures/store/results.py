"""What became of each prospect: enrolment, results, and listings that read page by page so that memory stays flat."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Column, exists, func, select, tuple_
from sqlalchemy import Row as SqlRow

from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult, step_of
from miniatures.store.documents import model_json, plain_json
from miniatures.store.drafts import draft_row
from miniatures.store.engine import Database
from miniatures.store.paging import beyond
from miniatures.store.steps import is_first, is_follow_up, step_text
from miniatures.store.stored import stored
from miniatures.store.tables import about, prospects, results
from miniatures.store.writer import NEW_PROSPECTS, PROSPECTS, RESULTS, Row, Target, Writer

PAGE = 500
"""Prospects that are read or enrolled at a time."""

_STATUSES = frozenset(DraftStatus)
_RUN = "run the campaign again"
_REDO = "do the prospect again: miniatures run CAMPAIGN --redo EMAIL"
_DAMAGED = "DamagedResult: what was stored of it cannot be read; do it again: miniatures run CAMPAIGN --redo EMAIL"


class Results:
    """Enrolled prospects and their results."""

    def __init__(self, database: Database, writer: Writer, now: Callable[[], datetime]) -> None:
        self._database = database
        self._writer = writer
        self._now = now
        self._positions = _Numbers(database, prospects.c.position)
        self._revisions = _Numbers(database, results.c.revision)

    async def enrol(self, campaign: str, enrolled: Iterable[Prospect]) -> int:
        """Put prospects at the end of the campaign's list, in this order; returns how many were given.

        One that is on the list keeps its place and takes over its new columns. The source is read page by page.
        """
        source = iter(enrolled)
        count = 0
        while page := list(islice(source, PAGE)):
            rows = [await self._listed(PROSPECTS, campaign, prospect) for prospect in page]
            for row in rows[:-1]:
                self._writer.put(row)
            await self._writer.ask(rows[-1])
            count += len(page)
        return count

    async def save(self, result: ProspectResult) -> None:
        """Save a result in place of the prospect's earlier one under the same policy; returns when it is durable."""
        campaign, prospect, draft = result.campaign, result.prospect, result.draft
        self._writer.put(await self._listed(NEW_PROSPECTS, campaign, prospect))
        revision = await self._revisions.next(campaign)
        if draft is not None and draft.body.strip():
            self._writer.put(draft_row(draft, campaign, prospect.key, result.policy, revision))
        names = f'"campaign":{plain_json(campaign)},"prospect":"{prospect.key}","row":"{prospect.row}"'
        when = f'"revision":{revision},"updated_at":{plain_json(self._now())}'
        text = f'{{{names},{when},"document":{model_json(result)}}}'
        await self._writer.ask(Row(RESULTS, text, (campaign, prospect.key, result.policy)))

    async def queue(self, draft: Draft, campaign: str, prospect: str | None, policy: str) -> None:
        """Let a draft wait that no result carries."""
        await self._writer.ask(draft_row(draft, campaign, prospect, policy, await self._revisions.next(campaign)))

    async def statuses(self, campaign: str, policy: str, asked: Sequence[Prospect]) -> dict[str, DraftStatus]:
        """The status, by key, of those prospects that have a result under the policy for their present row."""
        return await asyncio.to_thread(self._statuses, campaign, policy, asked)

    def one(self, campaign: str, prospect: str, policy: str | None) -> ProspectResult | None:
        """One prospect's result under a policy, or that of their first email which was saved last."""
        query = select(results.c.revision, results.c.document).where(*about(results, campaign, prospect))
        query = query.where(_of_firsts() if policy is None else results.c.policy == policy)
        with (
            self._database.read() as connection
        ):  # Not ordered there: by an index of revisions all results would be read.
            last = max(connection.execute(query), key=lambda row: row.revision, default=None)
        return None if last is None else stored(ProspectResult, last.document, f"results {prospect}", mend=_REDO)

    def stream(self, campaign: str, policy: str | None = None) -> Iterator[ProspectResult]:
        """Each prospect's result under a policy, or that of their first email which was saved last, in the list's
        order; `pending` without one.

        One whose result is damaged is `failed`, and its error says so.
        """
        for page in self._pages(campaign):
            saved = self._saved(campaign, page[0].position, page[-1].position, policy)
            for row in page:
                result = _result(campaign, row, saved.get(row.prospect))
                if result is not None:
                    yield result

    def follow_ups(self, campaign: str, prospect: str | None = None) -> Iterator[ProspectResult]:
        """The follow-ups to all prospects or to one (by key), of each step the one saved last; in the order in which
        they were saved. What is damaged is left out."""
        columns, last = results.c, -1
        query = select(columns.revision, columns.prospect, columns.document).where(*about(results, campaign, prospect))
        query = query.where(is_follow_up(columns.policy), ~_is_outdone()).order_by(columns.revision).limit(PAGE)
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(columns.revision > last)).all()
            read = (stored(ProspectResult, row.document, f"results {row.prospect}") for row in page)
            yield from (result for result in read if result is not None)
            if len(page) < PAGE:
                return
            last = page[-1].revision

    def follow_up_rows(self, campaign: str) -> dict[tuple[str, int], tuple[str, DraftStatus]]:
        """What became of follow-ups: by prospect's key and step, the row of the list that they were for, and how it
        stands."""
        columns = results.c
        query = select(columns.prospect, columns.policy, columns.row, columns.status)
        query = query.where(columns.campaign == campaign, columns.status.in_(_STATUSES))
        with self._database.read() as connection:
            found = connection.execute(query.where(is_follow_up(columns.policy)).order_by(columns.revision)).all()
        return {(row.prospect, step_of(row.policy)): (row.row, DraftStatus(row.status)) for row in found}

    def counts(self, campaign: str, policy: str | None = None) -> dict[DraftStatus, int]:
        """How many prospects stand where, under a policy or by the last result of each one's first email."""
        kept = _is_last() if policy is None else results.c.policy == policy
        by_status = select(results.c.status, func.count()).where(results.c.campaign == campaign, kept)
        everyone = select(func.count()).select_from(prospects).where(prospects.c.campaign == campaign)
        with self._database.read() as connection:
            rows = connection.execute(by_status.group_by(results.c.status)).all()
            total = connection.scalar(everyone) or 0
        counted = Counter({DraftStatus(status): count for status, count in rows if status in _STATUSES})
        counted[DraftStatus.PENDING] += total - counted.total()
        return {status: counted[status] for status in DraftStatus}

    async def _listed(self, target: Target, campaign: str, prospect: Prospect) -> Row:
        position = await self._positions.next(campaign)
        names = f'"campaign":{plain_json(campaign)},"prospect":"{prospect.key}","position":{position}'
        return Row(target, f'{{{names},"document":{model_json(prospect)}}}', (campaign, prospect.key))

    def _statuses(self, campaign: str, policy: str, asked: Sequence[Prospect]) -> dict[str, DraftStatus]:
        rows = {prospect.key: prospect for prospect in asked}
        listed = select(prospects.c.position).where(prospects.c.campaign == campaign, prospects.c.prospect.in_(rows))
        columns = results.c
        query = select(columns.prospect, columns.row, columns.status)
        query = query.where(columns.campaign == campaign, columns.prospect.in_(rows), columns.policy == policy)
        with self._database.read() as connection:  # In two steps, because PostgreSQL may read all results for a join.
            positions = connection.scalars(listed).all()
            saved = connection.execute(query.where(columns.position.in_(positions))).all()
        known = ((key, row, DraftStatus(status)) for key, row, status in saved if status in _STATUSES)
        return {key: status for key, row, status in known if row in rows_of(rows[key])}

    def _pages(self, campaign: str) -> Iterator[Sequence[SqlRow[Any, Any, Any]]]:
        """The campaign's list, page by page."""
        columns = prospects.c
        query = select(columns.position, columns.prospect, columns.document).where(columns.campaign == campaign)
        query = query.order_by(columns.position, columns.prospect).limit(PAGE)
        last = (-1, "")
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(tuple_(columns.position, columns.prospect) > last)).all()
                last = beyond(last, (page[-1].position, page[-1].prospect)) if page else last
            if not page:
                return
            yield page

    def _saved(self, campaign: str, first: int, last: int, policy: str | None) -> dict[str, str]:
        """The documents of the prospects at these positions, by key."""
        columns = results.c
        query = select(columns.prospect, columns.document).where(columns.campaign == campaign)
        query = query.where(columns.position.between(first, last)).order_by(columns.revision)
        query = query.where(_of_firsts() if policy is None else columns.policy == policy)
        with self._database.read() as connection:
            return {row.prospect: row.document for row in connection.execute(query)}


class _Numbers:
    """Numbers that only grow within a campaign, so that order needs no clock; they go on where the column ends."""

    def __init__(self, database: Database, column: Column[Any]) -> None:
        self._database = database
        self._column = column
        self._last: dict[str, int] = {}

    async def next(self, campaign: str) -> int:
        if campaign not in self._last:
            last = await asyncio.to_thread(self._last_written, campaign)
            self._last.setdefault(campaign, last)
        self._last[campaign] += 1
        return self._last[campaign]

    def _last_written(self, campaign: str) -> int:
        query = select(func.max(self._column)).where(self._column.table.c.campaign == campaign)
        with self._database.read() as connection:
            return connection.scalar(query) or 0


def rows_of(prospect: Prospect) -> tuple[str, str]:
    """How results name the prospect's row: by what is written from; those of older stores, by all of its columns."""
    return prospect.row, content_hash(prospect)[:16]


def _of_firsts() -> Any:
    return is_first(results.c.policy)


def _is_last() -> Any:
    """Whether a result is the one that was saved last of its prospect's first email."""
    other = results.alias("other")
    same = [other.c[name] == results.c[name] for name in ("campaign", "position", "prospect")]
    newest = select(func.max(other.c.revision)).where(*same, is_first(other.c.policy)).correlate(results)
    return results.c.revision == newest.scalar_subquery()


def _is_outdone() -> Any:
    """Whether there is a newer result of the same step to the same prospect."""
    other = results.alias("other")
    same = [other.c[name] == results.c[name] for name in ("campaign", "position", "prospect")]
    newer = other.c.revision > results.c.revision, step_text(other.c.policy) == step_text(results.c.policy)
    return exists().where(*same, *newer).correlate(results)


def _result(campaign: str, row: SqlRow[Any, Any, Any], document: str | None) -> ProspectResult | None:
    """The saved result, or what is known without it; None if the prospect cannot be read either."""
    result = None if document is None else stored(ProspectResult, document, f"results {row.prospect}", mend=_REDO)
    if result is not None:
        return result
    prospect = stored(Prospect, row.document, f"prospects {row.prospect}", mend=_RUN)
    if prospect is None:
        return None
    if document is None:
        return ProspectResult(campaign=campaign, prospect=prospect, status=DraftStatus.PENDING)
    return ProspectResult(campaign=campaign, prospect=prospect, status=DraftStatus.FAILED, error=_DAMAGED)
