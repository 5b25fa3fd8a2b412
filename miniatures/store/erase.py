"""Erases a person from a store: every row that is about them, in one transaction, and on SQLite the bytes as well.

Rows are theirs by their key, and so is what was said or done about a row of theirs. What names their address and is
about nobody on a list goes, too. In what is about somebody else the address gives way to `[erased]`, because that row
is another's history: a reply that names them still stops the emails to whoever wrote it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, false, func, or_, select, update

from miniatures.datamodel.errors import CampaignBusy, StoreError
from miniatures.datamodel.inbound import Inbound
from miniatures.datamodel.mention import Mentions
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.prospect import Prospect, normalize_email, prospect_key
from miniatures.store.engine import Database
from miniatures.store.mail.transitions import move
from miniatures.store.mail_tables import MAIL_TABLES, enrolments, hits, inbound, mail_events, messages
from miniatures.store.stored import stored
from miniatures.store.tables import claims, drafts, policies, prospects, results, reviews, spans, stages, traces

_TEXTS = ("document", "answer", "why", "error")
"""The columns that hold what somebody wrote; a column that was cut out of a document is one of them."""

_READ = (prospects, stages, results, traces, spans, reviews, *MAIL_TABLES)
_BEFORE_LEAVING = (MessageState.QUEUED, MessageState.CLAIMED)

Theirs = Mapping[Table, ColumnElement[bool]]
"""By table which rows are the person's, in an order in which they can be deleted."""


@dataclass(frozen=True)
class Known:
    """What a store knows of a person: rows by campaign and table, and what tells them apart elsewhere.

    `redacted` are rows about others that hold the address; `named` are rows about others that hold the full name, by
    table, which stay as they are: a name alone may be another's. `lineage` is how datasets name their calls and
    reviews.
    """

    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    redacted: int = 0
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
            others = list(self._naming_others(connection, theirs))
            for table, column, row in others:
                self._redact(connection, table, column, row, now)
            gone = [connection.execute(delete(table).where(condition)).rowcount for table, condition in theirs.items()]
        return sum(gone) + len(others)

    def _theirs(self, connection: Connection) -> Iterator[tuple[Table, ColumnElement[bool]]]:
        """What is theirs, in an order in which it can be deleted: whatever a condition looks up is deleted later."""
        calls = or_(_of(traces, self._key), traces.c.id.in_(self._nobodys(connection, traces)))
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
        yield inbound, or_(_of(inbound, self._key), inbound.c.id.in_(self._written_by_them(connection)))
        yield messages, _of(messages, self._key)
        yield enrolments, _of(enrolments, self._key)
        yield prospects, _of(prospects, self._key)

    def _nobodys(self, connection: Connection, table: Table) -> list[str]:
        """What names their address and is about nobody on a list, such as a call that compares two backends."""
        return [row.id for row in self._naming(connection, table, table.c.document) if row.prospect is None]

    def _written_by_them(self, connection: Connection) -> list[str]:
        """What they wrote, whomever it was an answer to, and what names them and belongs to no email of ours."""
        found = []
        for row in self._naming(connection, inbound, inbound.c.document):
            mail = stored(Inbound, row.document, f"inbound {row.id}")
            sender = "" if mail is None else normalize_email(parseaddr(mail.sender)[1])
            if row.prospect is None or sender == self._mentions.email:
                found.append(row.id)
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
            move(connection, waiting, MessageState.CANCELLED, now, CancelReason.BY_HAND)
            changed["mime"] = None
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


def scrub(database: Database) -> None:
    """Leave no byte of what was deleted in the file or its log. On a server there is nothing to do: it decides itself.

    Raises:
        StoreError: another process reads or writes the file all the while; the rows are gone, the bytes may not be.
    """
    if database.path is None:
        return
    with database.errors_told(), database.engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        alone.exec_driver_sql("PRAGMA secure_delete = ON")
        alone.exec_driver_sql("PRAGMA temp_store = FILE")
        alone.exec_driver_sql("VACUUM")
        busy = alone.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
    if busy:
        raise StoreError(
            f"another process reads {database.path}, so that its log still holds what was erased",
            hint="End what has it open, such as `miniatures app`, and give the same command again.",
        )


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
