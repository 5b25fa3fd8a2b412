"""What is known of the emails to some prospects: the outbox's rows, what came back, and what people decided since.

Read for a page of prospects at a time, in five queries along the keys that begin with the prospect: so a look at one
draft and a list of a hundred thousand ask the same, and neither holds more than a page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, extract, func, select

from miniatures.datamodel.hit import Hit
from miniatures.datamodel.inbound import Inbound
from miniatures.datamodel.message import MessageState
from miniatures.store.decisions import decisions_to
from miniatures.store.engine import Database
from miniatures.store.mail.came_back import PRESSED, mails_by_meaning, mails_of, opt_outs_of
from miniatures.store.mail.people import People
from miniatures.store.mail.suppressions import everywhere_file
from miniatures.store.mail_tables import ab_decisions, enrolments, hits, mail_events, messages, suppressions

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
    arm: str = ""
    """Which they are in; empty if nobody enrolled them."""


class PostedEmails:
    """What the store keeps of emails that are, or were, on their way."""

    def __init__(self, database: Database, people: People) -> None:
        self._database = database
        self._people = people

    def to(self, campaign: str, prospects: Collection[str]) -> dict[str, Posted]:
        """By prospect (key), at most `PAGE` of them."""
        found = {prospect: Posted() for prospect in prospects}
        with self._database.read() as connection:
            for prospect, *row in connection.execute(self._emails(campaign, prospects)):
                id, step, arm, state, *others = row
                found[prospect].emails.append(PostedEmail(id, step, arm, MessageState(state), *others))
            for prospect, number in connection.execute(decisions_to(campaign, prospects)):
                found[prospect].decisions = number
            for prospect, arm in connection.execute(_arms(campaign, prospects)):
                found[prospect].arm = arm
            for prospect, mail in mails_of(connection, campaign, prospects):
                found[prospect].inbound.append(mail)
            for prospect, hit in opt_outs_of(connection, campaign, prospects):
                found[prospect].opt_outs.append(hit)
        return found

    def signature(self, campaign: str) -> tuple[object, ...]:
        """Differs once an email has moved or is due at another time, something came back or is taken for another
        thing, an arm was stopped, or other people are written to no more."""
        everywhere = everywhere_file()
        with self._database.read() as connection:
            told = [tuple(row) for query in self._telling(campaign) for row in connection.execute(query)]
        return *told, everywhere.stat().st_mtime_ns if everywhere.exists() else None

    def _telling(self, campaign: str) -> Iterator[Select[*tuple[Any, ...]]]:
        """What is counted: where a clock that is behind, or one entry in the place of another, leaves the newest or
        the number as it was, the other changes."""
        due = func.sum(extract("epoch", messages.c.due_at))
        yield select(func.max(mail_events.c.id))
        yield select(func.count()).where(mail_events.c.campaign == campaign)
        yield mails_by_meaning(campaign, self._people.meaning)
        yield select(func.count()).where(hits.c.campaign == campaign, PRESSED)
        yield select(func.count()).where(ab_decisions.c.campaign == campaign)
        yield select(func.count(), func.max(suppressions.c.since))
        yield select(func.count(), due).where(messages.c.state == MessageState.QUEUED)

    def _emails(self, campaign: str, prospects: Collection[str]) -> Any:
        columns = messages.c
        named = (columns.prospect, columns.id, columns.step, columns.arm, columns.state, columns.why)
        known = columns.decisions, columns.due_at, columns.sent_at
        cut = (self._people.cut(columns.document, name) for name in ("draft", "text_hash"))
        mine = columns.campaign == campaign, columns.prospect.in_(prospects)
        return select(*named, *known, *cut).where(*mine).order_by(columns.prospect, columns.step)


def _arms(campaign: str, prospects: Collection[str]) -> Select[Any]:
    columns = enrolments.c
    mine = columns.campaign == campaign, columns.prospect.in_(prospects)
    return select(columns.prospect, columns.arm).where(*mine)
