"""Erases a person from a store: every row that is about them, in one transaction, and on SQLite the bytes as well.

Rows are theirs by their key, and so is what was said or done about a row of theirs. What names their address and is
about nobody on a list goes, too. In what is about somebody else the address gives way to `[erased]`, because that row
is another's history: a reply that names them still stops the emails to whoever wrote it. Only an email to somebody else
that holds it and has not left is taken back, to be written anew: nobody approved `[erased]`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, false, func, or_, select, update

from miniatures.datamodel.errors import CampaignBusy
from miniatures.datamodel.inbound import Inbound
from miniatures.datamodel.mention import ERASED, Mentions
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.prospect import Prospect, normalize_email, prospect_key
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review
from miniatures.store.documents import model_json, plain_json
from miniatures.store.engine import Database
from miniatures.store.mail.transitions import move
from miniatures.store.mail_tables import MAIL_TABLES, enrolments, hits, inbound, mail_events, messages
from miniatures.store.stored import stored
from miniatures.store.tables import claims, drafts, policies, prospects, results, reviews, spans, stages, traces

_TEXTS = ("document", "answer", "why", "error")
"""The columns that hold what somebody wrote; a column that was cut out of a document is one of them."""

_READ = (prospects, stages, results, traces, spans, reviews, *MAIL_TABLES)
_BEFORE_LEAVING = (MessageState.QUEUED, MessageState.CLAIMED)

_EMPTY = {"sender": ERASED, "subject": "", "text": "", "diagnostic": "", "refers_to": "", "trace": None}
"""What is left of a mail that they wrote in answer to an email to somebody else."""

Theirs = Mapping[Table, ColumnElement[bool]]
"""By table which rows are the person's, in an order in which they can be deleted."""


