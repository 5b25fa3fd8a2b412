"""What reviewers said about the drafts of a campaign, as far as it has to be read.

Of most people all that was ever said is one approval of what is in the outbox by now. That is told from columns, so
that a report on a hundred thousand of them reads the documents of the others alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, select

from miniatures.datamodel.message import MessageState
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.store.engine import Database
from miniatures.store.mail_tables import messages
from miniatures.store.stored import stored
from miniatures.store.tables import drafts, reviews

_PAGE = 500
_APPROVING = (ReviewAction.ACCEPT, ReviewAction.EDIT)


class Said(NamedTuple):
    """`approved` has the draft that was accepted or edited, by the prospect's key, where nothing else was said of
    anything written to them; `reviews` has the rest."""

    approved: dict[str, str]
    reviews: list[Review]


def what_was_said(database: Database, campaign: str) -> Said:
    """All that was said, once. An approval whose email was not queued, or was cancelled, is among the reviews."""
    columns = reviews.c
    kept = columns.draft.in_(select(drafts.c.id))
    approves = and_(columns.action.in_(_APPROVING), columns.prospect.is_not(None), kept)
    document = case((approves, None), else_=columns.document)
    query = select(columns.id, columns.prospect, columns.draft, document).where(columns.campaign == campaign)
    with database.read() as connection:
        rows = connection.execute(query).all()
        queued, times = _queued(connection, campaign), Counter([row[1] for row in rows])
        approved: dict[str, str] = {}
        others: list[tuple[str, str | None]] = []
        for id, prospect, draft, text in rows:
            if text is None and times[prospect] == 1 and prospect in queued:
                approved[prospect] = draft
            else:
                others.append((id, text))
        return Said(approved, list(_read(connection, others)))


def _queued(connection: Connection, campaign: str) -> set[str]:
    """Everybody whose first email was queued and not cancelled."""
    query = select(messages.c.prospect).where(messages.c.campaign == campaign, messages.c.step == 0)
    cancelled = connection.scalars(query.where(messages.c.state == MessageState.CANCELLED))
    return set(connection.scalars(query)).difference(cancelled)


def _read(connection: Connection, rows: Sequence[tuple[str, str | None]]) -> Iterator[Review]:
    """The reviews of these rows, those that are damaged left out; the text of a row that came without is fetched."""
    bare = [id for id, text in rows if text is None]
    texts: dict[str, str] = {}
    for start in range(0, len(bare), _PAGE):
        query = select(reviews.c.id, reviews.c.document).where(reviews.c.id.in_(bare[start : start + _PAGE]))
        texts |= {row.id: row.document for row in connection.execute(query)}
    for id, text in rows:
        review = stored(Review, texts[id] if text is None else text, f"reviews {id}")
        if review is not None:
            yield review
