"""What is known of the emails to some prospects: the outbox's rows, what came back, and what people decided since.

Read for a page of prospects at a time, in four queries along the keys that begin with the prospect: so a look at one
draft and a list of a hundred thousand ask the same, and neither holds more than a page.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, cast, func, select
from sqlalchemy.dialects import postgresql

from miniatures.datamodel.hit import Hit, HitKind
from miniatures.datamodel.inbound import Inbound
from miniatures.datamodel.message import MessageState
from miniatures.store.decide import DECIDING
from miniatures.store.engine import Database
from miniatures.store.mail.suppressions import everywhere_file
from miniatures.store.mail_tables import hits, inbound, mail_events, messages, suppressions
from miniatures.store.stored import stored
from miniatures.store.tables import reviews

PAGE = 500
"""Prospects that are asked for at once."""


class PostedEmail(NamedTuple):
    """One email of the outbox, without its text."""

    id: str
    step: int
    arm: str
    state: MessageState
    why: str
    decisions: int
    """How many decisions about the prospect's drafts were known when it was queued."""
    due_at: datetime
    sent_at: datetime | None
    draft: str
    text_hash: str


@dataclass
class Posted:
    """All that is known of the emails to one prospect, by their steps, and how many decisions about their drafts."""

    emails: list[PostedEmail] = field(default_factory=list)
    inbound: list[Inbound] = field(default_factory=list)
    opt_outs: list[Hit] = field(default_factory=list)
    """On the page that the emails link to."""
    decisions: int = 0


class PostedEmails:
    """What the store keeps of emails that are, or were, on their way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def to(self, campaign: str, prospects: Collection[str]) -> dict[str, Posted]:
        """By prospect (key), at most `PAGE` of them."""
        found = {prospect: Posted() for prospect in prospects}
        with self._database.read() as connection:
            for prospect, *row in connection.execute(self._emails(campaign, prospects)):
                id, step, arm, state, *others = row
                found[prospect].emails.append(PostedEmail(id, step, arm, MessageState(state), *others))
            for prospect, number in connection.execute(_decisions(campaign, prospects)):
                found[prospect].decisions = number
            _read_what_came(connection, campaign, found)
        return found

    def signature(self, campaign: str) -> tuple[object, ...]:
        """Differs once an email has moved, something came back, or somebody more is written to no more."""
        last = select(func.max(mail_events.c.id))
        came = select(func.count()).where(inbound.c.campaign == campaign)
        listed = select(func.count()).select_from(suppressions)
        with self._database.read() as connection:
            told = [connection.scalar(query) for query in (last, came, listed)]
        everywhere = everywhere_file()
        return *told, everywhere.stat().st_mtime_ns if everywhere.exists() else None

    def _emails(self, campaign: str, prospects: Collection[str]) -> Any:
        columns = messages.c
        named = (columns.prospect, columns.id, columns.step, columns.arm, columns.state, columns.why)
        known = columns.decisions, columns.due_at, columns.sent_at
        cut = (self._cut(columns.document, name) for name in ("draft", "text_hash"))
        mine = columns.campaign == campaign, columns.prospect.in_(prospects)
        return select(*named, *known, *cut).where(*mine).order_by(columns.prospect, columns.step)

    def _cut(self, document: Column[str], name: str) -> ColumnElement[str]:
        """A field of a JSON text, cut out by the database."""
        if self._database.path:
            return func.json_extract(document, f"$.{name}")
        cut: ColumnElement[str] = cast(document, postgresql.JSON)[name].astext
        return cut


def _decisions(campaign: str, prospects: Collection[str]) -> Any:
    columns = reviews.c
    asked = columns.campaign == campaign, columns.prospect.in_(prospects), columns.action.in_(DECIDING)
    return select(columns.prospect, func.count()).where(*asked).group_by(columns.prospect)


def _read_what_came(connection: Connection, campaign: str, found: dict[str, Posted]) -> None:
    columns = inbound.c
    query = select(columns.prospect, columns.id, columns.document)
    query = query.where(columns.campaign == campaign, columns.prospect.in_(found)).order_by(
        columns.received_at, columns.id
    )
    for prospect, id, document in connection.execute(query):
        mail = stored(Inbound, document, f"inbound {id}")
        found[prospect].inbound += [mail.model_copy(update={"id": id})] if mail else []
    asked = hits.c.campaign == campaign, hits.c.prospect.in_(found), hits.c.kind == HitKind.UNSUBSCRIBE_POST
    for prospect, id, document in connection.execute(select(hits.c.prospect, hits.c.id, hits.c.document).where(*asked)):
        hit = stored(Hit, document, f"hits {id}")
        found[prospect].opt_outs += [hit] if hit else []
