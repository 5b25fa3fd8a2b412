"""What runs and the outbox left of each prospect, in columns: a report on all of them reads no document whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, case, cast, func, select
from sqlalchemy.dialects import postgresql

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.message import CancelReason, MessageState, ServerReply
from miniatures.store.engine import Database
from miniatures.store.mail.said import Said, what_was_said
from miniatures.store.mail_tables import enrolments, inbound, mail_events, messages
from miniatures.store.steps import is_first
from miniatures.store.stored import stored
from miniatures.store.tables import drafts, prospects, results

_STATUSES = {status.value: status for status in DraftStatus}
_STATES = {state.value: state for state in MessageState}


class Written(NamedTuple):
    """The result of a prospect's first email that was saved last, and what all results of theirs cost in USD.

    The cost is null if one of them has no known one. A status that nobody knows is `failed`.
    """

    policy: str
    status: DraftStatus
    draft: str | None
    cost_usd: float | None


_NEVER = (-1, Written("", DraftStatus.PENDING, None, 0.0))
"""The revision and the result of whom no run has reached."""


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
    refusal: ServerReply | None = None
    """What a server said last of an email that was rejected."""
    refused_at: datetime | None = None
    """When it was rejected."""

    @property
    def was_taken_back(self) -> bool:
        """Whether people decided anew about its draft, so that it counts as never queued."""
        return self.state is MessageState.CANCELLED and self.why == CancelReason.DECIDED_ANEW


class Place(NamedTuple):
    """Who is in which arm, as `Enrolment` has it."""

    prospect: str
    company: str
    arm: str
    gateway: str


class KeptDraft(NamedTuple):
    """What a draft was called when it was saved, and the hash of its text."""

    status: str
    text_hash: str


class People:
    """What is known of the prospects of a campaign. Everything is by the prospect's key, or by the draft's id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def places(self, campaign: str) -> list[Place]:
        """Everybody who is enrolled, by key."""
        columns = enrolments.c
        query = select(columns.prospect, columns.company, columns.arm, columns.gateway)
        with self._database.read() as connection:
            rows = connection.execute(query.where(columns.campaign == campaign).order_by(columns.prospect))
            return [Place(*row) for row in rows]

    def said(self, campaign: str) -> Said:
        """What reviewers said, as far as it has to be read."""
        return what_was_said(self._database, campaign)

    def positions(self, campaign: str) -> dict[str, int]:
        """Each prospect's place in the list."""
        query = select(prospects.c.prospect, prospects.c.position).where(prospects.c.campaign == campaign)
        with self._database.read() as connection:
            return dict(map(tuple, connection.execute(query)))

    def written(self, campaign: str) -> dict[str, Written]:
        """What runs left; those whom no run has reached are left out."""
        columns = results.c
        named = (columns.prospect, columns.revision, columns.policy, columns.status, columns.draft, columns.cost_usd)
        query = select(*named, is_first(columns.policy).label("first")).where(columns.campaign == campaign)
        found: dict[str, tuple[int, Written]] = {}
        with self._database.read() as connection:
            for prospect, revision, policy, status, draft, own_cost, first in connection.execute(query):
                newest, one = found.get(prospect, _NEVER)
                cost = None if one.cost_usd is None or own_cost is None else one.cost_usd + own_cost
                if first and revision > newest:
                    found[prospect] = revision, Written(policy, _STATUSES.get(status, DraftStatus.FAILED), draft, cost)
                else:
                    found[prospect] = newest, one._replace(cost_usd=cost)
        return {key: one for key, (_, one) in found.items()}

    def drafts(self, campaign: str) -> dict[str, KeptDraft]:
        """All drafts that were ever saved."""
        query = select(drafts.c.id, drafts.c.status, drafts.c.text_hash).where(drafts.c.campaign == campaign)
        with self._database.read() as connection:
            return {id: KeptDraft(status, text_hash) for id, status, text_hash in connection.execute(query)}

    def mailed(self, campaign: str, *asked: ColumnElement[bool]) -> Mapping[str, list[Mailed]]:
        """The emails to each prospect, in the order of their steps; to those alone of whom more is asked."""
        columns = messages.c
        named = (columns.id, columns.step, columns.state, columns.why, columns.provider, columns.sent_at)
        cut = (self.cut(columns.document, name).label(name) for name in ("policy", "draft", "text_hash"))
        query = select(columns.prospect, *named, *cut, *_refusal()).where(columns.campaign == campaign, *asked)
        found: defaultdict[str, list[Mailed]] = defaultdict(list)
        with self._database.read() as connection:
            for prospect, *row in connection.execute(query.order_by(columns.prospect, columns.step)):
                found[prospect].append(_mailed(*row))
        return found

    @property
    def meaning(self) -> ColumnElement[str]:
        """Of a mail that came back, what somebody took it for; null if nobody did."""
        return self.cut(inbound.c.document, "reply_class")

    def cut(self, document: Column[str], name: str) -> ColumnElement[str]:
        """A field of a JSON text, cut out by the database."""
        if self._database.path:
            return func.json_extract(document, f"$.{name}")
        cut: ColumnElement[str] = cast(document, postgresql.JSON)[name].astext
        return cut


def _refusal() -> tuple[ColumnElement[str | None], ColumnElement[datetime | None]]:
    """What was said of an email that was rejected, and when; both null for all others."""
    columns, rejected = messages.c, messages.c.state == MessageState.REJECTED
    moved = mail_events.c.message == columns.id, mail_events.c.state == MessageState.REJECTED
    at = select(func.max(mail_events.c.at)).where(*moved).scalar_subquery()
    return case((rejected, columns.answer)), case((rejected, at))


def _mailed(id: str, step: int, state: str, *rest: Any) -> Mailed:
    *told, answer, refused_at = rest
    refusal = None if answer is None else stored(ServerReply, answer, f"messages {id}")
    return Mailed._make((id, step, _STATES[state], *told, refusal, refused_at))
