"""What became of a model call: the drafts that it wrote and what people said of them; and which calls a store holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from miniatures.datamodel.review import Review
from miniatures.datamodel.trace import Trace
from miniatures.store.engine import Database
from miniatures.store.stored import stored
from miniatures.store.tables import about, drafts, results, reviews, traces

_PAGE = 500


@dataclass(frozen=True)
class Held:
    """Of some calls and reviews those that a store holds, each with the prospect (by key) and the draft it is about."""

    calls: dict[str, str | None]
    reviews: dict[str, tuple[str | None, str | None]]


class CallLinks:
    """What can be asked of the way from a call to what people see of it."""

    _database: Database

    def drafts_of(self, call: Trace) -> list[str]:
        """The drafts whose text is the call's answer, whether another has taken their place by now or not."""
        named = select(drafts.c.id).where(drafts.c.id == call.id, drafts.c.campaign == call.campaign)
        with self._database.read() as connection:
            found = dict.fromkeys(connection.scalars(named))
            if call.prospect:
                columns = results.c
                carried = select(columns.draft).where(*about(results, call.campaign, call.prospect))
                wrote = carried.where(columns.trace == call.id, columns.draft.is_not(None))
                found |= dict.fromkeys(connection.scalars(wrote))
        return list(found)

    def reviews_of(self, call: Trace) -> list[Review]:
        """What people said of the call's answer, or of a draft that it wrote; oldest first."""
        columns, written = reviews.c, set(self.drafts_of(call))
        query = select(columns.id, columns.document)
        of_drafts = query.where(columns.draft.in_(written))
        of_prospect = query.where(columns.campaign == call.campaign, columns.prospect == call.prospect)
        with self._database.read() as connection:
            rows = {row.id: row.document for one in (of_drafts, of_prospect) for row in connection.execute(one)}
        said = (stored(Review, document, f"reviews {id}") for id, document in sorted(rows.items()))
        return [one for one in said if one and (call.id in {one.trace, one.other_trace} or one.draft in written)]

    def held(self, campaign: str, calls: Iterable[str], said: Iterable[str]) -> Held:
        """Which of these calls and reviews (by id) are in the campaign's store."""
        of_calls, of_reviews = traces.c, reviews.c
        known_calls: dict[str, str | None] = {}
        known_reviews: dict[str, tuple[str | None, str | None]] = {}
        with self._database.read() as connection:
            for page in _pages(calls):
                query = select(of_calls.id, of_calls.prospect)
                query = query.where(of_calls.id.in_(page), of_calls.campaign == campaign)
                known_calls |= {row.id: row.prospect for row in connection.execute(query)}
            for page in _pages(said):
                asked = select(of_reviews.id, of_reviews.prospect, of_reviews.draft)
                asked = asked.where(of_reviews.id.in_(page), of_reviews.campaign == campaign)
                known_reviews |= {row.id: (row.prospect, row.draft) for row in connection.execute(asked)}
        return Held(known_calls, known_reviews)


def _pages(ids: Iterable[str]) -> Iterator[list[str]]:
    named = list(ids)
    return (named[start : start + _PAGE] for start in range(0, len(named), _PAGE))
