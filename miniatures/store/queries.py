"""Questions about what happened: traces and spans as trees, runs, reviews, what was spent, how the stages went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Table, func, select, tuple_

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.decisions import DECIDING
from miniatures.store.paging import beyond
from miniatures.store.spending import Spending, Spent, spending_of, summed
from miniatures.store.stored import stored
from miniatures.store.tables import about, claims, reviews, runs, spans, traces
from miniatures.store.tallies import Tallies

_PAGE = 500
Entry = TypeVar("Entry", bound=BaseModel)


class Run(Frozen):
    """One `miniatures run` of a campaign. Without an outcome it is still going on, or was killed."""

    id: str
    campaign: str
    policy: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None


class StepStatistics(Frozen):
    """How the spans of one kind and name went; milliseconds."""

    kind: str
    name: str
    count: int
    errors: int
    mean_ms: float
    longest_ms: float


@dataclass(frozen=True)
class Node:
    """A trace or span and what happened within it, in the order in which it began."""

    entry: Trace | Span
    children: list[Node] = field(default_factory=list)


class Queries(Tallies):
    """What can be asked of a campaign's database; changes nothing."""

    def trace(self, id: str) -> Trace | None:
        """The saved model call of this id."""
        return self.traces_named([id]).get(id)

    def traces(
        self, campaign: str, prospect: str | None = None, *, role: str | None = None, prompt: str | None = None
    ) -> Iterator[Trace]:
        """The saved model calls of a campaign, one prospect (by key), a role, a prompt (by name); oldest first."""
        asked = _given((traces.c.role, role), (traces.c.prompt, prompt))
        return self._entries(traces, Trace, *about(traces, campaign, prospect), *asked)

    def traces_named(self, ids: Iterable[str]) -> dict[str, Trace]:
        """These model calls, by id; without those that are not saved."""
        return {trace.id: trace for trace in self._named(traces, Trace, list(ids))}

    def spans(self, campaign: str, prospect: str | None = None) -> Iterator[Span]:
        """The other steps of a campaign or of one prospect (by key), in the order in which they began."""
        return self._entries(spans, Span, *about(spans, campaign, prospect))

    def reviews(self, campaign: str | None = None, reviewer: str | None = None) -> Iterator[Review]:
        """The reviews, or those of one campaign, or by one reviewer, or both; oldest first."""
        asked = _given((reviews.c.campaign, campaign), (reviews.c.reviewer, reviewer))
        return self._entries(reviews, Review, *asked)

    def reviews_to(self, campaign: str, prospect: str) -> list[Review]:
        """The reviews of what was written to one prospect (by key); oldest first."""
        columns = reviews.c
        return list(self._entries(reviews, Review, columns.campaign == campaign, columns.prospect == prospect))

    def reviews_by_prospect(self, campaign: str) -> Iterator[tuple[str, list[Review]]]:
        """The reviews of each prospect (by key) of a campaign, page by page, so that memory stays flat."""
        columns, last = reviews.c, ("", "")
        query = select(columns.prospect, columns.id, columns.document).where(columns.campaign == campaign)
        query = query.order_by(columns.prospect, columns.id).limit(_PAGE)
        found: list[Review] = []
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(tuple_(columns.prospect, columns.id) > last)).all()
            for row in page:
                if found and row.prospect != last[0]:
                    yield last[0], found
                    found = []
                last = beyond(last, (row.prospect, row.id))
                review = stored(Review, row.document, f"reviews {row.id}")
                found += [review] if review else []
            if len(page) < _PAGE:
                break
        if found:
            yield last[0], found

    def reviews_made_since(self, campaign: str, moment: datetime) -> list[tuple[str, str | None, datetime]]:
        """The reviews of a campaign that were made since a moment: id, prospect (by key), when they were made."""
        columns = reviews.c
        asked = select(columns.id, columns.prospect, columns.created_at)
        with self._database.read() as connection:
            found = connection.execute(asked.where(columns.campaign == campaign, columns.created_at >= moment))
            return [(row.id, row.prospect, row.created_at) for row in found]

    def decisions_on(self, draft: str) -> int:
        """How many decisions about a draft are kept, those that were taken back included."""
        asked = select(func.count()).where(reviews.c.draft == draft, reviews.c.action.in_(DECIDING))
        with self._database.read() as connection:
            return connection.scalar(asked) or 0

    def decisions_by_prospect(self, campaign: str) -> dict[str, int]:
        """How many decisions about each prospect's drafts (by key) are kept, those that were taken back included."""
        columns = reviews.c
        query = select(columns.prospect, func.count().label("number"))
        query = query.where(columns.campaign == campaign, columns.action.in_(DECIDING), columns.prospect.is_not(None))
        with self._database.read() as connection:
            return {row.prospect: row.number for row in connection.execute(query.group_by(columns.prospect))}

    def held_drafts(self, campaign: str, now: datetime) -> dict[str, str]:
        """Who has which draft of a campaign before them."""
        columns = claims.c
        asked = select(columns.draft, columns.reviewer).where(columns.campaign == campaign, columns.until >= now)
        with self._database.read() as connection:
            return {row.draft: row.reviewer for row in connection.execute(asked)}

    def judged_drafts(self, campaign: str) -> dict[str, str]:
        """The draft that each review of a campaign is about, by review; known even where the review is damaged.

        Comparisons are left out: they decide about no draft.
        """
        columns = reviews.c
        about_drafts = columns.campaign == campaign, columns.draft.is_not(None), columns.action != ReviewAction.COMPARE
        with self._database.read() as connection:
            rows = connection.execute(select(columns.id, columns.draft).where(*about_drafts)).all()
        return {row.id: row.draft for row in rows}

    def tree(self, campaign: str, prospect: str) -> list[Node]:
        """All that happened for one prospect, as trees."""
        entries: list[Trace | Span] = [*self.traces(campaign, prospect), *self.spans(campaign, prospect)]
        return grow_tree(entries)

    def runs(self, campaign: str) -> list[Run]:
        """The campaign's runs, the newest last."""
        query = select(runs).where(runs.c.campaign == campaign).order_by(runs.c.id)
        with self._database.read() as connection:
            return [Run(**row._mapping) for row in connection.execute(query)]

    def spent(self, campaign: str, prospect: str | None = None) -> Spent:
        """Tokens and cost of all model calls so far: what a resumed run's budgets start from.

        A prospect's own spending leaves shadows out: what is only compared must not keep anybody from being written to.
        """
        columns = traces.c
        query = select(columns.backend, *summed()).where(*about(traces, campaign, prospect))
        if prospect is not None:
            query = query.where(columns.seat != Seat.SHADOW)
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(columns.backend)).all()
        by_backend = {row[0]: spending_of(row[1:]) for row in rows}
        return Spent(total=sum(by_backend.values(), Spending()), by_backend=by_backend)

    def step_statistics(self, campaign: str) -> list[StepStatistics]:
        """Count, errors and time of each kind of step: searches, fetches, checks, stages."""
        columns = spans.c
        counts = func.count().label("count"), func.count(columns.error).label("errors")
        times = func.avg(columns.total_ms).label("mean_ms"), func.max(columns.total_ms).label("longest_ms")
        query = (
            select(columns.kind, columns.name, *counts, *times)
            .where(columns.campaign == campaign)
            .group_by(columns.kind, columns.name)
            .order_by(columns.kind, columns.name)
        )
        with self._database.read() as connection:
            return [StepStatistics.model_validate(dict(row._mapping)) for row in connection.execute(query)]

    def _entries(self, table: Table, kind: type[Entry], *asked: ColumnElement[bool]) -> Iterator[Entry]:
        """What is asked for, in the order of the ids.

        The ids are put in order once: no index has those of a campaign so, and each page would sort them all again.
        """
        with self._database.read() as connection:
            ids = connection.scalars(select(table.c.id).where(*asked).order_by(table.c.id)).all()
        yield from self._named(table, kind, ids)

    def _named(self, table: Table, kind: type[Entry], ids: Sequence[str]) -> Iterator[Entry]:
        """The entries of these ids, page by page, those left out that are not there."""
        query = select(table.c.id, table.c.document).order_by(table.c.id)
        for start in range(0, len(ids), _PAGE):
            with self._database.read() as connection:
                page = connection.execute(query.where(table.c.id.in_(ids[start : start + _PAGE]))).all()
            for row in page:
                entry = stored(kind, row.document, f"{table.name} {row.id}")
                if entry is not None:
                    yield entry


def grow_tree(entries: Iterable[Trace | Span]) -> list[Node]:
    """The entries as trees, oldest first; an entry whose parent is missing is a root."""
    nodes = {entry.id: Node(entry) for entry in sorted(entries, key=lambda entry: entry.id)}
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.entry.parent_id or "")
        (roots if parent is None else parent.children).append(node)
    return roots


def _given(*asked: tuple[ColumnElement[Any], str | None]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in asked if value is not None]
