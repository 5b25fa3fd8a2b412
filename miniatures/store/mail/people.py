"""What runs and the outbox left of each prospect, in columns: a report on all of them reads no document whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, cast, func, select
from sqlalchemy.dialects import postgresql

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.store.engine import Database
from miniatures.store.mail_tables import messages
from miniatures.store.steps import is_first
from miniatures.store.tables import drafts, prospects, results

_STATUSES = frozenset(DraftStatus)


class Written(NamedTuple):
    """The result of a prospect's first email that was saved last, and what all results of theirs cost in USD.

    The cost is null if one of them has no known one. A status that nobody knows is `failed`.
    """

    policy: str
    status: DraftStatus
    draft: str | None
    cost_usd: float | None


_NOTHING = Written("", DraftStatus.PENDING, None, 0.0)


class Mailed(NamedTuple):
    """One email of the outbox, without its text."""

    id: str
    step: int
    state: MessageState
    why: str
    provider: str
    sent_at: datetime | None
    policy: str
    draft: str
    text_hash: str

    @property
    def was_taken_back(self) -> bool:
        """Whether people decided anew about its draft, so that it counts as never queued."""
        return self.state is MessageState.CANCELLED and self.why == CancelReason.DECIDED_ANEW


class KeptDraft(NamedTuple):
    """What a draft was called when it was saved, and the hash of its text."""

    status: str
    text_hash: str


class People:
    """What is known of the prospects of a campaign. Everything is by the prospect's key, or by the draft's id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def positions(self, campaign: str) -> dict[str, int]:
        """Each prospect's place in the list."""
        query = select(prospects.c.prospect, prospects.c.position).where(prospects.c.campaign == campaign)
        with self._database.read() as connection:
            return {row.prospect: row.position for row in connection.execute(query)}

    def written(self, campaign: str) -> dict[str, Written]:
        """What runs left; those whom no run has reached are left out."""
        columns = results.c
        named = (columns.prospect, columns.revision, columns.policy, columns.status, columns.draft, columns.cost_usd)
        query = select(*named, is_first(columns.policy).label("first")).where(columns.campaign == campaign)
        found: dict[str, tuple[int, Written]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                newest, one = found.get(row.prospect, (-1, _NOTHING))
                cost = None if one.cost_usd is None or row.cost_usd is None else one.cost_usd + row.cost_usd
                if row.first and row.revision > newest:
                    newest, one = row.revision, Written(row.policy, _status(row.status), row.draft, cost)
                found[row.prospect] = newest, one._replace(cost_usd=cost)
        return {key: one for key, (_, one) in found.items()}

    def drafts(self, campaign: str) -> dict[str, KeptDraft]:
        """All drafts that were ever saved."""
        query = select(drafts.c.id, drafts.c.status, drafts.c.text_hash).where(drafts.c.campaign == campaign)
        with self._database.read() as connection:
            return {row.id: KeptDraft(row.status, row.text_hash) for row in connection.execute(query)}

    def mailed(self, campaign: str) -> Mapping[str, list[Mailed]]:
        """The emails to each prospect, in the order of their steps."""
        columns = messages.c
        named = (columns.id, columns.step, columns.state, columns.why, columns.provider, columns.sent_at)
        cut = (self._cut(columns.document, name).label(name) for name in ("policy", "draft", "text_hash"))
        query = select(columns.prospect, *named, *cut).where(columns.campaign == campaign).order_by(columns.step)
        found: defaultdict[str, list[Mailed]] = defaultdict(list)
        with self._database.read() as connection:
            for row in connection.execute(query):
                prospect, id, step, state, *rest = row
                found[prospect].append(Mailed(id, step, MessageState(state), *rest))
        return found

    def _cut(self, document: Column[str], name: str) -> ColumnElement[str]:
        """A field of a JSON text, cut out by the database."""
        if self._database.path:
            return func.json_extract(document, f"$.{name}")
        cut: ColumnElement[str] = cast(document, postgresql.JSON)[name].astext
        return cut


def _status(name: str) -> DraftStatus:
    return DraftStatus(name) if name in _STATUSES else DraftStatus.FAILED