@dataclass(frozen=True)
class Known:
    """What a store knows of a person: rows by campaign and table, and what tells them apart elsewhere.

    `redacted` are rows about others that hold the address, and `rewritten` the other people whose emails hold it, which
    are taken back; `named` are rows about others that hold the full name, by
    table, which stay as they are: a name alone may be another's. `lineage` is how datasets name their calls and
    reviews.
    """

    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    redacted: int = 0
    rewritten: int = 0
    named: Mapping[str, int] = field(default_factory=dict)
    policies: int = 0
    lineage: frozenset[str] = frozenset()
    companies: frozenset[str] = frozenset()

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The campaigns that have rows about them; mail that belongs to none is left out."""
        return tuple(sorted(filter(None, self.rows)))


class Eraser:
    """Everything in one store that is about one person, in all of its campaigns."""

    def __init__(self, database: Database, mentions: Mentions) -> None:
        self._database = database
        self._mentions = mentions
        self._key = prospect_key(mentions.email)

    def known(self) -> Known:
        """What is there now; changes nothing."""
        with self._database.read() as connection:
            theirs = dict(self._theirs(connection))
            return Known(
                rows=_counted(connection, theirs),
                redacted=sum(1 for _ in self._naming_others(connection, theirs)),
                rewritten=len(self._spoilt(connection, theirs)),
                named=self._named(connection, theirs),
                policies=sum(1 for _ in self._naming(connection, policies, policies.c.document)),
                lineage=frozenset(_lineage(connection, theirs)),
                companies=frozenset(one.company for one in _listed(connection, self._key)),
            )

    def erase(self, now: datetime) -> int:
        """Delete what is theirs and take their address out of what is about others; returns how many rows changed.

        One transaction: whoever looks finds all of it or nothing. `scrub` takes the bytes away, too.

        Raises:
            CampaignBusy: an email to them is being sent just now, and its sender will write down what became of it.
            StoreError: the database cannot be written. In both cases nothing was changed.
        """
        with self._database.change() as connection:
            if self._database.path is not None:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # Otherwise it begins with the first change only.
            theirs = dict(self._theirs(connection))
            states = connection.scalars(select(messages.c.state).where(theirs[messages]).with_for_update())
            if MessageState.SENDING in states.all():
                raise CampaignBusy(
                    f"an email to {self._mentions.email} is being sent just now",
                    hint="Give the same command again in a minute.",
                )
            for campaign, prospect in self._spoilt(connection, theirs):
                _take_back(connection, campaign, prospect)
            others = list(self._naming_others(connection, theirs))
            for table, column, row in others:
                self._redact(connection, table, column, row, now)
            gone = [connection.execute(delete(table).where(condition)).rowcount for table, condition in theirs.items()]
        return sum(gone) + len(others)

    def _theirs(self, connection: Connection) -> Iterator[tuple[Table, ColumnElement[bool]]]:
        """What is theirs, in an order in which it can be deleted: whatever a condition looks up is deleted later."""
        named = [*self._nobodys(connection, traces), *self._calls_about_their_mail(connection)]
        calls = or_(_of(traces, self._key), traces.c.id.in_(named))
        of_calls = select(traces.c.id).where(calls)
        texts = or_(_of(drafts, self._key), drafts.c.trace.in_(of_calls))
        of_texts = select(drafts.c.id).where(texts).union(select(results.c.draft).where(_of(results, self._key)))
        said = and_(reviews.c.prospect.is_(None), or_(reviews.c.trace.in_(of_calls), reviews.c.draft.in_(of_texts)))
        of_emails = select(messages.c.id).where(_of(messages, self._key))
        yield claims, claims.c.draft.in_(of_texts)
        yield reviews, or_(_of(reviews, self._key), said, reviews.c.id.in_(self._nobodys(connection, reviews)))
        yield drafts, texts
        yield results, _of(results, self._key)
        yield stages, _of(stages, self._key)
        yield spans, or_(_of(spans, self._key), spans.c.id.in_(self._nobodys(connection, spans)))
        yield traces, calls
        yield hits, or_(_of(hits, self._key), hits.c.message.in_(of_emails))
        yield mail_events, or_(_of(mail_events, self._key), mail_events.c.message.in_(of_emails))
        yield inbound, or_(_of(inbound, self._key), inbound.c.id.in_(self._nobodys(connection, inbound)))
        yield messages, _of(messages, self._key)
        yield enrolments, _of(enrolments, self._key)
        yield prospects, _of(prospects, self._key)

    def _nobodys(self, connection: Connection, table: Table) -> list[str]:
        """What names their address and is about nobody on a list, such as a call that compares two backends."""
        return [row.id for row in self._naming(connection, table, table.c.document) if row.prospect is None]

    def _calls_about_their_mail(self, connection: Connection) -> list[str]:
        """The calls that classified what they wrote, whomever it was an answer to."""
        rows = self._naming(connection, inbound, inbound.c.document)
        mails = (stored(Inbound, row.document, f"inbound {row.id}") for row in rows)
        return [mail.trace for mail in mails if mail and mail.trace and self._is_by_them(mail)]

    def _is_by_them(self, mail: Inbound) -> bool:
        return normalize_email(parseaddr(mail.sender)[1]) == self._mentions.email

    def _spoilt(self, connection: Connection, theirs: Theirs) -> set[tuple[str, str]]:
        """The campaign and key of everybody else whose email holds the address: with `[erased]` it must not leave."""
        found = set()
        for row in self._naming(connection, results, results.c.document, *_not(theirs, results)):
            result = stored(ProspectResult, row.document, f"results {row.prospect}")
            if result and result.draft and self._mentions.has_address(f"{result.draft.subject}\n{result.draft.body}"):
                found.add((row.campaign, row.prospect))
        for row in self._naming(connection, reviews, reviews.c.document, *_not(theirs, reviews)):
            review = stored(Review, row.document, f"reviews {row.id}")
            texts = [review.answer, review.edited, review.other_answer] if review else []
            if review and review.campaign and review.prospect and self._mentions.has_address(plain_json(texts)):
                found.add((review.campaign, review.prospect))
        return found

    def _naming_others(self, connection: Connection, theirs: Theirs) -> Iterator[tuple[Table, Column[Any], Any]]:
        """What holds their address and is about somebody else."""
        for table in _READ:
            for column in (table.c[name] for name in _TEXTS if name in table.c):
                for row in self._naming(connection, table, column, *_not(theirs, table)):
                    yield table, column, row

    def _naming(
        self, connection: Connection, table: Table, column: Column[Any], *asked: ColumnElement[bool]
    ) -> Iterator[Any]:
        """The rows whose text in this column holds their address; each with its key, its prospect and the text."""
        whose = [table.c.prospect] if "prospect" in table.c and not table.c.prospect.primary_key else []
        query = select(*table.primary_key.columns, *whose, column)
        found = connection.execute(query.where(column.icontains(self._mentions.email, autoescape=True), *asked))
        return (row for row in found.all() if self._mentions.has_address(row._mapping[column]))

    def _redact(self, connection: Connection, table: Table, column: Column[Any], row: Any, now: datetime) -> None:
        this = [key == row._mapping[key] for key in table.primary_key.columns]
        changed: dict[str, Any] = {column.name: self._mentions.without_address(row._mapping[column])}
        if table is messages:
            waiting = (*this, messages.c.state.in_(_BEFORE_LEAVING))
            move(connection, waiting, MessageState.CANCELLED, now, CancelReason.DECIDED_ANEW)
            changed["mime"] = None
        if table is inbound:
            mail = stored(Inbound, row.document, f"inbound {row.id}")
            if mail and self._is_by_them(mail):  # That there was a reply still stops the emails to whom it is about.
                changed["document"] = model_json(mail.model_copy(update=_EMPTY))
        connection.execute(update(table).where(*this).values(**changed))

    def _named(self, connection: Connection, theirs: Theirs) -> dict[str, int]:
        """Rows about others in which their full name stands, by table."""
        found: Counter[str] = Counter()
        for table in (one for one in _READ if "document" in one.c):
            document = table.c.document
            for given, family in self._mentions.names:
                both = document.icontains(given, autoescape=True), document.icontains(family, autoescape=True)
                rows = connection.scalars(select(document).where(*both, *_not(theirs, table)))
                found[table.name] += sum(map(self._mentions.has_name, rows))
        return {name: number for name, number in found.items() if number}


def names_of(database: Database, email: str) -> set[tuple[str, str]]:
    """The given and family names under which a store knows whoever has this address."""
    with database.read() as connection:
        return {(one.first_name, one.last_name) for one in _listed(connection, prospect_key(email))}


def _take_back(connection: Connection, campaign: str, prospect: str) -> None:
    """Let somebody be written to anew: their draft, what led to it and what was said of it goes."""
    of_texts = select(drafts.c.id).where(drafts.c.campaign == campaign, drafts.c.prospect == prospect)
    connection.execute(delete(claims).where(claims.c.draft.in_(of_texts)))
    for table in (reviews, drafts, results, stages):
        connection.execute(delete(table).where(table.c.campaign == campaign, table.c.prospect == prospect))


def _of(table: Table, key: str) -> ColumnElement[bool]:
    return table.c.prospect == key


def _not(theirs: Theirs, table: Table) -> list[ColumnElement[bool]]:
    """Whose it is not: what is about nobody has no key, and is not theirs either."""
    return [~func.coalesce(theirs[table], false())] if table in theirs else []


def _counted(connection: Connection, theirs: Theirs) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    for table, condition in theirs.items():
        asked = select(table.c.campaign, func.count()).where(condition).group_by(table.c.campaign)
        for campaign, number in connection.execute(asked):
            counted[campaign or ""][table.name] = number
    return dict(counted)


def _lineage(connection: Connection, theirs: Theirs) -> Iterator[str]:
    for table, word in ((traces, "trace"), (reviews, "review")):
        yield from (f"{word}:{id}" for id in connection.scalars(select(table.c.id).where(theirs[table])))


def _listed(connection: Connection, key: str) -> list[Prospect]:
    documents = connection.scalars(select(prospects.c.document).where(prospects.c.prospect == key))
    found = (stored(Prospect, document, f"prospects {key}") for document in documents)
    return [one for one in found if one is not None]
